from __future__ import annotations

import pytest

from facetell.errors import InputUnreadable, UsageError
from facetell.live.names import Source, read_source


def read(word: str, platform: str = "linux") -> Source:
    return read_source(word, platform, {"DISPLAY": ":7"})


@pytest.mark.parametrize(
    ("word", "platform", "format_", "url"),
    [
        ("camera", "linux", "v4l2", "/dev/video0"),
        ("camera:2", "linux", "v4l2", "/dev/video2"),
        ("camera:/dev/v4l/by-id/usb-cam", "linux", "v4l2", "/dev/v4l/by-id/usb-cam"),
        ("camera", "darwin", "avfoundation", "default:none"),
        ("camera:1", "darwin", "avfoundation", "1:none"),
        ("camera:FaceTime HD", "darwin", "avfoundation", "FaceTime HD:none"),
        ("camera:Integrated Camera", "win32", "dshow", "video=Integrated Camera"),
        ("screen", "linux", "x11grab", ":7+0,0"),
        ("screen:100,50,640x480", "linux", "x11grab", ":7+100,50"),
        ("screen:100,50,640x480", "win32", "gdigrab", "desktop"),
        ("screen", "darwin", "avfoundation", "Capture screen 0:none"),
    ],
)
def test_it_names_the_device_of_each_system(
    word: str, platform: str, format_: str, url: str
) -> None:
    source = read(word, platform)
    assert (source.format, source.url, source.ends) == (format_, url, False)


def test_a_region_of_the_screen_has_a_size() -> None:
    assert read("screen:100,50,640x480").options["video_size"] == "640x480"
    windows = read("screen:100,50,640x480", "win32").options
    assert (windows["offset_x"], windows["offset_y"]) == ("100", "50")


def test_a_password_is_never_shown() -> None:
    source = read("rtsp://me:secret@cam.local:554/h264?token=abc")
    assert source.shown == "rtsp://cam.local:554/h264"
    assert source.url == "rtsp://me:secret@cam.local:554/h264?token=abc"


@pytest.mark.parametrize("word", ["rtsp://me:se#cret@cam/1", "rtmp://me:cret@cam/1"])
def test_a_password_is_in_no_refusal_either(word: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(word)
    assert "cret" not in str(refused.value)


def test_anything_else_is_a_file_that_ends() -> None:
    source = read("C:clip.mp4")
    assert (source.kind, source.ends) == ("file", True)


@pytest.mark.parametrize(
    "word",
    ["ftp://a/b", "file:///etc/passwd", "rtsp://", "http://[::1", "screen:1,2", "rtsp://h:x/"],
)
def test_it_refuses_what_it_cannot_understand(word: str) -> None:
    with pytest.raises(UsageError):
        read(word)


def test_a_screen_without_a_display_says_what_to_do() -> None:
    with pytest.raises(InputUnreadable, match="Wayland"):
        read_source("screen", "linux", {})
