"""`heads = "regression"`: a frame head fitted by logistic regression to an encoder left as it is.

With few clips a linear head on the features of a good encoder holds up better on strangers' videos
than one trained by gradient descent. Features of the crops as they are and of degraded copies are
computed once; the strength of the regularisation is the one that does best on sources left out,
on training clips alone. The standardisation of the features is folded into the weights, so export
and heat maps see a frame head like any other.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from facetell.errors import MissingDependency, UsageError
from facetell.model.detector import Detector
from facetell.model.encoders import EncoderPair
from facetell.train.augment import Degradation, degrade, draw_degradation
from facetell.train.checkpoint import save_whole
from facetell.train.config import Regression, RunConfig
from facetell.train.device import mixed_precision
from facetell.train.metrics import source_auc
from facetell.train.store import ClipRecord, Pixels, Store
from facetell.train.validation import PLAIN

FEATURES = "features.npy"
CROPS = 64
SPREAD = 2.0
"""Standard deviation of a half's logits; calibration sets the scale that people see."""
Array = npt.NDArray[np.float64]
Features = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Features of crops, and which clip each is of.

    Attributes:
        features: (N, F).
        clip: place of each crop's clip among `records`, (N,).
        plain: whether the crop was left undegraded, (N,).
        records: the clips.
        widths: how many features each half of the encoder gives; one number for a single encoder.
    """

    features: Features
    clip: npt.NDArray[np.int64]
    plain: npt.NDArray[np.bool_]
    records: Sequence[ClipRecord]
    widths: tuple[int, ...]

    @property
    def is_fake(self) -> npt.NDArray[np.bool_]:
        """The label of each crop, (N,)."""
        return np.array([r.is_fake for r in self.records])[self.clip]


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """logit = features · weight + bias, for features as the encoder gives them."""

    weight: Array
    bias: float

    def logits(self, features: npt.NDArray[np.floating]) -> Array:
        """Return the logits of features (N, F)."""
        return np.asarray(features @ self.weight.astype(np.float32) + self.bias, np.float64)


def fit_frame_head(
    model: Detector,
    store: Store,
    records: Sequence[ClipRecord],
    config: RunConfig,
    device: torch.device,
    cache: Path,
) -> dict[str, float]:
    """Fit a detector's frame head to training clips.

    Args:
        model: in evaluation mode; its frame head is written.
        store: where the crops lie.
        records: the training clips.
        config: the run.
        device: where the encoder computes.
        cache: folder where the features are kept, so that a killed run need not compute them again.

    Returns:
        The chosen `strength`, and `left_out_auc`: the AUC on sources left out, every source
        weighing the same.

    Raises:
        MissingDependency: scikit-learn is not installed.
        UsageError: too few sources to leave some out.
        OutputError: the features cannot be kept.
    """
    samples = _samples(model, store, records, config, device, cache)
    chosen, left_out = choose_strength(samples, config.regression, config.seed)
    head = fit_halves(samples, sample_weights(samples), chosen)
    with torch.no_grad():
        model.frame_head.weight.copy_(torch.from_numpy(head.weight[None]).float())
        model.frame_head.bias.fill_(head.bias)
    return {"strength": chosen, "left_out_auc": left_out}


def choose_strength(samples: Samples, how: Regression, seed: int) -> tuple[float, float]:
    """Return the strength that does best on sources left out, and its AUC there.

    Raises:
        UsageError: too few sources or groups of one class.
    """
    folds = leave_out_folds(samples.records, how.folds, seed)
    weights = sample_weights(samples)
    found = {c: _left_out_auc(samples, weights, folds, c) for c in how.strengths}
    best = max(found, key=lambda c: found[c])
    return best, found[best]


def _left_out_auc(
    samples: Samples, weights: Array, folds: npt.NDArray[np.int64], strength: float
) -> float:
    logits = np.zeros(len(samples.records))
    fold_of = folds[samples.clip]
    for fold in range(folds.max() + 1):
        inside, outside = fold_of != fold, (fold_of == fold) & samples.plain
        head = fit_halves(_chosen(samples, inside), weights[inside], strength)
        sums = np.bincount(
            samples.clip[outside], head.logits(samples.features[outside]), len(samples.records)
        )
        logits += sums / np.maximum(np.bincount(samples.clip[outside], minlength=len(sums)), 1)
    fake = [r.is_fake for r in samples.records]
    return source_auc(fake, logits, [r.source for r in samples.records])


def _chosen(samples: Samples, which: npt.NDArray[np.bool_]) -> Samples:
    parts = samples.features[which], samples.clip[which], samples.plain[which]
    return Samples(*parts, samples.records, samples.widths)


def leave_out_folds(records: Sequence[ClipRecord], folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Number the fold in which each clip is left out, (N,): whole sources at a time.

    Where the sources are too few, what descends from one original stays together instead.

    Raises:
        UsageError: there are not even two groups of each class.
    """
    model_selection = _sklearn("model_selection")
    fake = np.array([r.is_fake for r in records])
    for units in ([r.source for r in records], [f"{r.dataset}/{r.group}" for r in records]):
        each = [len({u for u, f in zip(units, fake, strict=True) if f == k}) for k in (0, 1)]
        count = min(folds, *each)
        if count >= 2:
            splitter = model_selection.StratifiedGroupKFold(count, shuffle=True, random_state=seed)
            place = np.zeros(len(records), np.int64)
            for k, (_, out) in enumerate(splitter.split(fake, fake, units)):
                place[out] = k
            if all(len(set(fake[place != k])) == 2 for k in range(count)):
                return place
    raise UsageError(
        'heads = "regression" leaves sources out to choose its strength: give at least two sources '
        "or groups of real clips and two of fakes to train on"
    )


