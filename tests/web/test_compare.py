from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.test import Client

from facetell.web.analyses.choices import Settings
from facetell.web.analyses.deletion import delete_video
from facetell.web.analyses.models import Analysis, Result, Status
from facetell.web.analyses.submission import submit
from facetell.web.pages.comparison import comparison_of

pytestmark = pytest.mark.django_db
COUNTS = ["10", "20", "40", "60", "80", "100"]


def finish(analysis: Analysis, own: Analysis, label: str, p_fake: float) -> None:
    """Give an analysis a result like that of another."""
    Analysis.objects.filter(pk=analysis.pk).update(status=Status.DONE, label=label, p_fake=p_fake)
    document = own.result.document | {"label": label, "p_fake": p_fake}
    Result.objects.create(analysis=analysis, document=document, pictures={})


def queue(own: Analysis, frames: str) -> Analysis:
    return submit(own.owner, own.upload, Settings(frames=frames, model="tiny"))[0]


def page(client: Client, own: Analysis) -> str:
    answer = client.get(f"/analyses/{own.id}/compare/")
    assert answer.status_code == 200
    assert answer["cache-control"] == "no-store"
    return answer.content.decode()


def test_it_offers_to_do_what_is_missing(client: Client, own: Analysis) -> None:
    shown = page(client, own)
    assert "Analyse the missing 6" in shown
    assert 'data-pending="0"' in shown
    answer = client.post(f"/analyses/{own.id}/compare/")
    assert answer["location"] == f"/analyses/{own.id}/compare/"
    queued = Analysis.objects.filter(status=Status.QUEUED)
    assert sorted(queued.values_list("frames", flat=True), key=int) == COUNTS
    assert set(queued.values_list("model", flat=True)) == {own.model}
    shown = page(client, own)
    assert "missing" not in shown
    assert 'data-pending="6"' in shown
    client.post(f"/analyses/{own.id}/compare/")
    assert Analysis.objects.count() == 7


def test_it_keeps_to_the_stretch(client: Client, own: Analysis) -> None:
    Analysis.objects.filter(pk=own.pk).update(start_s=1.0, end_s=3.0)
    client.post(f"/analyses/{own.id}/compare/")
    assert set(Analysis.objects.values_list("start_s", "end_s")) == {(1.0, 3.0)}


def test_it_tells_how_number_and_verdict_move(client: Client, own: Analysis) -> None:
    for frames, label, p_fake in (("20", "real", 0.2), ("80", "fake", 0.9), ("40", "real", 0.3)):
        finish(queue(own, frames), own, label, p_fake)
    comparison = comparison_of(own)
    assert [(m.row.frames, m.row.label) for m in comparison.marks] == [
        (20, "real"),
        (40, "real"),
        (80, "fake"),
    ]
    assert comparison.labels == ["real", "fake"]
    assert [float(mark.y) for mark in comparison.marks] == pytest.approx([80, 70, 10])
    across = [float(mark.x) for mark in comparison.marks]
    assert across[1] - across[0] == pytest.approx((across[2] - across[1]) / 2, abs=0.02)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page(client, own)))
    assert "p(fake) lies between 0.20 (20 frames) and 0.90 (80 frames)." in text
    assert "The verdict moves: Likely real → Likely fake." in text


def test_it_says_that_the_verdict_stays(client: Client, own: Analysis) -> None:
    for frames in ("10", "100"):
        finish(queue(own, frames), own, "real", 0.2)
    assert "The verdict is the same throughout: Likely real." in page(client, own)


def test_it_draws_no_thresholds_of_two_models(own: Analysis) -> None:
    for frames in ("10", "100"):
        finish(queue(own, frames), own, "real", 0.2)
    assert comparison_of(own).scale.limits is not None
    one = Result.objects.exclude(pk=own.pk).first()
    assert one is not None
    one.document["model"]["sha256"] = "0" * 64
    one.save()
    assert comparison_of(own).scale.limits is None


def test_a_failed_one_can_be_done_again(client: Client, own: Analysis) -> None:
    failed = queue(own, "10")
    Analysis.objects.filter(pk=failed.pk).update(status=Status.FAILED, error_message="a.mp4: no")
    shown = page(client, own)
    assert "a.mp4: no" in shown
    assert "Analyse the missing 6" in shown
    client.post(f"/analyses/{own.id}/compare/")
    assert comparison_of(own).rows[0].pending


def test_no_face_has_no_place_in_the_chart(client: Client, own: Analysis) -> None:
    analysis = queue(own, "10")
    finish(analysis, own, "no_face", 0.0)
    Analysis.objects.filter(pk=analysis.pk).update(p_fake=None)
    assert not comparison_of(own).marks
    assert "No face to judge" in page(client, own)


def test_a_deleted_video_cannot_be_compared(client: Client, own: Analysis) -> None:
    delete_video(own.upload)
    assert "The video was deleted" in page(client, own)
    answer = client.post(f"/analyses/{own.id}/compare/")
    assert answer.status_code == 410
    assert "send it again" in answer.content.decode()


def test_it_says_that_the_queue_is_full(client: Client, own: Analysis, settings) -> None:  # type: ignore[no-untyped-def]
    settings.MAX_QUEUED = 2
    answer = client.post(f"/analyses/{own.id}/compare/")
    assert answer.status_code == 503
    assert "are waiting" in answer.content.decode()
    assert comparison_of(own).pending == 2


def test_it_knows_nobody_elses_analyses(client: Client, done: Analysis, bob: User) -> None:
    assert client.get(f"/analyses/{done.id}/compare/").status_code == 404
    assert client.post(f"/analyses/{done.id}/compare/").status_code == 404


def test_a_row_without_an_analysis_is_missing(own: Analysis) -> None:
    row = comparison_of(own).rows[0]
    assert (row.missing, row.pending, row.done, row.label, row.faces) == (
        True,
        False,
        False,
        None,
        None,
    )
    assert replace(row, analysis=own).done
