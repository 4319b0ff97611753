"""The sentences that all reports share, and which reasons come first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from facetell.verdict import Label, Verdict
from facetell.wording import probability

TITLES: dict[Label, str] = {
    "fake": "Likely fake",
    "real": "Likely real",
    "inconclusive": "Inconclusive",
    "no_face": "No face to judge",
    "error": "Not analysed",
}

MEANINGS: dict[Label, str] = {
    "fake": "At least one face looks generated or altered to this model.",
    "real": "This model found no sign that a face was generated or altered.",
    "inconclusive": (
        "This model takes no side: the score lies between its two thresholds, or the faces were "
        "seen too poorly to say real."
    ),
    "no_face": "No face was found that is large and clear enough to be scored.",
    "error": "The file could not be analysed, so nothing is said about its faces.",
}


LIMITS = (
    (
        "A verdict is a statistical estimate. It proves nothing, and it should not be the only "
        "ground for an accusation or for a decision about a person."
    ),
    (
        "Only faces are judged: not the voice, not the words, not the scene, nor whether a true "
        "video is shown in a false context."
    ),
    (
        "Methods newer than the training data, heavy compression, filters and small faces make "
        "errors more likely, in both directions."
    ),
)
"""What holds for every model, in plain words; a card adds its own."""

TIMELINE_NOTE = (
    "Where many frames share one place, the line shows their mean and a pale band their lowest and "
    "highest. Single moments in the upper zone occur in real videos too: the verdict weighs all of "
    "them together."
)
QUALITY_NOTE = "Quality goes from 0 (tiny, blurred or turned away) to 1; poor faces count less."
HEAT_NOTE = (
    "Beside each face, as a heat map: where the model looked. It is no proof that something was "
    "changed there."
)

FACES_LISTED = 100
"""Rows of a table of faces; the most suspicious come first, the others are counted."""


def p_fake_told(verdict: Verdict) -> str:
    """What the number beside the verdict means, and how sure it is."""
    sure = f"Confidence in the side taken: {probability(verdict.confidence)}. "
    return (
        "p(fake) is the estimated probability that a face is generated or altered, for all that "
        "was analysed: the most suspicious face decides. "
        f"{sure if verdict.label in ('fake', 'real') else ''}It is an estimate, not a proof."
    )


def what_it_cannot_tell(verdict: Verdict) -> tuple[str, ...]:
    """The limits of every model and of this one; empty where nothing was judged."""
    if verdict.error is not None:
        return ()
    return (*LIMITS, *(verdict.model.limits if verdict.model else ()))


_METHOD = (
    (
        "Frames were taken in short bursts spread over all that was analysed. A detector looked "
        "for faces in them, and each face was followed over time: face 1, face 2 and so on."
    ),
    (
        "Each face was cut out as a square and shown to a model, a neural network that has learned "
        "from examples to tell generated or altered faces from untouched ones. It gave a score to "
        "each burst."
    ),
    (
        "The scores of a face were averaged; views that are tiny, blurred or turned away count "
        "less. The most suspicious face decides, after correcting for how many faces and moments "
        "were looked at: the highest of many scores is high by chance alone."
    ),
)
_CALIBRATED = (
    "The score was turned into a probability by what was learned from files whose truth is known, "
    "and the probability was compared with two thresholds, fixed beforehand."
)
_NOT_CALIBRATED = (
    "The score was taken as a probability as it is, since this model was never calibrated, and "
    "compared with two thresholds."
)
_TO_CHECK = (
    "To check this report, compare the SHA-256 of your copy with the one on the first page, and "
    "analyse it with the same program, model and settings."
)


def method(fitted: bool) -> tuple[str, ...]:
    """How every verdict comes about, for readers who know nothing of neural networks.

    Args:
        fitted: whether the model was calibrated.
    """
    return (*_METHOD, _CALIBRATED if fitted else _NOT_CALIBRATED, _TO_CHECK)


def all_reasons(reasons: Sequence[str], warnings: Iterable[str]) -> list[str]:
    """What decided comes first, then what makes it less certain, then the other reasons.

    >>> all_reasons(["p_fake 0.95", "1 face"], ["cut off"])
    ['p_fake 0.95', 'cut off', '1 face']
    """
    return list(dict.fromkeys([*reasons[:1], *warnings, *reasons[1:]]))


def without_path(reason: str, path: Path) -> str:
    """A message without the file that it begins with, to stand beside that file's name.

    >>> without_path("a.mp4: no such file", Path("a.mp4"))
    'no such file'
    """
    prefix = f"{path}: "
    return reason.removeprefix(prefix) if reason.startswith(prefix) else reason  # a Sentence stays
