"""What is deleted by itself: what is old, videos that are not kept, leftovers of the killed."""

from __future__ import annotations

import os
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from facetell.web.analyses import keeper, run
from facetell.web.analyses.choices import Settings
from facetell.web.analyses.deletion import delete_expired
from facetell.web.analyses.leftovers import remove_leftovers
from facetell.web.analyses.models import Analysis, Status, Upload
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep

WEEK = timedelta(days=7)


def age(name: str, by: timedelta) -> None:
    then_s = time.time() - by.total_seconds()
    os.utime(default_storage.path(name), (then_s, then_s))


def test_it_deletes_what_is_older_than_it_is_kept(done: Analysis) -> None:
    video = done.upload.file
    assert delete_expired() == 0
    Analysis.objects.update(finished_at=timezone.now() - WEEK - timedelta(minutes=1))
    assert delete_expired() == 1
    assert not Upload.objects.exists()
    assert not default_storage.exists(video)
    assert not default_storage.exists(done.folder)


def test_it_deletes_uploads_that_nothing_came_of(
    upload: Upload, queued: Analysis, ada: User
) -> None:
    other = keep(ada, [b"abcd"], "other.mp4")
    delete_expired()
    assert Upload.objects.count() == 2
    Upload.objects.update(created_at=timezone.now() - timedelta(hours=2))
    delete_expired()
    assert Upload.objects.get() == upload
    assert not default_storage.exists(other.file)


def test_where_videos_are_not_kept_one_goes_with_its_last_analysis(
    queued: Analysis,
    settings: Any,
) -> None:
    settings.RETENTION_DAYS = 0
    second, _ = submit(queued.owner, queued.upload, Settings(frames="6", model="tiny"))
    run.run(str(queued.id))
    video = queued.upload.file
    assert default_storage.exists(video), "the other analysis needs it"
    run.run(str(second.id))
    second.refresh_from_db()
    assert second.status == Status.DONE
    assert not default_storage.exists(video)
    queued.upload.refresh_from_db()
    assert queued.upload.file == ""
    assert delete_expired() == 0
    assert Analysis.objects.count() == 2


def test_it_deletes_a_video_whose_worker_died_before_it_could(
    done: Analysis, settings: Any
) -> None:
    settings.RETENTION_DAYS = 0
    video = done.upload.file
    delete_expired()
    assert not default_storage.exists(video)
    assert default_storage.exists(f"{done.folder}/report.html")


def test_it_removes_what_belongs_to_nothing(done: Analysis, settings: Any, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    half = default_storage.save(f"uploads/{uuid.uuid4()}", ContentFile(b"half"))
    gone = f"analyses/{uuid.uuid4()}"
    default_storage.save(f"{gone}/faces/0.jpg", ContentFile(b"face"))
    body = tmp_path / "tmp1234.upload"
    body.write_bytes(b"half")
    assert remove_leftovers() == 0, "they may be under way"
    for name in (half, gone, done.upload.file, done.folder):
        age(name, timedelta(hours=2))
    os.utime(body, (0, 0))
    assert remove_leftovers() == 3
    assert not default_storage.exists(half)
    assert not default_storage.exists(gone)
    assert not body.exists()
    assert default_storage.exists(done.upload.file)
    assert default_storage.exists(f"{done.folder}/report.html")


def test_it_forgets_the_engines_old_rows(queued: Analysis) -> None:
    enqueued = DBTaskResult.objects.get()
    keeper.tidy()
    assert DBTaskResult.objects.get() == enqueued
    DBTaskResult.objects.update(status="RUNNING", started_at=timezone.now() - timedelta(days=2))
    keeper.tidy()
    assert not DBTaskResult.objects.exists()


def test_it_recovers_each_time_and_tidies_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(keeper, "recover", lambda: calls.append("recover"))
    monkeypatch.setattr(keeper, "tidy", lambda: calls.append("tidy"))
    house = keeper.Keeper()
    house.keep()
    house.keep()
    assert calls == ["recover", "tidy", "recover"]
