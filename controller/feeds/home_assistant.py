"""Home Assistant: what its MQTT discovery is told of the house, as topics and payloads; nothing here speaks or writes.

The law: states only. No topic is listened to, none takes a command, and nothing says who anybody is: doors, whether
alarms wait, and how many are inside the rooms that the owner of the host has named.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from controller.delivery import overview
from controller.delivery.overview import DoorNow, Health, RoomNow
from controller.premises.site import Site
from controller.record import alarm
from controller.record.alarm import Alarm
from controller.record.door_state import DoorState, Leaf
from controller.settings import HomeAssistantSettings

ONLINE: Final = "online"
OFFLINE: Final = "offline"
_UNKNOWN: Final = "None"
"""What Home Assistant takes for: not known."""


def availability(site: str, told: HomeAssistantSettings) -> str:
    """The topic that says whether the controller is there to tell."""
    return f"{told.topics}/{site}/available"


def states(session: Session, site: Site, now: datetime, told: HomeAssistantSettings) -> dict[str, str]:
    """Every topic of the house with what it says now, the discovery first."""
    rooms = overview.rooms(session, site, now)
    doors = [door for room in rooms for door in room.doors]
    counted = [room for room in rooms if room.area.key in told.occupancy]
    root = f"{told.topics}/{site.key}"
    found = {f"{told.discovery}/device/{_name(site.key)}/config": _discovery(site, doors, counted, told)}
    leaves, waiting = _leaves(session), _waiting(session)
    for door in doors:
        found[f"{root}/door/{door.key}"] = leaves.get(door.id, _UNKNOWN)
        found[f"{root}/door/{door.key}/state"] = door.state
        found[f"{root}/door/{door.key}/available"] = OFFLINE if door.health is Health.SILENT else ONLINE
        found[f"{root}/alarm/{door.key}"] = "ON" if door.id in waiting else "OFF"
    for room in counted:
        found[f"{root}/inside/{room.area.key}"] = str(room.inside)
    found[f"{root}/alarms"] = str(alarm.count(session))
    return found


def _leaves(session: Session) -> dict[int, str]:
    """Whether each leaf is open, by door; without those of which nothing is known."""
    rows = session.execute(select(DoorState.door_id, DoorState.leaf))
    told = {Leaf.CLOSED: "OFF", Leaf.OPEN: "ON", Leaf.HELD: "ON", Leaf.FORCED: "ON"}
    return {door_id: told[Leaf(leaf)] for door_id, leaf in rows if leaf in told}


def _waiting(session: Session) -> set[int]:
    """Doors at which an alarm waits for somebody to look."""
    rows = select(Alarm.door_id).where(Alarm.acknowledged_at.is_(None), Alarm.door_id.is_not(None))
    return {int(each) for each in session.scalars(rows.group_by(Alarm.door_id).having(func.count() > 0)) if each}


def _discovery(site: Site, doors: Sequence[DoorNow], counted: Sequence[RoomNow], told: HomeAssistantSettings) -> str:
    """One device, the site, with everything it has."""
    root, device = f"{told.topics}/{site.key}", _name(site.key)
    house = {"topic": availability(site.key, told)}
    parts: dict[str, Any] = {}
    for door in doors:
        there = {
            "availability": [house, {"topic": f"{root}/door/{door.key}/available"}],
            "availability_mode": "all",
        }
        name = _said(door, told)
        parts |= {
            f"door_{door.key}": {
                **_part("binary_sensor", f"{device}_door_{door.key}", name, f"{root}/door/{door.key}"),
                **there,
                "device_class": "door",
            },
            f"state_{door.key}": {
                **_part("sensor", f"{device}_state_{door.key}", f"{name}: lock", f"{root}/door/{door.key}/state"),
                **there,
                "device_class": "enum",
                "options": [str(each) for each in overview.State],
            },
            f"alarm_{door.key}": {
                **_part("binary_sensor", f"{device}_alarm_{door.key}", f"{name}: alarm", f"{root}/alarm/{door.key}"),
                "availability": [house],
                "device_class": "problem",
            },
        }
    for room in counted:
        key = room.area.key
        parts[f"inside_{key}"] = {
            **_part("sensor", f"{device}_inside_{key}", f"{_said(room.area, told)}: inside", f"{root}/inside/{key}"),
            "availability": [house],
            "state_class": "measurement",
        }
    parts["alarms"] = {
        **_part("sensor", f"{device}_alarms", "Alarms waiting", f"{root}/alarms"),
        "availability": [house],
        "state_class": "measurement",
    }
    about = {"identifiers": [device], "name": _said(site, told), "manufacturer": "Sekisho"}
    return json.dumps({"device": about, "origin": {"name": "Sekisho"}, "components": parts}, ensure_ascii=False)


def _part(platform: str, unique_id: str, name: str, topic: str) -> dict[str, Any]:
    return {"platform": platform, "unique_id": unique_id, "name": name, "state_topic": topic}


def _said(thing: Any, told: HomeAssistantSettings) -> str:
    return str(thing.name_ja if told.language == "ja" and thing.name_ja else thing.name)


def _name(site: str) -> str:
    return f"sekisho_{site}"
