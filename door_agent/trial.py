"""What was tried at a door before people depended on it, and what its agent recorded meanwhile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from contract import leaf
from door_agent.commissioning import Check
from door_agent.control import AgentUnreachableError, ask


@dataclass(frozen=True, slots=True)
class Trial:
    """One check of one door: who tried it, and passed (yes), failed (no) or left it (later); `missing`: facts that the
    agent should have recorded and did not."""

    door: str
    check: str
    people: str
    passed: str
    missing: tuple[str, ...] = ()


def recorded(data: Path) -> dict[str, int]:
    """The number of the latest fact of each kind since the agent on that data folder started; empty if none runs."""
    try:
        latest = ask(data, {"do": "facts"}).get("latest")
    except AgentUnreachableError:
        return {}
    return {str(kind): number for kind, number in latest.items()} if isinstance(latest, dict) else {}


def missing(check: Check, before: Mapping[str, int], after: Mapping[str, int]) -> tuple[str, ...]:
    """The facts that the check must leave and that the agent has not recorded since `before`."""
    through = max(before.values(), default=0)
    return tuple(str(kind) for kind in check.facts if after.get(kind, 0) <= through)


class TrialBook:
    """Trials are appended, one JSON object a line, and never changed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, trial: Trial) -> None:
        line = json.dumps({"at": leaf.written(datetime.now(UTC)), **asdict(trial)}, ensure_ascii=False)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
