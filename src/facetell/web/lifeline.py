"""How a process learns that its parent wants it to end, or is gone.

Its standard input is a pipe that the parent holds and never writes to. The pipe ends when the
parent closes it, and also when the parent is killed in whatever way: nobody is orphaned, on any
operating system.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import sys
import threading
import time
from types import FrameType

END = signal.SIGTERM


def end_with_parent(patience_s: float) -> None:
    """Get this process the signal to end when the parent ends or asks for it.

    Args:
        patience_s: how long ending may take before the process is ended from inside.
    """
    # until the program has a handler of its own, which interrupt_main needs
    signal.signal(END, _leave)
    threading.Thread(target=_watch, args=(patience_s,), daemon=True).start()


def _watch(patience_s: float) -> None:
    # read below Python's buffers: their lock, held here, would crash the interpreter's end
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    _thread.interrupt_main(END)
    time.sleep(patience_s)
    os._exit(1)


def _leave(number: int, frame: FrameType | None) -> None:
    del number, frame
    sys.exit(0)
