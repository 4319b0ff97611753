"""Model cards: the JSON beside each ONNX graph that says how the graph must be fed and read.

A card names the file and its SHA-256, the crop geometry and sampling that the model was trained
with, its calibration and thresholds, and what is known about it in numbers. Feeding a model
another crop or step than it was trained on ruins its AUC without any error, so a card with
an unknown key, a missing one or an impossible value is refused.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from facetell.errors import ModelAltered, ModelMismatch, ModelNotFound
from facetell.records import read_record

MODEL_DIR = Path(__file__).parent / "data" / "models"
"""Where the bundled models lie."""

_MOST_BYTES = 1 << 20
_LONGEST_NAME = 300
_FAR = 1e4
"""No logit, and no mean or deviation of pixels, is further from 0 than this."""

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _require(holds: bool, expected: str, found: object) -> None:
    if not holds:
        raise ValueError(f"expected {expected}, found {found!r}")


@dataclass(frozen=True, slots=True)
class CropGeometry:
    """How a face box becomes the square that the model sees.

    Attributes:
        detector: name of the detector whose boxes the other numbers refer to.
        scale: side of the square over the square root of the box's area.
        shift_y: how far the square's centre lies below the box's, in box heights.
        side_px: side of the square after scaling.
    """

    detector: str
    scale: float
    shift_y: float
    side_px: int

    def __post_init__(self) -> None:
        _require(0.1 <= self.scale <= 10, "scale from 0.1 to 10", self.scale)
        _require(abs(self.shift_y) <= 1, "shift_y from -1 to 1", self.shift_y)
        _require(8 <= self.side_px <= 1024, "side_px from 8 to 1024", self.side_px)


@dataclass(frozen=True, slots=True)
class BurstSampling:
    """How the frames of one clip lie in time, in training and in use.

    Attributes:
        step_s: seconds between neighbouring frames of a burst.
        burst_frames: frames of a burst.
    """

    step_s: float
    burst_frames: int

    def __post_init__(self) -> None:
        _require(0 < self.step_s <= 10, "step_s above 0 and up to 10", self.step_s)
        _require(1 <= self.burst_frames <= 100, "burst_frames 1 to 100", self.burst_frames)


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The picture that the graph takes; normalisation by mean and std is inside the graph."""

    side_px: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        for name, values, least in (("mean", self.mean, -_FAR), ("std", self.std, 1 / _FAR)):
            holds = len(values) == 3 and all(least <= value <= _FAR for value in values)
            _require(holds, f"{name} of 3 channels", values)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a pooled logit means, fitted on validation videos.

    Attributes:
        slope: p_fake = sigmoid(slope * logit + intercept); above 0.
        intercept: see slope.
        real_mean: mean of the pooled logit over real faces, one face a video.
        real_std: its standard deviation; above 0.
        fitted: False if nothing was measured and the numbers merely stand in, see `UNFITTED`.
    """

    slope: float
    intercept: float
    real_mean: float
    real_std: float
    fitted: bool = True

    def __post_init__(self) -> None:
        _require(0 < self.slope <= _FAR, f"slope above 0 and up to {_FAR:.0f}", self.slope)
        _require(0 < self.real_std <= _FAR, "real_std above 0", self.real_std)
        for name in ("intercept", "real_mean"):
            value = getattr(self, name)
            _require(abs(value) <= _FAR, f"{name} from -{_FAR:.0f} to {_FAR:.0f}", value)


UNFITTED = Calibration(slope=1.0, intercept=0.0, real_mean=0.0, real_std=1.0, fitted=False)
"""p_fake is the model's own sigmoid; how real faces score is a guess that leans to no side."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """At or above `fake` a video is fake, else at or below `real` real, between inconclusive."""

    fake: float
    real: float

    def __post_init__(self) -> None:
        holds = 0 <= self.real <= self.fake <= 1
        _require(holds, "0 <= real <= fake <= 1", (self.real, self.fake))


@dataclass(frozen=True, slots=True)
class Metric:
    """A number with its 95 % confidence interval, and on how many of what (None: not known)."""

    name: str
    value: float
    low: float | None
    high: float | None
    n: int | None
    on: str

    @property
    def sample(self) -> str:
        """On what it was measured, in words."""
        return self.on if self.n is None else f"{self.n} {self.on}"


