"""The store of face crops that training reads: a folder, written by `store_writer`.

    index.parquet            one row a clip, see `SCHEMA`
    shards/00000.jpegs       the crops as JPEGs, end to end; read by (shard, offset, lengths)
    landmarks/00000.points   FaceMesh points of those clips of the shard that have some, float16
    skipped.csv              file,reason

A clip is T >= 1 square crops of one face, the model's time step apart; a still is a clip of one.
Opening reads the index alone; crops are read at random through memory maps.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from facetell.errors import CorruptMedia, InputNotFound, UsageError

Pixels = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]

INDEX = "index.parquet"
AUTOENCODED, SYNTHETIC = "autoencoded", "synthetic"
"""Manipulations that training draws by name: reals through an autoencoder, faces from nothing."""
POINTS = 468
"""FaceMesh's landmarks of a crop."""
POINT_BYTES = POINTS * 2 * np.dtype(np.float16).itemsize
JPEG_QUALITY = 98


@dataclass(frozen=True, slots=True)
class ClipRecord:
    """What is known of one clip; where its crops lie is the store's own business.

    Attributes:
        clip: unique name in the store.
        dataset: name under which its source was prepared.
        file: the video or picture it comes from, relative to the source.
        is_fake: the label.
        source: data set, page or folder that it came from; same camera, maker or uploader.
        manipulation: kind of forgery, such as faceswap; empty for reals.
        method: tool or generator that made it; empty for reals.
        group: what descends from one original and must stay on one side of a split.
        original: `file` of the real that it was forged from; empty if unknown or real.
        part: train, validation or test where the data set itself says so, else empty.
        identity: the person, filled in by a split; empty before.
        track: number of the face in its video.
        quality: mean of `faces.face_quality`, 0 to 1; 0 where it was not measured.
        frames: T.
        side_px: side of the crops.
        margin: side of the crops over that of the model's square.
        has_points: whether there are landmarks.
        row: its place in the index; -1 before it is stored.
    """

    clip: str
    dataset: str
    file: str
    is_fake: bool
    source: str
    manipulation: str
    method: str
    group: str
    original: str
    part: str
    identity: str
    track: int
    quality: float
    frames: int
    side_px: int
    margin: float
    has_points: bool
    row: int = -1


_ARROW = {"str": pa.string(), "bool": pa.bool_(), "int": pa.int32(), "float": pa.float32()}
RECORD_COLUMNS = tuple(f.name for f in fields(ClipRecord) if f.name != "row")
SCHEMA = pa.schema(
    [(f.name, _ARROW[str(f.type)]) for f in fields(ClipRecord) if f.name != "row"]
    + [
        ("shard", pa.int32()),
        ("offset", pa.int64()),  # of the first JPEG, bytes
        ("lengths", pa.list_(pa.int32())),  # of each JPEG, bytes
        ("times_s", pa.list_(pa.float32())),  # of each frame in its video
        ("points_offset", pa.int64()),  # bytes; -1 without landmarks
    ]
)


