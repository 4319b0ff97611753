"""The command line, with an analyzer that judges files by name, so that nothing is decoded."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import facetell
from facetell import weights
from facetell.cli import COMMANDS, main, scan
from facetell.cli.inputs import expand
from facetell.cli.progress import ProgressLine
from facetell.errors import FacetellError, InputNotFound, ModelNotFound
from facetell.features import FrameFeatures
from facetell.options import MEDIA_SUFFIXES, Options
from facetell.report import folder
from facetell.report.csv_report import SUMMARY_COLUMNS, TIMELINE_COLUMNS
from facetell.report.features import COLUMNS
from facetell.verdict import Verdict, error_verdict
from tests.tiny_model import write_model

ROOT = Path(__file__).parents[1]
_REAL_LOADER = scan._load_analyzer


class FakeAnalyzer:
    """Takes the label from the file's name: fake-1.mp4 is fake."""

    def __init__(self, options: Options) -> None:
        self.options = options
        texts = dict.fromkeys(("architecture", "trained_on", "terms"), "")
        self.card = SimpleNamespace(
            name="default", version="1", sha256="b" * 64, thresholds=None, **texts
        )
        self.card.limits = self.card.metrics = ()

    def analyze(self, path: Path, progress: Any = None) -> Verdict:
        progress("frames", 1, 2)
        label = path.name.split("-")[0].split(".")[0]
        if label == "defect":
            raise ZeroDivisionError("by zero")
        if label == "stop":
            raise KeyboardInterrupt
        if not path.exists():
            raise InputNotFound(f"{path}: no such file")
        return _verdict(path, label, self.options.keep_features)


def _verdict(path: Path, label: Any, keep_features: bool) -> Verdict:
    blank = error_verdict(path, FacetellError("unused"))
    p_fake = {"fake": 0.9, "real": 0.1, "inconclusive": 0.5}.get(label)
    features = None
    if keep_features:
        n = np.zeros(1)
        features = FrameFeatures(n, n, n, n, n, n, n, n)  # type: ignore[arg-type]
    return replace(
        blank, label=label, p_fake=p_fake, error=None, reasons=("1 face.",), features=features
    )


@pytest.fixture(autouse=True)
def analyzers(monkeypatch: pytest.MonkeyPatch) -> list[FakeAnalyzer]:
    made: list[FakeAnalyzer] = []

    def load(options: Options) -> FakeAnalyzer:
        made.append(FakeAnalyzer(options))
        return made[-1]

    monkeypatch.setattr(scan, "_load_analyzer", load)
    monkeypatch.setattr(scan, "_sha256_if_file", lambda path: None)
    return made


