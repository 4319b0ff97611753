from __future__ import annotations

import io
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from facetell.errors import MissingDependency
from facetell.options import Options
from facetell.report.folder import write_report
from facetell.report.pdf import render_pdf
from facetell.report.statements import LIMITS, TITLES, method
from facetell.verdict import Verdict, error_verdict
from facetell.weights import UNFITTED, Metric, ModelCard

if TYPE_CHECKING:
    from pypdf import PdfReader

    from tests.report.conftest import MakeVerdict

pytest.importorskip("reportlab", reason="needs the extra `pdf`")
MADE_AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def read(data: bytes) -> PdfReader:
    pypdf = pytest.importorskip("pypdf")
    reader: PdfReader = pypdf.PdfReader(io.BytesIO(data))
    return reader


def words(page: str) -> str:
    """The text without its line breaks."""
    return " ".join(page.split())


def pages(verdict: Verdict, card: ModelCard | None) -> list[str]:
    reader = read(render_pdf(verdict, card, MADE_AT, Options(frames=16)))
    return [words(page.extract_text()) for page in reader.pages]


def test_the_first_page_says_what_was_found(make_verdict: MakeVerdict, card: ModelCard) -> None:
    verdict = make_verdict()
    first, *_, last = pages(verdict, card)
    assert TITLES[verdict.label] in first
    assert f"p(fake) {verdict.p_fake:.2f}" in first
    for told in (verdict.path.name, verdict.sha256, card.sha256, card.terms, *LIMITS, *card.limits):
        assert words(str(told)) in first
    assert "made 2026-03-04 05:06:07 UTC" in last


def test_each_face_begins_a_page(make_verdict: MakeVerdict, card: ModelCard) -> None:
    verdict = make_verdict()
    told = pages(verdict, card)
    for track in verdict.tracks:
        assert sum(f"Face {track.id} " in page[:200] for page in told) == 1


def test_each_footer_names_the_file_and_the_page(
    make_verdict: MakeVerdict, card: ModelCard
) -> None:
    verdict = make_verdict()
    told = pages(verdict, card)
    for number, page in enumerate(told, 1):
        assert str(verdict.sha256) in page
        assert f"page {number} of" in page


def test_it_tells_thresholds_and_how_often_they_err(
    make_verdict: MakeVerdict, card: ModelCard
) -> None:
    told = " ".join(pages(make_verdict(), card))
    for value in (card.thresholds.fake, card.thresholds.real):
        assert f"{value:.3g}" in told
    for metric in card.metrics:
        assert metric.name in told


def test_it_sets_measured_error_rates_beside_the_thresholds(
    make_verdict: MakeVerdict, card: ModelCard
) -> None:
    unmeasured = " ".join(pages(make_verdict(), card))
    assert "How often they err was not measured for this model." in unmeasured
    rates = (
        Metric("real called fake", 0.0645, 0.0, 0.1277, 31, "clips"),
        Metric("fake called inconclusive", 0.75, None, None, 36, "clips"),
    )
    told = " ".join(pages(make_verdict(), replace(card, metrics=rates)))
    assert "called fake called inconclusive called real" in told
    assert "Real 6 % (0–13) - - 31 clips" in told
    assert "Fake - 75 % - 36 clips" in told


def test_it_tells_the_settings_and_whether_the_model_was_calibrated(
    make_verdict: MakeVerdict, card: ModelCard
) -> None:
    told = " ".join(pages(make_verdict(), card))
    assert "Frames asked for 16" in told
    assert "5 frames a burst, 0.1 s from one to the next" in told
    assert method(fitted=True)[3] in told
    told = " ".join(pages(make_verdict(), replace(card, calibration=UNFITTED)))
    assert method(fitted=False)[3] in told
    assert method(fitted=True)[3] not in told


def test_it_dates_and_names_the_document(make_verdict: MakeVerdict, card: ModelCard) -> None:
    verdict = make_verdict()
    reader = read(render_pdf(verdict, card, MADE_AT))
    about = reader.metadata
    assert about is not None
    assert about.author == "facetell"
    assert verdict.path.name in str(about.title)
    assert str(verdict.sha256) in str(about.subject)
    assert about.creation_date == MADE_AT
    assert str(reader.root_object["/Lang"]) == "en"
    titles = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert titles[0] == f"Verdict: {TITLES[verdict.label]}"
    assert titles[-2:] == ["Face 3", "Face 1"]


def test_the_same_verdict_gives_the_same_bytes(make_verdict: MakeVerdict, card: ModelCard) -> None:
    verdict = make_verdict()
    here = MADE_AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert render_pdf(verdict, card, MADE_AT) == render_pdf(verdict, card, here)
    assert render_pdf(verdict, card, MADE_AT) != render_pdf(
        verdict, card, MADE_AT + timedelta(seconds=1)
    )


