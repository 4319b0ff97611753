"""A process that follows live pictures for a server: JPEG or WebP in, JSON out, over its pipes.

    python -m facetell.live.engine MODEL THREADS

Apart from the server, so that strangers' pictures are decoded and scored where a fault can break
nothing else, and the models are in memory only while somebody looks. It ends with its standard
input. A request without a picture ends its stream, and its answer is empty; `facetell.live.wire`
says how they are written.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from typing import Any, BinaryIO

import cv2
import numpy as np
import numpy.typing as npt

from facetell.errors import CorruptMedia, FacetellError, MediaTooLarge, NotMedia
from facetell.live.analysis import LiveAnalysis, LiveModel
from facetell.live.record import to_record
from facetell.live.settings import LiveSettings
from facetell.live.wire import ANSWER, REQUEST
from facetell.options import Options
from facetell.video.picture_headers import picture_kind, picture_size

KINDS = ("jpeg", "webp")
MOST_PIXELS = 1920 * 1080
MOST_SCANS = 100
"""Of a progressive JPEG: each costs a pass over the whole picture, and twelve bytes make one."""
_SCAN = b"\xff\xda"


def picture_of(data: bytes) -> npt.NDArray[np.uint8]:
    """Decode a JPEG or WebP of up to two megapixels: uint8, (H, W, 3), RGB.

    Raises:
        NotMedia: it is something else.
        MediaTooLarge: it has more pixels, by its header, or more scans than any camera makes.
        CorruptMedia: it cannot be decoded.
    """
    kind = picture_kind(data)
    if kind not in KINDS:
        raise NotMedia("the picture is neither JPEG nor WebP")
    try:
        size = picture_size(kind, data)
    except (struct.error, IndexError, ValueError):
        size = None
    if size is None:
        raise CorruptMedia("the picture's header cannot be read")
    if size[0] * size[1] > MOST_PIXELS:
        raise MediaTooLarge(f"the picture has {size[0]}x{size[1]} pixels; send it smaller")
    if kind == "jpeg" and data.count(_SCAN) > MOST_SCANS:
        raise MediaTooLarge("the picture has too many scans; send a plain JPEG")
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise CorruptMedia("the picture cannot be decoded")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


class Engine:
    """Follows any number of pictures with one model, which is loaded with the first."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._model: LiveModel | None = None
        self._streams: dict[int, LiveAnalysis] = {}

    def answer(self, stream: int, time_s: float, data: bytes) -> dict[str, Any]:
        """Analyse a stream's next picture; without bytes, forget the stream."""
        if not data:
            self._streams.pop(stream, None)
            return {}
        try:
            rgb = picture_of(data)
            return to_record(self._analysis(stream).see(rgb, time_s))
        except FacetellError as error:
            return {"error": error.code, "message": str(error)}

    def _analysis(self, stream: int) -> LiveAnalysis:
        if self._model is None:
            self._model = LiveModel(LiveSettings(self._options))
        if stream not in self._streams:
            self._streams[stream] = LiveAnalysis(self._model)
        return self._streams[stream]


def serve(engine: Engine, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests one after the other until there are no more."""
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        stream, time_s, length = REQUEST.unpack(head)
        data = requests.read(length)
        if len(data) < length:
            return
        answer = json.dumps(engine.answer(stream, time_s, data)).encode()
        answers.write(ANSWER.pack(stream, len(answer)) + answer)
        answers.flush()


def main(model: str, threads: int) -> None:
    """Serve on standard input and output; what anybody prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(Engine(Options(model=model, threads=threads)), sys.stdin.buffer, answers)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
