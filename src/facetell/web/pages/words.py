"""Labels, statuses and stages as people read them, in their language."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from facetell.verdict import Label
from facetell.web.analyses.models import Status

VERDICTS: dict[Label, str | Promise] = {
    "fake": _("Likely fake"),
    "real": _("Likely real"),
    "inconclusive": _("Inconclusive"),
    "no_face": _("No face to judge"),
    "error": _("Not analysed"),
}
MEANINGS: dict[Label, str | Promise] = {
    "fake": _("At least one face looks generated or altered to this model."),
    "real": _("This model found no sign that a face was generated or altered."),
    "inconclusive": _(
        "This model takes no side: the score lies between its two thresholds, or the faces were "
        "seen too poorly to say real."
    ),
    "no_face": _("No face was found that is large and clear enough to be scored."),
    "error": _("The file could not be analysed, so nothing is said about its faces."),
}
LIMITS: tuple[str | Promise, ...] = (
    _(
        "A verdict is a statistical estimate. It proves nothing, and it should not be the only "
        "ground for an accusation or for a decision about a person."
    ),
    _(
        "Only faces are judged: not the voice, not the words, not the scene, nor whether a true "
        "video is shown in a false context."
    ),
    _(
        "Methods newer than the training data, heavy compression, filters and small faces make "
        "errors more likely, in both directions."
    ),
)
STATUSES: dict[str, str | Promise] = {
    Status.QUEUED: _("Waiting"),
    Status.RUNNING: _("Running"),
    Status.DONE: _("Done"),
    Status.FAILED: _("Failed"),
    Status.CANCELLED: _("Cancelled"),
}
STAGES: dict[str, str | Promise] = {
    "": _("Starting"),
    "queued": _("Waiting"),
    "opening": _("Reading the file"),
    "frames": _("Finding and scoring faces"),
    "judging": _("Weighing the scores"),
    "writing": _("Weighing the scores"),  # the reports; too short for a stage of its own
}
