"""The application's settings for tests: a data folder of their own, the tiny model beside ours."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

DATA = Path(tempfile.mkdtemp(prefix="facetell-tests-"))
atexit.register(shutil.rmtree, DATA, ignore_errors=True)
os.environ["FACETELL_DATA_DIR"] = str(DATA)
for name in [n for n in os.environ if n.startswith("FACETELL_") and n != "FACETELL_DATA_DIR"]:
    if name not in {"FACETELL_DATA"}:
        del os.environ[name]

from facetell.web.settings import *  # noqa: E402, F403

(DATA / "static").mkdir()
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # a file, as in earnest: a database in memory locks whole tables and waits for nobody
    DATABASES["default"]["TEST"] = {"NAME": str(DATA / "test.sqlite3")}  # noqa: F405
