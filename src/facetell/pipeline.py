"""One file → its verdict: the only place where all stages are joined.

Frames stream through detector, tracker, clip builder and scorer, so that the memory of an hour is
that of ten seconds.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self

from facetell import ensemble
from facetell.clips import Clip, ClipBuilder
from facetell.errors import InputUnreadable, ModelMismatch, UsageError
from facetell.faces import Face, FaceDetector, load_detector
from facetell.features import FeatureCollector
from facetell.interpolation import FaceFinder
from facetell.judge import Case, judge
from facetell.options import Options
from facetell.reasons import FaceCount
from facetell.scorer import ClipScorer, Ensemble
from facetell.selection import FaceChoice, select
from facetell.tally import Tally
from facetell.tracks import Observation, Tracker
from facetell.verdict import Media, Verdict
from facetell.video import Frame, Sampling, Video, open_video
from facetell.video.sandbox import Decoder
from facetell.weights import ModelCard
from facetell.wording import Sentence

Stage = Literal["opening", "frames", "judging"]
"""What an analysis does, in this order: open the file, read and hash it; decode, search and score
frame after frame; weigh the scores."""

Progress = Callable[[Stage, int, int | None], None]
"""Called as progress(stage, done, total) when a stage begins, with 0 done, and after each frame;
total is the number of frames, less those that turn out damaged, and None in other stages."""

OnFrame = Callable[[Frame, Sequence[Observation]], None]
"""Called as on_frame(frame, faces) with each frame, in order of time, and the faces in it that are
scored, each with its track. Frames are large: keep a few of them, or small copies."""


class Analyzer:
    """Analyses files with one set of options and keeps the models loaded between them.

    Args:
        options: all settings; by default those of `Options()`.
        detector: finds the faces; by default the one that we ship. It must bear the name that the
            model's card asks for.
        scorer: scores the clips; by default the model of the options, loaded here.

    Raises:
        ModelError: the model is missing, altered or of another geometry.
        MissingDependency: the runtime is not installed.
    """

    def __init__(
        self,
        options: Options | None = None,
        detector: FaceDetector | None = None,
        scorer: ClipScorer | None = None,
    ) -> None:
        self._options = options or Options()
        # First, for the process starts while the model is loaded.
        self._decoder = Decoder() if self._options.isolate else None
        self.card = ensemble.find(self.options.model)
        self._scorer = scorer or Ensemble(self.card, self.options.threads, self.options.runtime)
        self._detector = detector or load_detector(self.options.threads)
        check_detector(self.card, self._detector)

    @property
    def options(self) -> Options:
        """All settings; `adjusted` makes an analyzer with others."""
        return self._options

    def adjusted(self, **changes: Any) -> Self:
        """Return an analyzer with other settings that shares the loaded models with this one.

        Args:
            **changes: fields of `Options`, such as frames=64.

        Raises:
            UsageError: a value is out of its range, or only another analyzer can have it: model,
                runtime, threads and isolate are those of what was loaded.
        """
        if fixed := sorted(changes.keys() & {"model", "runtime", "threads", "isolate"}):
            raise UsageError(f"{fixed[0]} cannot be changed: make another Analyzer")
        other = copy(self)
        other._options = replace(self._options, **changes)  # noqa: SLF001 (its own class)
        return other

    def analyze(
        self,
        path: str | Path,
        progress: Progress | None = None,
        on_frame: OnFrame | None = None,
    ) -> Verdict:
        """Analyse one video or picture.

        Both callbacks are called in this thread. An exception that one of them raises stops the
        analysis, lets go of the file and is passed on; `Cancelled` is there for that.

        Args:
            path: the file.
            progress: told when a stage begins and after each frame.
            on_frame: given each frame and its faces.

        Raises:
            InputError: the file cannot be analysed.
            UsageError: the part that `Options` chooses is not in it.
            ModelError: the model fails on it.
        """
        started = time.perf_counter()
        tell = progress or _tell_nobody
        keep = self.options.keep_features
        tally, features = Tally(self.card, self.options.max_evidence), FeatureCollector()
        tell("opening", 0, None)
        with open_video(Path(path), self.options.limits, self._decoder) as video:
            reading = _Reading(video, self.options, self.card, self._detector, tell, on_frame)
            sha256 = sha256_of(Path(path))
            with closing(reading.clips()) as clips:
                for score in self._scorer.score(clips, keep):
                    tally.add(score)
                    if keep:
                        features.add(score)
            if reading.choice:
                tally.keep_only(reading.choice.track_id)
                features.keep_only(reading.choice.track_id)
            case = reading.case(Path(path), sha256)
        tell("judging", 0, None)
        kept = features.collected() if keep else None
        return judge(case, tally, self.card, kept, time.perf_counter() - started)


def analyze(
    path: str | Path,
    *,
    progress: Progress | None = None,
    on_frame: OnFrame | None = None,
    **options: Any,
) -> Verdict:
    """Analyse one video or picture with a model loaded for it alone.

    Args:
        path: the file.
        progress: called as progress(stage, done, total); see `Progress`.
        on_frame: called as on_frame(frame, faces); see `OnFrame`.
        **options: the fields of `Options`, such as frames=64.

    Raises:
        FacetellError: see `Analyzer` and its `analyze`.
    """
    return Analyzer(Options(**options)).analyze(path, progress, on_frame)


def _tell_nobody(stage: Stage, done: int, total: int | None) -> None:
    """Stand in for a progress callback."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces.

    Raises:
        InputUnreadable: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputUnreadable(
            Sentence(
                "{path}: cannot be read ({reason}); check its permissions",
                path=path,
                reason=error.strerror,
            )
        ) from error


