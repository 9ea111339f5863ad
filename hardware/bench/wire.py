"""The bench's words: one JSON object a line. Sans-I/O: lines come in, requests or a refusal come out.

The law: no line crashes anything. What is not exactly one of the known requests is a `RequestRefusedError` whose text
names the trouble and never repeats card bits.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from hardware.signal import LineState

LINE_LIMIT: Final = 64 * 1024
MOST_NOISE: Final = 1000


class RequestRefusedError(ValueError):
    """The line is no request; the message says why and may be shown."""


@dataclass(frozen=True, slots=True)
class Present:
    """A card at a reader: `bits` to be put into the reader's framing, or `raw` bytes as the wire would carry them."""

    reader: str
    bits: str | None
    raw: bytes | None


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys pressed at a reader's keypad."""

    reader: str
    keys: str


@dataclass(frozen=True, slots=True)
class SetInput:
    """Make an input active (1) or not (0)."""

    input: str
    value: int


@dataclass(frozen=True, slots=True)
class SetLine:
    """Short, cut or spoil (`fault`) a supervised input's line, or mend it (`normal`: as its contact stands)."""

    input: str
    state: LineState


@dataclass(frozen=True, slots=True)
class Cut:
    """Cut a reader's cable, or mend it."""

    reader: str
    on: bool


class FaultDeed(StrEnum):
    """What can go wrong with a reader. Which kind knows which: docs/bench.md."""

    NOISE = "noise"
    BOUNCE = "bounce"
    CUT = "cut"
    SHORT = "short"
    DRIP = "drip"
    STUCK = "stuck"
    POWER = "power"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something goes wrong with a reader, or comes right again (`on` False).

    `bits`: the card that bounces or drips; `count`: pulses or bytes of noise, from `seed`; `line`: which one is stuck;
    `lost` and `flipped`: the share of an OSDP line's messages that noise takes or changes.
    """

    reader: str
    kind: FaultDeed
    on: bool = True
    bits: str | None = None
    count: int = 32
    line: int = 0
    seed: int = 0
    lost: float = 0.0
    flipped: float = 0.0


@dataclass(frozen=True, slots=True)
class Watch:
    """Tell this hand of every output edge from now on."""


@dataclass(frozen=True, slots=True)
class Describe:
    """List readers, inputs, outputs and agents as they are now."""


@dataclass(frozen=True, slots=True)
class AgentHello:
    """The other end is the pin factory of this agent."""

    agent: str


@dataclass(frozen=True, slots=True)
class PinChange:
    """An agent's pin is now this: `function` "input" or "output", `level` what an output drives."""

    pin: int
    function: str
    level: int


Request = Present | Keys | SetInput | SetLine | Cut | Fault | Watch | Describe | AgentHello | PinChange


class LineBuffer:
    """Cuts a stream into lines. Holds at most `limit` bytes: a longer line comes out as one None."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._part = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes | None]:
        """Return the lines that `data` completed, in order, without their newline."""
        found: list[bytes | None] = []
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._add(end, found)
            if not self._skipping:
                found.append(bytes(self._part))
            self._part.clear()
            self._skipping = False
        self._add(rest, found)
        return found

    def _add(self, piece: bytes, found: list[bytes | None]) -> None:
        if self._skipping:
            return
        if len(self._part) + len(piece) > self._limit:
            self._skipping = True
            self._part.clear()
            found.append(None)
            return
        self._part += piece


def line_of(message: Mapping[str, Any]) -> bytes:
    """One message as the wire carries it."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def parse(line: bytes | None) -> Request:
    """The request in one line (None: the line was too long), or RequestRefusedError."""
    if line is None:
        raise RequestRefusedError(f"the line is longer than {LINE_LIMIT} bytes")
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RequestRefusedError("the line is no JSON object") from error
    if not isinstance(message, dict):
        raise RequestRefusedError("the line is no JSON object")
    if "agent" in message:
        return AgentHello(**_fields(message, agent=_text))
    if "pin" in message:
        return PinChange(**_fields(message, pin=_number, function=_function, level=_bit))
    return _deed(message)


