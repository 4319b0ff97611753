from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from facetell.cli import main
from facetell.errors import UsageError
from facetell.train.autoencode import autoencode
from facetell.train.store import POINTS, ClipRecord, Store, encode_jpeg
from facetell.train.store_writer import NewClip, StoreWriter
from tests.train.made_store import face

RECORD = ClipRecord(
    clip="", dataset="d", file="", is_fake=False, source="s", manipulation="", method="", group="g",
    original="", part="", identity="", track=2, quality=0.5, frames=0, side_px=98, margin=1.3,
    has_points=False,
)  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store of reals of sides that are no multiple of four, a fake, and held-out reals."""
    rows = [("a", False, ""), ("b", False, "train"), ("c", False, "test"), ("d", True, "")]
    with StoreWriter(tmp_path) as writer:
        for k, (name, is_fake, part) in enumerate(rows):
            record = replace(
                RECORD, clip=f"d/{name}.mp4#2.0", file=f"{name}.mp4", is_fake=is_fake, part=part
            )
            crops = tuple(encode_jpeg(face(10 * k + t, 98)) for t in range(6))
            points = np.full((6, POINTS, 2), k, np.float16)
            writer.add([NewClip(record, crops, tuple(t / 10 for t in range(6)), points)])
        writer.finish()
    return tmp_path


def test_fakes_are_clips_of_their_reals_group_and_moment(root: Path) -> None:
    assert autoencode(root, clips=10, frames=3, seed=0, steps=2) == 2  # neither held-out nor fake
    store = Store(root)
    made = [r for r in store.records if r.manipulation == "autoencoded"]
    assert {r.original for r in made} == {"a.mp4", "b.mp4"}
    for fake in made:
        real = store.find(fake.clip.removesuffix(" autoencoded"))
        assert (fake.is_fake, fake.frames, fake.group, fake.part) == (True, 3, "g", real.part)
        assert (fake.side_px, fake.margin, fake.track) == (98, real.margin, 2)
        assert "stride" in fake.method
        where = [round(float(t) * 10) for t in store.times_s(fake)]
        assert np.diff(where).tolist() == [1, 1]
        assert np.array_equal(store.points(fake), store.points(real, where))
        before, after = store.frames(real, where), store.frames(fake)
        assert after.shape == before.shape
        change = np.abs(after.astype(int) - before).mean()
        assert 0.5 < change < 20  # altered, and still the same picture


def test_it_adds_only_what_is_new(root: Path) -> None:
    assert autoencode(root, clips=1, frames=3, seed=0, steps=2) == 1
    assert autoencode(root, clips=2, frames=3, seed=0, steps=2) == 1
    assert autoencode(root, clips=2, frames=3, seed=0, steps=2) == 0
    assert len(Store(root)) == 6


def test_it_needs_reals(tmp_path: Path) -> None:
    with StoreWriter(tmp_path) as writer:
        writer.finish()
    with pytest.raises(UsageError, match="no real clips"):
        autoencode(tmp_path, clips=1, frames=1, seed=0)


def test_the_command_adds_them(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facetell.train.autoencode.autoencode", lambda *_: 7)
    assert main(["autoencode", str(root), "--clips", "7"]) == 0
    assert "7 clips added" in capsys.readouterr().out
    assert main(["autoencode", str(root), "--clips", "0"]) == 2
