"""Fixtures of the web tests: people, the sample clip, the tiny model among the choices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

import facetell
from facetell.web.accounts.people import forget_sole_user, sole_user
from facetell.web.analyses import run
from facetell.web.analyses.choices import Settings
from facetell.web.analyses.leases import take
from facetell.web.analyses.models import Analysis, Upload
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep

SAMPLE = Path(facetell.__file__).parent / "data" / "samples" / "astronaut_real.mp4"
Submit = Callable[..., Analysis]


@pytest.fixture(autouse=True)
def _no_sole_user() -> None:
    """Forget the user of an earlier test's database."""
    forget_sole_user()


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Give each test a storage of its own."""
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": str(tmp_path / "media")}}
    settings.STORAGES = {**settings.STORAGES, "default": default}


@pytest.fixture
def tiny(settings, tiny_card_path: Path) -> Iterator[str]:  # type: ignore[no-untyped-def]
    """The tiny model among the server's choices; its name."""
    settings.MODELS = [str(tiny_card_path)]
    settings.THREADS = 1
    yield "tiny"
    run._loaded.cache_clear()


@pytest.fixture
def ada(db: None) -> User:
    """Somebody."""
    return User.objects.create_user("ada", password="correct horse")


@pytest.fixture
def bob(db: None) -> User:
    """Somebody else."""
    return User.objects.create_user("bob", password="battery staple")


@pytest.fixture
def upload(ada: User) -> Upload:
    """The sample clip, sent by Ada."""
    return keep(ada, [SAMPLE.read_bytes()], "sample.mp4")


@pytest.fixture
def queued(ada: User, upload: Upload, tiny: str) -> Analysis:
    """Ada's analysis of the sample clip, in the queue."""
    return submit(ada, upload, Settings(frames="5", model=tiny))[0]


@pytest.fixture
def done(queued: Analysis) -> Analysis:
    """The same, done by the real pipeline."""
    run.run(str(queued.id))
    queued.refresh_from_db()
    return queued


@pytest.fixture(scope="session")
def outcome() -> dict[str, Any]:
    """What the pipeline made of the sample clip; filled by the first test that needs it."""
    return {}


@pytest.fixture
def own(queued: Analysis, outcome: dict[str, Any]) -> Analysis:
    """The analysis done, of the one who looks at the pages of a server without accounts.

    The pipeline runs once for all tests; each gets a copy of rows and files.
    """
    if not outcome:
        run.run(str(queued.id))
        queued.refresh_from_db()
        folder = Path(default_storage.path(queued.folder))
        files = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        pictures = queued.result.pictures
        outcome.update(document=queued.result.document, pictures=pictures, files=files)
    else:
        lease = take(queued.id, "test")
        assert lease is not None
        for path, data in outcome["files"].items():
            default_storage.save(f"{queued.folder}/{path}", ContentFile(data))
        lease.finish(outcome["document"], outcome["pictures"])
    Upload.objects.update(owner=sole_user())
    Analysis.objects.update(owner=sole_user())
    return Analysis.objects.select_related("upload", "result").get(pk=queued.pk)