def _deed(message: dict[str, Any]) -> Request:
    do = message.pop("do", None)
    match do:
        case "present":
            return _present(message)
        case "keys":
            return Keys(**_fields(message, reader=_text, keys=_text))
        case "set":
            return SetInput(**_fields(message, input=_text, value=_bit))
        case "line":
            return SetLine(**_fields(message, input=_text, state=_line_state))
        case "cut":
            return Cut(**_fields(message, reader=_text, on=_truth))
        case "fault":
            return _fault(message)
        case "watch":
            _fields(message)
            return Watch()
        case "describe":
            _fields(message)
            return Describe()
    raise RequestRefusedError("do is one of present, keys, set, line, cut, fault, watch, describe")


def _present(message: dict[str, Any]) -> Present:
    if ("bits" in message) == ("bytes" in message):
        raise RequestRefusedError("present takes either bits or bytes")
    if "bits" in message:
        return Present(raw=None, **_fields(message, reader=_text, bits=_bits))
    fields = _fields(message, reader=_text, bytes=_hex)
    return Present(fields["reader"], None, fields["bytes"])


def _fault(message: dict[str, Any]) -> Fault:
    optional: dict[str, Callable[[str, Any], Any]] = {
        "on": _truth,
        "bits": _bits,
        "count": _count,
        "line": _bit,
        "seed": _count,
    }
    optional |= {"lost": _share, "flipped": _share}
    given = {name: check for name, check in optional.items() if name in message}
    fault = Fault(**_fields(message, reader=_text, kind=_fault_deed, **given))
    if fault.kind in (FaultDeed.BOUNCE, FaultDeed.DRIP) and fault.bits is None:
        raise RequestRefusedError(f"{fault.kind} takes the bits of a card")
    return fault


def _fields(message: dict[str, Any], **wanted: Callable[[str, Any], Any]) -> dict[str, Any]:
    for name in message:
        if name not in wanted:
            raise RequestRefusedError(f"unknown field {name[:64]!r}")
    for name in wanted:
        if name not in message:
            raise RequestRefusedError(f"{name} is missing")
    return {name: check(name, message[name]) for name, check in wanted.items()}


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise RequestRefusedError(f"{name} is a text that is not empty")
    return value


def _bits(name: str, value: Any) -> str:
    text = _text(name, value)
    if not set(text) <= {"0", "1"}:
        raise RequestRefusedError(f"{name} consists of 0 and 1")
    return text


def _hex(name: str, value: Any) -> bytes:
    text = _text(name, value)
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise RequestRefusedError(f"{name} consists of pairs of hex digits") from error


def _number(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 64:
        raise RequestRefusedError(f"{name} is a number of a GPIO")
    return value


def _count(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_NOISE:
        raise RequestRefusedError(f"{name} is a number from 1 to {MOST_NOISE}")
    return value


def _share(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise RequestRefusedError(f"{name} is a share from 0 to 1")
    return float(value)


def _fault_deed(name: str, value: Any) -> FaultDeed:
    if value not in list(FaultDeed):
        raise RequestRefusedError(f"{name} is one of {', '.join(FaultDeed)}")
    return FaultDeed(value)


def _line_state(name: str, value: Any) -> LineState:
    states = [state for state in LineState if state is not LineState.ACTIVE]
    if value not in states:
        raise RequestRefusedError(f"{name} is one of {', '.join(states)}")
    return LineState(value)


def _bit(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value not in (0, 1):
        raise RequestRefusedError(f"{name} is 0 or 1")
    return value


def _truth(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise RequestRefusedError(f"{name} is true or false")
    return value


def _function(name: str, value: Any) -> str:
    if value not in ("input", "output"):
        raise RequestRefusedError(f"{name} is input or output")
    return str(value)
