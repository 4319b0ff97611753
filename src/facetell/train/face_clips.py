"""One video or picture → its face clips, by the stages of inference: video, faces, tracks, clips.

Only the margin is larger than in use, so that training can jitter. What already is a crop of a
face is taken as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facetell.clips import Clip, ClipBuilder
from facetell.errors import UsageError
from facetell.faces import FaceDetector
from facetell.tracks import Observation, Tracker
from facetell.train.landmarks import FaceMesh
from facetell.train.layouts import Media
from facetell.train.store import ClipRecord, Pixels, encode_jpeg
from facetell.train.store_writer import NewClip
from facetell.video import Sampling, Video, open_video
from facetell.weights import CropGeometry

MODEL_CROP = CropGeometry("centerface", 1.0, 0.02, 224)
"""The model's square around CenterFace's box; see docs/training.md for how it was measured."""
LEAST_FRAMES = 5
"""A face seen in fewer frames of a video is left out: it is a passer-by or a false alarm."""
MOST_FACES = 8
"""Faces of one frame that are followed at most, the best ones, so that crowds fit into memory."""
LANDMARK_MARGIN = 1.3
"""FaceMesh was trained with air around the face: tighter crops are bordered up to this margin."""


@dataclass(frozen=True, slots=True)
class ClipSettings:
    """How clips are cut. All of a data set's clips in a store share these.

    Attributes:
        frames: of a clip, at most.
        clips: of a video and face, at most; spread over the whole video.
        faces: of a video, at most; those seen longest and best.
        side_px: side of the stored crops.
        margin: their side over that of the model's square.
        step_s: seconds between frames; the model's.
        crop_margin: the media are crops of faces already, of this margin; 0 if they aren't.

    Raises:
        UsageError: a value out of its range.
    """

    frames: int = 32
    clips: int = 1
    faces: int = 1
    side_px: int = 288
    margin: float = 1.3
    step_s: float = 0.1
    crop_margin: float = 0.0

    def __post_init__(self) -> None:
        if min(self.frames, self.clips, self.faces) < 1:
            raise UsageError("frames, clips and faces must be at least 1")
        if not 64 <= self.side_px <= 1024 or not 1 <= self.margin <= 3 or self.step_s <= 0:
            raise UsageError("side must be 64 to 1024, margin 1 to 3, step above 0")
        if self.crop_margin and not 0.5 <= self.crop_margin <= 3:
            raise UsageError(f"the margin of crops is {self.crop_margin}: give 0.5 to 3")

    @property
    def geometry(self) -> CropGeometry:
        """The square that is cut out around the detector's box."""
        scale = self.margin * MODEL_CROP.scale
        return CropGeometry(MODEL_CROP.detector, scale, MODEL_CROP.shift_y, self.side_px)

    def sampling(self, duration_s: float | None) -> Sampling:
        """Return which frames to take: whole clips that do not overlap, or one that is shorter."""
        if duration_s is None:
            return Sampling(1, self.step_s, 1)
        length_s = self.frames * self.step_s
        clips = min(int(duration_s / length_s), self.clips)
        frames = clips * self.frames or max(1, int(duration_s / self.step_s))
        return Sampling(frames, self.step_s, self.frames)


def find_faces(path: Path, settings: ClipSettings, detector: FaceDetector) -> list[Clip]:
    """Return the clips of a file's best faces, in order of track and time; none without a face.

    Raises:
        InputError: the file cannot be read.
    """
    with open_video(path) as video:
        sampling = settings.sampling(video.info.duration_s)
        clips = _all_clips(video, sampling, settings.geometry, detector)
        least = 1 if video.info.is_picture else min(LEAST_FRAMES, video.frames_read)
    return _best([clip for clip in clips if len(clip.times_s) >= least], settings)


def take_crops(path: Path, settings: ClipSettings) -> list[Clip]:
    """Return the clips of a file whose every frame is a crop of one face already.

    Raises:
        InputError: the file cannot be read.
        UsageError: it is not square.
    """
    with open_video(path) as video:
        if video.info.width != video.info.height:
            size = f"{video.info.width}x{video.info.height}"
            raise UsageError(f"{path}: {size} is no square crop of a face")
        bursts: dict[int, list[tuple[Pixels, float, int]]] = {}
        for frame in video.frames(settings.sampling(video.info.duration_s)):
            crop = _at_most(frame.rgb, settings.side_px)
            bursts.setdefault(frame.burst, []).append((crop, frame.time_s, frame.index))
    return _longest([_crop_clip(burst, kept) for burst, kept in bursts.items()], settings.clips)


