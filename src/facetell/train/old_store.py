"""The prepared face crops that training reads: stills in pairs, portraits, and clips.

A store is a folder that `facetell.train.prepare` writes; every crop in it is a square around a
face, larger than the model's crop by a known `margin` so that training can jitter.

    pairs.csv            real,fakes,part    names of JPEGs under pairs/; fakes joined by spaces
    pairs/*.jpg          one crop each
    portraits.npy        real photos, uint8 (N, S, S, 3)
    synthetic_real.npy   photos that go with the next
    synthetic_fake.npy   wholly synthetic faces
    decoded_real.npy     crops of reals, uint8 (N, S, S, 3), at the margin of the pairs
    decoded_fake.npy     what an autoencoder made of each
    decoded_points.npy   their landmarks, float16 (N, 468, 2)
    clips/clips.json     one record a clip: file, label, source, group, split, method, times_s
    clips/NNN.npy        its crops, uint8 (T, S, S, 3), the model's time step apart
    points.npz           landmarks (468, 2) of the reals, float16, by file name
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from facetell.errors import InputNotFound

Pixels = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]

PAIR_MARGIN = 1.05
"""DFDC's squares against the detector's box (side over sqrt(area)), measured on 300 crops."""
STORE_MARGIN = 1.3
STORE_SIDE_PX = 288


@dataclass(frozen=True, slots=True)
class Pair:
    """A real still and the fakes that were made from the same video."""

    real: str
    fakes: tuple[str, ...]
    part: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """Reals, uint8 (N, S, S, 3), what autoencoders made of them, and landmarks (N, 468, 2)."""

    real: Pixels
    fake: Pixels
    points: npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class StoredClip:
    """A face clip; `is_fake` is the label, `source` where it came from, `split` its part."""

    file: str
    is_fake: bool
    source: str
    group: str
    split: str
    method: str


class Store:
    """Reads a store's parts; arrays stay on disk until they are used.

    Args:
        root: the store's folder.

    Raises:
        InputNotFound: a part is missing; the message says how to make it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pairs = [self._pair(row) for row in self._rows("pairs.csv")]
        self.clips = [self._clip(record) for record in self._records("clips/clips.json")]
        self.portraits = self._array("portraits.npy")
        self.synthetic_real = self._array("synthetic_real.npy")
        self.synthetic_fake = self._array("synthetic_fake.npy")
        parts = [self._array(f"decoded_{part}.npy") for part in ("real", "fake", "points")]
        self.decoded = Decoded(*parts)
        with np.load(self._file("points.npz")) as points:
            self._points = {name: points[name] for name in points.files}

    def still(self, name: str) -> Pixels:
        """Return one crop of a pair, RGB (S, S, 3)."""
        picture = cv2.imread(str(self.root / "pairs" / f"{name}.jpg"), cv2.IMREAD_COLOR)
        if picture is None:
            raise InputNotFound(f"{self.root / 'pairs' / name}.jpg: missing or not a picture")
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)

    def frames(self, clip: StoredClip) -> Pixels:
        """Return a clip's crops, uint8 (T, S, S, 3), without reading them all."""
        frames: Pixels = self._array(f"clips/{clip.file}")
        return frames

    def points(self, name: str) -> Points:
        """Return landmarks by the name of a pair's real, of a clip's file or of "portraits"."""
        return np.asarray(self._points[name], np.float32)

    @staticmethod
    def _pair(row: dict[str, str]) -> Pair:
        return Pair(row["real"], tuple(row["fakes"].split()), row["part"])

    @staticmethod
    def _clip(record: dict[str, str]) -> StoredClip:
        fake = record["label"] == "fake"
        keys = ("source", "group", "split", "method")
        return StoredClip(record["file"], fake, *(record[k] for k in keys))

    def _file(self, name: str) -> Path:
        path = self.root / name
        if not path.exists():
            raise InputNotFound(f"{path}: missing; make the store with `facetell prepare`")
        return path

    def _rows(self, name: str) -> list[dict[str, str]]:
        with self._file(name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def _records(self, name: str) -> list[dict[str, str]]:
        records = json.loads(self._file(name).read_text(encoding="utf-8"))
        return [{k: str(r[k]) for k in r} for r in records]

    def _array(self, name: str) -> Any:
        return np.asarray(np.load(self._file(name), mmap_mode="r"))
