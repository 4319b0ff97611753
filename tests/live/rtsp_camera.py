"""A small RTSP camera (RFC 2326): a clip as MPEG-TS in RTP, all on the same connection."""

from __future__ import annotations

import contextlib
import io
import socketserver
import struct
import threading
import time
from collections.abc import Iterator

import av
import numpy as np

_TS_PACKET = 188
_PACKETS = 7  # of MPEG-TS in one of RTP, as RFC 2250 has it
_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 33\r\na=control:*\r\n"
)


def transport_stream(frames: int) -> bytes:
    """Return grey pictures, 10 a second, as MPEG-TS."""
    made = io.BytesIO()
    with av.open(made, "w", format="mpegts") as container:
        options = {"preset": "ultrafast", "tune": "zerolatency", "g": "5"}
        stream = container.add_stream("libx264", rate=10, options=options)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for index in range(frames):
            rgb = np.full((64, 96, 3), 40 + index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, "rgb24")))
        container.mux(stream.encode(None))
    return made.getvalue()


class _Connection(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while request := self._request():
                method, headers = request
                answers = {
                    "OPTIONS": ("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN", ""),
                    "DESCRIBE": ("Content-Type: application/sdp", _SDP),
                    "SETUP": (f"Transport: {headers.get('transport', '')}", ""),
                }
                self._answer(headers["cseq"], *answers.get(method, ("Range: npt=0-", "")))
                if method == "PLAY":
                    self._play()

    def _request(self) -> tuple[str, dict[str, str]] | None:
        first = self.rfile.readline().decode().split()
        headers = {}
        while line := self.rfile.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return (first[0], headers) if first else None

    def _answer(self, cseq: str, header: str, body: str) -> None:
        self.wfile.write(
            f"RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\nSession: 1\r\n{header}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )

    def _play(self) -> None:
        size = _TS_PACKET * _PACKETS
        data = transport_stream(60)
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        for number, piece in enumerate(pieces):
            packet = struct.pack(">BBHII", 0x80, 33, number, number * 9000, 7) + piece
            self.wfile.write(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
            time.sleep(3.0 / len(pieces))


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


@contextlib.contextmanager
def rtsp_camera() -> Iterator[str]:
    """Serve on a free port; yields the camera's address."""
    with _Server(("127.0.0.1", 0), _Connection) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"rtsp://me:secret@127.0.0.1:{server.server_address[1]}/live"
        server.shutdown()
