"""Videos, stills and pairs → the store of face crops that training reads (see `store`).

Clips go through the very stages of inference: video, faces, tracks, one crop geometry, only with
a larger margin. A part whose file is there already is left alone, so a run that was stopped goes
on with the next part.
"""

from __future__ import annotations

import csv
import json
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from facetell.clips import crop_face
from facetell.errors import CorruptMedia, FacetellError, InputNotFound
from facetell.faces import FaceDetector, load_detector
from facetell.tracks import Tracker
from facetell.train.decoders import STRIDES, UPSAMPLERS, decoded, train_autoencoder
from facetell.train.identity import FaceEmbedder
from facetell.train.landmarks import FaceMesh
from facetell.train.old_store import PAIR_MARGIN, STORE_MARGIN, STORE_SIDE_PX, Pixels
from facetell.train.split import person_disjoint
from facetell.video import Sampling, open_video
from facetell.weights import CropGeometry

GEOMETRY = CropGeometry("centerface", 1.0, 0.02, 224)
"""The model's square around CenterFace's box; see docs/training.md for how it was measured."""
STORED = CropGeometry("centerface", STORE_MARGIN * GEOMETRY.scale, 0.02, STORE_SIDE_PX)
STEP_S, BURST_FRAMES = 0.1, 5
MAX_FRAMES = 64
"""Frames kept of a clip: more of one person teach little."""
HELD_OUT = 600
DECODED_STILLS, DECODED_PORTRAITS, DECODED_FRAMES = 1600, 900, 14
"""How many reals an autoencoder is shown; frames are of each real training clip."""
DECODER_STEPS = 250


@dataclass(frozen=True, slots=True)
class Tools:
    """What preparing needs besides the data."""

    detector: FaceDetector
    mesh: FaceMesh
    embedder: FaceEmbedder


def prepare(data: Path, out: Path, landmarks: Path, recognition: Path) -> list[str]:
    """Write a store.

    Args:
        data: folder with dfdc_faces.tar and .csv, dfdc_reserved.csv, lfw_faces.tar,
            stylegan_faces.tar and videos/ with its labels.csv.
        out: the store's folder.
        landmarks: FaceMesh's face_landmark.tflite.
        recognition: folder of dlib's models.

    Returns:
        What was left out, and why, one line each.
    """
    tools = Tools(load_detector(), FaceMesh(landmarks), FaceEmbedder(recognition))
    out.mkdir(parents=True, exist_ok=True)
    skipped: list[str] = []
    parts: list[tuple[str, Callable[[Path, Path, Tools], list[str]]]] = [
        ("pairs.csv", _pairs),
        ("portraits.npy", _portraits),
        ("synthetic_fake.npy", _synthetic),
        ("clips/clips.json", _clips),
        ("points.npz", _points),
        ("decoded_fake.npy", _decode),
    ]
    for made, make in parts:
        if not (out / made).exists():
            skipped += make(data, out, tools)
    (out / "skipped.txt").write_text("\n".join(skipped), encoding="utf-8")
    return skipped


