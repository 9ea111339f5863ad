"""Two doors in an agent's TOML: a strike and a magnet, all inputs and lamps fitted, no reader plugged in."""

from __future__ import annotations

from pathlib import Path

from door_agent.settings import AgentSettings
from process.settings import load

PARTS = ("lock", "contact", "rex", "break_glass", "fire", "tamper")
LAMPS = ("green", "red", "buzzer")


def pins() -> dict[str, int]:
    """The pin of every part, in the order in which an agent claims them; 2 and 3 have a pull-up on the board."""
    names = [f"{door}.{part}" for door in ("cedar", "maple") for part in (*PARTS, *(f"in.{lamp}" for lamp in LAMPS))]
    return {name: number for number, name in enumerate(names, 4)}


def told(folder: Path) -> AgentSettings:
    """Its settings, read from a file in `folder`."""
    lines = [
        f'site = "tokyo"\nagent = "cedar"\ndata = "{folder}"\nkeys = "{folder}"\n[broker]\nhost = "127.0.0.1"',
        f'port = 8883\nca = "{folder}/ca.pem"\ncertificate = "{folder}/c.pem"\nkey = "{folder}/c.key"',
    ]
    wired = pins()
    for door, kind in (("cedar", "strike"), ("maple", "maglock")):
        lines.append(f'[[door]]\nid = "{door}"\nlock = "{kind}"\nmechanical_egress = true')
        lines += [f"{part}_pin = {wired[f'{door}.{part}']}" for part in PARTS]
        for side, direction in (("in", "entry"), ("out", "exit")):
            lines.append(f'[[door.access_point]]\nid = "{door}-{side}"\ndirection = "{direction}"')
            if side == "in":
                lines += [f"{lamp}_pin = {wired[f'{door}.in.{lamp}']}" for lamp in LAMPS]
            lines.append(
                '[door.access_point.reader]\nkind = "serial"\nframing = "line-hex"\n'
                f'port = "{folder}/no-such-port-{door}-{side}"'
            )
    path = folder / "agent.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return load(path, AgentSettings)
