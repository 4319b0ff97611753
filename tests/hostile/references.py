"""Files that would have another file opened, or somebody called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.hostile import files
from tests.hostile.case import Case, Make, text
from tests.media import Recipe


def _dref(entry: Callable[[str], bytes], target: str) -> Make:
    def make(folder: Path, port: int) -> bytes:
        made = files.video(folder / "made.mov", Recipe("mpeg4", 6, size=files.SIZE))
        where = target.format(folder=folder, port=port)
        return files.with_box(made, files.DREF, lambda _: entry(where))

    return make


_PLAYLIST = "is a text or playlist"
REFERENCES = (
    Case(
        "hls_file.mp4",
        text("#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:9,\n{file}\n#EXT-X-ENDLIST\n"),
        "not_media",
        _PLAYLIST,
    ),
    Case("hls_http.mp4", text("#EXTM3U\n#EXTINF:9,\n{http}\n"), "not_media", _PLAYLIST),
    Case("hls_bom.mp4", text("\ufeff\n #EXTM3U\n#EXTINF:9,\n{http}\n"), "not_media", _PLAYLIST),
    Case(
        "hls_key.m3u8",
        text('#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{http}"\n#EXTINF:9,\n{file}\n'),
        "not_media",
        _PLAYLIST,
    ),
    Case("hls_late.mp4", text("x\n" * 40_000 + "#EXTM3U\n#EXTINF:9,\n{file}\n"), "not_media"),
    Case(
        "ffconcat.mp4",
        text("ffconcat version 1.0\nfile '{path}'\nfile '{http}'\n"),
        "not_media",
        _PLAYLIST,
    ),
    Case("concat.txt", text("file '{path}'\n"), "not_media"),
    Case(
        "dash.mp4",
        text("<?xml version='1.0'?><MPD><BaseURL>{http}</BaseURL><Period/></MPD>"),
        "not_media",
        _PLAYLIST,
    ),
    Case(
        "smil.mp4", text("<smil><body><video src='{http}'/></body></smil>"), "not_media", _PLAYLIST
    ),
    Case(
        "asx.wmv",
        text("<asx version='3.0'><entry><ref href='{http}'/></entry></asx>"),
        "not_media",
        _PLAYLIST,
    ),
    Case("pls.mp4", text("[playlist]\nFile1={http}\nNumberOfEntries=1\n"), "not_media", _PLAYLIST),
    Case("asf_reference.wmv", text("[Reference]\nRef1={http}\n"), "not_media", _PLAYLIST),
    Case(
        "session.sdp",
        text(
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=video {port} RTP/AVP 96\r\n"
        ),
        "not_media",
        _PLAYLIST,
    ),
    Case("stream.rm", text("rtsp://127.0.0.1:{port}/a"), "not_media"),
    Case("graph.mp4", text("movie={path}"), "not_media"),
    Case("script.avs", text('AVISource("{path}")'), "not_media"),
    Case("script.vpy", text("import os; os.system('cat {path}')"), "not_media"),
    Case(
        "subtitles.idx", text("# VobSub index file, v7 (do not modify this line!)\n"), "not_media"
    ),
    Case(
        "picture.svg",
        text(
            "<svg xmlns='http://www.w3.org/2000/svg'><image href='{file}'/>"
            "<image href='{http}'/></svg>"
        ),
        "not_media",
    ),
    Case(
        "picture.png",
        text("<?xml version='1.0'?><!DOCTYPE s [<!ENTITY x SYSTEM '{file}'>]><svg>&x;</svg>"),
        "not_media",
        _PLAYLIST,
    ),
    Case("page.jpg", text("<html><img src='{http}'></html>"), "not_media", _PLAYLIST),
    Case("alias_near.mov", _dref(files.alias, "/x/secret.mp4"), "corrupt", "holds no frames"),
    Case("alias_far.mov", _dref(files.alias, "{folder}/secret.mp4"), "corrupt", "holds no frames"),
    Case("url_file.mov", _dref(files.url, "file://{folder}/secret.mp4"), 6),
    Case("url_http.mov", _dref(files.url, "http://127.0.0.1:{port}/a"), 6),
    Case(
        "reference_movie.mov",
        lambda folder, port: files.reference_movie(f"http://127.0.0.1:{port}/"),
        "not_media",
        "has no pictures",
    ),
)
