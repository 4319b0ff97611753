"""Text of any script → runs of letters, each with a font that has them, for PDF reports.

The embedded fonts are cut from Noto and DejaVu (`facetell/data/fonts`). Chinese, Japanese and
Korean would need megabytes: they name Adobe's standard fonts, for which every reader puts one of
its own. A letter that no font has stands as its visible escape, so that nothing is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape  # parses nothing # nosec B406

from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont, shapeStr
from reportlab.platypus import Flowable

from facetell.wording import escaped, printable

FOLDER = Path(__file__).parents[1] / "data" / "fonts"

SANS, BOLD, SERIF, MONO = (
    "NotoSans-Regular",
    "NotoSans-Bold",
    "NotoSerif-Bold",
    "NotoSansMono-Regular",
)
_DEVANAGARI, _OTHERS = "NotoSansDevanagari-Regular", "DejaVuSans"
_CHINESE, _KOREAN = "STSong-Light", "HYSMyeongJo-Medium"

_EMBEDDED = (SANS, BOLD, SERIF, MONO, _DEVANAGARI, _OTHERS)
_SHAPED = (_DEVANAGARI, _OTHERS)
"""Whose letters change their form and place beside each other."""

_HAN_AND_KANA = re.compile("[\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
_HEBREW_AND_ARABIC = "\u0590-\u06ff"
# Words of a script that runs from right to left stay together, or their order would turn round.
_RIGHT_TO_LEFT = re.compile(f"[{_HEBREW_AND_ARABIC}]+(?:[ _-]+[{_HEBREW_AND_ARABIC}]+)*")


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring letters in one font."""

    font: str
    text: str


def register_fonts() -> None:
    """Make the fonts known, afresh: a shaped font remembers what it was used for before."""
    for name in _EMBEDDED:
        pdfmetrics.registerFont(TTFont(name, FOLDER / f"{name}.ttf"))
    for name in (_CHINESE, _KOREAN):
        pdfmetrics.registerFont(UnicodeCIDFont(name))


def runs(text: object) -> list[Run]:
    """Split a text into runs; a letter without a font becomes its escape."""
    found: list[Run] = []
    shown, at = printable(text), 0
    for stretch in _RIGHT_TO_LEFT.finditer(shown):
        found += _runs(shown[at : stretch.start()])
        kept = all(_has(_OTHERS, letter) for letter in stretch[0])
        found += [Run(_OTHERS, stretch[0])] if kept else _runs(stretch[0])
        at = stretch.end()
    return found + _runs(shown[at:])


def _runs(text: str) -> list[Run]:
    pieces = [(_font_of(letter), letter) for letter in text]
    return [
        Run(font or SANS, "".join(letter if font else escaped(letter) for _, letter in group))
        for font, group in groupby(pieces, key=lambda piece: piece[0])
    ]


def _font_of(letter: str) -> str | None:
    for font in (SANS, _DEVANAGARI, _OTHERS):
        if _has(font, letter):
            return font
    if _HANGUL.match(letter):
        return _KOREAN
    return _CHINESE if _HAN_AND_KANA.match(letter) else None


def _has(font: str, letter: str) -> bool:
    return ord(letter) in pdfmetrics.getFont(font).face.charToGlyph


def markup(text: object) -> str:
    """Any text as the markup of a paragraph, harmless and in fonts that have its letters."""
    return "".join(
        escape(run.text)
        if run.font == SANS
        else f'<font name="{run.font}">{escape(run.text)}</font>'
        for run in runs(text)
    )


def needs_shaping(text: object) -> bool:
    """Whether it holds letters that change their form or order beside each other."""
    return any(run.font in _SHAPED for run in runs(text))


class ShapedText(Flowable):  # type: ignore[misc]
    """A file's name as its script writes it: Hindi and Arabic letters joined, in their order.

    Args:
        found: the runs of a text of any length; it breaks where the line ends, best after a space
            or a sign.
        style: whose size, leading and colour it takes.
    """

    def __init__(self, found: Sequence[Run], style: ParagraphStyle) -> None:
        super().__init__()
        self._pieces = [piece for run in found for piece in _pieces(run)]
        self._style = style
        self._size = style.fontSize
        self._leading = style.leading
        self._colour = style.textColor
        self._lines: list[list[Run]] = []

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Break into lines of a width; return the size that they take."""
        self._lines = _broken(self._pieces, width, self._size)
        return width, len(self._lines) * self._leading

    def split(self, width: float, height: float) -> list[Flowable]:
        """Break between lines where a page ends; whole lines only."""
        self.wrap(width, height)
        fitting = int(height // self._leading)
        if not 0 < fitting < len(self._lines):
            return [self] if fitting else []
        halves = self._lines[:fitting], self._lines[fitting:]
        return [ShapedText([run for line in half for run in line], self._style) for half in halves]

    def draw(self) -> None:
        """Draw line by line from the top."""
        y = len(self._lines) * self._leading - self._size
        self.canv.setFillColor(self._colour)
        for line in self._lines:
            x = 0.0
            for run in line:
                shaped = _shaped(run, self._size)
                self.canv.setFont(run.font, self._size)
                self.canv.drawString(x, y, shaped)
                x += _width(run, self._size)
            y -= self._leading


def _pieces(run: Run) -> Iterator[Run]:
    """What may not be broken: a word of a shaped script, else what ends in a space or a sign."""
    pattern = r"\S{1,40}\s*|\s+" if run.font in _SHAPED else r"[^\s/._-]{1,24}[\s/._-]*|[\s/._-]+"
    if run.font in (_CHINESE, _KOREAN):
        pattern = "."
    yield from (Run(run.font, piece) for piece in re.findall(pattern, run.text))


def _broken(pieces: Sequence[Run], width: float, size: float) -> list[list[Run]]:
    lines: list[list[Run]] = [[]]
    left = width
    for piece in pieces:
        needed = _width(piece, size)
        if needed > left and lines[-1]:
            lines.append([])
            left = width
        left -= needed
        if lines[-1] and lines[-1][-1].font == piece.font:
            lines[-1][-1] = Run(piece.font, lines[-1][-1].text + piece.text)
        else:
            lines[-1].append(piece)
    return lines


def _shaped(run: Run, size: float) -> str:
    return shapeStr(run.text, run.font, size) if run.font in _SHAPED else run.text


def _width(run: Run, size: float) -> float:
    """Width in points; a shaped text knows how far each of its letters moves on."""
    shaped = _shaped(run, size)
    data = getattr(shaped, "__shapeData__", None)
    if data is None:
        return float(pdfmetrics.stringWidth(run.text, run.font, size))
    return float(sum(letter.x_advance for letter in data) * size / 1000)
