"""PQ, HLG and wide-gamut pictures → sRGB.

Light is measured against HDR reference white, 203 cd/m² (ITU-R BT.2408), which becomes the white of
SDR. Up to three quarters of it light stays as it is, so that skin keeps its tone; what is brighter
is rolled off by a Möbius curve, the same for the three channels of a pixel, so that hues stay.
Curves: SMPTE ST 2084 (PQ), ITU-R BT.2100 (HLG with its system gamma of 1.2 at 1000 cd/m²).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from facetell.video.media import Pixels

Floats = npt.NDArray[np.float32]

BT2020 = 9
_P3_DCI, _P3_D65 = 11, 12
_PQ, _HLG = 16, 18
"""ITU-T H.273 ColourPrimaries and TransferCharacteristics. SDR curves are all shown alike."""

REFERENCE_WHITE_NITS = 203.0
PEAK_NITS = 1000.0
KNEE = 0.75
_LEVELS = 4096
_STRIP_ROWS = 64

_CHROMATICITIES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    _P3_DCI: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    _P3_D65: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_D65 = (0.3127, 0.3290)


@dataclass(frozen=True, slots=True)
class ColourMap:
    """The way from one kind of picture to sRGB.

    Attributes:
        hdr: PQ or HLG.
        linear: light of each of 4096 levels, 1 = reference white, float32, (4096,).
        system_gamma: power of the luminance that scene light is multiplied by; 0 for none.
        to_bt709: matrix of linear light, float32, (3, 3).
    """

    hdr: bool
    linear: Floats
    system_gamma: float
    to_bt709: Floats

    def to_srgb(self, picture: npt.NDArray[np.generic]) -> Pixels:
        """Map a picture, uint16 (H, W, 3) over its full range, to uint8 sRGB of that shape."""
        srgb = np.empty(picture.shape, np.uint8)
        # In strips: the floats stay in the processor's cache, and memory flat.
        for top in range(0, picture.shape[0], _STRIP_ROWS):
            strip = picture[top : top + _STRIP_ROWS]
            srgb[top : top + _STRIP_ROWS] = self._strip(strip.astype(np.uint16, copy=False))
        return srgb

    def _strip(self, codes: npt.NDArray[np.uint16]) -> Pixels:
        light = self.linear[codes >> 4]
        if self.system_gamma:
            light *= _luminance(light, self.system_gamma)
        light = np.asarray(cv2.transform(light, self.to_bt709), np.float32)
        np.maximum(light, 0, out=light)
        if self.hdr:
            brightest = cv2.max(cv2.max(light[..., 0], light[..., 1]), light[..., 2])
            light *= _gain(np.asarray(brightest, np.float32))[..., None]
        levels = (np.minimum(light, 1) * (_LEVELS - 1) + 0.5).astype(np.uint16)
        return np.asarray(_srgb_codes()[levels], np.uint8)


@lru_cache
def colour_map(transfer: int, primaries: int) -> ColourMap | None:
    """Return the map for H.273 codes; None for pictures that already are near sRGB."""
    hdr = transfer in (_PQ, _HLG)
    if hdr and primaries not in _CHROMATICITIES:
        primaries = BT2020
    if not hdr and (primaries == 1 or primaries not in _CHROMATICITIES):
        return None
    to_bt709 = np.linalg.inv(_rgb_to_xyz(1)) @ _rgb_to_xyz(primaries)
    if not hdr:
        return sdr_map(to_bt709)
    signal = np.arange(_LEVELS) / (_LEVELS - 1)
    curve, gamma = (_hlg, 0.2) if transfer == _HLG else (_pq, 0.0)
    return ColourMap(True, curve(signal).astype(np.float32), gamma, to_bt709.astype(np.float32))


def sdr_map(to_bt709: npt.NDArray[np.float64]) -> ColourMap:
    """Return the map of an SDR picture with the curve of sRGB, by its matrix of light, (3, 3)."""
    curve = _srgb_to_linear(np.arange(_LEVELS) / (_LEVELS - 1))
    return ColourMap(False, curve.astype(np.float32), 0.0, to_bt709.astype(np.float32))


def _rgb_to_xyz(primaries: int) -> npt.NDArray[np.float64]:
    """Return the matrix from linear RGB to CIE XYZ, (3, 3), white at Y = 1."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in _CHROMATICITIES[primaries]]).T
    white = np.array([_D65[0] / _D65[1], 1, (1 - sum(_D65)) / _D65[1]])
    return np.asarray(columns * np.linalg.solve(columns, white))


def _pq(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return light for PQ codes in 0–1 (SMPTE ST 2084)."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = signal ** (1 / m2)
    nits = 10000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return np.asarray(nits / REFERENCE_WHITE_NITS)


def _hlg(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return light for HLG codes in 0–1, before the system gamma (ITU-R BT.2100).

    The gamma multiplies by a power of the luminance, so the scale of the display goes in here:
    (s L)(s Y)^0.2 = p L Y^0.2 for s = p^(1/1.2).
    """
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return np.asarray(scene * (PEAK_NITS / REFERENCE_WHITE_NITS) ** (1 / 1.2))


def _srgb_to_linear(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def _luminance(light: Floats, power: float) -> Floats:
    """Return the BT.2020 luminance to a power, (H, W, 1)."""
    weights = np.array([[0.2627, 0.6780, 0.0593]], np.float32)
    luminance = np.asarray(cv2.transform(light, weights), np.float32)
    return np.asarray(cv2.pow(luminance, power), np.float32)[..., None]


def _gain(brightest: Floats) -> Floats:
    """Return what to multiply a pixel by, given its brightest channel, (H, W)."""
    table = _gain_table()
    top = PEAK_NITS / REFERENCE_WHITE_NITS
    levels = (np.minimum(brightest / top, 1) * (_LEVELS - 1) + 0.5).astype(np.uint16)
    return np.asarray(table[levels], np.float32)


@lru_cache
def _gain_table() -> Floats:
    """Return the gain of light from 0 to the peak; beyond that it goes on to be clipped.

    The Möbius curve is that of FFmpeg's filter `tonemap`: f(x) = x up to the knee, with the slope
    kept there, and f(peak) = 1.
    """
    peak, knee = PEAK_NITS / REFERENCE_WHITE_NITS, KNEE
    a = -(knee**2) * (peak - 1) / (knee**2 - 2 * knee + peak)
    b = (knee**2 - 2 * knee * peak + peak) / (peak - 1)
    light = np.maximum(np.linspace(0, peak, _LEVELS), 1e-6)
    rolled = (b**2 + 2 * b * knee + knee**2) / (b - a) * (light + a) / (light + b)
    return np.where(light <= knee, 1, rolled / light).astype(np.float32)


@lru_cache
def _srgb_codes() -> Pixels:
    """Return the sRGB code of linear light in 4096 levels, uint8, (4096,)."""
    light = np.arange(_LEVELS) / (_LEVELS - 1)
    signal = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(signal * 255), np.uint8)
