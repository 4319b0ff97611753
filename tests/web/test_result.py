from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.test import Client
from django.utils.translation import override

from facetell.web.analyses.deletion import delete_video
from facetell.web.analyses.models import Analysis, Result, Status
from facetell.web.pages.findings import Findings, findings_of
from facetell.web.pages.timeline import timeline_of

pytestmark = pytest.mark.django_db


def page(client: Client, analysis: Analysis) -> str:
    answer = client.get(f"/analyses/{analysis.id}/")
    assert answer.status_code == 200
    return answer.content.decode()


def put(analysis: Analysis, **changes: Any) -> None:
    """Change a stored result."""
    result = Result.objects.get(pk=analysis.pk)
    result.document |= changes
    result.save()
    analysis.label = result.document["label"]
    analysis.save()


def test_it_tells_the_verdict_with_its_number_and_reasons(client: Client, own: Analysis) -> None:
    shown = page(client, own)
    document = own.result.document
    words = {"fake": "Likely fake", "real": "Likely real", "inconclusive": "Inconclusive"}
    assert re.search(rf"<h1[^>]*>.*{words[document['label']]}", shown)
    assert f"p(fake) {document['p_fake']:.2f}" in shown
    for reason in document["reasons"]:
        assert html.escape(reason) in shown
    assert document["sha256"] in shown
    assert document["model"]["sha256"] in shown
    assert "The voice" in shown or "not the voice" in shown  # what it cannot see
    assert shown.count("<h1") == 1


def test_its_gauge_has_the_models_thresholds(client: Client, own: Analysis) -> None:
    limits = findings_of(own).thresholds
    assert limits is not None
    shown = page(client, own)
    assert f'<rect class="zone real" y="30" width="{100 * limits.real:.2f}%"' in shown
    assert f'<rect class="zone fake" x="{100 * limits.fake:.2f}%"' in shown


def test_another_models_thresholds_are_not_drawn(client: Client, own: Analysis) -> None:
    put(own, model=own.result.document["model"] | {"sha256": "0" * 64})
    shown = page(client, own)
    assert 'class="zone' not in shown
    assert "0: real" in shown


def test_its_script_gets_the_scored_boxes(client: Client, own: Analysis) -> None:
    found = re.search(r'<script id="player-data"[^>]*>(.*?)</script>', page(client, own))
    assert found
    data = json.loads(found[1])
    points = [[p["time_s"], p["p_fake"], *p["box_xyxy"]] for p in own.result.document["timeline"]]
    assert [point for face in data["faces"] for point in face["points"]] == points
    assert (data["width"], data["height"]) == (512, 512)


def test_its_chart_needs_no_script(client: Client, own: Analysis) -> None:
    shown = page(client, own)
    line = re.search(r'<polyline class="series stroke-0" points="([^"]*)"', shown)
    assert line
    first = own.result.document["timeline"][0]
    x, y = map(float, line[1].split()[0].split(","))
    length_s = own.result.document["media"]["duration_s"]
    assert x == pytest.approx(1000 * first["time_s"] / length_s, abs=0.1)
    assert y == pytest.approx(1000 * (1 - first["p_fake"]), abs=0.1)
    rows = re.findall(r"<tr><td class=\"numbers\">", shown)
    assert len(rows) == len(own.result.document["timeline"])


def test_its_chart_is_the_same_where_numbers_have_commas(own: Analysis) -> None:
    def chart(language: str) -> list[str]:
        with override(language):
            answer = Client(headers={"accept-language": language}).get(f"/analyses/{own.id}/")
        return re.findall(r'(?:points|[xy][12]?|viewBox|cx)="([^"]*)"', answer.content.decode())

    assert chart("de") == chart("en")


def test_it_shows_each_face_with_its_crops(client: Client, own: Analysis) -> None:
    shown = page(client, own)
    for number, _ in enumerate(own.result.pictures["faces"]):
        assert f'src="/api/v1/analyses/{own.id}/faces/{number}.jpg"' in shown
        assert f'src="/api/v1/analyses/{own.id}/heatmaps/{number}.jpg"' in shown
    assert shown.count('<article class="face"') == len(own.result.document["tracks"])


