"""Make the recordings that the benchmarks read: the bundled sample at any size and length."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

RATE_HZ = 25
SAMPLE = Path(__file__).parent.parent / "src/facetell/data/samples/astronaut_real.mp4"

Pixels = npt.NDArray[np.uint8]


def make_recording(path: Path, size: tuple[int, int], duration_s: int, source: Path) -> None:
    """Encode a face clip, played to and fro, in the middle of a wide frame, as H.264.

    Args:
        path: the file to write.
        size: width and height in pixels, both even.
        duration_s: length of the recording.
        source: the face clip, shorter than a minute: its frames are held in memory.
    """
    frames = [_placed(pixels, size) for pixels in read_frames(source)]
    to_and_fro = frames + frames[-2:0:-1]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(RATE_HZ))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "26", "preset": "veryfast"}
        for index in range(duration_s * RATE_HZ):
            picture = to_and_fro[index % len(to_and_fro)]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def repeat_recording(path: Path, segment: Path, times: int) -> None:
    """Write a recording many times over into one file, without encoding it again."""
    with av.open(str(path), "w") as target:
        stream = None
        for number in range(times):
            with av.open(str(segment)) as source:
                track = source.streams.video[0]
                stream = stream or target.add_stream_from_template(track)
                offset = number * (track.duration or 0)
                for packet in source.demux(track):
                    if packet.dts is None or packet.pts is None:
                        continue  # the empty packet that ends every file
                    packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                    packet.stream = stream
                    target.mux(packet)


def read_frames(path: Path) -> Iterator[Pixels]:
    """Yield every frame of a clip as RGB (H, W, 3)."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _placed(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Fit the clip into the height, over a blurred copy that fills the width."""
    width, height = size
    small = cv2.resize(pixels, (width // 32, height // 32), interpolation=cv2.INTER_AREA)
    canvas = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    canvas[top : top + side, left : left + side] = cv2.resize(pixels, (side, side))
    return np.asarray(canvas, np.uint8)
