"""Uploads, analyses and the jobs that do them; no page and no endpoint."""
