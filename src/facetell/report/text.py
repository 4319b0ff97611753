"""Verdicts as a table for people at a terminal, row by row as they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from facetell.report.statements import all_reasons, without_path
from facetell.verdict import TrackVerdict, Verdict
from facetell.wording import clock, counted, printable, probability, span

# Bold for what asks for attention; the word itself always says the same without colour.
_ANSI = {"fake": "1;31", "real": "32", "inconclusive": "33", "no_face": "2", "error": "1;35"}
_ROW = "{label:<12}  {p_fake:>7}  {faces:>5}  {frames:>6}  {length:>8}  {took:>7}  {file}"
_COUNTED = {
    "fake": "fake",
    "real": "real",
    "inconclusive": "inconclusive",
    "no_face": "without a face",
    "error": "failed",
}
_INDENT = " " * 14
_TRACKS_SHOWN = 10


def header() -> str:
    """The line above the rows; the file comes last, so that its length moves nothing."""
    return _ROW.format(
        label="VERDICT",
        p_fake="P(FAKE)",
        faces="FACES",
        frames="FRAMES",
        length="LENGTH",
        took="TOOK",
        file="FILE",
    )


def row(verdict: Verdict, colour: bool = False) -> str:
    """One line for one file."""
    media = verdict.media
    duration_s = media.duration_s if media else None
    line = _ROW.format(
        label=verdict.label,
        p_fake=probability(verdict.p_fake),
        faces=len(verdict.tracks) if media else "-",
        frames=media.frames_read if media else "-",
        length=clock(duration_s) if duration_s else "-",
        took=f"{verdict.elapsed_s:.1f} s",
        file=printable(verdict.path),
    )
    if colour:
        width = len(verdict.label)
        line = f"\x1b[{_ANSI[verdict.label]}m{line[:width]}\x1b[0m{line[width:]}"
    return line


def details(verdict: Verdict, verbose: bool = False) -> Iterator[str]:
    """The lines under a row: always why a file failed; with verbose every reason and face."""
    if verdict.error is not None:
        yield f"{_INDENT}{printable(without_path(verdict.error.message, verdict.path))}"
        return  # an error's only reason is its message
    if not verbose:
        # Warnings change how far a verdict may be trusted, so they're never left out.
        yield from (f"{_INDENT}warning: {printable(text)}" for text in verdict.warnings)
        return
    for reason in all_reasons(verdict.reasons, verdict.warnings):
        mark = "warning: " if reason in verdict.warnings else ""
        yield f"{_INDENT}- {mark}{printable(reason)}"
    yield from _track_lines(verdict.tracks)


def _track_lines(tracks: tuple[TrackVerdict, ...]) -> Iterator[str]:
    most_suspicious = sorted(tracks, key=lambda track: -track.p_fake)
    for track in most_suspicious[:_TRACKS_SHOWN]:
        yield (
            f"{_INDENT}  face {track.id}: p(fake) {probability(track.p_fake)}, "
            f"{span(track.start_s, track.end_s)}, "
            f"{counted(track.frames, 'frame')}, quality {track.quality:.2f}"
        )
    if len(tracks) > _TRACKS_SHOWN:
        yield f"{_INDENT}  and {counted(len(tracks) - _TRACKS_SHOWN, 'less suspicious face')}"


@dataclass(slots=True)
class Counts:
    """Counts labels as verdicts come, for the line at the end."""

    labels: Counter[str] = field(default_factory=Counter)
    elapsed_s: float = 0.0

    def add(self, verdict: Verdict) -> None:
        """Count one more verdict."""
        self.labels[verdict.label] += 1
        self.elapsed_s += verdict.elapsed_s

    @property
    def total(self) -> int:
        """How many verdicts were counted."""
        return self.labels.total()

    def line(self) -> str:
        """What was found in all files together."""
        found = ", ".join(
            f"{self.labels[label]} {word}" for label, word in _COUNTED.items() if self.labels[label]
        )
        return f"{counted(self.total, 'file')} in {clock(self.elapsed_s)}: {found or 'nothing'}"