def sample_weights(samples: Samples) -> Array:
    """Return the weight of each crop, (N,): 0.5 a class in all.

    Within a class a source weighs the square root of its number of clips, its clips the same, and
    so do the crops of a clip: neither a large source rules nor a long clip.
    """
    keys = [f"{r.source}/{r.is_fake}" for r in samples.records]
    _, source, clips = np.unique(keys, return_inverse=True, return_counts=True)
    by_clip = 1 / np.sqrt(clips[source])
    crops = np.bincount(samples.clip, minlength=len(samples.records))
    weights = by_clip[samples.clip] / crops[samples.clip]
    fake = samples.is_fake
    for label in (False, True):
        weights[fake == label] *= 0.5 / max(weights[fake == label].sum(), 1e-12)
    return np.asarray(weights, np.float64)


def fit_halves(samples: Samples, weights: Array, strength: float) -> LinearHead:
    """Fit a head to each half of the encoder by itself; the logit is the mean of theirs.

    A trained half has seen the very clips that the head is fitted to and tells them apart too
    well: a head on both halves together would trust it alone. So each half's logits are brought
    to the same spread. A single encoder is one half.
    """
    fitted, start = [], 0
    for width in samples.widths:
        half = replace(samples, features=samples.features[:, start : start + width])
        fitted.append(_evened(fit(half, weights, strength), half, weights))
        start += width
    weight = np.concatenate([head.weight for head in fitted]) / len(fitted)
    return LinearHead(weight, float(np.mean([head.bias for head in fitted])))


def _evened(head: LinearHead, samples: Samples, weights: Array) -> LinearHead:
    """Scale a head so that its logits on what it was fitted to spread by `SPREAD`."""
    logits = head.logits(samples.features)
    mean = np.average(logits, weights=weights)
    scale = SPREAD / (np.sqrt(np.average((logits - mean) ** 2, weights=weights)) + 1e-9)
    return LinearHead(head.weight * scale, float(head.bias * scale))


def fit(samples: Samples, weights: Array, strength: float) -> LinearHead:
    """Fit one head.

    Args:
        samples: what to fit to.
        weights: of each crop, (N,).
        strength: inverse strength of the L2 regularisation against weights that sum up to 1.
    """
    linear_model = _sklearn("linear_model")
    total = weights.sum()
    x = samples.features.astype(np.float32)
    mean = weights @ x / total
    std = np.sqrt(weights @ (x - mean) ** 2 / total) + 1e-3
    model = linear_model.LogisticRegression(C=strength, max_iter=2000)
    model.fit((x - mean) / std, samples.is_fake, sample_weight=weights / total)
    weight = model.coef_[0] / std
    return LinearHead(weight.astype(np.float64), float(model.intercept_[0] - weight @ mean))


def _sklearn(module: str) -> Any:
    try:
        import sklearn.linear_model
        import sklearn.model_selection
    except ImportError as error:
        raise MissingDependency(
            'heads = "regression" needs scikit-learn: pip install "facetell[train]"'
        ) from error
    return getattr(sklearn, module)


def _samples(
    model: Detector,
    store: Store,
    records: Sequence[ClipRecord],
    config: RunConfig,
    device: torch.device,
    cache: Path,
) -> Samples:
    how = config.regression
    wanted = [
        (k, copy, frame)
        for k, record in enumerate(records)
        for frame in evenly(record.frames, how.frames)
        for copy in range(how.copies + 1)
    ]
    path = cache / FEATURES
    features = np.load(path) if path.exists() else None
    if features is None or len(features) != len(wanted):
        crops = (_crop(store, records[k], frame, copy, config) for k, copy, frame in wanted)
        features = encoded(model, crops, device)
        kept = features
        save_whole(path, lambda file: np.save(file, kept))
    clip, copies = (np.array([w[place] for w in wanted]) for place in (0, 1))
    encoder = model.encoder
    widths = encoder.widths if isinstance(encoder, EncoderPair) else (features.shape[1],)
    return Samples(features, clip, copies == 0, records, widths)


def _crop(store: Store, record: ClipRecord, frame: int, copy: int, config: RunConfig) -> Pixels:
    draw = _degradation(record, copy, config.seed)
    rng = np.random.default_rng((config.seed, copy, record.row, frame))
    crops = store.frames(record, [frame])
    return degrade(list(crops), draw, rng, config.side_px, record.margin)[0]


def _degradation(record: ClipRecord, copy: int, seed: int) -> Degradation:
    """Draw one for all that descends from one original: real and fake must be degraded alike."""
    if copy == 0:
        return PLAIN
    group = zlib.crc32(f"{record.dataset}/{record.group}".encode())
    return draw_degradation(np.random.default_rng((seed, copy, group)))


def evenly(frames: int, most: int) -> list[int]:
    """Return at most so many frames of a clip, evenly spaced from its first to its last.

    >>> evenly(9, 3), evenly(2, 5)
    ([0, 4, 8], [0, 1])
    """
    return sorted({int(k) for k in np.linspace(0, frames - 1, min(frames, most)).round()})


@torch.no_grad()
def encoded(model: Detector, crops: Iterator[Pixels], device: torch.device) -> Features:
    """Return the features (N, F) of crops, RGB uint8 (S, S, 3)."""
    features: list[Features] = []
    while chunk := list(islice(crops, CROPS)):
        pixels = torch.from_numpy(np.stack(chunk).transpose(0, 3, 1, 2)).to(device)
        with mixed_precision(device):
            _, flat = model.encode(pixels)  # (CROPS, F)
        features.append(flat.float().cpu().numpy().astype(np.float16))
    return np.concatenate(features)