@dataclass(frozen=True, slots=True)
class StreamAddition:
    """What is added to the graph to run it as a stream; `facetell.model.stream_graph` writes it."""

    file: str
    sha256: str

    def __post_init__(self) -> None:
        plain = bool(_PLAIN_NAME.fullmatch(self.file)) and self.file.endswith(".stream")
        _require(plain, "file: a plain name ending in .stream, beside the card", self.file)
        _require(bool(_SHA256.fullmatch(self.sha256)), "sha256: 64 hex digits", self.sha256)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model and all that its users must know.

    `path` is the card's own file, `purpose` says in a few words what the model is for, `stream` is
    there if the graph can take its frames one by one.
    """

    path: Path
    name: str
    version: str
    file: str
    sha256: str
    architecture: str
    input: InputSpec
    crop: CropGeometry
    sampling: BurstSampling
    positive_class: str
    calibration: Calibration
    thresholds: Thresholds
    metrics: tuple[Metric, ...]
    trained_on: str
    terms: str
    limits: tuple[str, ...]
    made: str
    purpose: str = field(default="", kw_only=True)
    stream: StreamAddition | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        short = self.name.isprintable() and 0 < len(self.name) <= _LONGEST_NAME
        _require(short, f"name: one line of up to {_LONGEST_NAME} letters", self.name)
        # Only a plain name: a stranger's card must not point at other files of the machine.
        plain = bool(_PLAIN_NAME.fullmatch(self.file)) and self.file.endswith(".onnx")
        _require(plain, "file: a plain name ending in .onnx, beside the card", self.file)
        _require(bool(_SHA256.fullmatch(self.sha256)), "sha256: 64 hex digits", self.sha256)
        _require(self.positive_class == "fake", "positive_class 'fake'", self.positive_class)

    @property
    def graph_path(self) -> Path:
        """The ONNX file beside the card."""
        return self.path.parent / self.file


def available() -> list[ModelCard]:
    """Read the cards of all bundled models, in order of their file names."""
    return [read_card(path) for path in sorted(MODEL_DIR.glob("*.json"))]


def find(name_or_path: str | Path) -> ModelCard:
    """Read the card of a bundled model by its name, or any card by its path.

    Raises:
        ModelNotFound: there is no such model.
        ModelMismatch: the card is not one that this version understands.
    """
    path = Path(name_or_path)
    if path.suffix == ".onnx":
        raise ModelNotFound(f"{path}: give the model's card (.json), not its graph")
    if path.suffix != ".json" and _PLAIN_NAME.fullmatch(str(name_or_path)):
        path = MODEL_DIR / f"{name_or_path}.json"
    if not path.is_file():
        names = ", ".join(p.stem for p in sorted(MODEL_DIR.glob("*.json"))) or "none"
        raise ModelNotFound(
            f"{name_or_path}: no such model; bundled: {names}; or give the path of a card (.json)"
        )
    return read_card(path)


def verify(card: ModelCard) -> Path:
    """Check that the graph is there and is the one that the card names; return its path.

    Raises:
        ModelNotFound: the graph's file is missing or cannot be read.
        ModelAltered: its SHA-256 is another.
    """
    return _verified(card, card.file, card.sha256)


def verify_stream(card: ModelCard) -> Path | None:
    """Check the addition by which the graph runs as a stream; None if the card has none.

    Raises:
        ModelNotFound: its file is missing or cannot be read.
        ModelAltered: its SHA-256 is another.
    """
    return _verified(card, card.stream.file, card.stream.sha256) if card.stream else None


def _verified(card: ModelCard, name: str, sha256: str) -> Path:
    path = card.path.parent / name
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = f"{path}: the graph of {card.path} cannot be read: {error.strerror}"
        raise ModelNotFound(reason) from error
    if found != sha256:
        raise ModelAltered(f"{path}: its card names SHA-256 {sha256}, found {found}")
    return path


def read_card(path: Path) -> ModelCard:
    """Read and check a card.

    Raises:
        ModelNotFound: the file cannot be read.
        ModelMismatch: a key is unknown, missing or has an impossible value.
    """
    try:
        size = path.stat().st_size
        _require(size <= _MOST_BYTES, f"a file of up to {_MOST_BYTES} bytes", size)
        section = json.loads(path.read_text(encoding="utf-8"))
        return read_record(ModelCard, _joined(section, path))
    except OSError as error:
        raise ModelNotFound(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ModelMismatch(f"{path}: not a card that this version reads: {error}") from error


def _joined(section: object, path: Path) -> object:
    """Add to the parsed card what its dataclasses hold besides: its path, the crop's side."""
    if not isinstance(section, dict):
        return section
    crop, spec = section.get("crop"), section.get("input")
    if isinstance(crop, dict) and isinstance(spec, dict) and "side_px" not in crop:
        crop = crop | {"side_px": spec.get("side_px")}
    return section | {"path": str(path), "crop": crop}
