"""What the demo says about itself: `demo.json` for programs, and a short tour for people."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.demo.building import DOORS
from cli.demo.folder import Folder
from cli.demo.secrets_file import Secrets


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything of this run is."""

    web: str
    sim: str
    bench_socket: Path
    broker: MutableMapping[str, Any]

    @property
    def api(self) -> str:
        return f"{self.web}/api/v1"


def description(places: Places, known: Secrets, processes: Mapping[str, int]) -> dict[str, Any]:
    """The content of `demo.json`."""
    return {
        "web": places.web,
        "api": places.api,
        "sim": places.sim,
        "bench_socket": str(places.bench_socket),
        "broker": dict(places.broker),
        "operators": [
            {"name": each.name, "role": each.role, "password": each.password, "api_token": each.api_token}
            for each in known.operators
        ],
        "doors": [door.id for door in DOORS],
        "readers": [
            {"id": point, "kind": door.reader(point).kind, "access_point": point}
            for door in DOORS
            for point in door.access_points
        ],
        "credentials": [
            {
                "cardholder": card.cardholder,
                "identities": [{"source": source, "bits": bits} for source, bits in card.identities.items()],
            }
            for card in known.cards
        ],
        "processes": dict(processes),
    }


def tour(places: Places, known: Secrets, folder: Folder) -> str:
    """Where to look, and what to try first. The last line but one is for programs: `ready URL`."""
    width = max(len(each.name) for each in known.operators)
    outside = "" if places.bench_socket.is_relative_to(folder.root) else f"\n  The bench     {places.bench_socket}"
    operators = "\n".join(f"      {each.name:<{width}}  {each.password}  ({each.role})" for each in known.operators)
    return f"""
  The pages     {places.web}
  The doors     {places.sim}
  Everything    {folder.description}  (for programs, and for you only){outside}

  Sign in as
{operators}

  Try this
   1. Open the doors. Take Ada's card, hold it to the entry reader of the Cedar room, push the door.
   2. Ben's card is refused there: he may only enter the hallway. Eve's card was reported lost.
   3. Sign in as kim and request the Cedar room for Ben; sign in as mia and approve it. Try Ben's card again.
   4. Let Ada into the Maple room (a Wiegand reader) and cut the cable of its exit reader (OSDP): the exit button helps.
   5. Sign in as pia, the privacy officer: a feed that names people waits for a yes or a no.
   6. Sign in as olu, the auditor: every card, refusal and passage is in the access log, with its reason.

  Ctrl-C ends everything.
"""
