"""Repeat claims that go round about detectors of this kind, on features of an encoder left alone.

    python benchmarks/claims.py split STORE --weights efficientnet-lite0.pth
    python benchmarks/claims.py heads STORE --weights efficientnet-lite0.pth

STORE is what `facetell prepare` wrote, with the parts train and validation, whose persons (for
`split`) or sources (for `heads`) are disjoint. Features are those of ImageNet's weights, which saw
no forgery, computed once and kept in STORE's `claims-features.npz` unless --features names another.

`split` asks what a leaky split flatters. The stills of the validation part are dealt into five
parts at random, file by file, as a careless split does. Each is judged by a classifier fitted to
the other four (leaky: the same persons, and fakes of the same original, are on both sides), and by
one fitted to as many real and fake stills of the training part (clean: persons that it never saw).
The judged files are the same.

`heads` asks what an LSTM adds. Each temporal head learns from bursts of five frames of the training
clips, whole sources held out in turn; then from all of them, judged on the validation clips.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from facetell.model.detector import Detector
from facetell.model.temporal import make_temporal_head
from facetell.train.fit_heads import encoded, leave_out_folds
from facetell.train.metrics import auc, bootstrap, paired_bootstrap
from facetell.train.run_state import load_public
from facetell.train.store import ClipRecord, Store
from facetell.train.validation import plain

SIDE_PX = 224
BURSTS, BURST_FRAMES = 5, 5
FOLDS = 5
HEADS = ("mean", "attention", "gru", "lstm")
HIDDEN, DROPOUT, STEPS, BATCH, RATE, SEEDS = 64, 0.3, 200, 64, 1e-3, 2

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Features of frames: `values` (N, F), of which clip and which burst of it each is, (N,)."""

    values: npt.NDArray[np.float32]
    clip: Places
    burst: Places


def main() -> None:
    """Parse, compute, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("claim", choices=["split", "heads"])
    parser.add_argument("store", type=Path, help="folder that `facetell prepare` wrote")
    parser.add_argument("--weights", type=Path, help="public ImageNet weights of the encoder")
    parser.add_argument("--encoder", default="efficientnet_lite0_stages")
    parser.add_argument("--features", type=Path, help="where they are kept")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    store = Store(chosen.store)
    records = [r for r in store.records if (r.frames == 1) == (chosen.claim == "split")]
    kept = chosen.features or chosen.store / "claims-features.npz"
    features = _features(store, records, chosen, kept)
    (_tell_split if chosen.claim == "split" else _tell_heads)(records, features)


def _features(
    store: Store, records: Sequence[ClipRecord], chosen: argparse.Namespace, kept: Path
) -> Features:
    wanted = [
        (k, burst, frame)
        for k, record in enumerate(records)
        for burst, start in enumerate(starts(record.frames))
        for frame in range(start, min(start + BURST_FRAMES, record.frames))
    ]
    clip, burst, _ = np.array(wanted).T
    if not kept.exists():
        model = Detector(chosen.encoder)
        load_public(model, chosen.weights)
        crops = (
            plain(store.frames(records[k], [frame])[0], records[k].margin, SIDE_PX)
            for k, _, frame in wanted
        )
        np.savez(kept, features=encoded(model.eval(), crops, torch.device("cpu")))
    values = np.load(kept)["features"].astype(np.float32)
    if len(values) != len(wanted):
        raise SystemExit(f"{kept}: of other clips; remove it")
    return Features(values, clip, burst)


def starts(frames: int) -> list[int]:
    """Return where bursts begin, spread over a clip."""
    return sorted({int(s) for s in np.linspace(0, max(frames - BURST_FRAMES, 0), BURSTS)})


def _tell_split(records: Sequence[ClipRecord], features: Features) -> None:
    fake = np.array([r.is_fake for r in records])
    held_out = np.array([r.part == "validation" for r in records])
    groups = np.array([f"{r.dataset}/{r.group}" for r in records])[held_out]
    counted = f"{held_out.sum()} stills of {len(set(groups))} originals judged"
    print(f"{counted}; each fit on about {round(held_out.sum() * (1 - 1 / FOLDS))}")
    for name, make in (
        ("linear", lambda: LogisticRegression(C=0.01, max_iter=1000, class_weight="balanced")),
        ("5 nearest neighbours", lambda: KNeighborsClassifier(5)),
    ):
        scores = [_split_scores(features.values, fake, held_out, make, leaky) for leaky in (0, 1)]
        truth = fake[held_out]
        for told, found in zip(("clean", "leaky"), scores, strict=True):
            low, high = bootstrap(auc, truth, found, list(groups))
            print(f"{name:<21} {told}  AUC {auc(truth, found):.3f} ({low:.3f} to {high:.3f})")
        low, high = paired_bootstrap(auc, truth, (scores[0], scores[1]), list(groups))
        print(f"{name:<21} leaky less clean: {low:+.3f} to {high:+.3f}")


def _split_scores(
    values: npt.NDArray[np.float32],
    fake: Flags,
    held_out: Flags,
    make: Callable[[], object],
    leaky: int,
) -> Array:
    """Return the score of each validation still, of fits that saw its persons or did not."""
    rng = np.random.default_rng(0)
    own, others = np.flatnonzero(held_out), np.flatnonzero(~held_out)
    fold_of = rng.permutation(len(own)) % FOLDS
    scores = np.zeros(len(own))
    for fold in range(FOLDS):
        rest = own[fold_of != fold]
        chosen = rest if leaky else _alike(rest, others, fake, rng)
        model = make_pipeline(StandardScaler(), make()).fit(values[chosen], fake[chosen])
        scores[fold_of == fold] = model.predict_proba(values[own[fold_of == fold]])[:, 1]
    return scores


def _alike(pattern: Places, others: Places, fake: Flags, rng: np.random.Generator) -> Places:
    """Draw as many reals and fakes from others as there are in a pattern."""
    drawn = []
    for label in (False, True):
        pool = others[fake[others] == label]
        drawn.append(rng.choice(pool, min((fake[pattern] == label).sum(), len(pool)), False))
    return np.concatenate(drawn)


def _tell_heads(records: Sequence[ClipRecord], features: Features) -> None:
    train = [k for k, r in enumerate(records) if r.part == "train"]
    folds = leave_out_folds([records[k] for k in train], FOLDS, 0)
    fold_of = np.full(len(records), -1)  # -1: the validation part, judged by all of training
    fold_of[train] = folds
    fake = np.array([r.is_fake for r in records])
    sources = np.array([r.source for r in records])
    scores = {h: _head_scores(h, records, features, fold_of) for h in HEADS}
    for told, part in (("training, sources held out", fold_of >= 0), ("validation", fold_of < 0)):
        names = list(sources[part])
        print(f"{told}: {part.sum()} clips of {len(set(names))} sources")
        for head in HEADS:
            found = scores[head][part]
            low, high = bootstrap(auc, fake[part], found, names)
            line = f"  {head:<10} AUC {auc(fake[part], found):.3f} ({low:.3f} to {high:.3f})"
            pair = scores["mean"][part], found
            low, high = paired_bootstrap(auc, fake[part], pair, names)
            print(f"{line}  less mean: {low:+.3f} to {high:+.3f}", flush=True)


def _head_scores(
    head: str, records: Sequence[ClipRecord], features: Features, fold_of: Places
) -> Array:
    """Return the mean logit of each clip's bursts, of fits that did not see its source."""
    bursts = list(_bursts(features))
    clip = np.array([k for k, _ in bursts])
    mask = np.array([[1.0] * len(v) + [0.0] * (BURST_FRAMES - len(v)) for _, v in bursts])
    values = np.stack([np.pad(v, ((0, BURST_FRAMES - len(v)), (0, 0))) for _, v in bursts])
    scores = np.zeros(len(records))
    for fold in np.unique(fold_of):
        inside, outside = fold_of[clip] != fold, fold_of[clip] == fold
        inside &= fold_of[clip] >= 0
        present = values[inside][mask[inside] > 0]
        x = torch.from_numpy((values - present.mean(0)) / (present.std(0) + 1e-3)).float()
        for seed in range(SEEDS):
            fitted = _Burst(head, x.shape[2], seed)
            _fit(fitted, x, torch.from_numpy(mask).float(), records, clip, inside, seed)
            logits = fitted.eval()(x[outside], torch.from_numpy(mask[outside]).float())[0]
            scores += np.bincount(clip[outside], logits.detach().numpy(), len(records))
    return scores / np.maximum(np.bincount(clip, minlength=len(records)), 1)


