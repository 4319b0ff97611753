"""Opens files in decoder processes, and keeps those for the files that come after."""

from __future__ import annotations

from pathlib import Path

from facetell.options import Limits
from facetell.video.sandbox.process import DecoderProcess
from facetell.video.sandbox.remote import RemoteSource


class Decoder:
    """Decoder processes: one from the start, and more if files are open at the same time.

    They end when nobody holds this any more, and with the program, however that ends.

    Raises:
        FacetellError: no process can be started.
    """

    def __init__(self) -> None:
        # Lists hand out and take back safely among threads.
        self._idle = [DecoderProcess()]

    def open(self, path: Path, limits: Limits) -> RemoteSource:
        """Open a file; close the source to let another file have its process.

        Args:
            path: the file.
            limits: how large it may be, and what decoding it may take.

        Raises:
            InputError, MissingDependency: as `open_video`.
            FacetellError: a process has to be started and cannot.
        """
        return RemoteSource(path, limits, self._process(), self._take_back)

    def _process(self) -> DecoderProcess:
        while self._idle:
            process = self._idle.pop()
            if process.is_usable():
                return process
        return DecoderProcess()

    def _take_back(self, process: DecoderProcess) -> None:
        if process.is_usable():
            self._idle.append(process)
        else:
            process.end()
