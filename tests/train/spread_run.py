"""What torchrun starts in tests: a run of the tiny encoder, its settings as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from facetell.model.encoders import ENCODERS
from facetell.records import read_record
from facetell.train.config import RunConfig
from facetell.train.loop import train
from tests.train.tiny_encoder import NAME, TinyEncoder

if __name__ == "__main__":
    ENCODERS[NAME] = TinyEncoder
    train(read_record(RunConfig, json.loads(sys.argv[1])), Path(sys.argv[2]))
