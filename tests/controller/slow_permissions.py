"""A second, slow reading of who may enter: row by row from the tables, one question at a time, made from
`docs/operator/cards-and-people.md`. It imports no rule of ours, only the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.tables import METADATA
from tests.contract.slow_schedule import Span, permitted

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
TABLES = (
    *("identity", "credential", "credential_use", "cardholder"),
    *("access_grant", "access_level_area", "area_training", "training_completion"),
)


def rows(session: Session) -> Rows:
    """Everything that bears on the question, as plain mappings."""
    return {name: [dict(row._mapping) for row in session.execute(select(METADATA.tables[name]))] for name in TABLES}


class SlowReading:
    """zone, hours: the site's zone, and what each schedule (by id) was written as."""

    def __init__(self, found: Rows, zone: str, hours: Mapping[int, Sequence[Span]]) -> None:
        self._rows, self._zone, self._hours = found, zone, hours

    def enters(self, identity: int, area: int, at: datetime, *, idle_counts: bool = True) -> bool:
        """Whether the card with this identity opens `area` at `at`."""
        card_id = next(row["credential_id"] for row in self._rows["identity"] if row["id"] == identity)
        card = next(row for row in self._rows["credential"] if row["id"] == card_id)
        holder = next(row for row in self._rows["cardholder"] if row["id"] == card["cardholder_id"])
        return (
            holder["ended_at"] is None
            and (holder["leaves_at"] is None or at < holder["leaves_at"])
            and self._good(card, at, idle_counts=idle_counts)
            and self._trained(holder["id"], area, at)
            and any(self._grants(row, area, at) for row in self._rows["access_grant"] if _is(row, holder["id"]))
        )

    def _good(self, card: Mapping[str, Any], at: datetime, *, idle_counts: bool) -> bool:
        own = [row["id"] for row in self._rows["identity"] if row["credential_id"] == card["id"]]
        uses = [row for row in self._rows["credential_use"] if row["identity_id"] in own]
        if card["state"] != "active" or any(row["replaces_id"] == card["id"] for row in self._rows["credential"]):
            return False
        if not _within(card, at):
            return False
        if card["max_uses"] is not None and sum(row["entries"] for row in uses) >= card["max_uses"]:
            return False
        if card["max_days"] is not None:
            days = timedelta(days=card["max_days"])
            if any(at >= row["first_used"] + days for row in uses):
                return False
        if card["unused_days"] is None or not idle_counts:
            return True
        signs = [card["active_since"], *(row["last_used"] for row in uses)]
        return any(at < each + timedelta(days=card["unused_days"]) for each in signs)

    def _trained(self, holder: int, area: int, at: datetime) -> bool:
        for asked in self._rows["area_training"]:
            done = [
                row
                for row in self._rows["training_completion"]
                if row["cardholder_id"] == holder and row["training_id"] == asked["training_id"]
            ]
            if asked["area_id"] == area and not any(
                row["withdrawn_at"] is None and row["completed_at"] <= at < row["until"] for row in done
            ):
                return False
        return True

    def _grants(self, grant: Mapping[str, Any], area: int, at: datetime) -> bool:
        if grant["state"] != "approved" or not _within(grant, at):
            return False
        if grant["area_id"] is not None:
            return bool(grant["area_id"] == area) and self._hour(grant["schedule_id"], at)
        return any(
            row["area_id"] == area and self._hour(row["schedule_id"], at)
            for row in self._rows["access_level_area"]
            if row["access_level_id"] == grant["access_level_id"]
        )

    def _hour(self, schedule: int | None, at: datetime) -> bool:
        return schedule is None or permitted(self._hours[schedule], {}, self._zone, int(at.timestamp()))


def _is(row: Mapping[str, Any], holder: int) -> bool:
    return bool(row["cardholder_id"] == holder)


def _within(row: Mapping[str, Any], at: datetime) -> bool:
    begun = row["valid_from"] is None or row["valid_from"] <= at
    return begun and (row["valid_until"] is None or at < row["valid_until"])
