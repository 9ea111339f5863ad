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
from controller.premises import door as premises
from controller.premises.door import Door
from controller.premises.site import Site
from controller.record import alarm
from controller.record.alarm import Alarm
from controller.record.door_state import DoorState, Leaf
from controller.settings import HomeAssistantSettings

ONLINE: Final = "online"
OFFLINE: Final = "offline"
_NOTHING: Final = ""
"""What a broker forgets a retained topic for."""
_PLATFORMS: Final = {"door": "binary_sensor", "state": "sensor", "alarm": "binary_sensor"}
"""Of the parts of a door."""
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
    gone = [each for each in premises.ever_of_site(session, site) if each.retired_at is not None]
    root = f"{told.topics}/{site.key}"
    found = {f"{told.discovery}/device/{_name(site.key)}/config": _discovery(site, doors, gone, counted, told)}
    leaves, waiting = _leaves(session), _waiting(session)
    for door in doors:
        there = OFFLINE if door.health is Health.SILENT else ONLINE
        said = (leaves.get(door.id, _UNKNOWN), door.state, there, "ON" if door.id in waiting else "OFF")
        found |= zip(_topics(root, door.key), said, strict=True)
    for each in gone:
        found |= dict.fromkeys(_topics(root, each.key), _NOTHING)
    for key in _uncounted(counted, told):
        found[f"{root}/inside/{key}"] = _NOTHING
    for room in counted:
        found[f"{root}/inside/{room.area.key}"] = str(room.inside)
    found[f"{root}/alarms"] = str(alarm.count(session))
    return found


def _uncounted(counted: Sequence[RoomNow], told: HomeAssistantSettings) -> list[str]:
    """The keys that the owner named and that no room in service has."""
    there = {room.area.key for room in counted}
    return [key for key in told.occupancy if key not in there]


def _topics(root: str, door: str) -> tuple[str, str, str, str]:
    """Of one door: its leaf, its state, whether its agent is heard, and whether an alarm waits."""
    return f"{root}/door/{door}", f"{root}/door/{door}/state", f"{root}/door/{door}/available", f"{root}/alarm/{door}"


def _leaves(session: Session) -> dict[int, str]:
    """Whether each leaf is open, by door; without those of which nothing is known."""
    rows = session.execute(select(DoorState.door_id, DoorState.leaf))
    told = {Leaf.CLOSED: "OFF", Leaf.OPEN: "ON", Leaf.HELD: "ON", Leaf.FORCED: "ON"}
    return {door_id: told[Leaf(leaf)] for door_id, leaf in rows if leaf in told}


def _waiting(session: Session) -> set[int]:
    """Doors at which an alarm waits for somebody to look."""
    rows = select(Alarm.door_id).where(Alarm.acknowledged_at.is_(None), Alarm.door_id.is_not(None))
    return {int(each) for each in session.scalars(rows.group_by(Alarm.door_id).having(func.count() > 0)) if each}


def _discovery(
    site: Site, doors: Sequence[DoorNow], gone: Sequence[Door], counted: Sequence[RoomNow], told: HomeAssistantSettings
) -> str:
    """One device, the site, with everything it has. What a retired door or room had is named by its platform alone:
    Home Assistant removes it."""
    root, device = f"{told.topics}/{site.key}", _name(site.key)
    house = {"topic": availability(site.key, told)}
    parts: dict[str, Any] = {}
    for door in doors:
        leaf, state, heard, waits = _topics(root, door.key)
        there = {
            "availability": [house, {"topic": heard}],
            "availability_mode": "all",
        }
        name = _said(door, told)
        parts |= {
            f"door_{door.key}": {
                **_part(_PLATFORMS["door"], f"{device}_door_{door.key}", name, leaf),
                **there,
                "device_class": "door",
            },
            f"state_{door.key}": {
                **_part(_PLATFORMS["state"], f"{device}_state_{door.key}", f"{name}: lock", state),
                **there,
                "device_class": "enum",
                "options": [str(each) for each in overview.State],
            },
            f"alarm_{door.key}": {
                **_part(_PLATFORMS["alarm"], f"{device}_alarm_{door.key}", f"{name}: alarm", waits),
                "availability": [house],
                "device_class": "problem",
            },
        }
    for each in gone:
        parts |= {f"{part}_{each.key}": {"platform": platform} for part, platform in _PLATFORMS.items()}
    for key in _uncounted(counted, told):
        parts[f"inside_{key}"] = {"platform": "sensor"}
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
