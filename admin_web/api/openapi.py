"""The OpenAPI 3.1 document, made from the routes and their declared fields so that it cannot differ from them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask

from admin_web.api.fields import Field
from admin_web.exports.kinds_of_file import KINDS
from controller.picture import MEDIA

_VERBS = ("GET", "POST", "PUT", "DELETE")
_IN_PATH = re.compile(r"<(?:(\w+)(?:\(([^>]*)\))?:)?(\w+)>")
"""A part of an address: its kind, what that is told, and its name."""
_FILES = {"fetch_export": {each.mimetype.partition(";")[0] for each in KINDS.values()}}
_PICTURES = ("get_floor_plan_picture", "get_photo")
_TEXTS = {"metrics": "text/plain", "stream_events": "text/event-stream", "export_cardholders": "text/csv"}


def described(app: Flask) -> dict[str, Any]:
    """Every route of the API blueprint, with the permission it needs and what it takes."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("api."):
            continue
        view = app.view_functions[rule.endpoint]
        for verb in _VERBS:
            if rule.methods and verb in rule.methods:
                name = rule.endpoint.removeprefix("api.")
                operations = paths.setdefault(_IN_PATH.sub(r"{\3}", rule.rule), {})
                operations[verb.lower()] = _operation(name, view, rule.rule, verb)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sekisho", "version": "1", "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": _PROBLEM, "Page": _PAGE},
        },
    }


def _operation(name: str, view: Callable[..., Any], rule: str, verb: str) -> dict[str, Any]:
    permission = getattr(view, "permission", None)
    takes: Mapping[str, Field] | None = getattr(view, "takes", None)
    asks: Mapping[str, Field] = getattr(view, "asks", {})
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": (view.__doc__ or name.replace("_", " ")).strip().splitlines()[0],
        "parameters": [_in_path(*each) for each in _IN_PATH.findall(rule)]
        + [{"name": each, "in": "query", "schema": dict(field.schema)} for each, field in asks.items()],
        "responses": {
            _status(name, verb): {"description": "Done", "content": _content(name, {**asks, **(takes or {})})},
            **_waits(view),
            **_refusals(view),
        },
    }
    if takes is not None:
        operation["requestBody"] = _taken(takes)
    if permission is not None:
        operation["security"] = [{"token": []}]
        operation["x-permission"] = str(permission)
    return operation


def _in_path(kind: str, told: str, name: str) -> dict[str, Any]:
    if kind == "int":
        schema: dict[str, Any] = {"type": "integer", "minimum": 0}
    elif kind == "any":
        schema = {"type": "string", "enum": told.split(", ")}
    else:
        schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _status(name: str, verb: str) -> str:
    makes = ("add_", "issue_", "request_", "invite_")
    return "201" if verb == "POST" and name.startswith(makes) else "200"


def _waits(view: Callable[..., Any]) -> dict[str, Any]:
    if not getattr(view, "may_wait", False):
        return {}
    says = "Kept for a second person: it widens entry into a private room"
    return {"202": {"description": says, "content": {"application/json": {"schema": {"type": "object"}}}}}


def _content(name: str, given: Mapping[str, Field]) -> dict[str, Any]:
    if name in _FILES:
        return {mimetype: {"schema": {}} for mimetype in sorted(_FILES[name])}
    if name in _PICTURES:
        return {MEDIA: {"schema": {"type": "string", "contentMediaType": MEDIA}}}
    if name in _TEXTS:
        return {_TEXTS[name]: {"schema": {"type": "string"}}}
    schema = {"$ref": "#/components/schemas/Page"} if "cursor" in given else {"type": "object"}
    return {"application/json": {"schema": schema}}


def _taken(fields: Mapping[str, Field]) -> dict[str, Any]:
    required = [name for name, field in fields.items() if field.required]
    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _member(field) for name, field in fields.items()},
    }
    if required:
        schema["required"] = required
    return {"required": bool(required), "content": {"application/json": {"schema": schema}}}


def _member(field: Field) -> dict[str, Any]:
    """A member that may be left out may be null, too: it says the same."""
    return dict(field.schema) if field.required else {"anyOf": [dict(field.schema), {"type": "null"}]}


def _refusals(view: Callable[..., Any]) -> dict[str, Any]:
    """The problems of this route, by status; every other one is `default`."""
    known = {"503": "The database does not answer, or every seat is taken"}
    if getattr(view, "permission", None) is not None:
        known |= {"401": "No living token", "403": "The role does not permit it", "404": "There is no such entry"}
    if getattr(view, "takes", None) is not None:
        known |= {"400": "Not JSON", "409": "A rule forbids it", "413": "Too large", "415": "Not application/json"}
    if hasattr(view, "takes") or hasattr(view, "asks"):
        known["422"] = "A field or parameter is wrong, missing or unknown"
    return {status: {**_ERROR, "description": says} for status, says in sorted(known.items())} | {"default": _ERROR}


_PAGE = {
    "type": "object",
    "required": ["items", "next"],
    "properties": {
        "items": {"type": "array", "items": {"type": "object"}},
        "next": {"type": ["string", "null"], "description": "Pass it as `cursor`; null on the last page."},
    },
}
_FLAW = {"type": "object", "properties": {"field": {"type": "string"}, "detail": {"type": "string"}}}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": _FLAW},
    },
}
_ERROR: dict[str, Any] = {
    "description": "A problem (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
