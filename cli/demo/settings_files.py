"""The settings files of one run: what each process of the demo is told, with the ports of this run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.demo import building
from cli.demo.building import AGENTS, INPUTS, LAMPS, SITE, DemoDoor
from cli.demo.folder import Folder

SOCKET_VARIABLE = "SEKISHO_BENCH_SOCKET"
AGENT_VARIABLE = "SEKISHO_BENCH_AGENT"
"""As in hardware.bench.pins, which only agents should pay for importing."""

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Addresses:
    """web: port of the pages; cables: port of each process's cable to the broker; bench: its socket."""

    web: int
    cables: Mapping[str, int]
    bench: Path


def write(folder: Folder, addresses: Addresses) -> dict[str, Path]:
    """Write them into the run folder; the path of each, by process."""
    texts = {
        "bench": building.fixture(folder.agents.absolute()),
        "controller": _controller(folder, addresses),
        "web": _web(folder, addresses),
        **{agent: _agent(folder, agent, addresses.cables[agent]) for agent in AGENTS},
    }
    written: dict[str, Path] = {}
    for name, text in texts.items():
        written[name] = folder.run / f"{name}.toml"
        written[name].write_text(text, encoding="utf-8")
    (folder.run / "ports").mkdir(mode=0o700)
    return written


def _controller(folder: Folder, addresses: Addresses) -> str:
    keys = folder.keys
    return "\n".join(
        (
            f"database = {_text(f'sqlite:///{folder.database}')}",
            f"site = {_text(SITE)}",
            f"keys = {_text(keys)}",
            f"public_url = {_text(f'http://{HOST}:{addresses.web}')}",
            *_broker(addresses.cables["controller"], keys / "ca.pem", keys / "controller.pem", keys / "controller.key"),
            "[feeds]",
            "plain_on_loopback = true",
        )
    )


def _web(folder: Folder, addresses: Addresses) -> str:
    return "\n".join(
        (
            f"database = {_text(f'sqlite:///{folder.database}')}",
            f"site = {_text(SITE)}",
            f"secret = {_text(folder.building / 'web.secret')}",
            f"host = {_text(HOST)}",
            f"port = {addresses.web}",
            f'hosts = ["{HOST}", "localhost"]',
            "",
        )
    )


def _agent(folder: Folder, agent: str, cable: int) -> str:
    own = folder.agent(agent)
    keys = own / "keys"
    # The demo believes the clock of the machine it runs on: many a laptop's kernel cannot say that it is synchronised.
    lines = [
        f"site = {_text(SITE)}",
        f"agent = {_text(agent)}",
        f"data = {_text(own / 'data')}",
        f"keys = {_text(keys)}",
        'trust_clock = "always"',
        *_broker(cable, keys / "ca.pem", keys / "certificate.pem", keys / "broker.key"),
    ]
    pins = building.pins_of(agent)
    for door in building.doors_of(agent):
        lines += _door(folder, door, pins)
    return "\n".join(lines)


def _door(folder: Folder, door: DemoDoor, pins: Mapping[str, int]) -> list[str]:
    lines = [
        "[[door]]",
        f"id = {_text(door.id)}",
        'lock = "strike"',
        f"lock_pin = {pins[f'{door.id}.strike']}",
        *(f"{part.replace('-', '_')}_pin = {pins[f'{door.id}.{part}']}" for part in INPUTS if not door.scheme),
        "mechanical_egress = true",
        f"sign_off = {_text('The demo building' if door.exit_mode == 'controlled' else '')}",
        "",
        *_supervised(door),
    ]
    for point, direction in zip(door.access_points, ("entry", "exit"), strict=True):
        lines += [
            "[[door.access_point]]",
            f"id = {_text(point)}",
            f"direction = {_text(direction)}",
            *_reader(folder, door, point, pins),
            "",
        ]
    return lines


def _supervised(door: DemoDoor) -> list[str]:
    channels = building.channels_of(door.agent)
    return [
        f"[[door.supervised]]\ninput = {_text(name.removeprefix(f'{door.id}.'))}\nchannel = {channels[name]}\n"
        f"scheme = {_text(door.scheme)}\n"
        for name in building.lines_of(door)
    ]


def _reader(folder: Folder, door: DemoDoor, point: str, pins: Mapping[str, int]) -> list[str]:
    """A reader and what it shows: on lamps beside a serial one, on the reader itself otherwise."""
    reader, port = door.reader(point), f"port = {_text(folder.run / 'ports' / point)}"
    head = ["[door.access_point.reader]", f"kind = {_text(reader.kind)}"]
    match reader.kind:
        case "serial":
            lamps = [f"{lamp}_pin = {pins[f'{point}.{lamp}']}" for lamp in LAMPS]
            return [*lamps, *head, port, f"framing = {_text(reader.framing)}"]
        case "wiegand":
            names = ("d0_pin", "d1_pin", "green_pin", "red_pin", "beeper_pin")
            wires = zip(names, ("d0", "d1", *LAMPS), strict=True)
            return [
                *head,
                f'keypad = "{building.KEYPAD}"',
                *(f"{name} = {pins[f'{point}.{wire}']}" for name, wire in wires),
            ]
        case "osdp":
            key = building.osdp_key(folder.agents.absolute(), door, point)
            return [*head, port, f"address = {building.ADDRESS}", f"key = {_text(key)}"]


def _broker(port: int, ca: Path, certificate: Path, key: Path) -> tuple[str, ...]:
    return (
        "[broker]",
        f"host = {_text(HOST)}",
        f"port = {port}",
        f"ca = {_text(ca)}",
        f"certificate = {_text(certificate)}",
        f"key = {_text(key)}",
        "",
    )


def environ(agent: str, bench: Path) -> dict[str, str]:
    """What an agent's process finds in its environment: where its wires end on the bench (cli.demo.child)."""
    return {SOCKET_VARIABLE: str(bench), AGENT_VARIABLE: agent}


def _text(value: object) -> str:
    """A JSON string is a TOML string."""
    return json.dumps(str(value), ensure_ascii=False)
