"""A media file → its source, decoded by a process that can do little else.

decoder    Decoder: keeps decoder processes and opens files in them
process    one decoder process, seen from outside: asked, waited for, ended
remote     the source of a file that such a process has open
channel    what goes to and fro between the two
answers    what the process says, read with distrust
texts      its messages, as sentences that can be translated
serving    the decoder process itself
confinement  what it gives up before it looks into a file: landlock, seccomp, limits
"""

from __future__ import annotations

from facetell.video.sandbox.decoder import Decoder

__all__ = ["Decoder"]
