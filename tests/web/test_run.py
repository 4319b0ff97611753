from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.management import call_command
from django_tasks_db.models import DBTaskResult

from facetell.web.analyses import artifacts, leases, run
from facetell.web.analyses.choices import Settings
from facetell.web.analyses.deletion import cancel, delete
from facetell.web.analyses.models import Analysis, Result, Status, Upload
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep


def test_it_analyses_and_keeps_the_evidence(done: Analysis) -> None:
    assert (done.status, done.error_message) == (Status.DONE, "")
    document = done.result.document
    assert document["path"] == "sample.mp4"
    assert document["sha256"] == done.upload.sha256
    assert (document["label"], document["p_fake"]) == (done.label, done.p_fake)
    assert document["media"]["frames_read"] == 5
    faces = done.result.pictures["faces"]
    assert faces
    assert {f["track"] for f in faces} <= {t["id"] for t in document["tracks"]}
    frames = [frame["time_s"] for frame in done.result.pictures["frames"]]
    assert len(frames) == 5
    assert frames == sorted({point["time_s"] for point in document["timeline"]})
    names = ("faces/0.jpg", "heatmaps/0.jpg", "frames/4.jpg", "report.html", "report.json")
    for name in (*names, "timeline.csv", "report.pdf"):
        with default_storage.open(f"{done.folder}/{name}") as file:
            assert len(file.read()) > 100


def test_it_analyses_the_part_that_was_asked_for(ada: User, upload: Upload, tiny: str) -> None:
    settings = Settings("5", tiny, start_s=1.0, end_s=3.0, face=(2.0, 256.0, 200.0))
    analysis, _ = submit(ada, upload, settings)
    run.run(str(analysis.id))
    analysis.refresh_from_db()
    selection = analysis.result.document["selection"]
    assert (selection["start_s"], selection["end_s"]) == (1.0, 3.0)
    assert selection["face"] == {"time_s": 2.0, "x_px": 256.0, "y_px": 200.0}
    assert all(1 <= point["time_s"] < 3 for point in analysis.result.document["timeline"])
    # the next one is of the whole video again, by the same loaded model
    whole, _ = submit(ada, upload, Settings("5", tiny))
    run.run(str(whole.id))
    whole.refresh_from_db()
    assert whole.result.document["selection"] is None


def test_a_file_that_is_no_video_fails_under_its_own_name(ada: User, tiny: str) -> None:
    upload = keep(ada, [b"no video at all"], "note.mp4")
    analysis, _ = submit(ada, upload, Settings(model=tiny))
    run.run(str(analysis.id))
    analysis.refresh_from_db()
    assert (analysis.status, analysis.error_code) == (Status.FAILED, "not_media")
    assert analysis.error_message.startswith("note.mp4: ")
    assert upload.file not in analysis.error_message
    assert not Result.objects.exists()


def test_an_error_of_ours_is_recorded(queued: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(artifacts, "write", explode)
    run.run(str(queued.id))
    queued.refresh_from_db()
    assert (queued.status, queued.error_code) == (Status.FAILED, "internal")


def test_it_stops_when_cancelled(queued: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "REPORT_EVERY_S", 0)
    take = leases.take

    def take_and_cancel(*arguments: str) -> object:
        lease = take(*arguments)
        cancel(queued)
        return lease

    monkeypatch.setattr(leases, "take", take_and_cancel)
    run.run(str(queued.id))
    queued.refresh_from_db()
    assert queued.status == Status.CANCELLED


def test_what_waits_is_cancelled_at_once(queued: Analysis) -> None:
    cancel(queued)
    run.run(str(queued.id))
    queued.refresh_from_db()
    assert (queued.status, queued.attempts) == (Status.CANCELLED, 0)


def test_deleting_leaves_no_row_and_no_file(done: Analysis) -> None:
    folder, file = done.folder, done.upload.file
    delete(done)
    assert not Analysis.objects.exists()
    assert not Upload.objects.exists()
    assert not default_storage.exists(folder)
    assert not default_storage.exists(file)


def test_the_video_stays_while_another_analysis_needs_it(done: Analysis) -> None:
    other, _ = submit(done.owner, done.upload, Settings(frames="6", model="tiny"))
    delete(done)
    assert Upload.objects.get() == other.upload
    assert default_storage.exists(other.upload.file)


@pytest.mark.django_db(transaction=True)
def test_the_engines_worker_does_what_is_queued(queued: Analysis) -> None:
    call_command("db_worker", batch=True, interval=0, startup_delay=False, verbosity=0)
    queued.refresh_from_db()
    assert queued.status == Status.DONE
    assert DBTaskResult.objects.get().status == "SUCCESSFUL"
