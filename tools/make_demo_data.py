"""Make a tiny data set of the bundled sample pair, for `make train-demo` and its test.

    python tools/make_demo_data.py OUT

OUT becomes OUT/{train,validation}/{real,fake}/*.mp4: seconds of the two clips, mirrored, lightened
and darkened. The last second of each is for validation. One person and one forgery: enough to see
every command work, and nothing to judge a detector by.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

SAMPLES = Path(__file__).parents[1] / "src/facetell/data/samples"
RATE_HZ, PIECE_FRAMES = 25, 25
STARTS = {"train": (0, 25, 50), "validation": (75,)}
GAMMAS = (0.8, 1.0, 1.25)


def main() -> None:
    """Parse, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--small", action="store_true", help="without the changes of light")
    chosen = parser.parse_args()
    write_demo_data(chosen.out, (1.0,) if chosen.small else GAMMAS)


def write_demo_data(out: Path, gammas: Sequence[float] = GAMMAS) -> None:
    """Write the data set: for each gamma three clips and three mirrored ones a class to train on.

    Args:
        out: its folder.
        gammas: of the light.
    """
    for label in ("real", "fake"):
        with av.open(str(SAMPLES / f"astronaut_{label}.mp4")) as sample:
            decoded = sample.decode(video=0)
            frames = [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for f in decoded]
        for part, starts in STARTS.items():
            folder = out / part / label
            folder.mkdir(parents=True, exist_ok=True)
            for name, piece in _pieces(frames, starts, gammas):
                _write(folder / f"{name}.mp4", piece)


def _pieces(
    frames: Sequence[Pixels], starts: Sequence[int], gammas: Sequence[float]
) -> Iterator[tuple[str, list[Pixels]]]:
    for start in starts:
        piece = frames[start : start + PIECE_FRAMES]
        for gamma in gammas:
            light = (np.power(np.arange(256) / 255, gamma) * 255).round().astype(np.uint8)
            lit = [light[frame] for frame in piece]
            yield f"{start}_{gamma}", lit
            yield f"{start}_{gamma}_mirrored", [np.ascontiguousarray(f[:, ::-1]) for f in lit]


def _write(path: Path, frames: Sequence[Pixels]) -> None:
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as file:
        options = {"crf": "18", "preset": "veryfast"}
        stream = file.add_stream("libx264", rate=RATE_HZ, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        file.mux(stream.encode())


if __name__ == "__main__":
    main()