def new_clip(
    clip: Clip, media: Media, dataset: str, margin: float, mesh: FaceMesh | None, jpeg: bytes = b""
) -> NewClip:
    """Make a clip ready for the store.

    Args:
        clip: the crops.
        media: where they come from.
        dataset: name of the data set in the store.
        margin: of the crops.
        mesh: finds landmarks, or None.
        jpeg: the file itself, if it is the crop as a JPEG: then it is kept as it is.
    """
    crops = [np.ascontiguousarray(pixels.transpose(1, 2, 0)) for pixels in clip.pixels]
    jpegs = (jpeg,) if jpeg else tuple(encode_jpeg(crop) for crop in crops)
    record = ClipRecord(
        clip=f"{dataset}/{media.file}#{clip.track_id}.{clip.burst}",
        dataset=dataset,
        file=media.file,
        is_fake=media.is_fake,
        source=media.source,
        manipulation=media.manipulation,
        method=media.method,
        group=media.group_in_store(dataset),
        original=media.original,
        part=media.part,
        identity="",
        track=clip.track_id,
        quality=float(np.mean(clip.quality)),
        frames=len(jpegs),
        side_px=crops[0].shape[0],
        margin=margin,
        has_points=mesh is not None,
    )
    return NewClip(record, jpegs, tuple(clip.times_s), _points(crops, margin, mesh))


def _points(
    crops: list[Pixels], margin: float, mesh: FaceMesh | None
) -> npt.NDArray[np.float16] | None:
    if mesh is None:
        return None
    border = max((LANDMARK_MARGIN / margin - 1) / 2, 0.0)
    return np.stack([mesh.detect(crop, border) for crop in crops]).astype(np.float16)


def _all_clips(
    video: Video, sampling: Sampling, geometry: CropGeometry, detector: FaceDetector
) -> list[Clip]:
    tracker, builder = Tracker(), ClipBuilder(geometry)
    clips: list[Clip] = []
    for frame in video.frames(sampling):
        seen = tracker.update(frame, detector.detect(frame.rgb))
        followed = sorted(seen, key=_worth)[-MOST_FACES:]
        clips += builder.add(frame.rgb, frame.time_s, followed)
    return clips + builder.finish()


def _worth(seen: Observation) -> float:
    return seen.quality


def _best(clips: list[Clip], settings: ClipSettings) -> list[Clip]:
    """Keep the tracks that were seen longest and best: by the sum of their frames' quality."""
    worth: dict[int, float] = {}
    for clip in clips:
        worth[clip.track_id] = worth.get(clip.track_id, 0.0) + float(clip.quality.sum())
    kept = sorted(worth, key=lambda track: -worth[track])[: settings.faces]
    of_track = ([clip for clip in clips if clip.track_id == track] for track in sorted(kept))
    return [clip for own in of_track for clip in _longest(own, settings.clips)]


def _longest(clips: list[Clip], count: int) -> list[Clip]:
    """Keep so many clips of one face, in order of time.

    A short video whose rate doesn't fit the step gives bursts that interleave, one too many.
    """
    longest = sorted(clips, key=lambda clip: -len(clip.times_s))[:count]
    return sorted(longest, key=lambda clip: clip.burst)


def _crop_clip(burst: int, kept: list[tuple[Pixels, float, int]]) -> Clip:
    crops, times_s, indices = zip(*kept, strict=True)
    side = crops[0].shape[0]
    return Clip(
        track_id=0,
        burst=burst,
        pixels=np.ascontiguousarray(np.stack(crops).transpose(0, 3, 1, 2)),
        times_s=np.array(times_s, np.float64),
        frame_indices=np.array(indices, np.int64),
        boxes_xyxy=np.array([(0, 0, side, side)] * len(crops), np.float32),
        quality=np.zeros(len(crops), np.float32),  # nobody looked at the face
    )


def _at_most(rgb: Pixels, side_px: int) -> Pixels:
    if rgb.shape[0] <= side_px:
        return rgb
    return np.asarray(cv2.resize(rgb, (side_px, side_px), interpolation=cv2.INTER_AREA), np.uint8)
