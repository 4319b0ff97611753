from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django_tasks_db.models import DBTaskResult

from facetell.web.analyses.choices import Settings
from facetell.web.analyses.deletion import delete_video
from facetell.web.analyses.models import Analysis, Batch, Status, Upload
from facetell.web.analyses.problems import QueueFull, UnknownModel, UnknownSetting, VideoDeleted
from facetell.web.analyses.submission import submit


def test_it_queues_one_task(queued: Analysis) -> None:
    assert (queued.status, queued.frames, queued.model) == (Status.QUEUED, "5", "tiny")
    task = DBTaskResult.objects.get()
    assert task.args_kwargs["args"] == [str(queued.id)]


def test_it_answers_the_same_request_from_before(queued: Analysis) -> None:
    again, new = submit(queued.owner, queued.upload, Settings(frames="5", model="tiny"))
    assert (again.pk, new) == (queued.pk, False)
    assert DBTaskResult.objects.count() == 1


def test_it_does_again_what_failed(queued: Analysis) -> None:
    Analysis.objects.update(status=Status.FAILED)
    again, new = submit(queued.owner, queued.upload, Settings(frames="5", model="tiny"))
    assert new
    assert again.pk != queued.pk


def test_another_setting_is_another_analysis(queued: Analysis) -> None:
    face = (1.0, 200.0, 100.0)
    for settings in (
        Settings(frames="6", model="tiny"),
        Settings("5", "tiny", start_s=1),
        Settings("5", "tiny", face=face),
    ):
        assert submit(queued.owner, queued.upload, settings)[1]


def test_somebody_waits_before_a_batch_does(queued: Analysis, ada: User) -> None:
    batch = Batch.objects.create(owner=ada)
    member, new = submit(ada, queued.upload, Settings(frames="5", model="tiny"), batch)
    assert new
    assert member.priority < queued.priority
    assert [r.args_kwargs["args"][0] for r in DBTaskResult.objects.ready()] == [
        str(queued.id),
        str(member.id),
    ]


def test_it_takes_nobody_elses_upload(upload: Upload, bob: User, tiny: str) -> None:
    with pytest.raises(Upload.DoesNotExist):
        submit(bob, upload, Settings(model=tiny))


def test_it_refuses_when_too_many_wait(queued: Analysis, settings) -> None:  # type: ignore[no-untyped-def]
    settings.MAX_QUEUED = 1
    with pytest.raises(QueueFull, match="try again"):
        submit(queued.owner, queued.upload, Settings(frames="7", model="tiny"))


def test_it_says_that_the_video_is_gone(done: Analysis) -> None:
    delete_video(done.upload)
    assert submit(done.owner, done.upload, Settings(frames="5", model="tiny"))[0].pk == done.pk
    with pytest.raises(VideoDeleted, match="send it again"):
        submit(done.owner, done.upload, Settings(frames="7", model="tiny"))


@pytest.mark.parametrize("frames", ["0", "-1", "many", "1e3", "²", "100001", ""])
def test_it_refuses_frames(frames: str) -> None:
    with pytest.raises(UnknownSetting, match="whole number"):
        Settings(frames=frames)


def test_it_refuses_models_and_stretches() -> None:
    with pytest.raises(UnknownModel, match="it has default"):
        Settings(model="../secret.json")
    for stretch in (
        {"start_s": -1.0},
        {"start_s": 5.0, "end_s": 5.0},
        {"end_s": float("nan")},
        {"face": (1.0, -1.0, 0.0)},
        {"face": (5.0, 1.0, 1.0), "end_s": 5.0},
    ):
        with pytest.raises(UnknownSetting):
            Settings(**stretch)