class Store:
    """Reads a store. It may be handed to other processes; each opens the shards itself.

    Args:
        root: the store's folder.

    Attributes:
        records: all clips in the order of the index.

    Raises:
        InputNotFound: no index; the message says how to make it.
        CorruptMedia: the index is none.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        table = read_index(root)
        self.records = records_of(table)
        self._row_of = {record.clip: record.row for record in self.records}
        self._shard = table["shard"].to_numpy()
        self._offset = table["offset"].to_numpy()
        self._points_offset = table["points_offset"].to_numpy()
        self._starts, self._lengths = _ragged(table["lengths"])
        _, self._times_s = _ragged(table["times_s"])
        self._maps: dict[Path, mmap.mmap] = {}

    def __len__(self) -> int:
        return len(self.records)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_maps": {}}

    def find(self, clip: str) -> ClipRecord:
        """Return a clip by its name.

        Raises:
            InputNotFound: no such clip.
        """
        if clip not in self._row_of:
            raise InputNotFound(f"{self.root}: no clip {clip!r} in this store")
        return self.records[self._row_of[clip]]

    def frames(self, record: ClipRecord, where: Iterable[int] | None = None) -> Pixels:
        """Return crops, RGB uint8 (n, S, S, 3).

        Args:
            record: the clip.
            where: which of its frames; all without.

        Raises:
            CorruptMedia: the shard is missing, cut off or altered.
        """
        return np.stack([self._picture(jpeg, record) for jpeg in self.jpegs(record, where)])

    def jpegs(self, record: ClipRecord, where: Iterable[int] | None = None) -> list[bytes]:
        """Return the crops as they are stored."""
        lengths = self._of(record, self._lengths)
        ends = self._offset[record.row] + np.cumsum(lengths)
        shard = self._map(shard_path(self.root, int(self._shard[record.row])))
        chosen = range(record.frames) if where is None else where
        return [shard[ends[k] - lengths[k] : ends[k]] for k in chosen]

    def times_s(self, record: ClipRecord) -> npt.NDArray[np.float32]:
        """Return when each frame was shown in its video, seconds, (T,)."""
        return self._of(record, self._times_s)

    def points(self, record: ClipRecord, where: Sequence[int] | None = None) -> Points:
        """Return landmarks as x, y in pixels of the crop, (n, 468, 2).

        Raises:
            UsageError: the store was made without landmarks of this clip.
            CorruptMedia: the file of landmarks is missing or cut off.
        """
        if not record.has_points:
            raise UsageError(f"{record.clip}: no landmarks; prepare with --landmarks")
        path = points_path(self.root, int(self._shard[record.row]))
        start = int(self._points_offset[record.row])
        packed = self._map(path)[start : start + record.frames * POINT_BYTES]
        if len(packed) < record.frames * POINT_BYTES:
            raise CorruptMedia(f"{path}: cut off; prepare this store anew")
        points = np.frombuffer(packed, np.float16).reshape(record.frames, POINTS, 2)
        return np.asarray(points if where is None else points[list(where)], np.float32)

    def _of(self, record: ClipRecord, flat: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return flat[self._starts[record.row] : self._starts[record.row + 1]]

    def _picture(self, jpeg: bytes, record: ClipRecord) -> Pixels:
        bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
        if bgr is None:
            raise CorruptMedia(f"{record.clip}: a crop is damaged in {self.root}; prepare it anew")
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)

    def _map(self, path: Path) -> mmap.mmap:
        if path not in self._maps:
            try:
                with path.open("rb") as file:
                    self._maps[path] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (OSError, ValueError) as error:
                raise CorruptMedia(f"{path}: {error}; prepare this store anew") from error
        return self._maps[path]


def shard_path(root: Path, shard: int) -> Path:
    """Return where the crops of a shard lie."""
    return root / "shards" / f"{shard:05d}.jpegs"


def points_path(root: Path, shard: int) -> Path:
    """Return where the landmarks of a shard lie."""
    return root / "landmarks" / f"{shard:05d}.points"


def encode_jpeg(rgb: Pixels) -> bytes:
    """Encode one crop (S, S, 3) as stores hold it: quality 98, full colour resolution."""
    settings = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    _, packed = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), settings)
    return packed.tobytes()


def read_index(root: Path) -> pa.Table:
    """Read the index of a store.

    Raises:
        InputNotFound: there is none.
        CorruptMedia: it is no index of this version.
    """
    path = root / INDEX
    if not path.is_file():
        raise InputNotFound(f"{path}: missing; `facetell prepare` makes a store, or finishes one")
    try:
        return pq.read_table(path, memory_map=True).select(SCHEMA.names).cast(SCHEMA)
    except (pa.ArrowException, KeyError, OSError) as error:
        raise CorruptMedia(f"{path}: not a store's index ({error}); prepare it anew") from error


def write_index(root: Path, table: pa.Table) -> None:
    """Write the index of a store in one stroke: a killed run leaves the old one whole."""
    part = root / (INDEX + ".part")
    pq.write_table(table.cast(SCHEMA), part, compression="zstd")
    part.replace(root / INDEX)


def records_of(table: pa.Table) -> list[ClipRecord]:
    """Turn rows of an index into records."""
    columns = [table[name].to_pylist() for name in RECORD_COLUMNS]
    return [ClipRecord(*values) for values in zip(*columns, range(len(table)), strict=True)]


def fill_identities(root: Path, identities: Mapping[str, str]) -> None:
    """Write the person of each clip (by its name) into the index; others keep theirs."""
    table = read_index(root)
    clips, known = table["clip"].to_pylist(), table["identity"].to_pylist()
    filled = [identities.get(clip, old) for clip, old in zip(clips, known, strict=True)]
    place = table.schema.get_field_index("identity")
    write_index(root, table.set_column(place, "identity", pa.array(filled, pa.string())))


def _ragged(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Flatten a column of lists: where each begins (n + 1,), and all values."""
    lists = column.combine_chunks()
    starts = np.concatenate([[0], np.cumsum(lists.value_lengths().to_numpy())])
    return starts.astype(np.int64), lists.flatten().to_numpy()
