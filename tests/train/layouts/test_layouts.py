"""Each layout on a tiny made-up tree of that very shape; the files are empty, names are all."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from facetell.errors import InputNotFound, UsageError
from facetell.train.layouts import Choices, Listing, Media, read_source
from facetell.train.layouts.media import Trait


def grow(root: Path, names: Iterable[str]) -> Path:
    """Make empty files."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def read(source: Path, choices: Choices | None = None, layout: str = "") -> tuple[str, Listing]:
    chosen, _, listing = read_source(source, choices or Choices(), layout)
    return chosen.name, listing


def by_file(listing: Listing) -> dict[str, Media]:
    return {media.file: media for media in listing.media}


def labels(listing: Listing) -> dict[str, bool]:
    return {media.file: media.is_fake for media in listing.media}


class TestFolders:
    def test_it_takes_labels_and_parts_from_the_path(self, tmp_path: Path) -> None:
        names = [
            "train/real/a.mp4",
            "train/Fake/b.mp4",
            "test/real/c.jpg",
            "real/readme.txt",
            "x.mp4",
        ]
        layout, listing = read(grow(tmp_path, names))
        assert layout == "folders"
        assert labels(listing) == {
            "train/real/a.mp4": False, "train/Fake/b.mp4": True, "test/real/c.jpg": False,
        }  # fmt: skip
        assert [m.part for m in listing.media] == ["test", "train", "train"]

    def test_frames_of_one_video_are_one_group(self, tmp_path: Path) -> None:
        names = ["real/v1/1.jpg", "real/v1/2.jpg", "real/v2/1.jpg", "fake/a.mp4", "real/a.mp4"]
        listing = by_file(read(grow(tmp_path, names))[1])
        assert listing["real/v1/1.jpg"].group == listing["real/v1/2.jpg"].group
        assert listing["real/v1/1.jpg"].group != listing["real/v2/1.jpg"].group
        assert listing["real/a.mp4"].group == listing["fake/a.mp4"].group

    def test_it_reads_tars(self, tmp_path: Path) -> None:
        grow(tmp_path / "d", ["real/a.jpg", "fake/b.jpg"])
        (tmp_path / "d/fake/b.jpg").write_bytes(b"picture")
        with tarfile.open(tmp_path / "d.tar", "w") as tar:
            tar.add(tmp_path / "d", ".")
        _, tree, listing = read_source(tmp_path / "d.tar")
        assert labels(listing) == {"real/a.jpg": False, "fake/b.jpg": True}
        with tree.opened("fake/b.jpg") as path:
            assert path.read_bytes() == b"picture"
            assert path.suffix == ".jpg"

    def test_it_refuses_a_compressed_tar(self, tmp_path: Path) -> None:
        grow(tmp_path / "d", ["real/a.jpg"])
        with tarfile.open(tmp_path / "d.tar", "w:gz") as tar:
            tar.add(tmp_path / "d", ".")
        with pytest.raises(UsageError, match="unpack it"):
            read(tmp_path / "d.tar")

    def test_one_label_for_all(self, tmp_path: Path) -> None:
        grow(tmp_path, ["a.jpg", "b/c.jpg"])
        with pytest.raises(UsageError, match="--label real"):
            read(tmp_path)
        assert labels(read(tmp_path, Choices(label="real"))[1]) == {
            "a.jpg": False,
            "b/c.jpg": False,
        }

    def test_it_says_of_fakes_what_the_data_set_does_not(self, tmp_path: Path) -> None:
        grow(tmp_path, ["real/a.jpg", "fake/b.jpg"])
        fake, real = read(tmp_path, Choices(manipulation="synthetic", method="StyleGAN"))[1].media
        assert (fake.manipulation, fake.method) == ("synthetic", "StyleGAN")
        assert (real.manipulation, real.method) == ("", "")

    def test_a_class_is_missing(self, tmp_path: Path) -> None:
        grow(tmp_path, ["real/a.mp4", "fake/readme.txt"])
        with pytest.raises(UsageError, match="no fake media, all 1 are real"):
            read(tmp_path, layout="folders")

    def test_it_follows_links_but_not_in_circles(self, tmp_path: Path) -> None:
        grow(tmp_path / "elsewhere", ["a.mp4"])
        grow(tmp_path / "d", ["fake/b.mp4"])
        (tmp_path / "d/real").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "d/fake/circle").symlink_to(tmp_path / "d")
        assert labels(read(tmp_path / "d")[1]) == {"real/a.mp4": False, "fake/b.mp4": True}