def test_many_faces_are_listed_beyond_the_first_twelve(client: Client, own: Analysis) -> None:
    track = own.result.document["tracks"][0]
    put(own, tracks=[track | {"id": number} for number in range(1, 21)])
    shown = page(client, own)
    assert shown.count('<article class="face"') == 12
    assert "8 less suspicious faces" in shown


def test_sampled_frames_stand_below_the_chart(client: Client, own: Analysis) -> None:
    assert 'class="strip"' not in page(client, own) or own.result.pictures.get("frames")
    moment = own.result.document["timeline"][1]
    own.result.pictures["frames"] = [{"time_s": moment["time_s"]}]
    own.result.save()
    shown = page(client, own)
    assert f'data-shot="/api/v1/analyses/{own.id}/frames/0.jpg"' in shown
    left = moment["box_xyxy"][0]
    assert f'x="{left:.1f}"' in shown[shown.index('class="strip"') :]


def test_no_face_has_no_gauge_and_no_chart(client: Client, own: Analysis) -> None:
    put(own, label="no_face", p_fake=None, confidence=None, tracks=[], timeline=[], reasons=["No."])
    shown = page(client, own)
    assert "No face to judge" in shown
    assert 'class="gauge"' not in shown
    assert 'class="plot"' not in shown
    assert "<video" in shown


def test_a_picture_is_shown_with_its_boxes(client: Client, own: Analysis) -> None:
    media = own.result.document["media"] | {"duration_s": None, "fps": None, "frames_read": 1}
    moment = own.result.document["timeline"][0]
    put(own, media=media, timeline=[moment])
    with default_storage.open(own.upload.file, "r+b") as file:
        file.write(b"\xff\xd8\xff")
    shown = page(client, own)
    assert "<video" not in shown
    assert f'<img src="/analyses/{own.id}/video"' in shown
    assert f'<text class="box-label" x="{moment["box_xyxy"][0]:.1f}"' in shown
    assert 'name="start_s"' not in shown


def test_what_no_browser_plays_can_be_saved(client: Client, own: Analysis) -> None:
    with default_storage.open(own.upload.file, "r+b") as file:
        file.write(b"RIFF1234AVI ")
    shown = page(client, own)
    assert "<video" not in shown
    assert "Download the video" in shown
    assert "data-frames-only" in shown
    assert "The sampled frames stand in" in shown


def test_a_deleted_video_is_said_to_be(client: Client, own: Analysis) -> None:
    delete_video(own.upload)
    shown = page(client, own)
    assert "<video" not in shown
    assert "The video was deleted" in shown


def test_warnings_stand_apart(client: Client, own: Analysis) -> None:
    put(own, reasons=["It is so.", "The file is cut off."], warnings=["The file is cut off."])
    shown = page(client, own)
    assert "<strong>Warning:</strong> The file is cut off." in shown
    assert "<li>The file is cut off.</li>" not in shown


def test_a_strangers_name_is_harmless(client: Client, own: Analysis) -> None:
    own.upload.name = '<img src=x onerror=alert(1)>".mp4'
    own.upload.save()
    shown = page(client, own)
    assert "<img src=x" not in shown
    assert "&lt;img src=x" in shown


def test_nobody_else_sees_it(client: Client, done: Analysis, bob: User) -> None:
    for name in ("", "delete/"):
        assert client.get(f"/analyses/{done.id}/{name}").status_code == 404
    assert client.post(f"/analyses/{done.id}/delete/").status_code == 404
    assert client.post(f"/analyses/{done.id}/refine/").status_code == 404
    assert Analysis.objects.filter(pk=done.pk).exists()


def test_it_analyses_a_stretch(client: Client, own: Analysis) -> None:
    form = {"frames": "10", "model": "tiny", "start_s": "1,5", "end_s": "3"}
    answer = client.post(f"/analyses/{own.id}/refine/", form)
    fresh = Analysis.objects.exclude(pk=own.pk).get()
    assert answer["location"] == f"/analyses/{fresh.id}/"
    assert (fresh.frames, fresh.start_s, fresh.end_s) == ("10", 1.5, 3.0)
    assert (fresh.upload_id, fresh.status) == (own.upload_id, Status.QUEUED)


