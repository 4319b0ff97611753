"""`facetell watch` as a user meets it."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from facetell.cli import main
from facetell.cli.watch_display import Screen
from facetell.live import analysis
from facetell.live.analysis import LiveAnalysis, LiveModel
from facetell.live.feed import Feed
from facetell.live.names import read_source
from facetell.options import Limits
from tests.test_pipeline import RED, SquareDetector, scene, write_video


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(analysis, "load_detector", lambda threads: SquareDetector())
    return write_video(tmp_path / "red.mp4", [scene((60, 30, 64, RED))] * 20)


def run(*words: object, model: Path) -> int:
    return main(["watch", *map(str, words), "--model", str(model), "--threads", "1"])


def lines(text: str) -> Sequence[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_each_frame_is_a_line_of_json_and_the_end_too(
    clip: Path, tiny_card_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(clip, "--json", model=tiny_card_path) == 0
    *frames, end = lines(capsys.readouterr().out)
    assert [line["event"] for line in frames] == ["frame"] * 20
    assert [line["frame"] for line in frames] == list(range(20))
    last = frames[-1]
    assert last["verdict"]["label"] == "fake"  # type: ignore[index]
    assert last["faces"][0]["p_fake"] > 0.9  # type: ignore[index]
    assert (last["dropped"], last["reopened"]) == (0, 0)
    assert last["latency_ms"] >= 0  # type: ignore[operator]
    assert end["event"] == "end"
    assert end["verdict"]["frames"] == 20  # type: ignore[index]


def test_in_a_pipe_it_prints_changes_and_a_sum(
    clip: Path, tiny_card_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(clip, model=tiny_card_path) == 0
    out = capsys.readouterr().out
    assert "inconclusive" in out.splitlines()[0]
    assert "fake          p(fake) >0.99 over the last" in out
    assert ", >99 % certain to stay" in out
    assert "20 frames analysed, 0 dropped." in out


def test_a_terminal_is_redrawn_in_place(clip: Path, squares: LiveModel) -> None:
    stream, watched = io.StringIO(), LiveAnalysis(squares)
    screen = Screen(stream)
    feed = Feed(read_source(str(clip)), 0.1, Limits())
    for index in range(7):
        moment = watched.see(scene((60, 30, 64, RED)), index / 10)
        screen.moment(moment, feed, 0.042)
    screen.silence()
    text = stream.getvalue()
    assert "42 ms from frame to answer" in text
    assert "64x64 px at 60,30" in text
    assert text.count("\x1b[3A\r\x1b[J") == 7  # four lines are erased each time
    assert text.endswith("no picture for 1 s …")


def test_it_ends_after_the_time_that_is_given(
    clip: Path, tiny_card_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(clip, "--json", "--realtime", "--duration", "0.5", model=tiny_card_path) == 0
    assert len(lines(capsys.readouterr().out)) < 20


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("camera:77",), 3, "camera:77: there is no such camera"),
        (("ftp://host/a",), 2, "give an address that begins with"),
        (("missing.mp4",), 3, "missing.mp4: no such file"),
        (("a.mp4", "--window", "0"), 2, "window_s is 0.0"),
        (("a.mp4", "--faces", "0"), 2, "give a whole number from 1"),
    ],
)
def test_what_cannot_be_watched_is_one_line(
    words: tuple[str, ...],
    status: int,
    message: str,
    tiny_card_path: Path,
    clip: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(*words, model=tiny_card_path) == status
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
