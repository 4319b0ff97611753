"""One picture after the other → what is seen in it, and the verdict on the last minute.

The pipeline's own detector, tracker, crops, scores and judgement; only their order in time differs
from that of a file: faces are looked for in every frame, since to bridge one means to wait for the
next.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from facetell import ensemble
from facetell.errors import UsageError
from facetell.faces import FaceDetector, load_detector
from facetell.live.clips import Bursts, Scoring
from facetell.live.moment import LiveFace, LiveVerdict, Moment
from facetell.live.settings import LiveSettings
from facetell.live.window import Rolling, Window
from facetell.pipeline import check_detector
from facetell.tracks import Observation, Tracker
from facetell.video import Frame


class LiveModel:
    """What is loaded once for any number of live pictures.

    Args:
        settings: by default those of `LiveSettings()`.
        detector: finds the faces; by default the one that we ship.

    Raises:
        ModelError: the model is missing, altered or of another geometry.
        MissingDependency: the runtime is not installed.
    """

    def __init__(
        self, settings: LiveSettings | None = None, detector: FaceDetector | None = None
    ) -> None:
        self.settings = settings or LiveSettings()
        options = self.settings.options
        self.card = ensemble.find(options.model)
        self.scoring = Scoring(self.card, options)
        self.detector = detector or load_detector(options.threads)
        check_detector(self.card, self.detector)

    @property
    def step_s(self) -> float:
        """Seconds between frames that the model was trained with: give it no more than these."""
        return self.card.sampling.step_s


class LiveAnalysis:
    """Follows one live picture: give it frames in order of time.

    Attributes:
        frames: analysed so far.
    """

    def __init__(self, model: LiveModel) -> None:
        self.frames = 0
        self._model = model
        self._settings = model.settings
        self._tracker = Tracker()
        self._bursts = Bursts(model.card.sampling)
        self._clips = model.scoring.begin()
        self._window = Window(model.card, model.settings)
        self._verdict: LiveVerdict | None = None
        self._last_s = -np.inf

    def see(self, rgb: npt.NDArray[np.uint8], time_s: float) -> Moment:
        """Analyse the next frame.

        Args:
            rgb: uint8, (H, W, 3).
            time_s: when it was taken, seconds from any beginning, later than the frame before.

        Raises:
            UsageError: it is not later.
            ModelError: the model fails on it.
        """
        if not time_s > self._last_s:
            raise UsageError(f"frames must come in order of time: {time_s} after {self._last_s}")
        self._last_s = time_s
        if self._bursts.begins_at(time_s):
            self._end_burst()
        frame = Frame(self.frames, time_s, rgb, self._bursts.number)
        self.frames += 1
        faces = self._model.detector.detect(rgb)
        self._window.look(time_s, faces)
        seen = self._tracker.update(frame, faces)
        large = sorted(filter(self._is_large, seen), key=lambda s: -s.face.size_px)
        self._clips.add(frame, large[: self._settings.max_faces])
        rolling = self._window.rolling(self._clips.so_far())
        return self._moment(frame, seen, rolling, len(large))

    def finish(self) -> LiveVerdict:
        """End the burst that is under way and return the verdict with it."""
        self._end_burst()
        assert self._verdict
        return self._verdict

    def _end_burst(self) -> None:
        self._window.add(self._clips.close())
        self._verdict = self._window.verdict()

    def _is_large(self, seen: Observation) -> bool:
        return max(seen.face.width_px, seen.face.height_px) >= self._settings.options.min_face_px

    def _moment(
        self, frame: Frame, seen: Sequence[Observation], rolling: Rolling, large: int
    ) -> Moment:
        assert self._verdict
        height, width = frame.rgb.shape[:2]
        faces = [
            LiveFace(s.track_id, s.face.box_xyxy, s.quality, rolling.tracks.get(s.track_id))
            for s in sorted(seen, key=lambda s: -s.face.size_px)
        ]
        return Moment(
            frame=frame.index,
            time_s=frame.time_s,
            width=width,
            height=height,
            faces=tuple(faces),
            left_out=max(0, large - self._settings.max_faces),
            p_fake=rolling.p_fake,
            verdict=self._verdict,
        )
