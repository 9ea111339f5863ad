"""The OpenAPI 3.1 document, made from the routes themselves so that it cannot differ from them."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask

_VERBS = ("GET", "POST")


def described(app: Flask) -> dict[str, Any]:
    """Every route of the API blueprint, with the permission it needs."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("api."):
            continue
        view = app.view_functions[rule.endpoint]
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for verb in _VERBS:
            if rule.methods and verb in rule.methods:
                permission = getattr(view, "permission", None)
                paths.setdefault(path, {})[verb.lower()] = _operation(rule.endpoint, view.__doc__, permission, path)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sekisho", "version": "1"},
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": _PROBLEM},
        },
    }


def _operation(endpoint: str, says: str | None, permission: object, path: str) -> dict[str, Any]:
    name = endpoint.removeprefix("api.")
    parameters = [
        {"name": each, "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
        for each in re.findall(r"{(\w+)}", path)
    ]
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": (says or name.replace("_", " ").capitalize()).strip(),
        "responses": {"200": {"description": "Done"}, "default": _ERROR},
    }
    if parameters:
        operation["parameters"] = parameters
    if permission is not None:
        operation["security"] = [{"token": []}]
        operation["x-permission"] = str(permission)
    return operation


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}},
}
_ERROR = {
    "description": "A problem (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
