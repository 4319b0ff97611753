"""A data set of any layout → a store of face clips: list, look for faces, write.

Files are done by several processes and written by one. A run that was stopped, whatever stopped
it, goes on behind the last file that was finished.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from facetell.clips import Clip
from facetell.errors import FacetellError, InputNotFound
from facetell.faces import FaceDetector, load_detector
from facetell.train.crop_margin import measure_margin
from facetell.train.face_clips import ClipSettings, find_faces, new_clip, take_crops
from facetell.train.landmarks import FaceMesh
from facetell.train.layouts import (
    Choices,
    Listing,
    Media,
    Tree,
    check_classes,
    dataset_name,
    read_source,
)
from facetell.train.layouts.tree import read_text
from facetell.train.likeness import same_faces
from facetell.train.progress import FileProgress
from facetell.train.store_writer import NewClip, StoreWriter, read_datasets
from facetell.train.workers import Crashed, Workforce

JPEG_SUFFIXES = (".jpg", ".jpeg")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Request:
    """One run of `facetell prepare`.

    Attributes:
        source: folder, tar or table of labels.
        out: the store's folder.
        choices: what the user says about the labels.
        settings: how clips are cut.
        layout: its name; found out if empty.
        name: of the data set in the store; that of the source if empty.
        only: patterns of file names to take; all if empty.
        exclude: table whose first column names files, or originals, to leave out.
        measure_crops: find out whether the media are crops of faces already.
        landmarks: FaceMesh's file, for the landmarks of reals; None for none.
        workers: processes.
    """

    source: Path
    out: Path
    choices: Choices = field(default_factory=Choices)
    settings: ClipSettings = field(default_factory=ClipSettings)
    layout: str = ""
    name: str = ""
    only: tuple[str, ...] = ()
    exclude: Path | None = None
    measure_crops: bool = True
    landmarks: Path | None = None
    workers: int = 1

    @property
    def dataset(self) -> str:
        """The name under which the store knows this data set."""
        return self.name or dataset_name(self.source)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did: files by what became of them, and clips."""

    prepared: int
    skipped: int
    clips: int
    done_before: int


def prepare(request: Request, say: Say) -> Outcome:
    """Write a data set into a store.

    Args:
        request: what to do.
        say: called with each line for people to read.

    Raises:
        UsageError: the source makes no sense; see `read_source`.
        OutputError: the store cannot be written; what was finished is kept.
    """
    layout, tree, listing = read_source(request.source, request.choices, request.layout)
    listing = _chosen(listing, request)
    fakes = sum(media.is_fake for media in listing.media)
    reals = len(listing.media) - fakes
    others = len(tree.media) - len(listing.media) - len(listing.skipped)
    unused = f", {others:,} not labelled or not chosen" if others > 0 else ""
    say(f"{request.source}: layout {layout.name}, {reals:,} real, {fakes:,} fake{unused}")
    if request.landmarks is not None:
        FaceMesh(request.landmarks)  # workers would fail one by one
    settings = _with_crop_margin(request, tree, listing, say)
    facts = {"source": str(request.source.resolve()), "layout": layout.name, **asdict(settings)}
    with StoreWriter(request.out) as writer:
        writer.register(request.dataset, facts | {"landmarks": request.landmarks is not None})
        outcome = _work(request, settings, tree, listing, writer)
        writer.finish()
    return outcome


def _chosen(listing: Listing, request: Request) -> Listing:
    """Leave out what --only and --exclude say."""
    media = listing.media
    if request.only:
        media = tuple(m for m in media if any(fnmatch(m.file, p) for p in request.only))
    skipped = listing.skipped
    if request.exclude is not None:
        named = _named(request.exclude)
        out = [m for m in media if named & {m.file, PurePosixPath(m.file).stem, m.group}]
        skipped += tuple((m.file, f"left out by {request.exclude.name}") for m in out)
        media = tuple(m for m in media if m not in set(out))
    if not request.choices.label:
        check_classes(media, str(request.source))
    return Listing(media, skipped)


def _named(table: Path) -> set[str]:
    if not table.is_file():
        raise InputNotFound(f"{table}: no such file")
    return {row[0].strip() for row in csv.reader(read_text(table).splitlines()) if row}


