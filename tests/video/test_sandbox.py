"""Decoder processes: what they are kept from, what becomes of a file that kills them, who stays."""

from __future__ import annotations

import gc
import io
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facetell.errors import (
    CorruptMedia,
    FacetellError,
    InputNotFound,
    MediaTooLarge,
    MissingDependency,
    NotMedia,
)
from facetell.options import Limits
from facetell.video import Sampling, Video, open_video
from facetell.video.sandbox import Decoder, process
from facetell.video.sandbox.answers import Ended, read_answer
from facetell.video.sandbox.channel import Channel
from facetell.video.sandbox.kernel import syscall
from facetell.video.sandbox.process import Died
from facetell.wording import Sentence, said
from tests.family import comes_true, descendants, is_alive, is_open
from tests.media import Recipe, make_animation, make_picture, make_video, picture

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="looks at processes as Linux has them"
)

ALL = Sampling("all")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=60))


@pytest.fixture
def own() -> Iterator[Decoder]:
    """A decoder for one test, so that it knows which processes are whose."""
    before = set(descendants(os.getpid()))
    decoder = Decoder()
    yield decoder
    decoder._idle.clear()  # as if nobody held it: pytest does
    # None stays, not even unburied; the thread of a watch may hold one for a moment.
    assert comes_true(lambda: gc.collect() >= 0 and set(descendants(os.getpid())) <= before)


def server_of(decoder: Decoder) -> int:
    (server,) = decoder._idle
    return server.pid


def all_frames(video: Video) -> list[int]:
    return [frame.index for frame in video.frames(ALL)]


def begun(video: Video, server: int) -> tuple[Iterator[Any], int]:
    """Take one frame; return the rest of them and the process that decodes."""
    frames = video.frames(ALL)
    next(frames)
    (fork,) = descendants(server)
    return frames, fork


def test_one_process_serves_file_after_file(own: Decoder, clip: Path, tmp_path: Path) -> None:
    server = server_of(own)
    for path in (clip, tmp_path / "missing.mp4", clip, tmp_path, clip):
        if path == clip:
            with open_video(path, decoder=own) as video:
                assert all_frames(video) == list(range(60))
        else:
            with pytest.raises(FacetellError):
                open_video(path, decoder=own)
        assert server_of(own) == server


def test_files_are_open_at_the_same_time(own: Decoder, clip: Path) -> None:
    with open_video(clip, decoder=own) as one, open_video(clip, decoder=own) as other:
        pairs = zip(one.frames(ALL), other.frames(ALL), strict=True)
        assert all(np.array_equal(a.rgb, b.rgb) for a, b in pairs)
    assert len(own._idle) == 2


def test_a_file_is_read_twice_and_let_go_in_the_middle(own: Decoder, clip: Path) -> None:
    server = server_of(own)
    with open_video(clip, decoder=own) as video:
        frames = video.frames(ALL)
        assert [next(frames).index for _ in range(3)] == [0, 1, 2]
        frames.close()
        assert [frame.index for frame in video.frames(Sampling(60))] == list(range(60))
    assert server_of(own) == server
    assert comes_true(lambda: descendants(server) == [])


def test_a_file_that_was_let_go_is_closed(own: Decoder, clip: Path) -> None:
    for path in (clip, Path(__file__)):  # no media, as another example
        server = server_of(own)
        try:
            with open_video(path, decoder=own) as video:
                next(video.frames(ALL))
                assert is_open(clip, server)
        except NotMedia:
            pass
        assert not is_open(path, server)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tiff", ".avif", ".heic"])
def test_pictures_are_the_same(decoder: Decoder, tmp_path: Path, suffix: str) -> None:
    path = Path(__file__).parents[1] / "data/turned.heic"
    if suffix != ".heic":
        path = make_picture(tmp_path / f"a{suffix}", picture(5, (96, 64)))
    with open_video(path) as here, open_video(path, decoder=decoder) as there:
        (one,), (other,) = here.frames(ALL), there.frames(ALL)
    assert here.info == there.info
    assert np.array_equal(one.rgb, other.rgb)