@pytest.fixture
def media(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with one file for each label."""
    folder = tmp_path / "media"
    folder.mkdir()
    for label in ("fake", "real", "inconclusive", "no_face"):
        (folder / f"{label}-1.mp4").write_bytes(b"x")
    monkeypatch.chdir(folder)
    return folder


Out = pytest.CaptureFixture[str]


def _json_lines(capsys: Out) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# The program around the commands


def test_it_helps_and_tells_its_version(capsys: Out) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {command.name}" in shown for command in COMMANDS)
    assert main([]) == 0
    assert capsys.readouterr().out == shown
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"facetell {facetell.__version__}\n"


def test_it_has_the_version_of_the_package() -> None:
    assert f'version = "{facetell.__version__}"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_it_helps_with_each_command(command: str, capsys: Out) -> None:
    assert main([command, "--help"]) == 0
    assert f"facetell {command}" in capsys.readouterr().out


def test_it_says_what_would_have_been_right(media: Path, capsys: Out) -> None:
    assert main(["fake-1.mp4"]) == 2
    assert "write: facetell scan fake-1.mp4" in capsys.readouterr().err
    assert main(["scna"]) == 2
    assert "unknown command 'scna'" in capsys.readouterr().err
    assert main(["--jsn"]) == 2
    assert "unknown option" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["import facetell", "import facetell.cli; facetell.cli.main({})"])
def test_it_loads_nothing_heavy(words: str) -> None:
    code = textwrap.dedent(f"""
        import sys
        for arguments in (["--help"], ["scan", "--help"], ["scan", "--frames", "x", "a"]):
            {words.format("arguments")}
        loaded = {{"numpy", "cv2", "onnxruntime", "torch", "av", "django"}} & set(sys.modules)
        assert not loaded, loaded
    """)
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_it_offers_its_names_when_first_used() -> None:
    assert facetell.__all__ == sorted(facetell.__all__)
    assert facetell.Options is Options
    assert set(facetell.__all__) <= set(dir(facetell))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = facetell.nothing  # type: ignore[attr-defined]


# Exit status


def test_it_ends_with_0_when_all_were_analysed(media: Path, capsys: Out) -> None:
    assert main(["scan", "."]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5", "", "²"])
def test_it_refuses_frames_that_make_no_sense(value: str, media: Path, capsys: Out) -> None:
    assert main(["scan", "fake-1.mp4", f"--frames={value}"]) == 2
    assert f"{value!r}: give a whole number from 1, or all" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["a", "--threads", "-1"],
        ["a", "--start", "1:60"],
        ["a", "--start", "1:2:3:4"],
        ["a", "--end", "-1"],
        ["a", "--end", "soon"],
        ["a", "--start", "5", "--end", "0:05"],
        ["a", "--face", "5,100"],
        ["a", "--face", "5,100,-1"],
        ["a", "b", "--face", "5,100,100"],
        ["a", "--fail-on", "real"],
        ["a", "--runtime", "tensorrt"],
        ["a", "--quiet", "--verbose"],
        ["a", "--js"],
        ["a", "b", "--features", "out.npz"],
    ],
)
def test_it_ends_with_2_on_wrong_usage(words: list[str], media: Path, capsys: Out) -> None:
    assert main(["scan", *words]) == 2
    assert capsys.readouterr().err.startswith("facetell: ")


def test_it_ends_with_3_and_reports_the_others(media: Path, capsys: Out) -> None:
    assert main(["scan", "missing.mp4", "real-1.mp4", "--json"]) == 3
    failed, real = _json_lines(capsys)
    assert failed["error"] == {"code": "not_found", "message": "missing.mp4: no such file"}
    assert failed["p_fake"] is None
    assert real["label"] == "real"


def test_it_records_a_defect_of_its_own_as_an_error(media: Path, capsys: Out) -> None:
    assert main(["scan", "defect.mp4", "real-1.mp4", "--json"]) == 3
    failed, real = _json_lines(capsys)
    assert failed["error"] == {"code": "internal", "message": "ZeroDivisionError: by zero"}
    assert real["label"] == "real"


def test_it_shows_where_a_defect_arose_only_when_verbose(media: Path, capsys: Out) -> None:
    main(["scan", "defect.mp4"])
    assert "Traceback" not in capsys.readouterr().err
    main(["scan", "defect.mp4", "--verbose"])
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fail_on", "name", "status"),
    [
        ("fake", "fake-1.mp4", 10),
        ("fake", "inconclusive-1.mp4", 0),
        ("fake", "no_face-1.mp4", 0),
        ("inconclusive", "fake-1.mp4", 10),
        ("inconclusive", "inconclusive-1.mp4", 10),
        ("inconclusive", "real-1.mp4", 0),
        ("fake", "missing.mp4", 3),
    ],
)
def test_it_alarms_at_what_fail_on_names(fail_on: str, name: str, status: int, media: Path) -> None:
    assert main(["scan", name, "--fail-on", fail_on]) == status


def test_it_alarms_even_if_another_input_failed(media: Path) -> None:
    assert main(["scan", "missing.mp4", "fake-1.mp4", "--fail-on", "fake"]) == 10


def test_it_ends_with_3_when_the_model_cannot_be_used(
    media: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(options: Options) -> None:
        raise ModelNotFound(f"{options.model}: no such model")

    monkeypatch.setattr(scan, "_load_analyzer", refuse)
    assert main(["scan", "fake-1.mp4", "--model", "other"]) == 3
    assert capsys.readouterr().err == "facetell: other: no such model\n"


# What is printed


def test_it_prints_a_table_with_counts(media: Path, capsys: Out) -> None:
    main(["scan", "real-1.mp4", "fake-1.mp4", "missing.mp4"])
    header, *rows, _, counts = capsys.readouterr().out.splitlines()
    assert header.split()[0] == "VERDICT"
    assert [row.split()[0] for row in rows] == ["real", "fake", "error", "no"]
    assert counts.endswith(": 1 fake, 1 real, 1 failed")


def test_it_prints_no_counts_for_one_file(media: Path, capsys: Out) -> None:
    main(["scan", "real-1.mp4"])
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_it_prints_reasons_when_verbose(media: Path, capsys: Out) -> None:
    main(["scan", "real-1.mp4", "-v"])
    assert "- 1 face." in capsys.readouterr().out


def test_it_prints_nothing_but_errors_when_quiet(media: Path, capsys: Out) -> None:
    assert main(["scan", "real-1.mp4", "missing.mp4", "--quiet"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "facetell: missing.mp4: no such file\n"
    main(["scan", "real-1.mp4", "--quiet", "--json"])
    assert json.loads(capsys.readouterr().out)["label"] == "real"


def test_it_prints_json_in_the_order_given(media: Path, capsys: Out) -> None:
    main(["scan", "real-1.mp4", "--json", "no_face-1.mp4", "fake-1.mp4"])
    assert [found["label"] for found in _json_lines(capsys)] == ["real", "no_face", "fake"]


def test_it_lets_no_file_name_drive_the_terminal(media: Path, capsys: Out) -> None:
    Path("fake-\x1b[2J\n.mp4").write_bytes(b"x")
    main(["scan", "fake-\x1b[2J\n.mp4", "--verbose"])
    main(["scan", "missing-\x1b[2J.mp4", "--quiet"])
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
    assert "fake-\\x1b[2J\\x0a.mp4" in captured.out


def test_it_passes_its_settings_on(media: Path, analyzers: list[FakeAnalyzer]) -> None:
    main(["scan", "real-1.mp4"])
    words = ["--frames=all", "--threads=2", "--model=x", "--runtime=openvino", "--features=f.npz"]
    words += ["--start=2.5", "--end=1:02:03.5", "--face=0:05,412,96.5"]
    main(["scan", "real-1.mp4", *words])
    assert analyzers[0].options == Options()
    assert analyzers[1].options == Options(
        frames="all",
        model="x",
        runtime="openvino",
        threads=2,
        keep_features=True,
        start_s=2.5,
        end_s=3723.5,
        face=(5.0, 412.0, 96.5),
    )


# Files that are written


def test_it_writes_reports_of_one_and_of_several(media: Path, capsys: Out) -> None:
    assert main(["scan", "real-1.mp4", "--output", "one"]) == 0
    assert "report: one/report.html" in capsys.readouterr().out
    assert json.loads(Path("one/report.json").read_text())["label"] == "real"
    assert main(["scan", "real-1.mp4", "missing.mp4", "--output", "two", "--quiet"]) == 3
    assert "Not analysed" in Path("two/missing.mp4/report.html").read_text()
    assert Path("two/index.html").is_file()


def test_it_does_not_scan_its_own_reports(media: Path, capsys: Out) -> None:
    for _ in range(2):
        Path("out").mkdir(exist_ok=True)
        Path("out/old.jpg").write_bytes(b"x")
        main(["scan", ".", "--output", "out", "--json"])
        assert len(_json_lines(capsys)) == 4


def test_it_refuses_an_output_that_cannot_be_made(
    media: Path, capsys: Out, analyzers: list[FakeAnalyzer]
) -> None:
    assert main(["scan", "fake-1.mp4", "--output", "real-1.mp4"]) == 2
    assert "--output real-1.mp4: cannot make this folder" in capsys.readouterr().err
    assert analyzers == [], "found before any model is loaded"


def test_it_writes_a_pdf_report_where_asked(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("reportlab", reason="the extra pdf is not installed")
    monkeypatch.setattr(folder, "render_pdf", lambda *told: repr(told[3]).encode())
    given = ["scan", "fake-1.mp4", "real-1.mp4", "--output", "out", "--frames", "7"]
    assert main([*given, "--pdf"]) == 0
    for name in ("fake-1.mp4", "real-1.mp4"):
        assert "frames=7" in Path("out", name, "report.pdf").read_text()
    assert main(given) == 0
    assert [*Path("out").rglob("report.pdf")] == []


def test_it_refuses_a_pdf_report_before_any_model_is_loaded(
    media: Path, capsys: Out, analyzers: list[FakeAnalyzer], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["scan", "fake-1.mp4", "--pdf"]) == 2
    assert "say into which folder with --output" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "reportlab", None)
    assert main(["scan", "fake-1.mp4", "--output", "out", "--pdf"]) == 3
    assert "pip install 'facetell[pdf]'" in capsys.readouterr().err
    assert analyzers == []


def test_it_refuses_an_output_that_cannot_be_written(media: Path, capsys: Out) -> None:
    Path("out/summary.csv").mkdir(parents=True)
    assert main(["scan", "fake-1.mp4", "real-1.mp4", "--output", "out"]) == 2
    assert "--output out: cannot write here" in capsys.readouterr().err


def test_it_reports_the_verdict_even_if_no_report_can_be_written(media: Path, capsys: Out) -> None:
    Path("out/report.html").mkdir(parents=True)
    assert main(["scan", "fake-1.mp4", "--output", "out", "--json"]) == 3
    captured = capsys.readouterr()
    assert json.loads(captured.out)["label"] == "fake"
    assert "cannot write out/report.html" in captured.err


def test_it_writes_features_of_one_and_of_several(media: Path) -> None:
    assert main(["scan", "real-1.mp4", "--features", "new/out.npz"]) == 0
    assert np.load("new/out.npz")["track"].shape == (1,)
    assert main(["scan", "real-1.mp4", "fake-1.mp4", "--features", "many"]) == 0
    assert sorted(path.name for path in Path("many").iterdir()) == [
        "fake-1.mp4.npz",
        "real-1.mp4.npz",
    ]


# Inputs


def test_it_searches_folders_in_order_of_name(tmp_path: Path) -> None:
    for name in ("b/2.MP4", "b/1.mov", "a/x.webp", "a/.hidden.mp4", ".git/y.mp4", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    found = [str(item.path.relative_to(tmp_path)) for item in expand([str(tmp_path)])]
    assert found == ["a/x.webp", "b/1.mov", "b/2.MP4"]


def test_it_names_a_folder_without_media(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"x")
    (item,) = expand([str(tmp_path)])
    assert item.error is not None
    assert item.error.code == "not_media"
    assert str(tmp_path) in str(item.error)


def test_it_expands_patterns_but_takes_real_names_literally(media: Path) -> None:
    Path("clip[1].mp4").write_bytes(b"x")
    Path("deep/er").mkdir(parents=True)
    Path("deep/er/z.mp4").write_bytes(b"x")
    assert [str(item.path) for item in expand(["clip[1].mp4"])] == ["clip[1].mp4"]
    assert [str(item.path) for item in expand(["*e*.mp4"])][:1] == ["fake-1.mp4"]
    assert [str(item.path) for item in expand(["deep/**/*.mp4"])] == ["deep/er/z.mp4"]
    assert [str(item.path) for item in expand(["none*.mp4"])] == ["none*.mp4"]


def test_it_says_that_nothing_matches_a_pattern(media: Path) -> None:
    (item,) = expand(["none*.mp4"])
    assert str(item.error) == "none*.mp4: no file matches this pattern"


def test_it_takes_no_video_for_a_list_of_paths(
    capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = ROOT / "src/facetell/data/samples/astronaut_real.mp4"
    stdin = SimpleNamespace(buffer=io.BytesIO(video.read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["scan", "-"]) == 2
    assert "standard input is not a list of paths" in capsys.readouterr().err


@pytest.mark.parametrize("listed", [b"fake-1.mp4\r\nreal-1.mp4\n\n", b"fake-1.mp4\0real-1.mp4\0"])
def test_it_reads_a_list_from_standard_input(
    listed: bytes, media: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(listed)))
    assert main(["scan", "-", "--json"]) == 0
    assert [found["label"] for found in _json_lines(capsys)] == ["fake", "real"]


def test_it_refuses_an_empty_list(
    media: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"\n")))
    assert main(["scan", "-"]) == 2
    assert "names no file" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["a\0b", "x" * 5000, "https://example.org/a.mp4"])
def test_it_takes_impossible_paths_as_they_are(word: str) -> None:
    (item,) = expand([word])
    assert item.path == Path(word)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_it_names_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    codes = [item.error.code for item in expand([str(tmp_path)]) if item.error]
    assert codes == ["unreadable"]


def test_it_searches_for_each_kind_of_media_that_is_promised() -> None:
    promised = ["mp4", "mov", "avi", "mkv", "webm", "gif", "3gp", "flv", "wmv", "mpeg"]
    promised += ["jpg", "png", "webp", "heic", "avif"]
    assert {f".{ending}" for ending in promised} <= MEDIA_SUFFIXES


# Progress, interruption, pipes


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_it_draws_progress_on_a_terminal_only() -> None:
    terminal, pipe = _Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        line = ProgressLine(3, shown=True, stream=stream)
        line.start("a\x1b.mp4")
        line.clear()
    assert "[1/3]" in terminal.getvalue()
    assert "a\\x1b.mp4" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert pipe.getvalue() == ""


def test_its_progress_names_the_stage_and_counts_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facetell.cli.progress._PERIOD_S", 0.0)
    terminal = _Terminal()
    line = ProgressLine(1, shown=True, stream=terminal)
    line.start("a.mp4")
    line.update("frames", 5, 20)
    line.update("judging", 0, None)
    drawn = terminal.getvalue().split("\r\x1b[K")[1:]
    assert drawn == [
        f"[1/1] {'.' * 20} opening  a.mp4",
        f"[1/1] {'#' * 5}{'.' * 15} frames 5 of 20  a.mp4",
        f"[1/1] {'.' * 20} judging  a.mp4",
    ]


def test_it_keeps_what_was_done_before_an_interruption(media: Path, capsys: Out) -> None:
    words = ["scan", "real-1.mp4", "fake-1.mp4", "stop.mp4", "real-1.mp4", "--output", "out"]
    assert main(words) == 130
    captured = capsys.readouterr()
    assert "2 files" in captured.out
    assert "2 not analysed" in captured.out
    assert captured.err == "facetell: stopped\n"
    assert Path("out/index.html").read_text().count("report.html") == 2


_SLOW = """
import sys, time, pathlib
sys.path[:0] = {paths!r}
from types import SimpleNamespace
from facetell.cli import main, scan
from facetell.verdict import error_verdict
class Slow:
    card = SimpleNamespace(name="", version="", sha256="", terms="", limits=())
    def analyze(self, path, progress):
        time.sleep({sleep_s})
        return error_verdict(pathlib.Path(path), ValueError("x" * 2000))
scan._load_analyzer = lambda options: Slow()
sys.exit(main(["scan", "--json", *["a.mp4"] * {files}]))
"""


def _start(sleep_s: float, files: int) -> subprocess.Popen[bytes]:
    code = _SLOW.format(paths=sys.path, sleep_s=sleep_s, files=files)
    command = [sys.executable, "-c", code]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_heed_interrupts
    )


def _heed_interrupts() -> None:
    # a shell starts its background jobs deaf to ctrl-c, and children inherit that
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_it_leaves_quietly_when_its_reader_is_gone() -> None:
    process = _start(sleep_s=0, files=500)
    assert process.stdout is not None
    assert process.stderr is not None
    with process, process.stdout as out, process.stderr as err:
        assert out.readline().startswith(b"{")
        out.close()
        assert err.read() == b""
        assert process.wait(timeout=20) == 141


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_it_stops_at_ctrl_c_without_a_traceback() -> None:
    process = _start(sleep_s=0.2, files=500)
    assert process.stdout is not None
    assert process.stderr is not None
    with process, process.stdout as out, process.stderr as err:
        assert out.readline().startswith(b"{")
        process.send_signal(signal.SIGINT)
        out.read()
        assert err.read() == b"facetell: stopped\n"
        assert process.wait(timeout=20) == 130


# The other commands and the documentation


def test_it_documents_every_file_and_column_that_it_writes() -> None:
    text = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    names = {*SUMMARY_COLUMNS, *TIMELINE_COLUMNS, *COLUMNS, "index.html", "summary.csv"}
    names |= {"report.html", "report.json", "timeline.csv", "faces/"}
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_it_documents_every_error_code() -> None:
    text = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    kinds = [FacetellError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert {kind.code for kind in kinds if f"`{kind.code}`" not in text} == set()


def test_it_shows_a_model_with_its_numbers_limits_and_terms(
    tiny_card_path: Path, capsys: Out
) -> None:
    assert main(["models", str(tiny_card_path)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "measured AUC 1 (95 % interval 0.9 to 1) on 10 colours" in shown
    assert "fake from p(fake) 0.70, real up to 0.30" in shown
    assert "limits - It knows two colours." in shown
    assert "terms of use none" in shown
    assert main(["models", str(tiny_card_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"][0]["n"] == 10


def test_it_lists_finds_and_checks_several_models(
    tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = [
        {"name": "video_auc", "value": 0.81, "low": 0.7, "high": 0.9, "n": 67, "on": "clips"},
        {"name": "seconds", "value": 2.5, "low": None, "high": None, "n": 5, "on": "clips"},
    ]
    for name, metrics in (("default", measured), ("fast", []), ("resnext50-lstm", [])):
        folder = tmp_path / f"made-{name}"
        folder.mkdir()
        card = write_model(folder, name=name, metrics=metrics, purpose=f"for {name} things",
                           file=f"{name}.onnx")  # fmt: skip
        card.rename(tmp_path / f"{name}.json")
        (folder / "tiny.onnx").rename(tmp_path / f"{name}.onnx")
    monkeypatch.setattr(weights, "MODEL_DIR", tmp_path)
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["NAME", "default", "fast", "resnext50-lstm"]
    assert "0.810 (0.700 to 0.900)" in lines[1]
    assert lines[1].split("  ")[-2:] == ["2.5", "for default things"]
    assert len([line for line in lines if line.startswith("  terms of use")]) == 3
    assert main(["models", "fast"]) == 0
    assert "NAME" not in capsys.readouterr().out
    assert weights.find("resnext50-lstm").name == "resnext50-lstm"
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.count("unaltered") == 3
    (tmp_path / "fast.onnx").write_bytes(b"other")
    assert main(["models"]) == 3
    assert main(["doctor"]) == 3


def test_it_names_a_damaged_model(tiny_card_path: Path, tmp_path: Path, capsys: Out) -> None:
    card = tmp_path / "tiny.json"
    card.write_bytes(tiny_card_path.read_bytes())
    (tmp_path / "tiny.onnx").write_bytes(b"other")
    assert main(["models", str(card)]) == 3
    assert "damaged" in capsys.readouterr().out


def test_it_ends_with_3_without_a_model(
    media: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "MODEL_DIR", media)
    monkeypatch.setattr(scan, "_load_analyzer", _REAL_LOADER)
    for command in (["models"], ["models", "--json"], ["models", "x"], ["scan", "fake-1.mp4"]):
        assert main(command) == 3
        captured = capsys.readouterr()
        assert captured.out == ""
        assert re.search("no model is bundled|no such model; bundled: none", captured.err)
    assert main(["doctor"]) == 3
    assert "!!  models" in capsys.readouterr().out


def test_it_scans_the_sample_from_end_to_end(
    tiny_card_path: Path, tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "_load_analyzer", _REAL_LOADER)
    sample = ROOT / "src/facetell/data/samples/astronaut_real.mp4"
    words = ["scan", str(sample), "--model", str(tiny_card_path), "--threads=1", "--frames=5"]
    assert main([*words, "--json", "--output", str(tmp_path)]) == 0
    (found,) = _json_lines(capsys)
    assert found["media"]["frames_read"] == 5
    assert len(found["tracks"]) == 1
    assert found["label"] in ("fake", "real", "inconclusive")
    assert len(list((tmp_path / "faces").iterdir())) >= 2


def test_it_says_what_is_installed(capsys: Out) -> None:
    status = main(["doctor"])
    shown = capsys.readouterr().out
    lines = {line[4:28].strip(): line for line in shown.splitlines()}
    assert lines["facetell"].endswith(facetell.__version__)
    assert lines["numpy"] == f"ok  {'numpy':<24}{np.__version__}"
    assert "CPUExecutionProvider" in lines["execution providers"]
    assert (status == 0) == ("!!" not in shown)


def test_it_says_what_is_missing(capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    assert main(["doctor"]) == 3
    assert "!!  av                      missing: pip install av" in capsys.readouterr().out
