"""The many names that data sets have for manipulations → a few kinds of forgery."""

from __future__ import annotations

from facetell.evaluation.answers import Outcome


def kind_of(outcome: Outcome) -> str:
    """Sort a fake by its manipulation, as data sets name them, into a few kinds; "" for reals."""
    if not outcome.media.is_fake:
        return ""
    named = outcome.media.manipulation.lower()
    for kind, words in (
        ("face swap", ("swap",)),
        ("lip-sync", ("lip",)),
        ("portrait brought to life", ("reenact", "talking", "audio2video", "portrait", "avatar")),
    ):
        if any(word in named for word in words):
            return kind
    return outcome.media.manipulation or "fake"
