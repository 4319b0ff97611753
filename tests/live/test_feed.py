"""Sources are read, paced, dropped, lost and found again, and refused in plain words."""

from __future__ import annotations

import contextlib
import errno
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from facetell.errors import FacetellError, InputNotFound, InputUnreadable, MediaTooLarge, NotMedia
from facetell.live import feed as feed_module
from facetell.live.devices import refusal
from facetell.live.feed import Ended, Feed
from facetell.live.names import Source, read_source
from facetell.options import Limits
from tests.live.rtsp_camera import rtsp_camera
from tests.media import Recipe, index_of, make_video

STEP_S = 0.1


def feed_of(word: str | Path, **options: object) -> Feed:
    return Feed(read_source(str(word)), STEP_S, Limits(), **options)  # type: ignore[arg-type]


def drain(feed: Feed, pause_s: float = 0.0) -> list[tuple[float, int]]:
    """Take all frames: their times, and which of the video they are."""
    found = []
    with contextlib.suppress(Ended):
        while arrival := feed.take(30.0):
            found.append((arrival.time_s, index_of(arrival.rgb)))
            time.sleep(pause_s)
    assert feed._end is not None
    assert feed._end.error is None
    return found


@pytest.mark.parametrize("rate_hz", [10, 25, 30])
def test_a_file_is_read_a_step_apart_and_whole(rate_hz: int, tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", Recipe(frames=29, rate_hz=rate_hz))
    with feed_of(path) as feed:
        found = drain(feed, pause_s=0.01)
    times_s = np.array([time_s for time_s, _ in found])
    assert len(found) == int(28 / rate_hz / STEP_S + 0.01) + 1  # ten a second, from any rate
    assert np.abs(np.diff(times_s) - STEP_S).max() <= 0.5 / rate_hz + 1e-6
    assert [round(time_s * rate_hz) for time_s, _ in found] == [index for _, index in found]
    assert feed.dropped == 0


def test_frames_without_times_are_a_step_apart(tmp_path: Path) -> None:
    film = make_video(tmp_path / "a.mp4", Recipe(frames=20))
    raw = tmp_path / "a.h264"
    with av.open(str(film)) as read, av.open(str(raw), "w", format="h264") as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)
    with feed_of(raw) as feed:
        assert drain(feed)


