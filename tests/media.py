"""Tiny videos and pictures of every kind, made on the spot by PyAV, OpenCV or by hand.

Frame n of a test video is a gray that tells n (`gray_of`), with a coloured quarter in the upper
left corner, so that order, time, rotation and colour can be read off the decoded frames.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

CORNER_RGB = (200, 60, 40)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a test video is made.

    Attributes:
        codec: FFmpeg's encoder.
        frames: how many.
        rate_hz: frames a second; with `stamps_s` only the header's word.
        size: width and height.
        pixel_format: FFmpeg's name.
        options: of the encoder.
        stamps_s: when each frame is shown, for variable rates.
        sound_s: length of a sound track beside the pictures; 0 for none.
        pixel_aspect: width of a pixel by its height.
        tags: H.273 codes (matrix, range, transfer, primaries) for the stream; range 1 or 2.
    """

    codec: str = "libx264"
    frames: int = 30
    rate_hz: int = 30
    size: tuple[int, int] = (96, 64)
    pixel_format: str = "yuv420p"
    options: dict[str, str] = field(default_factory=dict)
    stamps_s: Sequence[float] | None = None
    sound_s: float = 0
    pixel_aspect: Fraction | None = None
    tags: tuple[int, int, int, int] | None = None


X265 = "log-level=none:bframes=0:rc-lookahead=0"
"""With look-ahead and B frames, packets of some one in ten of 1,150 files were refused by the MP4
writer; without them none of 1,700."""
CONTAINERS: dict[str, Recipe] = {
    "clip.mp4": Recipe(),
    "hevc.mp4": Recipe("libx265", options={"x265-params": X265}),
    "part4.mp4": Recipe("mpeg4", options={"b": "4M"}),
    "clip.mov": Recipe("mjpeg", pixel_format="yuvj420p"),
    "prores.mov": Recipe("prores_ks", pixel_format="yuv422p10le"),
    "clip.avi": Recipe("mpeg4", options={"b": "4M"}),
    "h264.avi": Recipe(),
    "clip.mkv": Recipe(sound_s=1),
    "lossless.mkv": Recipe("ffv1"),
    "clip.webm": Recipe("libvpx-vp9", options={"cpu-used": "8", "deadline": "realtime"}),
    "vp8.webm": Recipe("libvpx", options={"cpu-used": "8", "deadline": "realtime"}),
    "av1.mp4": Recipe("libsvtav1", options={"preset": "12", "svtav1-params": "lp=1"}),
    "clip.gif": Recipe("gif", rate_hz=10, pixel_format="rgb8"),
    "clip.apng": Recipe("apng", rate_hz=10, pixel_format="rgb24"),
    "clip.3gp": Recipe("h263", size=(176, 144)),
    "clip.flv": Recipe("flv"),
    "clip.wmv": Recipe("wmv2"),
    "clip.mpg": Recipe("mpeg2video"),
    "one.mpg": Recipe("mpeg1video"),
    "clip.ts": Recipe(),
    "bare.h264": Recipe(),
}
"""File name → recipe: every container and codec that facetell names."""


def gray_of(index: int) -> int:
    """Return the gray of frame `index`: 40 to 214, the same again every 30 frames."""
    return 40 + 6 * (index % 30)