def test_what_was_written_before_changes_nothing(
    make_verdict: MakeVerdict, card: ModelCard
) -> None:
    hindi, arabic = (make_verdict(path=Path(n)) for n in ("साक्षात्कार.mp4", "مقابلة مصورة.mp4"))
    first = render_pdf(hindi, card, MADE_AT)
    render_pdf(arabic, card, MADE_AT)
    assert render_pdf(hindi, card, MADE_AT) == first


def test_reports_may_be_written_side_by_side(make_verdict: MakeVerdict, card: ModelCard) -> None:
    verdicts = [make_verdict(path=Path(f"{n} साक्षात्कार.mp4")) for n in range(4)]
    alone = [render_pdf(verdict, card, MADE_AT) for verdict in verdicts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda verdict: render_pdf(verdict, card, MADE_AT), verdicts))
    assert together == alone


def test_all_its_letters_are_embedded(make_verdict: MakeVerdict, card: ModelCard) -> None:
    reader = read(render_pdf(make_verdict(path=Path("साक्षात्कार مقابلة.mp4")), card, MADE_AT))
    without: list[str] = []

    def look(text: str, _matrix: Any, _text_matrix: Any, font: Any, _size: float) -> None:
        if text.strip() and "/FontFile2" not in (font or {}).get("/FontDescriptor", {}):
            without.append(text)

    for page in reader.pages:
        page.extract_text(visitor_text=look)
    assert without == []


@pytest.mark.parametrize("text", ["word " * 4000, "हिन्दी " * 1500, "w" * 15_000])
def test_no_text_is_too_long_for_its_pages(
    make_verdict: MakeVerdict, card: ModelCard, text: str
) -> None:
    verdict = make_verdict(
        path=Path("/".join(["\x01" * 250] * 16)), reasons=(text,), warnings=(text,)
    )
    told = pages(verdict, replace(card, trained_on=text, terms=text))
    assert len(told) > 8
    assert f"page {len(told)} of" in told[-1]
    assert "".join(told).count(r"\x01") >= 16 * 250


@pytest.mark.parametrize(
    "name",
    ["वीडियो का नाम.mp4", "Привет ćžß.mp4", "a<b>&amp;.mp4", "x" * 250 + ".mp4", "\x1b[31m\n.mp4"],
)
def test_it_bears_any_name(make_verdict: MakeVerdict, card: ModelCard, name: str) -> None:
    told = " ".join(pages(make_verdict(path=Path(name)), card))
    assert TITLES["fake"] in told
    assert "\x1b" not in told


def test_letters_without_a_font_are_shown_as_escapes(
    make_verdict: MakeVerdict, card: ModelCard
) -> None:
    first = pages(make_verdict(path=Path("影片🙂.mp4")), card)[0]
    assert "影片" in first
    assert r"\U0001f642.mp4" in first, "nothing is dropped in silence"


def test_it_tells_why_there_is_no_verdict(card: ModelCard) -> None:
    told = " ".join(pages(error_verdict(Path("a.mp4"), ValueError("no stream")), None))
    assert TITLES["error"] in told
    assert "Face 1" not in told


def test_it_tells_that_there_is_no_face(make_verdict: MakeVerdict, card: ModelCard) -> None:
    verdict = replace(
        make_verdict(), label="no_face", p_fake=None, tracks=(), timeline=(), evidence=()
    )
    told = " ".join(pages(verdict, card))
    assert TITLES["no_face"] in told
    assert "p(fake) over time" not in told


def test_twenty_faces_have_twenty_pages(make_verdict: MakeVerdict, card: ModelCard) -> None:
    whole = make_verdict()
    tracks = tuple(replace(whole.tracks[0], id=n) for n in range(1, 21))
    seen = tuple(replace(whole.evidence[0], track=n) for n in range(1, 21))
    told = pages(make_verdict(tracks=tracks, evidence=seen), card)
    for n in range(1, 21):
        assert sum(f"Face {n} " in p and "Its most suspicious moments" in p for p in told) == 1


def test_without_the_extra_it_says_what_to_install(
    make_verdict: MakeVerdict, card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "reportlab", None)
    with pytest.raises(MissingDependency, match=r"facetell\[pdf\]"):
        render_pdf(make_verdict(), card, MADE_AT)


def test_a_folder_keeps_no_pdf_of_an_earlier_run(
    make_verdict: MakeVerdict, card: ModelCard, tmp_path: Path
) -> None:
    write_report(tmp_path, make_verdict(), card, Options())
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    write_report(tmp_path, make_verdict(), card)
    assert not (tmp_path / "report.pdf").exists()
