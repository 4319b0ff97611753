"""`facetell export`: a run → graph and card, in one go."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from facetell import __version__
from facetell.errors import InputNotFound, UsageError
from facetell.model.detector import MEAN, STD, Detector
from facetell.model.export import export_onnx, store_as_float16
from facetell.model.quantise import Crop, fix_shape, quantise
from facetell.train.cards import plain_name, sha256_of_graph, write_card
from facetell.train.checkpoint import BEST, CHECKPOINT
from facetell.train.config import RunConfig, read_config
from facetell.train.face_clips import MODEL_CROP, ClipSettings
from facetell.train.int8_gate import compare, judge_media
from facetell.train.layouts import read_source
from facetell.train.parts import TRAIN, read_parts
from facetell.train.run_state import load_averaged
from facetell.train.store import Store
from facetell.train.stream_addition import add_stream
from facetell.weights import UNFITTED, BurstSampling, InputSpec, ModelCard, Thresholds

CALIBRATION_FACES = 200
UNKNOWN = "It was never calibrated or measured: use `facetell calibrate` and `facetell evaluate`."


def export_main(arguments: list[str]) -> int:
    """Answer `facetell export`."""
    chosen = _parser().parse_args(arguments)
    if chosen.int8 != bool(chosen.gate):
        raise UsageError("--int8 goes with --gate DATA, labelled media to compare it on")
    config, graph = read_config(chosen.config), chosen.graph
    if graph.suffix != ".onnx":
        raise UsageError(f"{graph}: the graph's name must end in .onnx")
    checkpoint = _checkpoint(chosen.run)
    graph.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="facetell-") as folder:
        whole = Path(folder) / "float32.onnx"
        difference = _export(config, checkpoint, whole)
        _store(whole, graph, chosen.float32)
        card = _card(config, graph, chosen)
        write_card(card)
        print(f"{graph}: from {checkpoint}, float32 differs from torch by {difference:.1e}")
        if chosen.int8:
            card = _in_int8(whole, card, config, chosen.gate, Path(folder))
    if chosen.static:
        card = _static(card)
    else:
        card, difference = add_stream(card)
        print(f"{card.path}: frame by frame it differs from the whole clip by {difference:.1e}")
    print(f"{card.path}: not calibrated yet: facetell calibrate DATA --model {card.path}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "facetell export",
        allow_abbrev=False,
        description="Write a run's model as an ONNX graph, and its card beside it.",
    )
    add = parser.add_argument
    add("config", type=Path, help="the run's TOML")
    add("run", type=Path, help="the run's folder (its best weights), or a .pt")
    add("graph", type=Path, help="the .onnx to write; the card gets its name with .json")
    add("--terms", default="", metavar="TEXT", help="under which the model may be used")
    add("--float32", action="store_true", help="store weights as float32, not as float16")
    add("--int8", action="store_true", help="convolutions in int8, if that passes the gate")
    add("--gate", type=Path, metavar="DATA", help="labelled media that the gate compares on")
    add("--static", action="store_true", help="one clip of a fixed length, for small boards")
    return parser


def _checkpoint(run: Path) -> Path:
    kept = [run / name for name in (BEST, CHECKPOINT)] if run.is_dir() else []
    path = next((p for p in kept if p.exists()), run)
    if not path.is_file():
        raise InputNotFound(f"{path}: no checkpoint; train the run first")
    return path


def _export(config: RunConfig, checkpoint: Path, graph: Path) -> float:
    model = Detector(config.encoder, config.hidden, config.dropout, config.temporal)
    load_averaged(model, checkpoint)
    return export_onnx(model, graph, config.side_px)


def _store(whole: Path, graph: Path, float32: bool) -> None:
    if float32:
        shutil.copyfile(whole, graph)
    else:
        store_as_float16(whole, graph)


def _card(config: RunConfig, graph: Path, chosen: argparse.Namespace) -> ModelCard:
    trained_on, datasets = _trained_on(config)
    terms = chosen.terms or f"Those of the data that it was trained on: {datasets}."
    stored = "float32" if chosen.float32 else "float16"
    return ModelCard(
        path=graph.with_suffix(".json"),
        name=plain_name(graph.stem),
        version="0",
        file=graph.name,
        sha256=sha256_of_graph(graph),
        architecture=f"{config.encoder} at {config.side_px} px, one logit a frame; over time: "
        f"{config.temporal} ({config.hidden}); weights stored as {stored}",
        input=InputSpec(config.side_px, MEAN, STD),
        crop=replace(MODEL_CROP, side_px=config.side_px),
        sampling=BurstSampling(ClipSettings().step_s, config.mix.time),
        positive_class="fake",
        calibration=UNFITTED,
        thresholds=Thresholds(fake=0.5, real=0.5),
        metrics=(),
        trained_on=trained_on,
        terms=terms,
        limits=(UNKNOWN,),
        made=f"facetell {__version__}: facetell train {chosen.config.name}, facetell export",
    )


def _trained_on(config: RunConfig) -> tuple[str, str]:
    """Say what the run learned from, and the names of its data sets."""
    records = read_parts(Store(config.store), config.split, config.fold).train
    counts = Counter((record.dataset, record.is_fake) for record in records)
    datasets = sorted({dataset for dataset, _ in counts})
    each = [f"{d} ({counts[d, False]:,} real, {counts[d, True]:,} fake)" for d in datasets]
    told = f"{len(records):,} face clips of the part {TRAIN}: {', '.join(each)}"
    teacher = f"; taught by {Path(config.teacher.model).name}" if config.teacher.model else ""
    return told + teacher, ", ".join(datasets)


def _faces(config: RunConfig) -> Iterator[Crop]:
    """Yield the model's own squares of training faces, evenly chosen."""
    store = Store(config.store)
    records = read_parts(store, config.split, config.fold).train
    for record in records[:: max(1, len(records) // CALIBRATION_FACES)][:CALIBRATION_FACES]:
        crop = store.frames(record, [record.frames // 2])[0]
        side = min(round(len(crop) / max(record.margin, 1.0)), len(crop))
        start = (len(crop) - side) // 2
        square = crop[start : start + side, start : start + side]
        sides = (config.side_px, config.side_px)
        yield np.asarray(cv2.resize(square, sides, interpolation=cv2.INTER_AREA), np.uint8)


def _in_int8(
    whole: Path, card: ModelCard, config: RunConfig, data: Path, folder: Path
) -> ModelCard:
    """Put the int8 graph in the place of the card's, if it passes the gate."""
    graph = folder / card.file
    quantise(whole, graph, _faces(config))
    candidate = replace(
        card,
        path=folder / card.path.name,
        sha256=sha256_of_graph(graph),
        architecture=card.architecture.partition("; weights")[0] + "; convolutions in int8",
    )
    write_card(candidate)
    _, tree, listing = read_source(data)
    runs = [judge_media(path, listing.media, tree) for path in (card.path, candidate.path)]
    result = compare(*runs)
    print(result.told())
    if not result.passed:
        print(f"refused: int8 changes verdicts; {card.graph_path} stays as it is")
        return card
    shutil.copyfile(graph, card.graph_path)
    kept = replace(candidate, path=card.path)
    write_card(kept)
    print(f"passed: {card.graph_path} is in int8, {graph.stat().st_size / 1e6:.1f} MB")
    return kept


def _static(card: ModelCard) -> ModelCard:
    frames = card.sampling.burst_frames
    fix_shape(card.graph_path, card.graph_path, frames)
    fixed = replace(
        card,
        sha256=sha256_of_graph(card.graph_path),
        architecture=f"{card.architecture}; takes one clip of {frames} frames at a time",
    )
    write_card(fixed)
    return fixed
