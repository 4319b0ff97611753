"""Measure a model on the still pairs that training held out: persons it has never seen.

    python benchmarks/held_out_pairs.py STORE [--model CARD] [--metrics OUT]

STORE is what `facetell prepare` wrote. Each held-out original counts with its real still and all
its fakes. Printed is the AUC over frames with its 95 % interval, resampled by original.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facetell.runtime import Session, available_cores, open_session
from facetell.train.metrics import auc, bootstrap
from facetell.train.parts import read_parts
from facetell.train.pools import find_originals
from facetell.train.store import Store
from facetell.train.validation import plain
from facetell.weights import find, verify


def main() -> None:
    """Parse, score, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("store", type=Path, help="folder that `facetell prepare` wrote")
    parser.add_argument("--model", default="default")
    parser.add_argument("--metrics", type=Path, help="write the metric as a card lists it")
    chosen = parser.parse_args()
    card, store = find(chosen.model), Store(chosen.store)
    session = open_session(verify(card), available_cores())
    originals, fake, logits = [], [], []
    records = [r for r in read_parts(store).validation if r.frames == 1]
    reals = {real.clip for found in find_originals(records).values() for real in found}
    for record in [r for r in records if r.original or r.clip in reals]:
        crop = plain(store.frames(record)[0], record.margin, card.input.side_px)
        originals.append(record.original or record.file)
        fake.append(record.is_fake)
        logits.append(frame_logit(session, crop))
    low, high = bootstrap(auc, fake, logits, originals)
    value, count = auc(fake, logits), len(set(originals))
    print(f"{count} originals, {len(fake)} stills, {sum(fake)} of them fake")
    print(f"frame AUC {value:.4f} ({low:.4f} to {high:.4f}, by original)")
    if chosen.metrics:
        metric = {
            "name": "frame_auc", "value": round(value, 4), "low": round(low, 4),
            "high": round(high, 4), "n": len(fake),
            "on": f"DFDC stills of {count} originals, persons not trained on",
        }  # fmt: skip
        chosen.metrics.write_text(json.dumps([metric], indent=1), encoding="utf-8")


def frame_logit(session: Session, crop: npt.NDArray[np.uint8]) -> float:
    """Score one crop, RGB (S, S, 3), as a clip of one frame."""
    pixels = np.ascontiguousarray(crop.transpose(2, 0, 1))[None, None]
    answers = session.run({"pixels": pixels, "mask": np.ones((1, 1), np.float32)})
    return float(answers["frame_logits"][0, 0])


if __name__ == "__main__":
    main()
