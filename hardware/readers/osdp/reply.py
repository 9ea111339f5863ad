"""What a reader says to the control panel (SIA OSDP v2.2, replies). Sans-I/O.

The law: a reply is read whole or not at all: lengths that do not fit their message make it Unreadable, never a guess.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from hardware.readers.osdp.capabilities import Capabilities, read_capabilities

MOST_CARD_BITS: Final = 1024
KEYS: Final = {ord(key): key for key in "0123456789*#"} | {0x7F: "*", 0x0D: "#"}
"""Digits are ASCII, `*` is DEL and `#` is CR (osdp_KEYPAD); some readers send both as ASCII."""


class Code(IntEnum):
    """The codes of replies (Annex A)."""

    ACK = 0x40
    NAK = 0x41
    PDID = 0x45
    PDCAP = 0x46
    LSTATR = 0x48
    ISTATR = 0x49
    OSTATR = 0x4A
    RSTATR = 0x4B
    RAW = 0x50
    FMT = 0x51
    KEYPAD = 0x53
    COM = 0x54
    CCRYPT = 0x76
    RMAC_I = 0x78
    BUSY = 0x79


class Refused(IntEnum):
    """Why a reader refused (osdp_NAK)."""

    CHECK = 1
    LENGTH = 2
    UNKNOWN_COMMAND = 3
    SEQUENCE = 4
    SECURITY_BLOCK = 5
    ENCRYPTION_REQUIRED = 6
    BIOMETRIC_TYPE = 7
    BIOMETRIC_FORMAT = 8
    RECORD = 9


@dataclass(frozen=True, slots=True)
class Ack:
    """Nothing to tell."""


@dataclass(frozen=True, slots=True)
class Nak:
    """The command was refused; `reason` is a Refused or a number nobody has defined."""

    reason: int


@dataclass(frozen=True, slots=True)
class Busy:
    """Ask the same again a little later."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who made this reader (osdp_PDID): an IEEE organisation number, model, version, serial number, firmware."""

    vendor: str
    model: int
    version: int
    serial: int
    firmware: str


@dataclass(frozen=True, slots=True)
class LocalStatus:
    """The reader's housing and supply (osdp_LSTATR)."""

    tamper: bool
    power_failed: bool


@dataclass(frozen=True, slots=True)
class InputStatus:
    """The reader's own inputs, in their order (osdp_ISTATR)."""

    active: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class OutputStatus:
    """The reader's own outputs, in their order (osdp_OSTATR)."""

    active: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class ReaderStatus:
    """For each head attached: 0 normal, 1 not connected, 2 tampered with (osdp_RSTATR)."""

    heads: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A card at a head: its bits as '0101…' in the order in which the reader had them (osdp_RAW, osdp_FMT)."""

    head: int
    bits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keypad:
    """Keys at a head (osdp_KEYPAD)."""

    head: int
    keys: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Communication:
    """Address and speed that the reader takes from now on (osdp_COM)."""

    address: int
    baud: int


@dataclass(frozen=True, slots=True)
class ClientCryptogram:
    """The reader's answer to a challenge (osdp_CCRYPT)."""

    client_id: bytes
    random: bytes
    cryptogram: bytes


@dataclass(frozen=True, slots=True)
class InitialMac:
    """The first link of the MAC chain (osdp_RMAC_I)."""

    mac: bytes


@dataclass(frozen=True, slots=True)
class Other:
    """A reply that we have no use for, such as a manufacturer's own."""

    code: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A reply whose lengths or values do not fit; `detail` repeats none of it."""

    detail: str


Reply = (
    Ack
    | Nak
    | Busy
    | Identity
    | Capabilities
    | LocalStatus
    | InputStatus
    | OutputStatus
    | ReaderStatus
    | Card
    | Keypad
    | Communication
    | ClientCryptogram
    | InitialMac
    | Other
    | Unreadable
)


def read_reply(payload: bytes) -> Reply:
    """The reply in a payload of at least one byte. Total: no bytes raise."""
    code, data = payload[0], payload[1:]
    reader = _READERS.get(code)
    if reader is None:
        return Other(code)
    return reader(data) or Unreadable(f"a {Code(code).name} whose length or values do not fit")


def _identity(data: bytes) -> Reply | None:
    if len(data) != 12:
        return None
    firmware = ".".join(str(part) for part in data[9:12])
    return Identity(data[:3].hex(), data[3], data[4], int.from_bytes(data[5:9], "little"), firmware)


def _local_status(data: bytes) -> Reply | None:
    return LocalStatus(bool(data[0]), bool(data[1])) if len(data) == 2 else None


def _raw_card(data: bytes) -> Reply | None:
    if len(data) < 4 or data[1] > 1:
        return None
    count = int.from_bytes(data[2:4], "little")
    packed = data[4:]
    if not 0 < count <= MOST_CARD_BITS or len(packed) != (count + 7) // 8:
        return None
    # Left-aligned: what fills up the last byte is at its low end.
    return Card(data[0], f"{int.from_bytes(packed, 'big'):0{len(packed) * 8}b}"[:count])


def _formatted_card(data: bytes) -> Reply | None:
    # A card drawn backwards (direction 1) would be another number: it is not read.
    if len(data) < 4 or data[1] != 0 or data[2] != len(data) - 3 or data[2] * 8 > MOST_CARD_BITS:
        return None
    return Card(data[0], "".join(f"{byte:08b}" for byte in data[3:]))


def _keypad(data: bytes) -> Reply | None:
    if len(data) < 3 or data[1] != len(data) - 2:
        return None
    keys = [KEYS.get(byte) for byte in data[2:]]
    return Keypad(data[0], "".join(key for key in keys if key)) if all(keys) else None


def _communication(data: bytes) -> Reply | None:
    return Communication(data[0], int.from_bytes(data[1:5], "little")) if len(data) == 5 else None


def _client_cryptogram(data: bytes) -> Reply | None:
    return ClientCryptogram(data[:8], data[8:16], data[16:]) if len(data) == 32 else None


def _flags(data: bytes) -> tuple[bool, ...]:
    return tuple(byte != 0 for byte in data)


_READERS: Final[Mapping[int, Callable[[bytes], Reply | None]]] = {
    Code.ACK: lambda data: None if data else Ack(),
    # Some readers append the code of the refused command.
    Code.NAK: lambda data: Nak(data[0]) if data else None,
    Code.BUSY: lambda data: None if data else Busy(),
    Code.PDID: _identity,
    Code.PDCAP: read_capabilities,
    Code.LSTATR: _local_status,
    Code.ISTATR: lambda data: InputStatus(_flags(data)),
    Code.OSTATR: lambda data: OutputStatus(_flags(data)),
    Code.RSTATR: lambda data: ReaderStatus(tuple(data)),
    Code.RAW: _raw_card,
    Code.FMT: _formatted_card,
    Code.KEYPAD: _keypad,
    Code.COM: _communication,
    Code.CCRYPT: _client_cryptogram,
    Code.RMAC_I: lambda data: InitialMac(data) if len(data) == 16 else None,
}
