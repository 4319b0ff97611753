"""How a server and its engine talk: what stands before each request and each answer."""

from __future__ import annotations

import struct

REQUEST = struct.Struct(">IdI")
"""Number of the stream, seconds, bytes of the picture that follows."""

ANSWER = struct.Struct(">II")
"""Number of the stream, bytes of JSON that follow."""