class TestTable:
    def table(self, root: Path, text: str) -> Path:
        grow(root, ["a.mp4", "b.mp4", "c.mp4"])
        (root / "list.csv").write_text(text)
        return root / "list.csv"

    @pytest.mark.parametrize(
        "text",
        [
            "a.mp4,REAL\nb.mp4,fake\n",
            "file,label\na.mp4,real\nb.mp4,Fake\n",
            "\ufeffLabel;Path\nreal;a.mp4\nfake;b.mp4\n",
            "filename\tlabel\na.mp4\tREAL\n\nb.mp4\tFAKE\n",
        ],
    )
    def test_it_reads_tables_with_and_without_header(self, tmp_path: Path, text: str) -> None:
        layout, listing = read(self.table(tmp_path, text))
        assert layout == "table"
        assert labels(listing) == {"a.mp4": False, "b.mp4": True}

    def test_it_takes_more_columns(self, tmp_path: Path) -> None:
        text = (
            "path,label,manipulation,method,group,source,split,original\n"
            "a.mp4,real,none,none,g,page,train,\n"
            "b.mp4,fake,lipsync,Wav2Lip,g,page,val,a\n"
        )
        real, fake = read(self.table(tmp_path, text))[1].media
        assert fake == Media(
            "b.mp4", True, "page", "g", "lipsync", "Wav2Lip", "a.mp4", "validation"
        )
        assert (real.manipulation, real.method, real.original, real.part) == ("", "", "", "train")

    def test_numbers_need_a_word_on_what_is_fake(self, tmp_path: Path) -> None:
        table = self.table(tmp_path, "a.mp4,1\nb.mp4,0\n")
        with pytest.raises(UsageError, match="--fake-is"):
            read(table)
        assert labels(read(table, Choices(fake_is="1"))[1]) == {"a.mp4": True, "b.mp4": False}
        assert labels(read(table, Choices(fake_is="0"))[1]) == {"a.mp4": False, "b.mp4": True}

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("a.mp4,real\ngone.mp4,fake\n", "1 labels have no file, the first is gone.mp4"),
            ("a.mp4,real\na.mp4,fake\n", "line 2: a.mp4 was given the other label"),
            ("a.mp4,real\nb.mp4,real\n", "no fake media"),
            ("a.mp4,real\nb.mp4,maybe\n", "line 2: label 'maybe'"),
            ("a.mp4,real\nb.mp4\n", "line 2: a file and its label"),
            ("\n", "empty"),
        ],
    )
    def test_it_says_what_is_wrong(self, tmp_path: Path, text: str, message: str) -> None:
        with pytest.raises(UsageError, match=message):
            read(self.table(tmp_path, text))

    def test_missing_files_can_be_left_out(self, tmp_path: Path) -> None:
        table = self.table(tmp_path, "a.mp4,real\nb.mp4,fake\ngone.mp4,fake\n")
        listing = read(table, Choices(allow_missing=True))[1]
        assert len(listing.media) == 2
        assert listing.skipped == (("gone.mp4", "labelled, but not there"),)

    def test_a_tar_of_the_same_name_holds_the_files(self, tmp_path: Path) -> None:
        grow(tmp_path / "d", ["real/x.jpg", "fake/y.jpg"])
        with tarfile.open(tmp_path / "faces.tar", "w") as tar:
            for name in ("real/x.jpg", "fake/y.jpg"):
                tar.add(tmp_path / "d" / name, name)
        text = "name,label,original\nreal/x.jpg,real,x\nfake/y.jpg,fake,x\n"
        (tmp_path / "faces.csv").write_text(text)
        media = by_file(read(tmp_path / "faces.csv")[1])
        assert media["fake/y.jpg"].original == "real/x.jpg"
        assert media["fake/y.jpg"].group == media["real/x.jpg"].group == "x"


def test_dfdc(tmp_path: Path) -> None:
    chunks = {
        "dfdc_train_part_0": {
            "real.mp4": {"label": "REAL", "split": "train"},
            "fake.mp4": {"label": "FAKE", "split": "train", "original": "real.mp4"},
            "gone.mp4": {"label": "FAKE", "split": "train", "original": "real.mp4"},
        },
        "dfdc_train_part_1": {
            "other.mp4": {"label": "FAKE", "split": "train", "original": "real.mp4"},
            "lost.mp4": {"label": "FAKE", "split": "train", "original": "elsewhere.mp4"},
        },
    }
    for chunk, entries in chunks.items():
        grow(tmp_path / chunk, [name for name in entries if name != "gone.mp4"])
        (tmp_path / chunk / "metadata.json").write_text(json.dumps(entries))
    layout, listing = read(tmp_path)
    assert layout == "dfdc"
    media = by_file(listing)
    assert [m.is_fake for m in media.values()] == [False, True, True, True]
    assert media["dfdc_train_part_1/other.mp4"].original == "dfdc_train_part_0/real.mp4"
    assert media["dfdc_train_part_1/lost.mp4"].original == ""
    assert [m.group for m in media.values()] == ["real", "real", "real", "elsewhere"]
    assert {m.part for m in media.values()} == {""}
    assert listing.skipped == (("dfdc_train_part_0/gone.mp4", "labelled, but not there"),)


