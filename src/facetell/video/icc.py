"""ICC profiles of pictures → the way to sRGB. Phones photograph in Display P3.

Only RGB profiles that are a matrix and curves are read, as nearly all are; the curve is taken to be
that of sRGB, as in Display P3 (ICC.1:2022, sections 7.2 to 7.3).
"""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np

from facetell.video.tonemap import ColourMap, sdr_map

_SRGB_D50 = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)
"""Linear sRGB → XYZ at D50, by the Bradford transform: the columns of every sRGB profile."""

_SAME = 0.03
"""Profiles whose matrix differs less than this from that of sRGB are sRGB."""


@lru_cache(maxsize=8)
def profile_map(profile: bytes) -> ColourMap | None:
    """Return the map of a profile; None if it is sRGB, or of a kind that is not read."""
    if profile[16:20] != b"RGB ":
        return None
    try:
        columns = [_xyz(profile, name) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    except (struct.error, LookupError):
        return None
    to_srgb = np.linalg.inv(_SRGB_D50) @ np.array(columns).T
    if np.abs(to_srgb - np.eye(3)).max() < _SAME:
        return None
    return sdr_map(to_srgb)


def _xyz(profile: bytes, name: bytes) -> tuple[float, float, float]:
    (count,) = struct.unpack_from(">I", profile, 128)
    for i in range(min(count, 100)):
        tag, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * i)
        if tag == name:
            x, y, z = struct.unpack_from(">3i", profile, offset + 8)
            return x / 65536, y / 65536, z / 65536
    raise LookupError(name)