def _bursts(features: Features) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    keys = features.clip * BURSTS + features.burst
    for key in np.unique(keys):
        yield int(key) // BURSTS, features.values[keys == key]


class _Burst(nn.Module):
    """A frame head and a temporal head on features, as `Detector` has them."""

    def __init__(self, head: str, width: int, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.frames, self.dropout = nn.Linear(width, 1), nn.Dropout(DROPOUT)
        self.temporal = make_temporal_head(head, width, HIDDEN, DROPOUT)

    def forward(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        frames = self.frames(self.dropout(features)).squeeze(-1) * mask  # (B, T)
        return self.temporal(features, frames, mask), frames


def _fit(
    model: _Burst,
    x: Tensor,
    mask: Tensor,
    records: Sequence[ClipRecord],
    clip: Places,
    inside: Flags,
    seed: int,
) -> None:
    """Train on bursts drawn so that classes weigh the same, and a source the root of its clips."""
    rng, places = np.random.default_rng(seed), np.flatnonzero(inside)
    keys = [f"{records[k].source}/{records[k].is_fake}" for k in clip[places]]
    _, key, count = np.unique(keys, return_inverse=True, return_counts=True)
    truth = np.array([records[k].is_fake for k in clip], np.float32)
    odds = 1 / np.sqrt(count[key])
    for label in (0, 1):
        odds[truth[places] == label] /= odds[truth[places] == label].sum()
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0.01)
    loss = nn.functional.binary_cross_entropy_with_logits
    for _ in range(STEPS):
        at = rng.choice(places, BATCH, p=odds / odds.sum())
        target = torch.from_numpy(truth[at])
        clips, frames = model(x[at], mask[at])
        by_frame = loss(frames, target[:, None].expand_as(frames), weight=mask[at])
        optimizer.zero_grad()
        (loss(clips, target) + 0.5 * by_frame).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


if __name__ == "__main__":
    main()
