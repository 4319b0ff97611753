"""The JSON contract (docs/json.md) as columns of Parquet; tracks and timeline stay nested."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

_MODEL = [("name", pa.string()), ("version", pa.string()), ("sha256", pa.string())]
_MEDIA = [
    ("duration_s", pa.float64()),
    ("width", pa.int32()),
    ("height", pa.int32()),
    ("fps", pa.float64()),
    ("frames_read", pa.int32()),
]
_TRACK = [
    ("id", pa.int32()),
    ("p_fake", pa.float64()),
    ("start_s", pa.float64()),
    ("end_s", pa.float64()),
    ("frames", pa.int32()),
    ("quality", pa.float64()),
]
_POINT = [
    ("time_s", pa.float64()),
    ("track", pa.int32()),
    ("p_fake", pa.float64()),
    ("box_xyxy", pa.list_(pa.float64())),
]
_FACE = [("time_s", pa.float64()), ("x_px", pa.float64()), ("y_px", pa.float64())]
_SELECTION = [("start_s", pa.float64()), ("end_s", pa.float64()), ("face", pa.struct(_FACE))]

SCHEMA = pa.schema(
    [
        ("schema_version", pa.int32()),
        ("path", pa.string()),
        ("sha256", pa.string()),
        ("label", pa.string()),
        ("p_fake", pa.float64()),
        ("confidence", pa.float64()),
        ("media", pa.struct(_MEDIA)),
        ("tracks", pa.list_(pa.struct(_TRACK))),
        ("timeline", pa.list_(pa.struct(_POINT))),
        ("reasons", pa.list_(pa.string())),
        ("warnings", pa.list_(pa.string())),
        ("selection", pa.struct(_SELECTION)),
        # Members have none of their own: an ensemble's are single models.
        ("model", pa.struct([*_MODEL, ("members", pa.list_(pa.struct(_MODEL)))])),
        ("facetell_version", pa.string()),
        ("elapsed_s", pa.float64()),
        ("error", pa.struct([("code", pa.string()), ("message", pa.string())])),
        ("attempts", pa.int32()),
    ]
)
"""One row a video. `attempts` is how often it was begun: more than 1 if a worker died of it."""


def to_table(lines: Iterable[str]) -> pa.Table:
    """Turn lines of JSON into rows."""
    rows = [_storable(json.loads(line)) for line in lines]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def storable(text: str) -> str:
    r"""Write bytes of a file name that are no UTF-8 as escapes: Parquet holds UTF-8 only.

    >>> storable("caf\udce9.mp4")
    'caf\\udce9.mp4'
    """
    return text.encode("utf-8", "backslashreplace").decode()


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else storable(value)
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {key: _storable(each) for key, each in value.items()}
    return value
