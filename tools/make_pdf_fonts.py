"""Cut the fonts of the PDF reports out of Noto's and DejaVu's: only the letters that they need.

Without hinting, which paper does not need; with the layout rules of the scripts that cannot be
read without them. Letters that no subset holds stand in a report as visible escapes.

    python tools/make_pdf_fonts.py /usr/share/fonts/truetype src/facetell/data/fonts
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from fontTools import subset

ASCII = ((0x20, 0x7E),)
WESTERN = (*ASCII, (0xA0, 0xFF), (0x2010, 0x2027))
PUNCTUATION = ((0x20, 0x40), (0x5B, 0x60), (0x7B, 0x7E))
EUROPEAN = (
    *ASCII,
    *((0xA0, 0x17F), (0x18F, 0x192), (0x1A0, 0x1A1), (0x1AF, 0x1B0), (0x1CD, 0x1DC)),
    *((0x1E6, 0x1E7), (0x1FA, 0x21B), (0x259, 0x259), (0x2BB, 0x2BC), (0x2C6, 0x2DD)),
    *((0x300, 0x304), (0x306, 0x30C), (0x323, 0x323), (0x327, 0x328)),
    *((0x384, 0x3CE), (0x400, 0x4FF), (0x1E00, 0x1EF9)),  # Greek, Cyrillic, Vietnamese
    *((0x2010, 0x2027), (0x2030, 0x203A), (0x2044, 0x2044), (0x20AC, 0x20AC)),
    *((0x20B9, 0x20B9), (0x20BD, 0x20BD), (0x2116, 0x2116), (0x2122, 0x2122), (0x2212, 0x2212)),
)
DEVANAGARI = (*ASCII, (0x900, 0x97F), (0x25CC, 0x25CC))
OTHERS = (
    *PUNCTUATION,
    *((0x531, 0x586), (0x5B0, 0x5EA), (0x600, 0x6FF), (0x10D0, 0x10FC)),  # ..., Hebrew, Arabic
    *((0x2190, 0x2193), (0x2600, 0x26FF), (0x2764, 0x2764), (0x1F600, 0x1F64F)),  # emoticons
)


@dataclass(frozen=True, slots=True)
class Cut:
    """A font, the code points that are kept of it, and whether with its layout rules."""

    source: str
    kept: tuple[tuple[int, int], ...]
    layout: bool = False


CUTS = (
    Cut("noto/NotoSans-Regular.ttf", EUROPEAN),
    Cut("noto/NotoSans-Bold.ttf", WESTERN),
    Cut("noto/NotoSerif-Bold.ttf", WESTERN),
    Cut("noto/NotoSansMono-Regular.ttf", ASCII),
    Cut("noto/NotoSansDevanagari-Regular.ttf", DEVANAGARI, layout=True),
    Cut("dejavu/DejaVuSans.ttf", OTHERS, layout=True),
)


def make(cut: Cut, fonts: Path, out: Path) -> None:
    """Write one subset; the same source gives the same bytes."""
    options = subset.Options(
        hinting=False,
        layout_features=["*"] if cut.layout else [],
        glyph_names=False,
        notdef_outline=True,
        recalc_timestamp=False,
        name_IDs=["*"],
    )
    options.drop_tables += ["FFTM"]
    font = subset.load_font(str(fonts / cut.source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(
        unicodes=[point for first, last in cut.kept for point in range(first, last + 1)]
    )
    subsetter.subset(font)
    font.save(out / Path(cut.source).name)


def main() -> None:
    """Make all of them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("fonts", type=Path, help="the folder that holds noto/ and dejavu/")
    parser.add_argument("out", type=Path)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    for cut in CUTS:
        make(cut, chosen.fonts, chosen.out)


if __name__ == "__main__":
    main()
