"""Files → what reading each of them comes to, in a process that is watched.

Run as a module it is that process: it takes paths on standard input, one a line, and answers each
with a line of JSON. Who reads files of strangers must survive them, so that here an exception that
is none of facetell's own is an outcome of its own, as are a death and a silence.
"""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from facetell.errors import FacetellError
from facetell.options import Limits
from facetell.video import Sampling, open_video

LIMITS = Limits(duration_s=3600, pixels=1 << 22, frames=10_000, decoded_bytes=1 << 32)
MEMORY_BYTES = 4 << 30
PATIENCE_S = 10.0
"""The longest that reading one small file may take."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a file.

    Attributes:
        kind: "read", the code of an error of facetell's, or "exception", "death", "hang", "opened".
        told: the message, the traceback or the signal.
        took_s: seconds.
    """

    kind: str
    told: str
    took_s: float

    @property
    def is_fault(self) -> bool:
        """Whether it is something that must not happen, whatever the file is."""
        return self.kind in ("exception", "death", "hang", "opened")


def read(path: Path, limits: Limits = LIMITS) -> Outcome:
    """Read some frames of a file here and now."""
    started_s = time.perf_counter()
    try:
        with open_video(path, limits) as video:
            frames = [frame.rgb.shape for frame in video.frames(Sampling(6, burst_frames=2))]
        kind, told = "read", f"{len(frames)} frames, {video.info.codec}"
    except FacetellError as error:
        kind, told = error.code, str(error)
    except Exception:
        kind, told = "exception", traceback.format_exc()
    return Outcome(kind, told, time.perf_counter() - started_s)


class Reader:
    """A process that reads files; a new one takes its place when it dies or says nothing."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def read(self, path: Path) -> Outcome:
        """Let the process read a file."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        started_s = time.perf_counter()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(f"{path}\n")
            process.stdin.flush()
        answered = bool(select.select([process.stdout], [], [], PATIENCE_S)[0])
        line = process.stdout.readline() if answered else ""
        if line:
            return Outcome(**json.loads(line))
        return self._ended(process, time.perf_counter() - started_s, answered)

    def _ended(self, process: subprocess.Popen[str], took_s: float, died: bool) -> Outcome:
        self.close()
        if died:
            return Outcome("death", f"status {process.returncode}", took_s)
        return Outcome("hang", f"silent for {PATIENCE_S:.0f} s", took_s)

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            command = [sys.executable, "-m", __spec__.name]
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1)
            assert self._process.stdout is not None
            self._process.stdout.readline()  # it has loaded what it needs
        return self._process

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            process, self._process = self._process, None
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.5)
            process.kill()
            process.communicate()


@contextlib.contextmanager
def reader() -> Iterator[Reader]:
    """Give a reader for a while."""
    made = Reader()
    try:
        yield made
    finally:
        made.close()


def main() -> None:
    """Answer until nobody asks any more."""
    import resource  # Windows has none, and collects tests here

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    print("ready", flush=True)
    for line in sys.stdin:
        outcome = read(Path(line.rstrip("\n")))
        print(
            json.dumps({"kind": outcome.kind, "told": outcome.told, "took_s": outcome.took_s}),
            flush=True,
        )


if __name__ == "__main__":
    main()
