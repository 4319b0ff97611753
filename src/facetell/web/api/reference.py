"""The OpenAPI document as a page: nothing but this server is asked, and no script is needed.

Swagger UI (1.5 MB) and RapiDoc (0.9 MB) were weighed: each is larger than all pages together, and
RapiDoc's inline styles do not get through our content security policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from facetell.web.api.v1 import api

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, a field of a form or a key of an object."""

    name: str
    where: str
    type: str
    told: str
    required: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes with one status."""

    status: int
    told: str
    type: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one address."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    is_open: bool
    fields: tuple[Field, ...]
    answers: tuple[Answer, ...]


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Show every operation and every object of the API."""
    document: Json = api.get_openapi_schema()
    context = {
        "operations": list(_operations(document)),
        "objects": [
            (name, schema.get("description", ""), list(_keys(schema, "")))
            for name, schema in document["components"]["schemas"].items()
        ],
    }
    return render(request, "facetell/api.html", context)


def _operations(document: Json) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, found in methods.items():
            yield Operation(
                id=found["operationId"],
                method=method.upper(),
                path=path,
                summary=found["summary"],
                description=found.get("description", ""),
                is_open=not found.get("security"),
                fields=(*_parameters(found), *_form(found)),
                answers=tuple(_answers(found)),
            )


def _parameters(operation: Json) -> Iterator[Field]:
    for each in operation.get("parameters", []):
        told = each.get("description", "")
        yield Field(each["name"], each["in"], _type(each["schema"]), told, each["required"])


def _form(operation: Json) -> Iterator[Field]:
    for body in operation.get("requestBody", {}).get("content", {}).values():
        yield from _keys(body["schema"], "form")


def _keys(schema: Json, where: str) -> Iterator[Field]:
    required = schema.get("required", [])
    for name, each in schema.get("properties", {}).items():
        yield Field(name, where, _type(each), each.get("description", ""), name in required)


def _answers(operation: Json) -> Iterator[Answer]:
    for status, each in operation["responses"].items():
        types = [
            name if "json" not in name else _type(content["schema"])
            for name, content in each.get("content", {}).items()
        ]
        yield Answer(int(status), each["description"], ", ".join(types))


def _type(schema: Json) -> str:
    """A schema in a word or two.

    >>> _type({"anyOf": [{"type": "array", "items": {"$ref": "#/x/Face"}}, {"type": "null"}]})
    'list of Face or null'
    """
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    return str(schema.get("format") or schema.get("type", "anything"))