def test_what_is_damaged_is_passed_over(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", Recipe(frames=60))
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    size = (len(data) - start) // 3
    data[start + size : start + size + 400] = b"\xff" * 400
    path.write_bytes(data)
    with feed_of(path) as feed:
        found = drain(feed)
    assert found[-1][0] > 1.5


def test_in_real_time_a_file_is_paced_and_the_oldest_dropped(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", Recipe(frames=25, rate_hz=25))
    begun_s = time.monotonic()
    with feed_of(path, realtime=True) as feed:
        found = drain(feed, pause_s=0.3)
    assert time.monotonic() - begun_s > 0.9
    assert len(found) + feed.dropped == 10
    assert feed.dropped >= 4
    assert found == sorted(found)


def test_whoever_stops_early_is_not_held_up(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", Recipe(frames=300, rate_hz=30))
    with feed_of(path) as feed:
        assert feed.take(5.0) is not None
    assert not feed._thread.is_alive()


class Camera(BaseHTTPRequestHandler):
    """An IP camera that sends a few JPEGs, and then breaks off or says nothing more."""

    frames, silent = 4, False

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=--part")
        self.end_headers()
        _, jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))
        head = f"--part\r\nContent-Type: image/jpeg\r\nContent-Length: {jpeg.size}\r\n\r\n"
        with contextlib.suppress(OSError):
            for _ in range(self.frames):
                self.wfile.write(head.encode() + jpeg.tobytes() + b"\r\n")
                time.sleep(0.11)
            if self.silent:
                time.sleep(1.5)

    def log_message(self, *_: object) -> None: ...


@contextlib.contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/live"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("silent", [False, True])
def test_a_source_that_is_lost_is_found_again(
    silent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "FIRST_PAUSE_S", 0.1)
    monkeypatch.setattr("facetell.live.devices.PATIENCE_S", 0.6)
    monkeypatch.setattr(Camera, "silent", silent)
    told: list[str] = []
    times_s = []
    with served(Camera) as address, feed_of(address, tell=told.append) as feed:
        give_up_s = time.monotonic() + 20
        while feed.reopened < 2 and time.monotonic() < give_up_s:
            if arrival := feed.take(0.2):
                times_s.append(arrival.time_s)
                assert arrival.rgb.shape == (48, 64, 3)
    assert feed.reopened == 2
    assert len(times_s) >= 4
    assert times_s == sorted(set(times_s))
    assert "trying again in 0.1 s" in told[0]
    assert told[1].endswith(": is back")
    assert ("no answer" in told[0]) == silent


def test_a_stream_in_an_ordinary_container_is_read(tmp_path: Path) -> None:
    data = make_video(tmp_path / "a.ts", Recipe(frames=60)).read_bytes()

    class Station(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(data)

        def log_message(self, *_: object) -> None: ...

    with served(Station) as address, feed_of(address) as feed:
        arrival = feed.take(20.0)
        assert arrival is not None
        assert arrival.rgb.shape == (64, 96, 3)


def test_an_rtsp_camera_is_read() -> None:
    with rtsp_camera() as address, feed_of(address) as feed:
        found = [feed.take(30.0) for _ in range(4)]
        assert feed._source.shown.startswith("rtsp://127.0.0.1:")
    greys = [int(arrival.rgb.mean()) for arrival in found if arrival]
    assert len(greys) == 4
    assert greys == sorted(greys)
    assert 35 <= greys[0] < greys[-1] <= 105


def test_a_source_that_was_never_there_is_refused_at_once(tmp_path: Path) -> None:
    for word, kind in (
        ("http://127.0.0.1:9/a", InputUnreadable),
        (tmp_path / "no.mp4", InputNotFound),
    ):
        with feed_of(word) as feed, pytest.raises(Ended) as end:
            feed.take(30.0)
        assert isinstance(end.value.error, kind)


def test_pictures_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", Recipe(frames=3))
    limits = Limits(pixels=1000)
    with Feed(read_source(str(path)), STEP_S, limits) as feed, pytest.raises(Ended) as end:
        feed.take(30.0)
    assert isinstance(end.value.error, MediaTooLarge)


@pytest.mark.parametrize(
    ("number", "kind", "advice"),
    [
        (errno.EACCES, InputUnreadable, "privacy settings"),
        (errno.EBUSY, InputUnreadable, "is in use"),
        (errno.ENOENT, InputNotFound, "plug it in"),
        (errno.EIO, InputUnreadable, "gives no picture"),
    ],
)
def test_a_camera_that_is_refused_says_what_to_do(
    number: int, kind: type[FacetellError], advice: str
) -> None:
    error = refusal(read_source("camera:1", "linux"), OSError(number, "why"))
    assert type(error) is kind
    assert str(error).startswith("camera:1: ")
    assert advice in str(error)


def test_a_page_that_is_no_video_is_told_apart() -> None:
    class Page(Camera):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1800")
            self.end_headers()
            self.wfile.write(b"<html>hello</html>" * 100)

    class Nothing(Camera):
        def do_GET(self) -> None:
            self.send_error(404)

    for handler, kind in ((Page, NotMedia), (Nothing, InputNotFound)):
        with served(handler) as address, feed_of(address) as feed, pytest.raises(Ended) as end:
            feed.take(30.0)
        assert type(end.value.error) is kind


def test_a_password_is_in_no_message() -> None:
    source = read_source("rtsp://me:secret@127.0.0.1:9/h264")
    assert "secret" not in str(refusal(source, OSError(errno.ECONNREFUSED, "refused")))
    assert isinstance(source, Source)
