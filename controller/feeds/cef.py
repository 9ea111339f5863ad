"""CEF 0 lines in RFC 5424 messages, framed by octet counting (RFC 5425): what a SIEM reads.

The law: what somebody named a door or a person neither ends a field nor a line. In the header of CEF `|` and `\\` are
escaped, in its extension `=` and `\\`, and line ends there become `\\n`; a header has no line ends at all.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from controller.feeds.event import Event

_FACILITY: Final = 10
"""authpriv: security and authorisation, not for everybody's eyes."""
_NOT_PRINTABLE: Final = re.compile(r"[^!-~]")
_LINE_ENDS: Final = re.compile(r"\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_LONGEST: Final = 1000
_LABELLED: Final = (("door", "cs1"), ("area", "cs2"), ("card", "cs3"))


def frame(site: str, event: Event) -> bytes:
    """The message with its length before it."""
    message = syslog(site, event).encode("utf-8", "replace")
    return f"{len(message)} ".encode("ascii") + message


def syslog(site: str, event: Event) -> str:
    """RFC 5424. The MSG is UTF-8 without a byte order mark, which readers of CEF do not expect."""
    level = 2 if event.grave >= 9 else 4 if event.grave >= 7 else 5 if event.grave >= 5 else 6
    at = event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    kind = _NOT_PRINTABLE.sub("-", event.kind)[:32]
    return f"<{_FACILITY * 8 + level}>1 {at} {_NOT_PRINTABLE.sub('-', site)[:255]} sekisho - {kind} - {line(event)}"


def line(event: Event) -> str:
    """`CEF:0|…`"""
    header = ("CEF:0", "Sekisho", "Sekisho", "1", event.kind, event.title, str(event.grave))
    said = " ".join(f"{name}={_in_extension(value)}" for name, value in _extension(event).items())
    return "|".join((header[0], *(_in_header(each) for each in header[1:]), said))


def _extension(event: Event) -> dict[str, str]:
    data = event.data
    told: dict[str, Any] = {
        "externalId": event.name,
        "rt": _milliseconds(event.at),
        "cat": event.kind.partition(".")[0],
        "dvchost": data.get("agent"),
        "act": data.get("alarm"),
        "outcome": data.get("outcome"),
        "cnt": data.get("count"),
        "reason": data.get("reason"),
        "deviceDirection": {"entry": "0", "exit": "1"}.get(str(data.get("direction"))),
        "suid": data.get("handle"),
        "suser": _of(data.get("person"), "name"),
        "duid": _of(data.get("operator"), "name"),
        "flexString1": _of(data.get("person"), "number"),
        "flexString1Label": "staffNumber" if data.get("person") else None,
    }
    for name, field in _LABELLED:
        thing = data.get(name)
        told[f"{field}Label"] = name if thing else None
        told[field] = _of(thing, "key") or _of(thing, "label")
    for name, number in (data.get("of") or {}).items():
        told[f"sekisho{name.title().replace('_', '')}"] = number
    return {name: str(value)[:_LONGEST] for name, value in told.items() if value is not None}


def _of(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, dict) else None


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _in_header(text: str) -> str:
    return _LINE_ENDS.sub(" ", text).replace("\\", "\\\\").replace("|", "\\|")


def _in_extension(text: str) -> str:
    return _LINE_ENDS.sub("\n", text.replace("\\", "\\\\").replace("=", "\\=")).replace("\n", "\\n")
