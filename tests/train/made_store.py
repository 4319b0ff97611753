"""A tiny store of made-up faces, in the layout that training reads."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facetell.train.landmarks import POINTS
from facetell.train.old_store import Pixels

SIDE = 72


def face(seed: int, side: int = SIDE) -> Pixels:
    """Return smooth noise with an oval in it, uint8 (side, side, 3)."""
    rng = np.random.default_rng(seed)
    rough = rng.integers(40, 200, (8, 8, 3), np.uint8)
    smooth = np.asarray(cv2.resize(rough, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)
    grain = rng.integers(0, 12, smooth.shape, np.uint8)
    return np.asarray(smooth // 2 + 60 + grain, np.uint8)


def points(side: int = SIDE) -> npt.NDArray[np.float32]:
    """Return 468 points that fill an oval in the middle."""
    angle = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    radius = side * 0.3 * np.sqrt(np.linspace(0.2, 1, POINTS))
    around = np.stack([np.cos(angle * 7) * radius, np.sin(angle * 7) * radius], 1)
    return np.asarray(side / 2 + around, np.float32)


def make_store(root: Path) -> Path:
    """Write the store: two pairs a part, some photos, two clips a class and part."""
    (root / "pairs").mkdir(parents=True)
    (root / "clips").mkdir()
    marks = {"portraits": np.stack([points()] * 3)}
    with (root / "pairs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["real", "fakes", "part"])
        for k, part in enumerate(["train", "train", "validation", "validation"]):
            writer.writerow([f"r{k}", f"f{k}", part])
            for name, seed in ((f"r{k}", k), (f"f{k}", 100 + k)):
                cv2.imwrite(str(root / "pairs" / f"{name}.jpg"), face(seed))
            marks[f"r{k}"] = points()
    for name in ("portraits", "synthetic_real", "synthetic_fake", "decoded_real", "decoded_fake"):
        np.save(root / f"{name}.npy", np.stack([face(len(name) + k) for k in range(3)]))
    np.save(root / "decoded_points.npy", np.stack([points()] * 3).astype(np.float16))
    records = []
    for k in range(8):
        label, split = ("real", "fake")[k % 2], ("train", "validation")[k // 4]
        np.save(root / "clips" / f"{k}.npy", np.stack([face(200 + k)] * 6))
        keys = {"file": f"{k}.npy", "label": label, "split": split, "method": "swap"}
        records.append(keys | {"source": f"s{k // 2}", "group": f"g{k // 2}"})
        marks[f"{k}.npy"] = np.stack([points()] * 6)
    (root / "clips" / "clips.json").write_text(json.dumps(records), encoding="utf-8")
    np.savez(root / "points.npz", **marks)  # type: ignore[arg-type]
    return root
