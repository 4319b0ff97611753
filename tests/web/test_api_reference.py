from __future__ import annotations

import json
from pathlib import Path

from django.contrib.auth.models import User
from django.test import Client

from tests.web.api_client import ROOT, client_of

DOCS = Path(__file__).parents[2] / "docs/api.md"


def test_the_page_shows_every_operation_and_needs_no_script(db: None) -> None:
    document = json.loads(Client().get(f"{ROOT}/openapi.json").content)
    page = Client().get(f"{ROOT}/docs")
    text = page.content.decode()
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<b>{method.upper()}</b> {path}</code>" in text
    for name in document["components"]["schemas"]:
        assert f'id="object-{name}"' in text
    assert "<style" not in text
    assert " style=" not in text


def test_every_operation_is_documented(db: None) -> None:
    document = json.loads(Client().get(f"{ROOT}/openapi.json").content)
    told = DOCS.read_text(encoding="utf-8")
    for path in document["paths"]:
        short = (
            path.removeprefix(ROOT).replace("{analysis_id}", "{id}").replace("{batch_id}", "{id}")
        )
        short = short.replace("{webhook_id}", "{id}")
        short = short.replace("{number}", "{n}")
        if "/report." not in short:
            methods = ("GET", "POST", "DELETE")
            assert any(f"`{method} {short}`" in told for method in methods), short


def test_every_operation_says_what_can_go_wrong(db: None) -> None:
    document = json.loads(Client().get(f"{ROOT}/openapi.json").content)
    for path, methods in document["paths"].items():
        for operation in methods.values():
            wrong = {s: r for s, r in operation["responses"].items() if int(s) >= 400}
            assert {"429", "500"} <= wrong.keys(), path
            for answer in wrong.values():
                assert list(answer["content"]) == ["application/problem+json"], path


def test_it_is_linked_from_the_pages(ada: User) -> None:
    assert f'href="{ROOT}/docs"' in Client().get("/").content.decode()


def test_a_form_has_no_null(db: None) -> None:
    document = json.loads(Client().get(f"{ROOT}/openapi.json").content)
    for path in ("analyses", "batches", "detect"):
        [body] = document["paths"][f"{ROOT}/{path}"]["post"]["requestBody"]["content"].values()
        for name in ("start_s", "end_s"):
            assert body["schema"]["properties"][name]["type"] == "number"


def test_it_says_which_file_is_needed_and_so_does_the_refusal(ada: User) -> None:
    document = json.loads(Client().get(f"{ROOT}/openapi.json").content)
    [body] = document["paths"][f"{ROOT}/batches"]["post"]["requestBody"]["content"].values()
    assert body["schema"]["required"] == ["files"]
    answer = client_of(ada).post(f"{ROOT}/batches", {"frames": "5"})
    assert (answer.status_code, answer.json()["detail"]) == (422, "files: Field required")
    answer = client_of(ada).post(f"{ROOT}/analyses", {"frames": "5"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "`file`, or its `url`" in answer.json()["detail"]
