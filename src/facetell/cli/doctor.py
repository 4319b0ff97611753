"""`facetell doctor`: what this installation is made of, and what is missing from it."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from facetell import __version__
from facetell.cli import EXIT_FAILED_INPUT, EXIT_OK
from facetell.cli.parser import Parser
from facetell.errors import FacetellError
from facetell.wording import printable

# Import name, name in the package index.
_NEEDED = (
    ("numpy", "numpy"),
    ("cv2", "opencv-python-headless"),
    ("av", "av"),
    ("onnxruntime", "onnxruntime"),
)
# Import name, name in the package index, and what it adds.
_OPTIONAL = (
    ("openvino", "openvino", "for scan --runtime openvino: pip install 'facetell[openvino]'"),
    ("pillow_heif", "pillow-heif", "HEIC pictures: pip install 'facetell[heic]'"),
    ("pyarrow", "pyarrow", "batch: pip install 'facetell[batch]'"),
    ("ray", "ray", "batch --engine ray: pip install 'facetell[ray]'"),
    ("reportlab", "reportlab", "scan --pdf: pip install 'facetell[pdf]'"),
    ("torch", "torch", "training: pip install 'facetell[train]'"),
)
_SAMPLE = Path(__file__).parents[1] / "data/samples/astronaut_real.mp4"
# What phones, cameras and the web write; FFmpeg can be built without any of them.
_DECODERS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "prores", "wmv2", "mjpeg")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer; `problem` keeps facetell from working as it should."""

    name: str
    told: str
    problem: bool = False


def main(arguments: Sequence[str]) -> int:
    """Print all findings; the status tells whether anything needed is missing."""
    Parser(
        prog="facetell doctor",
        description="Checks this installation: versions, execution providers, video decoders, "
        "models, and what is missing. Ends with status 3 if something needed is.",
    ).parse_args(arguments)
    problems = 0
    for finding in findings():
        mark = "!!" if finding.problem else "ok"
        print(f"{mark}  {finding.name:<24}{printable(finding.told)}", flush=True)
        problems += finding.problem
    if problems:
        print(f"\nproblems: {problems}, marked with !!")
        return EXIT_FAILED_INPUT
    print("\nall that facetell needs is here")
    return EXIT_OK


def findings() -> Iterator[Finding]:
    """Look at everything in turn; what fails becomes a finding."""
    yield Finding("facetell", __version__)
    yield Finding("python", f"{platform.python_version()}, {platform.platform()}")
    yield Finding("processor cores", str(_cores()))
    for module, package in _NEEDED:
        yield _needed(module, package)
    for name, look in (
        ("execution providers", _providers),
        ("video decoders", _decoders),
        ("decoder process", _decoder),
        ("face detector", _detector),
    ):
        yield _looked(name, look)
    yield from _models()
    for module, package, use in _OPTIONAL:
        yield _optional(module, package, use)


def _cores() -> int:
    """Cores that this process may use, which in a container are fewer than the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _needed(module: str, package: str) -> Finding:
    """Import it in earnest: a broken binary is installed too."""
    try:
        importlib.import_module(module)
    except ImportError as error:
        return Finding(package, f"missing: pip install {package} ({error})", problem=True)
    return Finding(package, _version(package) or "version unknown")


def _optional(module: str, package: str, use: str) -> Finding:
    """Not imported: torch alone takes seconds."""
    version = _version(package)
    if version is None and importlib.util.find_spec(module) is None:
        return Finding(package, f"not installed; {use}")
    return Finding(package, version or "version unknown")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _looked(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except (ImportError, FacetellError, OSError) as error:
        return Finding(name, str(error), problem=True)


def _providers() -> Finding:
    import onnxruntime

    found = onnxruntime.get_available_providers()
    return Finding("execution providers", ", ".join(found), "CPUExecutionProvider" not in found)


def _decoders() -> Finding:
    import av

    missing = [name for name in _DECODERS if name not in av.codecs_available]
    ffmpeg = ".".join(map(str, av.library_versions["libavcodec"]))
    told = f"libavcodec {ffmpeg}, " + (f"without {', '.join(missing)}" if missing else "all common")
    return Finding("video decoders", told, problem="h264" in missing)


def _decoder() -> Finding:
    """It decodes the bundled sample: one that cannot start is found here."""
    from facetell.options import Limits
    from facetell.video.sandbox import Decoder

    source = Decoder().open(_SAMPLE, Limits())
    source.close()
    taken = " and ".join(source.confined) or "by limits only"
    return Finding("decoder process", f"starts, confined: {taken}")


def _detector() -> Finding:
    from facetell.faces import load_detector

    return Finding("face detector", load_detector(threads=1).name)


def _models() -> Iterator[Finding]:
    """Each bundled model, its file hashed."""
    from facetell import weights

    try:
        cards = weights.available()
    except FacetellError as error:
        yield Finding("models", str(error), problem=True)
        return
    if not cards:
        yield Finding("models", "none bundled: install facetell again", problem=True)
    for card in cards:
        name = f"model {card.name}"
        try:
            weights.verify(card)
        except FacetellError as error:
            yield Finding(name, str(error), problem=True)
        else:
            yield Finding(name, f"{card.version}, unaltered")