def test_a_package_that_is_loaded_late_is_found(decoder: Decoder, tmp_path: Path) -> None:
    pytest.importorskip("pillow_heif")
    data = (Path(__file__).parents[1] / "data/turned.heic").read_bytes()
    at = data.index(b"ispe") + 8  # larger than any stream in it, as a picture of tiles is
    path = tmp_path / "tiles.heic"
    path.write_bytes(data[:at] + (960).to_bytes(4) + (640).to_bytes(4) + data[at + 8 :])
    try:
        open_video(path, decoder=decoder).close()
    except CorruptMedia:  # its size is wrong, which pillow-heif found
        return
    except MissingDependency as error:
        pytest.fail(f"it was not found: {error}")


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_crash_is_an_error_of_that_file_alone(
    own: Decoder, clip: Path, number: signal.Signals
) -> None:
    with open_video(clip, decoder=own) as video:
        frames, fork = begun(video, server_of_open(video))
        os.kill(fork, number)
        with pytest.raises(CorruptMedia, match=rf"clip\.mp4: its .* crashed \({number.name}\)"):
            list(frames)
    with open_video(clip, decoder=own) as video:
        assert all_frames(video) == list(range(60))


def server_of_open(video: Video) -> int:
    pid: int = video._source._process.pid  # type: ignore[attr-defined]
    return pid


@pytest.mark.parametrize("whom", ["server", "fork"])
def test_a_decoder_that_hangs_is_killed(own: Decoder, clip: Path, whom: str) -> None:
    with open_video(clip, Limits(wait_s=0.5), own) as video:
        server = server_of_open(video)
        frames, fork = begun(video, server)
        os.kill(fork, signal.SIGSTOP)
        if whom == "server":
            os.kill(server, signal.SIGSTOP)
        with pytest.raises(MediaTooLarge, match=r"clip\.mp4: the time to its next frame .*wait_s"):
            list(frames)
        assert comes_true(lambda: not is_alive(fork))
        assert not is_alive(server)
    with open_video(clip, decoder=own) as video:
        assert all_frames(video) == list(range(60))


def test_a_server_that_died_while_idle_is_replaced(own: Decoder, clip: Path) -> None:
    server = server_of(own)
    os.kill(server, signal.SIGKILL)
    assert comes_true(lambda: not is_alive(server))
    with open_video(clip, decoder=own) as video:
        assert all_frames(video) == list(range(60))
    assert server_of(own) != server


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".mkv"])
def test_a_memory_bomb_is_too_large(own: Decoder, tmp_path: Path, suffix: str) -> None:
    """The process alone takes some 400 MB of address space; none of these fits beside it."""
    path, bomb = tmp_path / f"bomb{suffix}", np.zeros((4000, 4000, 3), np.uint8)
    if suffix == ".mkv":
        make_video(path, Recipe("mpeg4", frames=2, size=(4000, 4000)))
    else:
        cv2.imwrite(str(path), bomb)
    server = server_of(own)
    with pytest.raises(MediaTooLarge, match=r"the memory that decoding takes .*memory_bytes"):
        open_video(path, Limits(memory_bytes=450 << 20), own)
    with open_video(path, decoder=own) as video:
        assert len(all_frames(video)) == video.frames_read > 0
    assert server_of(own) == server


def test_its_resources_are_limited_by_the_kernel(own: Decoder, clip: Path) -> None:
    limits = Limits(memory_bytes=1 << 30, processor_s=60)
    with open_video(clip, limits, own) as video:
        frames, fork = begun(video, server_of_open(video))
        soft, hard = resource.prlimit(fork, resource.RLIMIT_CPU)
        assert 60 <= soft < hard <= 70
        assert resource.prlimit(fork, resource.RLIMIT_AS) == (1 << 30, 1 << 30)
        assert resource.prlimit(fork, resource.RLIMIT_FSIZE) == (0, 0)
        assert resource.prlimit(fork, resource.RLIMIT_CORE) == (0, 0)
        assert resource.prlimit(fork, resource.RLIMIT_NOFILE)[1] <= 64
        os.kill(fork, signal.SIGXCPU)  # as the kernel does at the limit
        with pytest.raises(MediaTooLarge, match=r"processor time .* 60 seconds.*processor_s"):
            list(frames)


