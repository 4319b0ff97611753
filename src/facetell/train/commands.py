"""`facetell train` and `facetell export`: parse, call, print."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from facetell.errors import InputNotFound
from facetell.model.detector import Detector
from facetell.model.export import export_onnx, store_as_float16
from facetell.train.config import read_config
from facetell.train.evaluate import make_evaluate
from facetell.train.loop import CHECKPOINT, LOG, load_averaged, train
from facetell.train.old_store import Store


def train_main(arguments: list[str]) -> int:
    """Answer `facetell train`."""
    parser = argparse.ArgumentParser("facetell train", description="Train a detector; resumes.")
    parser.add_argument("config", type=Path, help="the run's TOML, see recipes/")
    parser.add_argument("--out", type=Path, required=True, help="the run's folder")
    chosen = parser.parse_args(arguments)
    config = read_config(chosen.config)
    train(config, chosen.out, make_evaluate(Store(config.store), config.side_px))
    last = (chosen.out / LOG).read_text(encoding="utf-8").splitlines()[-1]
    print(json.dumps(json.loads(last), indent=1))
    return 0


def export_main(arguments: list[str]) -> int:
    """Answer `facetell export`."""
    parser = argparse.ArgumentParser("facetell export", description="Write a run's model as ONNX.")
    parser.add_argument("config", type=Path, help="the run's TOML")
    parser.add_argument("run", type=Path, help="the run's folder, or one of its averaged-N.pt")
    parser.add_argument("graph", type=Path, help="the .onnx to write, weights as float16")
    chosen = parser.parse_args(arguments)
    config = read_config(chosen.config)
    path = chosen.run / CHECKPOINT if chosen.run.is_dir() else chosen.run
    if not path.is_file():
        raise InputNotFound(f"{path}: no checkpoint; train the run first")
    model = Detector(config.encoder, config.hidden, config.dropout, config.temporal)
    load_averaged(model, path)
    whole = chosen.graph.with_suffix(".float32.onnx")
    difference = export_onnx(model, whole, config.side_px)
    store_as_float16(whole, chosen.graph)
    print(f"{chosen.graph}: from {path}, float32 differs from torch by {difference:.1e}")
    return 0