def _with_crop_margin(request: Request, tree: Tree, listing: Listing, say: Say) -> ClipSettings:
    """Settle whether the media are crops: as an earlier run did, or by looking at some."""
    if not request.measure_crops:
        return request.settings
    known = read_datasets(request.out).get(request.dataset)
    if known is not None:
        return replace(request.settings, crop_margin=float(known["crop_margin"]))
    measured = measure_margin(listing.media, tree, load_detector(1))
    if measured is None:
        return request.settings
    say(
        f"crops of faces already: taken as they are, margin {measured.margin} measured on "
        f"{measured.files} (--crops MARGIN or --crops no if that is wrong)"
    )
    return replace(request.settings, crop_margin=measured.margin)


def _work(
    request: Request, settings: ClipSettings, tree: Tree, listing: Listing, writer: StoreWriter
) -> Outcome:
    dataset = request.dataset
    for file, reason in listing.skipped:
        if not writer.has(dataset, file):
            writer.skip(dataset, file, reason)
    jobs = [media for media in listing.media if not writer.has(dataset, media.file)]
    equipment = (tree, settings, dataset, request.landmarks)
    force: Workforce[Media, tuple[NewClip, ...] | str] = Workforce(
        examine, equip, equipment, request.workers
    )
    progress = FileProgress(len(jobs))
    prepared = clips = 0
    for media, result in force.run(jobs) if jobs else ():
        if isinstance(result, tuple):
            writer.add(result)
            prepared, clips = prepared + 1, clips + len(result)
        else:
            reason = "crashes its decoder" if isinstance(result, Crashed) else result
            writer.skip(dataset, media.file, reason)
        progress.step(skipped=not isinstance(result, tuple))
    progress.finish()
    return Outcome(prepared, writer.skipped, clips, len(listing.media) - len(jobs))


@dataclass(frozen=True, slots=True)
class _Equipment:
    """What a worker needs, made once in each."""

    tree: Tree
    settings: ClipSettings
    dataset: str
    mesh: FaceMesh | None
    detector: FaceDetector


_equipment: list[_Equipment] = []
"""The worker's own; a list, because processes can hand over nothing else to a function."""


def equip(tree: Tree, settings: ClipSettings, dataset: str, landmarks: Path | None) -> None:
    """Set up a worker: one thread, and the models loaded."""
    cv2.setNumThreads(1)
    mesh = None if landmarks is None else FaceMesh(landmarks)
    _equipment[:] = [_Equipment(tree, settings, dataset, mesh, load_detector(1))]


def examine(media: Media) -> tuple[NewClip, ...] | str:
    """Return the clips of one file, or why there is none."""
    (tools,) = _equipment
    try:
        with tools.tree.opened(media.file) as path:
            try:
                return _clips(path, media, tools)
            except FacetellError as error:
                return str(error).removeprefix(f"{path}: ")  # the list names the file itself
    except OSError as error:
        return error.strerror or str(error)


def _clips(path: Path, media: Media, tools: _Equipment) -> tuple[NewClip, ...] | str:
    if media.original and not tools.settings.crop_margin:
        with tools.tree.opened(media.original) as original:
            if same_faces(path, original, tools.detector):
                return f"same picture as {media.original}: forged in sound only"
    return tuple(_found(path, media, tools)) or "no face in enough frames"


def _found(path: Path, media: Media, tools: _Equipment) -> Iterator[NewClip]:
    settings, mesh = tools.settings, None if media.is_fake else tools.mesh
    if not settings.crop_margin:
        for clip in find_faces(path, settings, tools.detector):
            yield new_clip(clip, media, tools.dataset, settings.margin, mesh)
        return
    for clip in take_crops(path, settings):
        jpeg = _own_jpeg(path, clip)
        yield new_clip(clip, media, tools.dataset, settings.crop_margin, mesh, jpeg)


def _own_jpeg(path: Path, clip: Clip) -> bytes:
    """Return the file if it is a JPEG of just this crop: encoding it again would lose a little."""
    if path.suffix.lower() not in JPEG_SUFFIXES:
        return b""
    jpeg = path.read_bytes()
    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    crop = clip.pixels[0].transpose(1, 2, 0)[..., ::-1]
    # a profile or a turn that the file asks for makes its plain picture another one
    same = bgr is not None and bgr.shape == crop.shape and np.abs(bgr - crop.astype(int)).max() <= 2
    return jpeg if same else b""
