"""A video or picture file → its facts and upright RGB frames, in bursts over its whole length.

media      Frame, MediaInfo, Sampling: what this stage hands on
reader     open_video and Video: the only way in
container  opens files with PyAV, and nothing but the file that was named
timetable  when each frame is shown, read from the packets without decoding
sampling   which frames to take
decode     takes them, in sequence or by key frames
display    orientation, pixel shape, colour, tone mapping
pictures   JPEG, PNG, WebP, BMP, TIFF, AVIF, HEIC
"""

from __future__ import annotations

from facetell.video.media import Frame, MediaInfo, Sampling
from facetell.video.reader import Video, open_video

__all__ = ["Frame", "MediaInfo", "Sampling", "Video", "open_video"]