def check_detector(card: ModelCard, detector: FaceDetector) -> None:
    """Refuse a model whose crops were cut around another detector's boxes."""
    if card.crop.detector != detector.name:
        raise ModelMismatch(
            f"{card.path}: its crops refer to the boxes of {card.crop.detector!r}, "
            f"this version finds faces with {detector.name!r}"
        )


class _Reading:
    """One video on its way through the stages, and what is counted on the way."""

    def __init__(
        self,
        video: Video,
        options: Options,
        card: ModelCard,
        detector: FaceDetector,
        progress: Progress,
        on_frame: OnFrame | None,
    ) -> None:
        self._video = video
        self._options = options
        self._selection = select(options, video.info)
        self._sampling = self._sampling_for(card)
        face = self._selection.face if self._selection else None
        self.choice = FaceChoice(face) if face else None
        self._builders = [ClipBuilder(member.crop) for member in ensemble.members(card)]
        self._finder = FaceFinder(detector)
        self._tracker = Tracker()
        self._progress = progress
        self._on_frame = on_frame
        self._faces_found = 0
        self._largest_face_px = 0.0

    def _sampling_for(self, card: ModelCard) -> Sampling:
        timing, part = card.sampling, self._selection
        start_s, end_s = (part.stretch_s if part else None) or (0.0, None)
        return Sampling(
            frames=self._options.frames,
            step_s=timing.step_s,
            burst_frames=timing.burst_frames,
            start_s=start_s,
            end_s=end_s,
            moment_s=part.face[0] if part and part.face else None,
        )

    def clips(self) -> Generator[tuple[Clip, ...]]:
        """Yield the clips as their bursts become complete, each as every member sees it."""
        # An exception keeps alive what its traceback names, so nothing is closed by going away.
        with closing(self._video.frames(self._sampling)) as frames:
            yield from self._clips_of(frames)
        yield from zip(*(builder.finish() for builder in self._builders), strict=True)

    def _clips_of(self, frames: Iterable[Frame]) -> Iterator[tuple[Clip, ...]]:
        total = self._video.expected_frames(self._sampling)
        self._progress("frames", 0, total)
        for done, (frame, faces) in enumerate(self._finder.find(frames), 1):
            yield from self._clips_after(frame, faces)
            self._progress("frames", done, total)

    def _clips_after(self, frame: Frame, faces: list[Face]) -> Iterator[tuple[Clip, ...]]:
        self._count(faces)
        # Small faces are tracked too: somebody who comes nearer stays the same person.
        seen = self._tracker.update(frame, faces)
        scored = [s for s in seen if _longer_side(s.face) >= self._options.min_face_px]
        if self.choice:
            self.choice.look(frame.time_s, scored)
        if self._on_frame:
            self._on_frame(frame, scored)
        # The same faces go into every builder, so that all complete the same clips in step.
        complete = [b.add(frame.rgb, frame.time_s, scored) for b in self._builders]
        return zip(*complete, strict=True)

    def _count(self, faces: Sequence[Face]) -> None:
        self._faces_found += len(faces)
        self._largest_face_px = max([self._largest_face_px, *map(_longer_side, faces)])

    def case(self, path: Path, sha256: str) -> Case:
        """Sum up the file, once all its frames were read."""
        return Case(
            path=path,
            sha256=sha256,
            media=self._media(),
            count=FaceCount(
                frames_read=self._video.frames_read,
                found=self._faces_found,
                largest_px=self._largest_face_px,
                min_px=self._options.min_face_px,
            ),
            warnings=tuple(self._video.warnings),
            selection=self._selection,
        )

    def _media(self) -> Media:
        info = self._video.info
        return Media(
            container=info.container,
            codec=info.codec,
            width=info.width,
            height=info.height,
            fps=info.fps,
            duration_s=info.duration_s,
            is_picture=info.is_picture,
            rotation_deg=info.rotation_deg,
            hdr=info.hdr,
            frames_read=self._video.frames_read,
        )


def _longer_side(face: Face) -> float:
    return max(face.width_px, face.height_px)
