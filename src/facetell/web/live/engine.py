"""The process that analyses live pictures, seen from the server: started when first needed.

One for each event loop; pictures of several streams are analysed in turn. Nothing of it runs in the
loop but reading and writing its pipes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from typing import Any

from facetell.live.wire import ANSWER, REQUEST
from facetell.video.sandbox.process import environment

IDLE_S = 60.0
"""So long after the last stream the process ends, and its memory is free."""
PATIENCE_S = 60.0
"""The first answer waits for the model to be loaded."""


class EngineLost(Exception):
    """The process has ended or does not answer."""


class EngineProcess:
    """Starts the process, asks it, and ends it when nobody needs it.

    Args:
        model: name or path of the model's card.
        threads: of its inference; 0 takes all cores.
    """

    def __init__(self, model: str, threads: int) -> None:
        self._command = (sys.executable, "-m", "facetell.live.engine", model, str(threads))
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._starting = asyncio.Lock()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._streams: set[int] = set()

    def open(self, stream: int) -> None:
        """Keep the process for a stream."""
        self._streams.add(stream)
        if self._ending:
            self._ending.cancel()
            self._ending = None

    async def ask(self, stream: int, time_s: float, picture: bytes) -> dict[str, Any]:
        """Have a stream's next picture analysed; one at a time.

        Raises:
            EngineLost: the process ended, or takes too long and is ended.
        """
        process = await self._running()
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[stream] = answer
        try:
            assert process.stdin
            process.stdin.write(REQUEST.pack(stream, time_s, len(picture)) + picture)
            await process.stdin.drain()
            async with asyncio.timeout(PATIENCE_S):
                return await answer
        except TimeoutError:
            self._kill()
            raise EngineLost from None
        except OSError:
            raise EngineLost from None
        finally:
            self._waiting.pop(stream, None)

    def close(self, stream: int) -> None:
        """Let go of a stream; after the last one the process may end."""
        self._streams.discard(stream)
        if self._process and self._process.returncode is None and self._process.stdin:
            with contextlib.suppress(OSError, RuntimeError):
                self._process.stdin.write(REQUEST.pack(stream, 0.0, 0))
        if not self._streams:
            self._ending = asyncio.get_running_loop().call_later(IDLE_S, self._end)

    @property
    def pid(self) -> int | None:
        """Number of the process; None if there is none."""
        alive = self._process and self._process.returncode is None
        return self._process.pid if self._process and alive else None

    async def _running(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    env=environment(),  # pictures of strangers are decoded there
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                )
                self._reader = asyncio.create_task(self._read(self._process))
            return self._process

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        try:
            while True:
                stream, length = ANSWER.unpack(await process.stdout.readexactly(ANSWER.size))
                answer = json.loads(await process.stdout.readexactly(length))
                waiting = self._waiting.get(stream)
                if answer and waiting and not waiting.done():
                    waiting.set_result(answer)
        except asyncio.IncompleteReadError:
            await process.wait()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(EngineLost())

    def _end(self) -> None:
        self._ending = None
        if not self._streams and self._process and self._process.stdin:
            self._process.stdin.close()

    def _kill(self) -> None:
        if self._process and self._process.returncode is None:
            self._process.kill()
