from __future__ import annotations

from pathlib import Path

import av
import pytest

pytest.importorskip("pyarrow")

from facetell.faces import load_detector
from facetell.train.likeness import UNALTERED, largest_change, picture_hash, same_faces
from tests.media import Recipe, cut, make_video

SAMPLES = Path(__file__).parents[2] / "src/facetell/data/samples"
REAL, FAKE = SAMPLES / "astronaut_real.mp4", SAMPLES / "astronaut_fake.mp4"


def encoded_again(path: Path, crf: int) -> Path:
    with av.open(str(REAL)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=25, options={"crf": str(crf)})
        stream.width, stream.height, stream.pix_fmt = 512, 512, "yuv420p"
        for frame in source.decode(video=0):
            target.mux(stream.encode(frame.reformat(format="yuv420p")))
        target.mux(stream.encode())
    return path


def test_another_encoding_shows_the_same_faces(tmp_path: Path) -> None:
    again = encoded_again(tmp_path / "again.mp4", 26)
    assert same_faces(again, REAL, load_detector(1))


def test_a_forged_face_is_another_one() -> None:
    assert largest_change(FAKE, REAL, load_detector(1)) > UNALTERED


def test_other_lengths_no_face_and_broken_files_are_not_the_same(tmp_path: Path) -> None:
    detector = load_detector(1)
    video = make_video(tmp_path / "a.mp4", Recipe(size=(512, 512)))
    assert not same_faces(REAL, video, detector)
    assert not same_faces(video, video, detector)  # nothing that could be compared
    broken = cut(make_video(tmp_path / "b.mp4"), 0.5)
    assert not same_faces(broken, broken, detector)


def test_the_hash_outlives_another_encoding_and_tells_pictures_apart(tmp_path: Path) -> None:
    again = picture_hash(encoded_again(tmp_path / "again.mp4", 30))
    assert (picture_hash(REAL) ^ again).bit_count() <= 12  # of 192
    other = picture_hash(make_video(tmp_path / "a.mp4"))
    assert (picture_hash(REAL) ^ other).bit_count() > 48
