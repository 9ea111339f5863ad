"""Writes `docs/protocol/vectors/*.json` from the slow reference: `python -m tests.contract.make_vectors`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.contract import slow_formats
from tests.contract import slow_reference as slow

FOLDER = Path(__file__).parents[2] / "docs" / "protocol" / "vectors"
ADA, BEN = "0a" * 16, "0b" * 16
AGENT_KEY = slow.secret("agent look-up")
PIN = {"card_alone": 1, "within_s": 15, "tries": 5, "lockout_s": 300, "duress": "open"}
POLICY: dict[str, Any] = {
    "site": "tokyo",
    "agent": "cedar",
    "site_time": {"zone": "Asia/Tokyo", "transitions": [[1735657200, 32400]], "until": 1861887600},
    "areas": [
        {
            "id": "cedar-room",
            "private": True,
            "fresh_s": 3600,
            "essential_s": 86400,
            "passback": {"entry": "hard", "exit": "soft", "forgiven_after_s": 28800},
            "company": {
                "size": 2,
                "within_s": 10,
                "most": 12,
                "most_by": "hard",
                "least": 2,
                "least_by": "soft",
                "supervisor": "off",
            },
            "posture": {"lockdown": False, "evacuation": False, "threat": 1, "forgiven": 3},
            "clockless": "essential",
            "unheard": "soften",
        }
    ],
    "doors": [
        {
            "id": "cedar",
            "release_ms": 5000,
            "held_open_s": 30,
            "extended_ms": 15000,
            "extended_held_open_s": 60,
            "pre_alarm_s": 5,
            "shunt_ms": 500,
            "relock": "closed",
            "mode": "normal",
            "unlock": None,
            "unlock_first": False,
            "may_hold": False,
            "tailgate_s": 10,
        }
    ],
    "access_points": [
        {
            "id": f"cedar-{way}",
            "door": "cedar",
            "direction": direction,
            "from": source,
            "to": target,
            "formats": ["serial-40", "H10301"],
            "exit_mode": mode,
            "pin": pin,
            "card_again_s": again,
            "door_again_s": 0,
        }
        for way, direction, source, target, mode, pin, again in (
            ("in", "entry", "hallway", "cedar-room", None, PIN, 30),
            ("out", "exit", "cedar-room", "hallway", "controlled", None, 0),
        )
    ],
    "schedules": [{"week": "ff" * 84, "exceptions": {}}, {"week": "00000000ffffffff00000000" * 7, "exceptions": {}}],
    "formats": [
        {
            "name": "Tokyo28",
            "title": "The badge of the Tokyo office",
            "length": 28,
            "sources": ["wiegand", "osdp"],
            "fields": {
                "facility": {"bits": "1-8", "coding": "binary", "least": 0},
                "number": {"bits": "9-26", "coding": "binary", "least": 0},
            },
            "parity": [{"bit": 0, "kind": "even", "covers": "1-13"}, {"bit": 27, "kind": "odd", "covers": "14-26"}],
            "one": "",
            "zero": "",
            "unused": "",
            "strength": "open-number",
            "origin": "",
        }
    ],
    "posture": 4,
}


def every() -> dict[str, Any]:
    """All vectors by file name."""
    return {
        "canonical.json": _canonical(),
        "identities.json": _identities(),
        "pins.json": _pins(),
        "commitments.json": _commitments(),
        "envelopes.json": _envelopes(),
        "list.json": _list(),
        "facts.json": _facts(),
        "leaves.json": _leaves(),
        "card-formats.json": _card_formats(),
        "presence.json": _presence(),
    }


def _canonical() -> list[Any]:
    values: list[Any] = [
        None,
        True,
        0,
        -9223372036854775807,
        "",
        '杉の間 "quoted" \\ \n\t\x00\x1f\x7f\u2028',
        [],
        {},
        {"b": [1, {"z": None, "a": False}], "a": "é", "Z": ""},
    ]
    return [{"value": value, "bytes": slow.canonical(value).hex()} for value in values]


def _identities() -> dict[str, Any]:
    cases = [
        ("serial-hex", f"{0x1E0045A2B3:040b}"),
        ("wiegand", "1" + f"{123:08b}" + f"{4567:016b}" + "0"),
        ("wiegand", "01" * 17),
        ("osdp", "1"),
        ("serial-hex", "0" * 512),
    ]
    return {
        "agent_key_phrase": "agent look-up",
        "cases": [
            {
                "source": source,
                "bits": bits,
                "packed": slow.packed_bits(bits).hex(),
                "key": slow.lookup_key(AGENT_KEY, source, bits).hex(),
            }
            for source, bits in cases
        ],
    }


def _pins() -> dict[str, Any]:
    cases = []
    for pin, duress in (("4831", ""), ("493817", "903846"), ("112233445566", "998877665544")):
        salt, holder = (slow.secret(f"{what} {pin}")[:16] for what in ("salt", "holder"))
        stretched = slow.pin_stretched(pin, salt)
        under_duress = slow.pin_verifier(AGENT_KEY, holder, slow.pin_stretched(duress, salt)) if duress else bytes(16)
        verifier = slow.pin_verifier(AGENT_KEY, holder, stretched)
        payload = {"salt": salt.hex(), "verifier": verifier.hex(), "duress": under_duress.hex()}
        cases.append(
            {
                "salt": salt.hex(),
                "holder": holder.hex(),
                "pin": pin,
                "duress": duress,
                "stretched": stretched.hex(),
                "payload": slow.pin_payload(payload).hex(),
            }
        )
    return {"agent_key_phrase": "agent look-up", "cases": cases}


def _commitments() -> list[Any]:
    values: list[Any] = [ADA, None, {"identity": "serial-hex:40:1e0045a2b3"}, "相田 あだ"]
    salts = [slow.secret(f"salt {place}") for place in range(len(values))]
    return [
        {"salt": salt.hex(), "value": value, "commitment": slow.commitment(salt, value).hex()}
        for salt, value in zip(salts, values, strict=True)
    ]


def _envelopes() -> dict[str, Any]:
    signer, recipient, ephemeral = (slow.secret(each) for each in ("signer", "recipient", "ephemeral"))
    public = slow.x25519(recipient, slow.X25519_BASE)
    status = {"site": "tokyo", "agent": "cedar", "nonce": "00" * 16, "carried": None}
    payloads = {"status": slow.canonical(status), "list": b"", "ack": bytes(range(256))}
    return {
        "signer_phrase": "signer",
        "signer_public": slow.ed25519_public(signer).hex(),
        "envelopes": [
            {"kind": kind, "payload": payload.hex(), "bytes": slow.envelope(kind, payload, signer).hex()}
            for kind, payload in payloads.items()
        ],
        "recipient_phrase": "recipient",
        "recipient_public": public.hex(),
        "ephemeral_phrase": "ephemeral",
        "sealed": [
            {
                "plain": plain.hex(),
                "purpose": purpose,
                "bytes": slow.seal(public, plain, purpose.encode(), ephemeral).hex(),
            }
            for plain, purpose in ((b"", "fact-openings"), (b"who was it", "list:tokyo/cedar"))
        ],
    }


def _list() -> dict[str, Any]:
    tables: dict[str, dict[str, Any]] = {"cedar-room": {}}
    identities = [f"{0x1E00000000 + number:040b}" for number in range(40)]
    for number, bits in enumerate(identities):
        tables["cedar-room"][slow.lookup_key(AGENT_KEY, "serial-hex", bits).hex()] = {
            "holder": f"{number:032x}",
            "grant": number,
            "valid_from": 0,
            "valid_until": 0xFFFFFFFF,
            "schedule": number % 2,
            "flags": number % 4,
            "card_from": number,
            "card_until": 0xFFFFFFFF - number % 2,
            "trained_until": 0xFFFFFFFF,
            "uses": 0xFFFF - number % 3,
            "forgiven": number % 5,
            "state": number % 9,
            "clearance": number % 10,
        }
    pins = {
        f"{number:032x}": {
            "salt": slow.secret(f"salt {number}")[:16].hex(),
            "verifier": slow.secret(f"verifier {number}")[:16].hex(),
            "duress": (slow.secret(f"duress {number}")[:16] if number % 2 else bytes(16)).hex(),
        }
        for number in range(3)
    }
    peer = {"agent": "maple", "signing": slow.ed25519_public(slow.secret("peer")).hex(), "areas": ["cedar-room"]}
    header = {
        "format": 3,
        "epoch": 1,
        "version": 7,
        "compiled_at": "2026-11-23T01:02:03.000004Z",
        "policy": POLICY,
        "neighbours": {"peers": [peer], "area_keys": {"cedar-room": slow.secret("area").hex()}},
    }
    signer = slow.secret("signer")
    return {
        "signer_phrase": "signer",
        "signer_public": slow.ed25519_public(signer).hex(),
        "tables": tables,
        "pins": pins,
        "neighbours": header["neighbours"],
        "absent": slow.lookup_key(AGENT_KEY, "serial-hex", "1" * 40).hex(),
        "bytes": slow.authorisation_list(header, tables, pins, signer).hex(),
    }


def _facts() -> list[Any]:
    previous = slow.first_previous("tokyo", "cedar")
    found = []
    salt = slow.secret("salt of holder")
    bodies: list[tuple[str, dict[str, Any], dict[str, str]]] = [
        (
            "STARTED",
            {"reason": "first", "presence": "whole", "readers": {"cedar-in": "wiegand", "cedar-out": "osdp"}},
            {},
        ),
        ("PASSAGE", {"door": "cedar", "inferred": False}, {"holder": slow.commitment(salt, ADA).hex()}),
    ]
    for place, (kind, body, commitments) in enumerate(bodies):
        fact = {
            "version": 1,
            "site": "tokyo",
            "agent": "cedar",
            "sequence": place + 1,
            "previous": previous.hex(),
            "boot": "b0" * 16,
            "kind": kind,
            "wall": f"2026-11-23T01:02:0{place}.000000Z",
            "mono_us": 1000 + place,
            "clock": "trusted",
            "body": body,
            "commitments": commitments,
        }
        encoded = slow.canonical(fact)
        previous = slow.fact_hash(encoded)
        found.append({"bytes": encoded.hex(), "hash": previous.hex()})
    return found


def _leaves() -> list[Any]:
    leaf = {
        "version": 1,
        "sequence": 5,
        "at": "2026-11-23T01:02:03.000004Z",
        "kind": "grant-approved",
        "actor": "operator:2",
        "subjects": {"grant": 9, "areas": [1]},
        "content": {"commitments": {"reason": slow.commitment(slow.secret("salt of reason"), "night shift").hex()}},
    }
    encoded = slow.canonical(leaf)
    return [{"bytes": encoded.hex(), "hash": slow.leaf_hash(encoded).hex()}]


def _presence() -> dict[str, Any]:
    announced = {"epoch": 1, "version": 7, "compiled_at": "2026-11-23T01:02:03.000004Z"}
    moved = {
        "holder": ADA,
        "to": "cedar-room",
        "certain": True,
        "flags": 8,
        "forgiven": 2,
        "posture": 4,
        "at": 1763859723,
        "stamp": 1763859723000004,
        "before": 0,
    }
    unsure = {**moved, "holder": BEN, "to": "hallway", "certain": False, "at": None, "before": 1763859722000000}
    maple = {"agent": "maple", "session": 12, "sequence": 40, "whole": True}
    tells: list[dict[str, Any]] = [
        {"list": announced, "uncertain": False, "heard": [], "moves": [], "part": None},
        {"list": announced, "uncertain": True, "heard": [maple], "moves": [moved], "part": None},
        {"list": announced, "uncertain": False, "heard": [], "moves": [moved, unsure], "part": {"number": 1, "of": 2}},
    ]
    area_key, signer = slow.secret("area"), slow.secret("signer")
    cases = []
    for place, told in enumerate(tells):
        clear = {"site": "tokyo", "agent": "cedar", "area": "cedar-room", "session": 7, "sequence": place + 1}
        salt = slow.secret(f"salt {place}")[:16]
        payload = slow.presence(clear, area_key, told, salt)
        message = slow.envelope("presence", payload, signer)
        cases.append({**clear, "salt": salt.hex(), "told": told, "payload": payload.hex(), "bytes": message.hex()})
    return {"area_key_phrase": "area", "signer_phrase": "signer", "cases": cases}


def _card_formats() -> list[Any]:
    return [
        {"format": name, "values": values, "bits": slow_formats.encoded(name, values)}
        for name in slow_formats.DRAWINGS
        for values in slow_formats.cases(name)
    ]


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, vectors in every().items():
        (FOLDER / name).write_text(written(vectors), encoding="utf-8")


def written(vectors: Any) -> str:
    return json.dumps(vectors, ensure_ascii=True, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    main()