def test_a_file_that_goes_away_does_no_harm(own: Decoder, tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", Recipe(frames=60))
    with open_video(path, decoder=own) as video:
        frames = video.frames(ALL)
        next(frames)
        path.unlink()  # while it is open
        assert len(list(frames)) == 59
        with pytest.raises(FacetellError, match=r"clip\.mp4"):
            list(video.frames(ALL))
    with pytest.raises(InputNotFound):
        open_video(path, decoder=own)


PARENT = """
import sys, time
from facetell.video import Sampling, open_video
from facetell.video.sandbox import Decoder

decoder = Decoder()
video = open_video(sys.argv[1], decoder=decoder)
frames = video.frames(Sampling("all"))
next(frames)
print("begun", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("hangs", [False, True])
def test_it_ends_with_a_parent_that_is_killed(clip: Path, hangs: bool) -> None:
    command = [sys.executable, "-c", PARENT, str(clip)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "begun\n"
        family = descendants(parent.pid)
        assert len(family) == 2
        if hangs:
            os.kill(family[1], signal.SIGSTOP)
        parent.kill()
    assert comes_true(lambda: not any(map(is_alive, family)))


def test_it_knows_no_secrets(own: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACETELL_SECRET_KEY", "very secret")
    decoder = Decoder()
    environment = Path(f"/proc/{server_of(decoder)}/environ")
    assert comes_true(lambda: b"PYTHONPATH" in environment.read_bytes())  # once it is there
    assert b"secret" not in environment.read_bytes()


CONFINED = """
import ctypes, os, resource, socket, subprocess, sys, threading
from pathlib import Path
from facetell.options import Limits
from facetell.video.sandbox.confinement import confine, limit_resources

allowed, other = Path(sys.argv[1]), Path(sys.argv[2])
print(*confine(allowed))
tries = {
    "read it": allowed.read_bytes,
    "thread": lambda: threading.Thread(target=int).start(),
    "read": other.read_bytes,
    "list": lambda: os.listdir(other.parent),
    "write": lambda: other.write_text("x"),
    "write it": lambda: allowed.write_text("x"),
    "make": lambda: (other.parent / "new").touch(),
    "unlink": other.unlink,
    "mode": lambda: other.chmod(0o666),
    "times": lambda: os.utime(other),
    "attribute": lambda: os.setxattr(other, "user.facetell", b"x"),
    "shorten": lambda: os.truncate(other, 0),
    "secrets": Path(f"/proc/{os.getppid()}/environ").read_bytes,
    "signal": lambda: os.kill(os.getppid(), 0),
    "socket": socket.socket,
    "pair": socket.socketpair,
    "fork": os.fork,
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "program": lambda: subprocess.run(["/bin/true"], check=True),
    "session": os.setsid,
    "namespace": lambda: ctypes.CDLL(None, use_errno=True).unshare(0x10000000) and 1 / 0,
}
for name, attempt in tries.items():
    try:
        attempt()
        print(name, flush=True)
    except (OSError, ZeroDivisionError):
        pass
"""


def landlock_version() -> int:
    try:
        return syscall(444, None, 0, 1)
    except OSError:
        return 0


def test_the_kernel_keeps_it_from_all_but_its_file(tmp_path: Path) -> None:
    for name in ("allowed", "other"):
        (tmp_path / name).write_text(name)
    command = [sys.executable, "-c", CONFINED, str(tmp_path / "allowed"), str(tmp_path / "other")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    taken, *could = done.stdout.splitlines()
    if taken != "landlock seccomp":
        pytest.skip(f"this kernel takes away only: {taken or 'nothing'}")
    signals = [] if landlock_version() >= 6 else ["signal"]
    assert could == ["read it", "thread", *signals]
    assert (tmp_path / "other").read_text() == "other"


def test_a_fork_cannot_say_that_it_is_gone(own: Decoder, clip: Path) -> None:
    """Or one that a file took over could answer for the next file."""
    (server,) = own._idle
    assert server._freed is not None
    told = str(Path(f"/proc/self/fd/{server._freed}").readlink())
    with open_video(clip, decoder=own) as video:
        frames, fork = begun(video, server.pid)
        held = {
            who: {str(link.readlink()) for link in Path(f"/proc/{who}/fd").iterdir()}
            for who in (fork, server.pid)
        }
        assert told in held[server.pid]
        assert told not in held[fork]
        del frames


def test_what_a_fork_leaves_in_the_pipe_ends_the_process(own: Decoder, clip: Path) -> None:
    (server,) = own._idle
    with server.talk(30) as channel:
        channel.send(
            {
                "ask": "open",
                "path": str(clip),
                "limits": asdict(Limits()),
                "folder": str(Path.cwd()),
            }
        )
        channel.receive()  # and the arrays that follow are left unread
        channel.send({"ask": "close"})
    with pytest.raises(Died):
        server.await_freed(30)
    assert not is_alive(server.pid)


class Said:
    """What a decoder process that was taken over may answer."""

    def __init__(self) -> None:
        self.pipe = io.BytesIO()
        self.channel = Channel(self.pipe, self.pipe)  # type: ignore[arg-type]

    def read(self, limits: Limits) -> object:
        self.pipe.seek(0)
        return read_answer(self.channel, Path("clip.mp4"), limits)


def say(message: dict[str, object], *arrays: Any) -> Said:
    said = Said()
    said.channel.send(message, *arrays)
    return said


FACTS: dict[str, object] = {
    "container": "mp4", "codec": "h264", "width": 4, "height": 2, "fps": 25.0, "duration_s": 1.0,
    "is_picture": False, "rotation_deg": 0, "hdr": False,
}  # fmt: skip
FRAME = {"is": "frame", "index": 0, "width": 4, "height": 2, "warnings": []}


@pytest.mark.parametrize(
    "make",
    [
        lambda: say({}),
        lambda: say({"is": "surprise"}),
        lambda: say({"is": "opened", "frames": 1, "info": FACTS | {"width": "4"}}, np.zeros(2)),
        lambda: say({"is": "opened", "frames": -1, "info": FACTS}),
        lambda: say({"is": "opened", "frames": 0, "info": FACTS}),
        lambda: say({"is": "opened", "frames": 2, "info": FACTS}, np.array([0.0, 1, 1, 0])),
        lambda: say({"is": "opened", "frames": 2, "info": FACTS}, np.array([0, np.nan, 0, 1])),
        lambda: say(FRAME | {"width": 0}),
        lambda: say(FRAME | {"width": -4, "height": -2}),
        lambda: say(FRAME | {"warnings": "text"}),
        lambda: say(FRAME | {"more": 1}),
    ],
)
def test_an_answer_without_sense_is_refused(make: Callable[[], Said]) -> None:
    with pytest.raises(ValueError, match=r"."):
        make().read(Limits())


@pytest.mark.parametrize(
    "head", [b"\xff\xff\xff\xff{}", b"\x02\x00\x00\x00[]", b"\x01\x00\x00\x00\xff"]
)
def test_bytes_that_are_no_message_are_refused(head: bytes) -> None:
    said = Said()
    said.pipe.write(head)
    with pytest.raises(ValueError, match=r"."):
        said.read(Limits())


def test_messages_come_as_sentences_that_can_be_translated(decoder: Decoder) -> None:
    with pytest.raises(InputNotFound) as missing:
        open_video("missing.mp4", decoder=decoder)
    message = said(missing.value)
    assert isinstance(message, Sentence)
    assert message.values == {"path": "missing.mp4"}
    assert message == "missing.mp4: no such file; check the spelling"


def nested(depth: int) -> object:
    return {"pattern": "{a}", "values": {"a": nested(depth - 1)}} if depth else "a"


@pytest.mark.parametrize(
    "text",
    [
        None,
        ["a"],
        {"pattern": "{a}", "values": []},
        {"pattern": "{a}", "values": {}},
        {"pattern": "{a:9999999999}", "values": {"a": ""}},
        {"pattern": "{a.__class__}", "values": {"a": "", "a.__class__": ""}},
        {"pattern": "{a!r}", "values": {"a": ""}},
        {"pattern": "{pattern}", "values": {"pattern": ""}},
        {"pattern": "{", "values": {}},
        {"pattern": "", "values": {"cls": ""}},
        nested(100),
        {"pattern": "{a}" * 10_000, "values": {"a": "a" * 10_000}},
        "a" * 100_000,
    ],
)
def test_a_message_is_no_program(text: object) -> None:
    answers: list[dict[str, object]] = [
        {"is": "failed", "kind": "", "message": text},
        {"is": "end", "warnings": [text]},
    ]
    for answer in answers:
        with pytest.raises(ValueError, match=r"."):
            say(answer).read(Limits())


def test_a_message_that_is_too_deep_is_refused() -> None:
    said = Said()
    text = b"[" * 100_000
    said.pipe.write(len(text).to_bytes(4, "little") + text)
    with pytest.raises(ValueError, match=r"."):
        said.read(Limits())


def test_memory_is_taken_only_within_the_limits() -> None:
    with pytest.raises(MediaTooLarge, match="pixels"):
        say(FRAME | {"width": 1 << 30, "height": 1 << 30}).read(Limits())
    with pytest.raises(MediaTooLarge, match="frames"):
        say({"is": "opened", "frames": 1 << 60, "info": FACTS}).read(Limits())


def test_only_errors_of_files_are_raised() -> None:
    answer = say({"is": "failed", "kind": "ModelAltered", "message": "believe me"}).read(Limits())
    assert isinstance(answer, Ended)
    assert type(answer.error) is RuntimeError


def test_a_process_out_of_step_is_not_asked_again(own: Decoder, clip: Path) -> None:
    """Ctrl-C while an answer is read leaves the rest of it in the pipe."""
    with open_video(clip, decoder=own) as video:
        server = server_of_open(video)
        with pytest.raises(KeyboardInterrupt), video._source._process.talk(5):  # type: ignore[attr-defined]
            raise KeyboardInterrupt
    assert not is_alive(server)
    with open_video(clip, decoder=own) as video:
        assert all_frames(video) == list(range(60))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_of_the_program_leaves_it_alone(own: Decoder, clip: Path) -> None:
    server = server_of(own)
    fork = os.fork()
    if fork == 0:
        usable = own._idle[0].is_usable()
        own._idle.clear()
        gc.collect()
        os._exit(usable)
    assert os.waitpid(fork, 0)[1] == 0
    with open_video(clip, decoder=own) as video:
        assert all_frames(video) == list(range(60))
    assert server_of(own) == server


def test_a_program_that_cannot_start_it_is_told_so(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    decoder = Decoder()
    with pytest.raises(FacetellError, match=r"decoder process cannot be started \(status 1\)"):
        open_video(clip, decoder=decoder)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(FacetellError, match="decoder process cannot be started"):
        Decoder()


def test_without_forks_one_process_decodes_file_after_file(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is on other systems than Linux."""
    monkeypatch.setattr(process, "FORKS", False)
    decoder = Decoder()
    server = server_of(decoder)
    animation = make_animation(tmp_path / "a.webp", 5, (40, 30))
    for path, count in ((clip, 60), (animation, 5), (clip, 60)):
        with open_video(path, decoder=decoder) as video:
            assert len(all_frames(video)) == count
            assert descendants(server) == []
        with pytest.raises(InputNotFound):
            open_video(tmp_path / "missing.mp4", decoder=decoder)
    with open_video(clip, decoder=decoder) as video:
        frames = video.frames(ALL)
        next(frames)
        os.kill(server, signal.SIGSEGV)
        with pytest.raises(CorruptMedia, match="SIGSEGV"):
            list(frames)


def test_who_asks_loads_no_ffmpeg() -> None:
    code = "import facetell.pipeline, sys; print('av' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
