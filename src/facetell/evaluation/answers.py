"""What the pipeline said of a file, and a book of such answers that survives a killed run."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from facetell import __version__
from facetell.ensemble import members
from facetell.errors import OutputError
from facetell.options import Frames, Options
from facetell.records import read_record
from facetell.train.layouts import Media
from facetell.verdict import Verdict
from facetell.weights import ModelCard

BOOK = "answers.jsonl"
"""Its name in the folder of an evaluation."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How files are put to the test.

    Attributes:
        options: of the analysis.
        degradation: name of what is done to each file before, see `degradations`; empty for none.
    """

    options: Options
    degradation: str = ""

    @property
    def frames(self) -> Frames:
        """How many frames are taken."""
        return self.options.frames


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of a verdict.

    Attributes:
        label: "fake", "real", "inconclusive", "no_face" or "error".
        p_fake: 0–1; None for "no_face" and "error".
        frame_p_fake: of each scored moment, that of its most suspicious face.
        face_px: median of the longer side of the faces' boxes; None without a face.
        quality: mean over the faces, 0–1; None without a face.
        frames_read: how many.
        elapsed_s: seconds that the analysis took, with one thread.
        message: why there is no verdict, for "error".
        picture: name of the picture of its most suspicious face; empty if there is none.
    """

    label: str
    p_fake: float | None
    frame_p_fake: tuple[float, ...] = ()
    face_px: float | None = None
    quality: float | None = None
    frames_read: int = 0
    elapsed_s: float = 0.0
    message: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A labelled file and what was said of it; `sha256` is None if it could not be read."""

    media: Media
    answer: Answer
    sha256: str | None = None


def answer_of(verdict: Verdict, picture: str = "") -> Answer:
    """Keep of a verdict what evaluation needs."""
    worst: dict[float, float] = defaultdict(float)
    for point in verdict.timeline:
        worst[point.time_s] = max(worst[point.time_s], point.p_fake)
    boxes = np.array([point.box_xyxy for point in verdict.timeline])
    sides = (boxes[:, 2:] - boxes[:, :2]).max(1) if len(boxes) else boxes
    return Answer(
        label=verdict.label,
        p_fake=verdict.p_fake,
        frame_p_fake=tuple(round(p, 5) for p in worst.values()),
        face_px=float(np.median(sides)) if len(sides) else None,
        quality=float(np.mean([p.quality for p in verdict.timeline])) if len(sides) else None,
        frames_read=verdict.media.frames_read if verdict.media else 0,
        elapsed_s=verdict.elapsed_s,
        message=verdict.error.message if verdict.error else "",
        picture=picture,
    )


def key_of(sha256: str, card: ModelCard, trial: Trial) -> str:
    """Name all that an answer depends on: the file, the models as they judge, and the settings."""
    models = [
        [m.sha256, *(asdict(part) for part in (m.crop, m.sampling, m.calibration, m.thresholds))]
        for m in members(card)
    ]
    options = trial.options
    settings = [options.frames, options.runtime, options.min_face_px, trial.degradation]
    told = json.dumps([__version__, sha256, models, settings])
    return hashlib.sha256(told.encode()).hexdigest()[:24]


class AnswerBook:
    """Answers by their keys, each appended to a file as soon as it is known.

    Args:
        folder: where `answers.jsonl` is, or will be.

    Raises:
        OutputError: it cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / BOOK
        self._answers: dict[str, Answer] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self._path.exists():
                self._read()
            self._file = self._path.open("a", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{self._path}: {error.strerror}") from error

    def _read(self) -> None:
        whole = b""
        for line in self._path.read_bytes().splitlines(keepends=True):
            if not line.endswith(b"\n"):  # a killed run's last line is cut off: forget it
                self._path.write_bytes(whole)
                break
            whole += line
            try:
                key, answer = json.loads(line)
                self._answers[key] = read_record(Answer, answer)
            except ValueError as error:
                raise OutputError(
                    f"{self._path}: damaged ({error}); delete it, and its files are judged anew"
                ) from error

    def get(self, key: str) -> Answer | None:
        """Return an answer that is known."""
        return self._answers.get(key)

    def add(self, key: str, answer: Answer, keep: bool = True) -> None:
        """Take an answer.

        Args:
            key: see `key_of`.
            answer: what was said.
            keep: write it down; not what another run may answer otherwise.

        Raises:
            OutputError: the disk is full.
        """
        self._answers[key] = answer
        if not keep:
            return
        try:
            self._file.write(json.dumps([key, asdict(answer)]) + "\n")
            self._file.flush()
        except OSError as error:
            raise OutputError(f"{self._path}: {error.strerror}") from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()
