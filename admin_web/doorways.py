"""A door as pages and API describe it, read once for both: ids become rows, and empty formats no reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from admin_web.pages import forms
from contract.policy import Direction, ExitMode
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import DoorPlan
from controller.premises.setting_up import Doorway, Reader

EXIT_MODES = (ExitMode.RECORDED, ExitMode.FREE)
"""Of a new exit; it becomes controlled by the rules of its room, after its sign-off."""


def wanted(session: Session, given: Mapping[str, Any]) -> Doorway:
    """given: key, name, name_ja, agent, from_area, to_area, entry_formats, exit_formats (none: without that reader) and
    exit_mode; 404 for an id of nothing."""
    readers = []
    if given["entry_formats"]:
        readers.append(Reader(Direction.ENTRY, tuple(given["entry_formats"]), key=given.get("entry_key", "")))
    if given["exit_formats"]:
        mode = ExitMode(given["exit_mode"] or ExitMode.RECORDED)
        readers.append(Reader(Direction.EXIT, tuple(given["exit_formats"]), mode, given.get("exit_key", "")))
    return Doorway(
        DoorPlan(given["key"], given["name"], given["name_ja"]),
        forms.row(session, Agent, given["agent"]),
        *between(session, given),
        tuple(readers),
    )


def between(session: Session, given: Mapping[str, Any]) -> tuple[Area, Area]:
    """From which area into which the entry leads."""
    return forms.row(session, Area, given["from_area"]), forms.row(session, Area, given["to_area"])


def reader(given: Mapping[str, Any]) -> Reader:
    """One further access point: direction, formats, exit_mode (of exits) and key."""
    direction = Direction(given["direction"])
    mode = ExitMode(given["exit_mode"] or ExitMode.RECORDED) if direction is Direction.EXIT else None
    return Reader(direction, tuple(given["formats"]), mode, given.get("key", ""))
