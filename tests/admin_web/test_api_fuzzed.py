"""The API against requests made up from its own OpenAPI document: every operation keeps to what the document says.

The law: nothing that is sent is a server error, what the document forbids is never done, and every answer is described.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from controller.database import transaction
from controller.people.access import Permission, Role, may
from controller.record.alarm import raise_alarm
from tests.admin_web.conftest import BASE, token
from tests.controller.conftest import NOW, House
from tests.controller.doorway import visited
from tests.controller.test_picture import drawn

EXAMPLES = {"kim": 4, "olu": 1}
"""Of each kind for each operation, by who asks: about a minute on both databases. An auditor is mostly refused."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
NOT_FUZZED = {"stream_events": "answers for ten minutes; tests/admin_web/test_streams.py reads it"}
LAST = ("end_", "let_", "close_", "change_operator_role", "revoke_", "remove_", "retire_")
"""What takes away what others need."""
ROLES = {"kim": Role.SECURITY_ADMIN, "olu": Role.AUDITOR}
NAMES_A_ROW = ("cardholder", "area", "door", "training", "calendar", "grant", "schedule")


def lived_in(app: Flask, house: House) -> None:
    """One of everything, so that there is something to find and to change."""
    visited(house)
    with transaction(house.engine) as session:
        raise_alarm(session, "FIRE", NOW, 1, house.agent(session).id, None)
        cedar = house.cedar(session).id
    client, kim = app.test_client(), token(house, "kim")
    for path, body in (
        ("trainings", {"name": "Fire", "valid_days": 90}),
        ("completions", {"cardholder": 1, "training": 1}),
        ("calendars", {"name": "Own", "name_ja": "自社"}),
        ("schedules", {"name": "Office", "intervals": [[0, 480, 1140]]}),
        ("reports/saved", {"report": "log", "name": "Refused", "outcome": "REFUSE"}),
        ("grants", {"cardholder": 2, "area": cedar, "reason": "shift"}),
        ("floor-plans", {"name": "3F", "picture": base64.b64encode(drawn("PNG")).decode()}),
    ):
        answer = client.post(f"/api/v1/{path}", json=body, base_url=BASE, headers=kim)
        assert answer.status_code == 201, answer.get_data(as_text=True)


def near(case: Case[Any]) -> None:
    """Let ids name the first rows: made-up ones would nearly always name nothing."""
    body = case.body if isinstance(case.body, dict) else {}
    for place, names in ((case.path_parameters, case.path_parameters), (case.query, NAMES_A_ROW), (body, NAMES_A_ROW)):
        for name in names:
            value = place.get(name)
            if isinstance(value, int):
                place[name] = 1 + value % 3


def sends(headers: dict[str, str], mode: GenerationMode, seen: Counter[int]) -> Callable[[Case[Any]], None]:
    def send(case: Case[Any]) -> None:
        if mode.is_positive:
            near(case)
        answer = case.call(headers=headers)
        seen[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    return send


def modes(operation: Mapping[str, Any]) -> list[GenerationMode]:
    """Where nothing is taken nothing wrong can be sent."""
    takes = operation["parameters"] or "requestBody" in operation
    return [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if takes else [])]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_operation_keeps_to_the_document(app: Flask, house: House, name: str) -> None:
    app.testing = False
    lived_in(app, house)
    document = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    operations = {}
    for each in document.get_all_operations():
        assert isinstance(each, Ok), each
        operations[each.ok().definition.raw["operationId"]] = each.ok()
    assert operations.keys() > NOT_FUZZED.keys()
    quiet = settings(
        max_examples=EXAMPLES[name],
        derandomize=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    seen, flaws = Counter[int](), list[FailureGroup]()
    for key in sorted(operations.keys() - NOT_FUZZED.keys(), key=lambda each: (each.startswith(LAST), each)):
        headers = token(house, name)  # a new one, for an operation may have taken the last one away
        before = seen[403]
        for mode in modes(operations[key].definition.raw):
            made = operations[key].as_strategy(mode, headers=headers)
            try:
                quiet(given(made)(sends(headers, mode, seen)))()
            except FailureGroup as flaw:
                flaw.add_note(f"{key}, {mode.value}")
                flaws.append(flaw)
        permission = operations[key].definition.raw.get("x-permission")
        barred = permission is not None and not may(ROLES[name], Permission(permission))
        assert (seen[403] > before) == barred, key
    if flaws:
        raise BaseExceptionGroup("operations differ from the document", flaws)
    assert seen[200] > 30  # enough is reached, not only refused
