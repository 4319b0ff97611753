"""Each hostile file comes to what the table says, and touches neither other files nor hosts."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import pytest

from facetell.cli import main
from tests.hostile.canaries import Caller, Opened, needs_inotify
from tests.hostile.case import Case
from tests.hostile.corpus import CASES, TIMES
from tests.hostile.decoding import LIMITS, Reader, read, reader
from tests.media import make_video

pytestmark = needs_inotify


@dataclass(frozen=True, slots=True)
class Range:
    """Where the files are tried: a process that reads, a folder and a server that are watched."""

    folder: Path
    process: Reader
    opened: Opened
    caller: Caller


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Range]:
    folder = tmp_path_factory.mktemp("hostile")
    make_video(folder / "secret.mp4")
    with reader() as process, Opened(folder) as opened, Caller() as caller:
        yield Range(folder, process, opened, caller)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_comes_to_what_is_expected_and_touches_nothing_else(place: Range, case: Case) -> None:
    path = place.folder / case.name
    path.write_bytes(case.make(place.folder, place.caller.port))
    place.opened.files()
    outcome = place.process.read(path)
    assert place.opened.files() - {path} == set()
    assert place.caller.calls() == 0
    path.unlink()
    if isinstance(case.outcome, int):
        assert (outcome.kind, outcome.told.partition(",")[0]) == ("read", f"{case.outcome} frames")
    else:
        assert outcome.kind == case.outcome, outcome.told
        assert case.words in outcome.told
        assert case.name in outcome.told
    assert outcome.took_s < 5


def test_the_canaries_tell_when_they_are_touched(place: Range) -> None:
    """Without what facetell does, the same files open the clip beside them and call the server."""
    folder, port = place.folder, place.caller.port
    by_name = {case.name: case for case in CASES}
    for name in ("alias_near.mov", "hls_http.mp4"):
        (folder / name).write_bytes(by_name[name].make(folder, port))
    place.opened.files()
    with av.open(str(folder / "alias_near.mov"), container_options={"enable_drefs": "1"}) as movie:
        assert len(list(movie.demux(video=0))) > 6
    assert folder / "secret.mp4" in place.opened.files()
    with contextlib.suppress(av.FFmpegError):
        every = {
            "protocol_whitelist": "file,http,tcp",
            "extension_picky": "0",
            "allowed_extensions": "ALL",
        }
        av.open(str(folder / "hls_http.mp4"), format="hls", timeout=0.2, container_options=every)
    assert place.caller.calls() > 0


@pytest.mark.parametrize(
    "name",
    [
        *("http://127.0.0.1:{port}/a.mp4", "tcp://127.0.0.1:{port}", "rtsp://127.0.0.1:{port}/a"),
        *("subfile,,start,0,end,999,,:{folder}/secret.mp4", "data:video/mp4;base64,AAAA"),
        *(f"{word}:{{folder}}/secret.mp4" for word in ("concat", "file", "async", "crypto")),
        *("pipe:0", "fd:0", "lavfi:testsrc", "{folder}/%d.png", "{folder}/*.mp4"),
        "{folder}/secret.mp4\0.png",
    ],
)
def test_a_name_is_never_a_protocol(place: Range, name: str) -> None:
    (place.folder / "1.png").write_bytes(b"")
    place.opened.files()
    outcome = read(Path(name.format(folder=place.folder, port=place.caller.port)))
    assert outcome.kind in ("not_found", "unreadable"), outcome
    assert (place.opened.files(), place.caller.calls()) == (set(), 0)


def test_it_leaves_alone_what_lies_beside_a_video(place: Range) -> None:
    """Players look for subtitles, covers and indexes of the same name."""
    for ending in ("srt", "ass", "sub", "idx", "vtt", "nfo", "jpg", "mp4.srt", "smi"):
        (place.folder / f"film.{ending}").write_text("1\n00:00:00,000 --> 00:00:09,000\n<b>x</b>\n")
    (place.folder / "cover.jpg").write_bytes(b"")
    film = make_video(place.folder / "film.mp4")
    place.opened.files()
    assert place.process.read(film).kind == "read"
    assert place.opened.files() == {film}


def test_one_command_survives_all_of_them(
    tmp_path: Path, tiny_card_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line each, no traceback, no word of another language than facetell's own."""
    cases = [case for case in CASES if case not in TIMES][::4]
    with Caller() as caller:
        make_video(tmp_path / "secret.mp4")
        paths = [tmp_path / case.name for case in cases]
        for case, path in zip(cases, paths, strict=True):
            path.write_bytes(case.make(tmp_path, caller.port))
        chosen = ["--limit", f"pixels={LIMITS.pixels}", "--frames", "2", "--threads", "1", "--json"]
        status = main(["scan", *map(str, paths), "--model", str(tiny_card_path), *chosen])
        assert caller.calls() == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert status == 3
    assert len(told) == len(cases)
    for case, answer in zip(cases, told, strict=True):
        found = answer["error"]["code"] if answer.get("error") else answer["label"]
        assert found == (case.outcome if isinstance(case.outcome, str) else "no_face"), case.name