def index_of(rgb: Pixels) -> int:
    """Return which frame (modulo 30) a decoded one is, by its gray in the lower right."""
    height, width = rgb.shape[:2]
    gray = float(rgb[height // 2 + 2 :, width // 2 + 2 :].mean())
    return round((gray - 40) / 6)


def picture(index: int, size: tuple[int, int]) -> Pixels:
    """Draw frame `index`: gray, with a coloured quarter in the upper left; (H, W, 3) RGB."""
    width, height = size
    rgb = np.full((height, width, 3), gray_of(index), np.uint8)
    rgb[: height // 2, : width // 2] = CORNER_RGB
    return rgb


def make_video(
    path: Path,
    recipe: Recipe = Recipe(),
    draw: Callable[[int, tuple[int, int]], Pixels] = picture,
) -> Path:
    """Write a video; the container follows from the file's ending."""
    with av.open(str(path), "w", format=_FORMATS.get(path.suffix)) as container:
        stream = _add_stream(container, recipe)
        sound = container.add_stream("aac", rate=8000, layout="mono") if recipe.sound_s else None
        for index in range(recipe.frames):
            frame = _frame(draw(index, recipe.size), recipe)
            frame.pts, frame.time_base = _stamp(index, recipe)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            _mux_silence(container, sound, recipe.sound_s)
    return path


_FORMATS = {".h264": "h264", ".ts": "mpegts"}


def _add_stream(container: av.container.OutputContainer, recipe: Recipe) -> av.VideoStream:
    stream = container.add_stream(recipe.codec, rate=recipe.rate_hz, options=dict(recipe.options))
    assert isinstance(stream, av.VideoStream)
    stream.width, stream.height = recipe.size
    stream.pix_fmt = recipe.pixel_format
    stream.codec_context.thread_count = 1
    if recipe.stamps_s is not None:
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
    if recipe.pixel_aspect is not None:
        stream.codec_context.sample_aspect_ratio = recipe.pixel_aspect
    if recipe.tags is not None:
        _tag(stream.codec_context, recipe.tags)
    return stream


def _tag(target: av.VideoCodecContext | av.VideoFrame, tags: tuple[int, int, int, int]) -> None:
    target.colorspace, target.color_range, target.color_trc, target.color_primaries = tags


def _stamp(index: int, recipe: Recipe) -> tuple[int, Fraction]:
    if recipe.stamps_s is None:
        return index, Fraction(1, recipe.rate_hz)
    return round(recipe.stamps_s[index] * 1000), Fraction(1, 1000)


def _frame(rgb: Pixels, recipe: Recipe) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(rgb, "rgb24")
    # BT.601, which players assume for pictures of this size.
    return frame.reformat(format=recipe.pixel_format, dst_colorspace="itu601")


def _mux_silence(
    container: av.container.OutputContainer, stream: av.AudioStream, seconds: float
) -> None:
    for start in range(0, int(seconds * 8000), 1024):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 8000, start
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def make_planes(
    path: Path, planes: Sequence[npt.NDArray[np.uint16 | np.uint8]], recipe: Recipe
) -> Path:
    """Write one-coloured YUV frames exactly as given, tagged by the recipe.

    Args:
        path: where to.
        planes: Y, U and V of one frame; repeated for all.
        recipe: size must be that of Y.
    """
    with av.open(str(path), "w") as container:
        stream = _add_stream(container, recipe)
        for index in range(recipe.frames):
            frame = av.VideoFrame(*recipe.size, recipe.pixel_format)
            for plane, values in zip(frame.planes, planes, strict=True):
                rows = np.zeros((plane.height, plane.line_size), np.uint8)
                row_bytes = np.ascontiguousarray(values).view(np.uint8)
                rows[:, : row_bytes.shape[1]] = row_bytes
                plane.update(rows.tobytes())
            if recipe.tags is not None:
                _tag(frame, recipe.tags)
            frame.pts, frame.time_base = _stamp(index, recipe)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def flat_planes(
    codes: tuple[int, int, int], size: tuple[int, int], depth: int
) -> list[npt.NDArray[np.uint16 | np.uint8]]:
    """Return 4:2:0 planes of one colour, given as Y, U and V codes."""
    width, height = size
    kind = np.uint8 if depth == 8 else np.uint16
    shapes = [(height, width)] + [((height + 1) // 2, (width + 1) // 2)] * 2
    return [np.full(shape, code, kind) for shape, code in zip(shapes, codes, strict=True)]


def turned(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Set the display matrix (a, b, c, d) in the track header of an MP4 or MOV, in place."""
    data = bytearray(path.read_bytes())
    # tkhd, version 0: the nine numbers begin 40 bytes after the version (ISO/IEC 14496-12).
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (value << 16 for value in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def make_sound(path: Path, cover: bool = False) -> Path:
    """Write a file with sound only; with a cover picture if asked for."""
    recipe = Recipe("mjpeg", size=(32, 32), pixel_format="yuvj420p")
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=8000, layout="mono")
        still = _add_stream(container, recipe) if cover else None
        if still is not None:
            still.disposition = av.stream.Disposition.attached_pic
            container.mux(still.encode(_frame(picture(0, recipe.size), recipe)))
            container.mux(still.encode(None))
        _mux_silence(container, sound, 1.0)
    return path


def still_clock(path: Path) -> Path:
    """Set all timestamps of an FLV to zero, in place."""
    data = bytearray(path.read_bytes())
    at = 13  # file header and the first back pointer; then tags: type, size, time, stream, body
    while at + 11 <= len(data):
        data[at + 4 : at + 8] = bytes(4)
        at += 11 + int.from_bytes(data[at + 1 : at + 4], "big") + 4
    path.write_bytes(data)
    return path


def front_indexed(path: Path, recipe: Recipe = Recipe()) -> Path:
    """Write an MP4 whose index lies before the pictures, so that it survives a cut."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = _add_stream(container, recipe)
        rng = np.random.default_rng(0)
        for index in range(recipe.frames):
            rgb = picture(index, recipe.size)
            noise = rng.integers(-8, 8, rgb.shape)
            frame = _frame(np.clip(rgb + noise, 0, 255).astype(np.uint8), recipe)
            frame.pts, frame.time_base = _stamp(index, recipe)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def cut(path: Path, share: float) -> Path:
    """Keep only the first share of a file's bytes, in place."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def remuxed(source: Path, target: Path, shift: Callable[[int], int | None]) -> Path:
    """Copy a video's packets with new timestamps: `shift` takes and gives stream units."""
    with av.open(str(source)) as given, av.open(str(target), "w") as container:
        stream = given.streams.video[0]
        copy = container.add_stream_from_template(stream)
        for packet in given.demux(stream):
            if packet.size:
                packet.stream = copy
                packet.pts, packet.dts = (
                    None if stamp is None else shift(stamp) for stamp in (packet.pts, packet.dts)
                )
                container.mux(packet)
    return target


def make_animation(path: Path, count: int, size: tuple[int, int]) -> Path:
    """Write an animated WebP of 10 frames a second."""
    animation = cv2.Animation()
    frames = [cv2.cvtColor(picture(i, size), cv2.COLOR_RGB2BGRA) for i in range(count)]
    animation.frames, animation.durations = frames, [100] * count
    assert cv2.imwriteanimation(str(path), animation, [cv2.IMWRITE_WEBP_QUALITY, 95])
    return path


def make_picture(path: Path, rgb: npt.NDArray[np.uint8 | np.uint16]) -> Path:
    """Write a picture of one, three or four channels; the format follows from the ending."""
    codes = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    channels = rgb.shape[2] if rgb.ndim == 3 else 1
    bgr = cv2.cvtColor(rgb, codes[channels]) if channels in codes else rgb
    assert cv2.imwrite(str(path), bgr)
    return path


def with_exif(path: Path, orientation: int) -> Path:
    """Put an EXIF orientation (1–8) into a JPEG, in place."""
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)
    block = b"Exif\0\0" + tiff
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:])
    return path


def numbers(frames: Iterable[Pixels]) -> list[int]:
    """Return which frames (modulo 30) these are."""
    return [index_of(rgb) for rgb in frames]
