"""Telling other servers that an analysis has ended."""
