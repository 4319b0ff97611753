"""`facetell train`: parse, call, print."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from facetell.train.config import read_config
from facetell.train.loop import train
from facetell.train.run_log import read_log
from facetell.train.run_report import SUMMARY, summarise


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
