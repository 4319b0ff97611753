"""`facetell train` and `facetell export`: parse, call, print."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from facetell.errors import InputNotFound
from facetell.model.detector import Detector
from facetell.model.export import export_onnx, store_as_float16
from facetell.train.checkpoint import BEST, CHECKPOINT
from facetell.train.config import read_config
from facetell.train.loop import train
from facetell.train.run_log import read_log
from facetell.train.run_report import SUMMARY, summarise
from facetell.train.run_state import load_averaged


def train_main(arguments: list[str]) -> int:
    """Answer `facetell train`."""
    parser = argparse.ArgumentParser(
        "facetell train",
        description="Train a detector, or go on with a run that was stopped; torchrun spreads it.",
    )
    parser.add_argument("config", type=Path, help="the run's TOML, see recipes/")
    parser.add_argument("--out", type=Path, help="the run's folder; runs/NAME without it")
    chosen = parser.parse_args(arguments)
    config = read_config(chosen.config)
    out = chosen.out or Path("runs") / chosen.config.stem
    train(config, out)
    if os.environ.get("RANK", "0") == "0":
        summary = summarise(config, read_log(out))
        print(json.dumps(summary["best"], indent=1))
        print(f"{out}: done; see {out / SUMMARY}.html")
    return 0


def export_main(arguments: list[str]) -> int:
    """Answer `facetell export`."""
    parser = argparse.ArgumentParser("facetell export", description="Write a run's model as ONNX.")
    parser.add_argument("config", type=Path, help="the run's TOML")
    parser.add_argument("run", type=Path, help="the run's folder (its best weights), or a .pt")
    parser.add_argument("graph", type=Path, help="the .onnx to write, weights as float16")
    chosen = parser.parse_args(arguments)
    config = read_config(chosen.config)
    kept = [chosen.run / name for name in (BEST, CHECKPOINT)] if chosen.run.is_dir() else []
    path = next((p for p in kept if p.exists()), chosen.run)
    if not path.is_file():
        raise InputNotFound(f"{path}: no checkpoint; train the run first")
    model = Detector(config.encoder, config.hidden, config.dropout, config.temporal)
    load_averaged(model, path)
    whole = chosen.graph.with_suffix(".float32.onnx")
    difference = export_onnx(model, whole, config.side_px)
    store_as_float16(whole, chosen.graph)
    print(f"{chosen.graph}: from {path}, float32 differs from torch by {difference:.1e}")
    return 0