def test_it_analyses_one_face_only(client: Client, own: Analysis) -> None:
    track = own.result.document["tracks"][0]
    assert "Analyse only this face" not in page(client, own)
    put(own, tracks=[track, track | {"id": 99}])
    assert page(client, own).count("Analyse only this face") == 2
    Analysis.objects.filter(pk=own.pk).update(start_s=0.5)
    client.post(f"/analyses/{own.id}/refine/", {"face": str(track["id"])})
    fresh = Analysis.objects.exclude(pk=own.pk).get()
    assert (fresh.frames, fresh.model, fresh.start_s) == (own.frames, own.model, 0.5)
    assert fresh.face is not None
    time_s, x, y = fresh.face
    at = next(p for p in own.result.document["timeline"] if p["time_s"] == time_s)["box_xyxy"]
    assert at[0] < x < at[2]
    assert at[1] < y < at[3]


def test_it_says_that_one_face_was_judged(client: Client, own: Analysis) -> None:
    face = {"time_s": 1.5, "x_px": 300.4, "y_px": 96.0}
    put(own, selection={"start_s": None, "end_s": None, "face": face})
    shown = page(client, own)
    assert "the one at pixel (300, 96) at 1.5 s" in shown
    Analysis.objects.filter(pk=own.pk).update(face_time_s=1.5, face_x_px=300.4, face_y_px=96)
    for kept in ({"keep_face": "1"}, {}):
        client.post(f"/analyses/{own.id}/refine/", {"frames": "9"} | kept)
    faces = [a.face for a in Analysis.objects.filter(frames="9").order_by("created_at")]
    assert faces == [(1.5, 300.4, 96), None]


@pytest.mark.parametrize(
    ("form", "status", "told"),
    [
        ({"face": "77"}, 400, "no face 77"),
        ({"face": "<b>"}, 400, "no face &lt;b&gt;"),
        ({"start_s": "soon"}, 400, "give seconds"),
        ({"start_s": "3", "end_s": "2"}, 400, "before it starts"),
        ({"frames": "0"}, 400, "whole number"),
        ({"model": "../x"}, 400, "no model of this server"),
    ],
)
def test_it_says_what_is_wrong_with_a_stretch(
    client: Client, own: Analysis, form: dict[str, str], status: int, told: str
) -> None:
    answer = client.post(f"/analyses/{own.id}/refine/", form)
    assert answer.status_code == status
    assert told in answer.content.decode()
    assert Analysis.objects.count() == 1


def test_it_deletes_after_asking(client: Client, own: Analysis) -> None:
    folder, file = own.folder, own.upload.file
    asked = client.get(f"/analyses/{own.id}/delete/").content.decode()
    assert "nobody can bring them back" in asked
    assert Analysis.objects.exists()
    answer = client.post(f"/analyses/{own.id}/delete/", follow=True)
    assert "was deleted" in answer.content.decode()
    assert not Analysis.objects.exists()
    assert not default_storage.exists(folder)
    assert not default_storage.exists(file)


def test_deleting_needs_the_form(own: Analysis) -> None:
    answer = Client(enforce_csrf_checks=True).post(f"/analyses/{own.id}/delete/")
    assert answer.status_code == 403
    assert Analysis.objects.exists()


def test_a_face_that_was_away_is_not_joined_by_a_line(own: Analysis) -> None:
    document = own.result.document
    moment = document["timeline"][0]
    times_s = [*(n / 10 for n in range(12)), 9.0, 9.1]
    timeline = [moment | {"time_s": time_s} for time_s in times_s]
    media = document["media"] | {"duration_s": 10.0}
    drawn = timeline_of(Findings(document | {"timeline": timeline, "media": media}, {}, None))
    assert drawn is not None
    assert [len(s.line.split()) for s in drawn.lines[0].stretches] == [12, 2]
