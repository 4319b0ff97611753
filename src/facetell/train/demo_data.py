"""The bundled sample pair → a tiny data set that shows every command of training at work.

    python -m facetell.train.demo_data OUT

OUT becomes OUT/{real,fake}/*.mp4 and OUT/labels.csv: seconds of the two clips, mirrored, lightened
and darkened. What shows the same second is one group. One person and one forgery: nothing to judge
a detector by.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
RATE_HZ, PIECE_FRAMES = 25, 25
STARTS = (0, 25, 50, 75)
GAMMAS = (0.8, 1.0, 1.25)


def main() -> None:
    """Parse, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--small", action="store_true", help="without the changes of light")
    chosen = parser.parse_args()
    write_demo_data(chosen.out, (1.0,) if chosen.small else GAMMAS)


def write_demo_data(out: Path, gammas: Sequence[float] = GAMMAS) -> None:
    """Write the data set: of each of four seconds, a clip and its mirror image for each gamma.

    Args:
        out: its folder.
        gammas: of the light.
    """
    rows = [("file", "label", "group", "original")]
    for label in ("real", "fake"):
        (out / label).mkdir(parents=True, exist_ok=True)
        for second, name, piece in _pieces(_frames(label), gammas):
            _write(out / label / name, piece)
            original = f"real/{name}" if label == "fake" else ""
            rows.append((f"{label}/{name}", label, f"second{second}", original))
    with (out / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _frames(label: str) -> list[Pixels]:
    with av.open(str(SAMPLES / f"astronaut_{label}.mp4")) as sample:
        decoded = sample.decode(video=0)
        return [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for f in decoded]


def _pieces(
    frames: Sequence[Pixels], gammas: Sequence[float]
) -> Iterator[tuple[int, str, list[Pixels]]]:
    for second, start in enumerate(STARTS):
        piece = frames[start : start + PIECE_FRAMES]
        for gamma in gammas:
            light = (np.power(np.arange(256) / 255, gamma) * 255).round().astype(np.uint8)
            lit = [light[frame] for frame in piece]
            yield second, f"{second}_{gamma}.mp4", lit
            mirrored = [np.ascontiguousarray(frame[:, ::-1]) for frame in lit]
            yield second, f"{second}_{gamma}_mirrored.mp4", mirrored


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