@pytest.mark.parametrize("text", ["[1]", "{", '{"a.mp4": {}}', '{"a.mp4": {"label": "?"}}'])
def test_dfdc_refuses_metadata_of_another_kind(tmp_path: Path, text: str) -> None:
    grow(tmp_path, ["a.mp4"])
    (tmp_path / "metadata.json").write_text(text)
    with pytest.raises(UsageError, match=r"metadata\.json"):
        read(tmp_path)


def test_faceforensics(tmp_path: Path) -> None:
    fake, real = "manipulated_sequences", "original_sequences"
    names = [
        f"{real}/youtube/c23/videos/000.mp4",
        f"{real}/youtube/c23/videos/003.mp4",
        f"{real}/youtube/c40/videos/000.mp4",
        f"{real}/youtube/c23/videos/500.mp4",
        f"{real}/actors/raw/videos/01__walking.mp4",
        f"{fake}/Deepfakes/c23/videos/000_003.mp4",
        f"{fake}/Face2Face/c40/videos/000_003.mp4",
        f"{fake}/NeuralTextures/c0/videos/003_000.mp4",
        f"{fake}/DeepFakeDetection/raw/videos/01_02__walking__YVGY8LOK.mp4",
        f"{fake}/Deepfakes/masks/videos/000_003.mp4",
    ]
    grow(tmp_path, names)
    (tmp_path / "train.json").write_text('[["000", "003"]]')
    (tmp_path / "test.json").write_text('[["500", "501"]]')
    layout, listing = read(tmp_path)
    assert layout == "faceforensics"
    media = by_file(listing)
    assert set(media) == set(names[:-1])  # a mask is no video of a face
    deepfakes = media[names[5]]
    assert (deepfakes.method, deepfakes.manipulation) == ("Deepfakes", "faceswap")
    assert deepfakes.original == names[0]
    assert media[names[6]].original == names[2]  # of its own compression
    assert media[names[7]].original == ""  # there is no c0 original here
    pair = [media[names[k]] for k in (0, 1, 2, 5, 6, 7)]
    assert {(m.group, m.part) for m in pair} == {("000_003", "train")}
    assert media[names[3]].part == "test"
    actor = media[names[8]]
    assert (actor.original, actor.group, actor.part) == (names[4], "01__walking", "")


def test_faceforensics_refuses_a_split_that_is_none(tmp_path: Path) -> None:
    grow(tmp_path, ["manipulated_sequences/Deepfakes/c23/videos/000_003.mp4"])
    (tmp_path / "train.json").write_text("{")
    with pytest.raises(UsageError, match="not a list of pairs"):
        read(tmp_path)


CELEB_DF = [
    "Celeb-real/id0_0000.mp4",
    "Celeb-real/id1_0001.mp4",
    "Celeb-synthesis/id0_id16_0000.mp4",
    "YouTube-real/00170.mp4",
]


def test_celeb_df(tmp_path: Path) -> None:
    grow(tmp_path, CELEB_DF)
    text = "1 YouTube-real/00170.mp4\n0 Celeb-synthesis/id0_id16_0000.mp4\n"
    (tmp_path / "List_of_testing_videos.txt").write_text(text)
    layout, listing = read(tmp_path)
    assert layout == "celeb-df"
    media = by_file(listing)
    assert [m.is_fake for m in media.values()] == [False, False, True, False]
    assert [m.part for m in media.values()] == ["", "", "test", "test"]
    assert media[CELEB_DF[2]].original == CELEB_DF[0]
    assert media[CELEB_DF[2]].group == media[CELEB_DF[0]].group != media[CELEB_DF[1]].group


def test_celeb_df_minds_that_one_means_real(tmp_path: Path) -> None:
    grow(tmp_path, CELEB_DF)
    (tmp_path / "List_of_testing_videos.txt").write_text("1 Celeb-synthesis/id0_id16_0000.mp4\n")
    with pytest.raises(UsageError, match="1 for real, 0 for fake"):
        read(tmp_path)


