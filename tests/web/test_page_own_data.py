"""Everything that is kept of somebody, as a zip."""

from __future__ import annotations

import io
import json
from typing import Any
from zipfile import ZipFile

from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

from facetell.web.accounts.keys import make_key
from facetell.web.analyses import artifacts
from facetell.web.analyses.models import Analysis

DATA = "/account/data.zip"


def test_it_holds_reports_and_pictures(client: Client, done: Analysis, settings: Any) -> None:
    settings.ACCOUNTS = True
    _, secret = make_key(done.owner, "laptop")
    client.force_login(done.owner)
    answer = client.get(DATA)
    assert "attachment" in answer["Content-Disposition"]
    with ZipFile(io.BytesIO(answer.getvalue())) as archive:
        assert archive.testzip() is None
        text = archive.read("data.json").decode()
        report = json.loads(archive.read(f"{done.folder}/report.json"))
        assert archive.read(f"{done.folder}/faces/0.jpg").startswith(b"\xff\xd8")
    data = json.loads(text)
    assert data["person"]["name"] == "ada"
    assert [each["id"] for each in data["analyses"]] == [str(done.pk)]
    assert data["uploads"][0]["sha256"] == report["sha256"] == done.upload.sha256
    assert data["api_keys"][0]["name"] == "laptop"
    assert secret not in text
    assert done.owner.password not in text


def test_it_holds_nothing_of_others(
    client: Client, done: Analysis, bob: User, settings: Any
) -> None:
    settings.ACCOUNTS = True
    assert client.get(DATA).status_code == 302
    client.force_login(bob)
    with ZipFile(io.BytesIO(client.get(DATA).getvalue())) as archive:
        assert archive.namelist() == ["data.json"]
        data = json.loads(archive.read("data.json"))
    assert data["analyses"] == data["uploads"] == []


def test_an_async_server_sends_it_in_pieces(done: Analysis, settings: Any) -> None:
    settings.ACCOUNTS = True
    client = AsyncClient()
    client.force_login(done.owner)

    async def fetch() -> list[bytes]:
        answer: Any = await client.get(DATA)
        return [piece async for piece in answer]

    pieces = async_to_sync(fetch)()
    assert len(pieces) > 3
    with ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None


def test_the_sole_user_gets_it_without_an_account(client: Client, db: None) -> None:
    with ZipFile(io.BytesIO(client.get(DATA).getvalue())) as archive:
        assert json.loads(archive.read("data.json"))["person"]["name"] == "me"


def test_what_was_just_deleted_is_left_out(client: Client, done: Analysis, settings: Any) -> None:
    settings.ACCOUNTS = True
    client.force_login(done.owner)
    answer = client.get(DATA)
    artifacts.remove(done.folder)
    with ZipFile(io.BytesIO(answer.getvalue())) as archive:
        assert archive.namelist() == ["data.json"]