def _pairs(data: Path, out: Path, tools: Tools) -> list[str]:
    (out / "pairs").mkdir(exist_ok=True)
    fakes: dict[str, list[str]] = defaultdict(list)
    for row in _rows(data / "dfdc_faces.csv"):
        if row["label"] == "fake":
            fakes[row["original"]].append(Path(row["name"]).stem)
    reserved = {row["original"] for row in _rows(data / "dfdc_reserved.csv")}
    for name, content in _members(data / "dfdc_faces.tar"):
        (out / "pairs" / f"{name.stem}.jpg").write_bytes(content)
    reals = sorted(set(fakes) - reserved)
    vectors = [tools.embedder.embed(_read(out / "pairs" / f"{r}.jpg")) for r in reals]
    split = person_disjoint(reals, np.stack(vectors), HELD_OUT)
    with (out / "pairs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["real", "fakes", "part"])
        for part, names in (("train", split.train), ("validation", split.validation)):
            writer.writerows([name, " ".join(sorted(fakes[name])), part] for name in names)
    return [f"{name}: too near to a validation face" for name in split.dropped]


def _portraits(data: Path, out: Path, tools: Tools) -> list[str]:
    crops, skipped = _still_crops(data / "lfw_faces.tar", tools, lambda _: True)
    np.save(out / "portraits.npy", crops)
    return skipped


def _synthetic(data: Path, out: Path, tools: Tools) -> list[str]:
    tar = data / "stylegan_faces.tar"
    real, no_real = _still_crops(tar, tools, lambda name: "fake" not in name.parts)
    fake, no_fake = _still_crops(tar, tools, lambda name: "fake" in name.parts)
    np.save(out / "synthetic_real.npy", real)
    np.save(out / "synthetic_fake.npy", fake)
    return no_real + no_fake


def _still_crops(
    tar: Path, tools: Tools, wanted: Callable[[Path], bool]
) -> tuple[Pixels, list[str]]:
    crops, skipped = [], []
    for name, content in _members(tar):
        if not wanted(name):
            continue
        picture = _decoded(content)
        faces = tools.detector.detect(picture)
        if faces:
            crops.append(crop_face(picture, faces[0].box_xyxy, STORED))
        else:
            skipped.append(f"{name}: no face")
    return np.stack(crops), skipped


def _clips(data: Path, out: Path, tools: Tools) -> list[str]:
    folder = out / "clips"
    folder.mkdir(exist_ok=True)
    records, skipped = [], []
    rows = {row["path"]: row for row in _rows(data / "videos" / "labels.csv")}  # each file once
    for number, row in enumerate(rows.values()):
        try:
            crops, times_s = face_clip(data / "videos" / row["path"], tools.detector)
        except FacetellError as error:
            skipped.append(str(error))
            continue
        if len(crops) < BURST_FRAMES:
            skipped.append(f"{row['path']}: {len(crops)} frames with a face")
            continue
        np.save(folder / f"{number:03d}.npy", crops)
        records.append({**row, "file": f"{number:03d}.npy", "times_s": times_s})
    (folder / "clips.json").write_text(json.dumps(records), encoding="utf-8")
    return skipped


def face_clip(path: Path, detector: FaceDetector) -> tuple[Pixels, list[float]]:
    """Return the crops (T, S, S, 3) of a video's longest track, one each STEP_S, and their times.

    Raises:
        InputError: the file cannot be read.
    """
    tracker = Tracker()
    tracks: dict[int, list[tuple[Pixels, float]]] = defaultdict(list)
    next_s = 0.0
    with open_video(path) as video:
        for frame in video.frames(Sampling("all", STEP_S, BURST_FRAMES)):
            if frame.time_s < next_s - STEP_S / 4:
                continue
            next_s = frame.time_s + STEP_S
            for seen in tracker.update(frame, detector.detect(frame.rgb)):
                kept = tracks[seen.track_id]
                if len(kept) < MAX_FRAMES:
                    kept.append((crop_face(frame.rgb, seen.face.box_xyxy, STORED), frame.time_s))
    longest: list[tuple[Pixels, float]] = max(tracks.values(), key=len, default=[])
    return np.array([c for c, _ in longest], np.uint8), [t for _, t in longest]


def _points(_: Path, out: Path, tools: Tools) -> list[str]:
    points = {"portraits": _all_points(np.load(out / "portraits.npy"), tools.mesh)}
    for row in _rows(out / "pairs.csv"):
        if row["part"] == "train":
            points[row["real"]] = tools.mesh.detect(_read(out / "pairs" / f"{row['real']}.jpg"))
    for record in json.loads((out / "clips" / "clips.json").read_text(encoding="utf-8")):
        if record["label"] == "real" and record["split"] == "train":
            crops = np.load(out / "clips" / record["file"])
            points[record["file"]] = _all_points(crops, tools.mesh)
    np.savez(out / "points.npz", **{k: v.astype(np.float16) for k, v in points.items()})  # type: ignore[arg-type]
    return []


def _all_points(crops: Pixels, mesh: FaceMesh) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    # stored crops have air around the face already
    return np.stack([mesh.detect(crop, border=0.0) for crop in crops])


def _decode(_: Path, out: Path, tools: Tools) -> list[str]:
    """Pass reals of every kind through autoencoders; DFDC's margin and 224 px for all."""
    rng = np.random.default_rng(0)
    real = np.stack([_at_pair_margin(crop, margin) for crop, margin in _some_reals(out, rng)])
    models = [
        train_autoencoder(real, upsampler, stride, DECODER_STEPS, seed)
        for seed, (upsampler, stride) in enumerate(product(UPSAMPLERS, STRIDES))
    ]
    fake = np.stack([decoded(crop, models[rng.integers(len(models))], rng) for crop in real])
    np.save(out / "decoded_real.npy", real)
    points = np.stack([tools.mesh.detect(crop) for crop in real])
    np.save(out / "decoded_points.npy", points.astype(np.float16))
    np.save(out / "decoded_fake.npy", fake)
    return []


def _some_reals(out: Path, rng: np.random.Generator) -> Iterator[tuple[Pixels, float]]:
    """Draw training reals and their margins: stills, photos, frames from all over each clip."""
    stills = [row["real"] for row in _rows(out / "pairs.csv") if row["part"] == "train"]
    for k in rng.permutation(len(stills))[:DECODED_STILLS]:
        yield _read(out / "pairs" / f"{stills[k]}.jpg"), PAIR_MARGIN
    portraits = np.load(out / "portraits.npy", mmap_mode="r")
    for k in rng.permutation(len(portraits))[:DECODED_PORTRAITS]:
        yield portraits[k], STORE_MARGIN
    for record in json.loads((out / "clips" / "clips.json").read_text(encoding="utf-8")):
        if record["label"] == "real" and record["split"] == "train":
            crops = np.load(out / "clips" / record["file"], mmap_mode="r")
            for k in np.unique(np.linspace(0, len(crops) - 1, DECODED_FRAMES).astype(int)):
                yield crops[k], STORE_MARGIN


def _at_pair_margin(crop: Pixels, margin: float) -> Pixels:
    """Cut a crop of a given margin to that of the pairs, at the model's side."""
    stored, side = crop.shape[0], GEOMETRY.side_px
    inner = round(stored * PAIR_MARGIN / margin)
    edge = (stored - inner) // 2
    square = np.ascontiguousarray(crop[edge : edge + inner, edge : edge + inner])
    method = cv2.INTER_AREA if inner > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (side, side), interpolation=method), np.uint8)


def _members(tar: Path) -> Iterator[tuple[Path, bytes]]:
    if not tar.is_file():
        raise InputNotFound(f"{tar}: no such file")
    with tarfile.open(tar) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file and member.name.lower().endswith((".jpg", ".jpeg", ".png")):
                yield Path(member.name), file.read()


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise InputNotFound(f"{path}: no such file")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _read(path: Path) -> Pixels:
    return _decoded(path.read_bytes())


def _decoded(content: bytes) -> Pixels:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise CorruptMedia("a picture of the data set cannot be decoded")
    return np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