def test_deeperforensics(tmp_path: Path) -> None:
    names = [
        "manipulated_videos/end_to_end/000_M101.mp4",
        "manipulated_videos/end_to_end_level_1/000_M101.mp4",
        "source_videos/M101/BlendShape/camera_front/M101_BlendShape_camera_front.mp4",
    ]
    grow(tmp_path, names)
    grow(tmp_path / "lists/splits", ["val.txt"]).joinpath("train.txt").write_text("000_M101.mp4\n")
    with pytest.raises(UsageError, match="no real media"):  # FaceForensics++ has its real part
        read(tmp_path)
    real = "original_sequences/youtube/c23/videos/000.mp4"
    grow(tmp_path, [real])
    layout, listing = read(tmp_path)
    assert layout == "deeperforensics"
    media = by_file(listing)
    assert labels(listing) == {real: False, names[0]: True, names[1]: True}
    assert media[names[0]].original == real
    assert {(m.group, m.part) for m in listing.media} == {("000", "train")}
    assert media[names[1]].method == "DF-VAE end_to_end_level_1"


def test_fakeavceleb(tmp_path: Path) -> None:
    person = "African/men/id00076"
    names = [
        f"RealVideo-RealAudio/{person}/00109.mp4",
        f"FakeVideo-RealAudio/{person}/00109_id00478_wavtolip.mp4",
        f"FakeVideo-FakeAudio/{person}/00109_2_id00476_faceswap-wavtolip.mp4",
        f"RealVideo-FakeAudio/{person}/00109_fake.mp4",
    ]
    grow(tmp_path, names)
    rows = ["source,target1,target2,method,category,type,race,gender,path,"]
    for name, method in zip(names, ["real", "wav2lip", "faceswap-wav2lip", "rtvc"], strict=True):
        folder, _, file = name.rpartition("/")
        kind = folder.split("/")[0]
        rows.append(f"id00076,-,-,{method},A,{kind},African,men,{file},FakeAVCeleb/{folder}")
    (tmp_path / "meta_data.csv").write_text("\n".join(rows))
    layout, listing = read(tmp_path)
    assert layout == "fakeavceleb"
    assert labels(listing) == {names[0]: False, names[1]: True, names[2]: True}
    media = by_file(listing)
    assert media[names[1]].manipulation == "lipsync"
    assert media[names[2]].manipulation == "faceswap+lipsync"
    assert {m.original for m in listing.media if m.is_fake} == {names[0]}
    assert {m.group for m in listing.media} == {"id00076"}
    assert {m.traits for m in listing.media} == {
        (Trait("ethnicity", "African"), Trait("gender", "men"))
    }
    assert listing.skipped == ((names[3], "forged in sound only"),)


def test_a_table_says_who_is_seen(tmp_path: Path) -> None:
    grow(tmp_path, ["a.mp4", "b.mp4"])
    rows = ["file,label,Gender,licence,Skin_Tone", "a.mp4,real,women,free,6", "b.mp4,fake,,free,2"]
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    media = by_file(read(tmp_path)[1])
    assert media["a.mp4"].traits == (Trait("skin_tone", "6"), Trait("gender", "women"))
    assert media["b.mp4"].traits == (Trait("skin_tone", "2"),)
    media = by_file(read(tmp_path, Choices(traits=("licence",)))[1])
    assert media["b.mp4"].traits == (Trait("skin_tone", "2"), Trait("licence", "free"))


def test_it_names_the_layouts_it_knows(tmp_path: Path) -> None:
    grow(tmp_path, ["a.mp4"])
    with pytest.raises(UsageError, match="celeb-df, fakeavceleb, dfdc"):
        read(tmp_path)
    with pytest.raises(UsageError, match="unknown layout 'imagenet'"):
        read(tmp_path, layout="imagenet")


def test_it_refuses_what_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound, match="no such folder"):
        read(tmp_path / "gone")
    (tmp_path / "a.mp4").touch()
    with pytest.raises(UsageError, match="give a folder, a tar, or a CSV"):
        read(tmp_path / "a.mp4")


def test_it_lists_the_development_data(data_dir: Path) -> None:
    _, listing = read(data_dir / "videos")
    assert sum(m.is_fake for m in listing.media) == 127
    assert sum(not m.is_fake for m in listing.media) == 103
    layout, listing = read(data_dir / "dfdc_faces.csv")
    assert layout == "table"
    assert len(listing.media) == 11_000
    assert all(m.original for m in listing.media if m.is_fake)
