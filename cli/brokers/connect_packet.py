"""The first packet of an MQTT 3.1.1 client, read before any broker sees it. Pure: bytes in, a value out.

The gate of the embedded broker judges a CONNECT itself, because a broker that judges it only after it has replaced the
session of the same name lets a stranger mute a door. Clause numbers are those of the OASIS standard MQTT 3.1.1.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

LIMIT: Final = 4096
"""Most bytes after the fixed header; a will of ours is far smaller."""

CONNECT: Final = 0x10
PROTOCOL_LEVEL: Final = 4


class ReturnCode(IntEnum):
    """CONNACK return codes (3.2.2.3)."""

    WRONG_PROTOCOL = 1
    IDENTIFIER_REJECTED = 2
    NOT_AUTHORISED = 5


class MalformedConnectError(ValueError):
    """The bytes are not a CONNECT; there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class Connect:
    """What the gate needs to know of a CONNECT."""

    protocol: str
    level: int
    client_id: str
    will_topic: str | None

    @property
    def is_spoken_here(self) -> bool:
        return self.protocol == "MQTT" and self.level == PROTOCOL_LEVEL


def refusal(code: ReturnCode) -> bytes:
    """A CONNACK that says no (3.2)."""
    return bytes((0x20, 2, 0, code))


def parse(body: bytes) -> Connect:
    """Read the variable header and the payload (3.1.2, 3.1.3). Raises `MalformedConnectError`.

    The body of a protocol level other than 4 is not read further than its level: its layout is not ours to know.
    """
    fields = _Fields(body)
    protocol, level = fields.text(), fields.byte()
    if (protocol, level) != ("MQTT", PROTOCOL_LEVEL):
        return Connect(protocol, level, "", None)
    flags = fields.byte()
    fields.skip(2)  # keep alive
    _check_flags(flags)
    client_id = fields.text()
    will_topic = fields.text() if flags & 0x04 else None
    for present in (flags & 0x04, flags & 0x80, flags & 0x40):  # will message, user name, password
        if present:
            fields.binary()
    fields.end()
    return Connect(protocol, level, client_id, will_topic)


def _check_flags(flags: int) -> None:
    """3.1.2.3 to 3.1.2.9: the reserved bit is 0; no will has no will QoS or retain; a password has a user name."""
    will, quality, password_only = flags & 0x04, flags >> 3 & 0x03, flags & 0xC0 == 0x40
    if flags & 0x01 or quality == 3 or password_only or (not will and flags & 0x38):
        raise MalformedConnectError("flags that contradict one another")


class _Fields:
    """A cursor over length-prefixed fields (1.5.3)."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def skip(self, count: int) -> bytes:
        taken = self._body[self._at : self._at + count]
        if len(taken) != count:
            raise MalformedConnectError("ends too early")
        self._at += count
        return taken

    def byte(self) -> int:
        return self.skip(1)[0]

    def binary(self) -> bytes:
        return self.skip(int.from_bytes(self.skip(2), "big"))

    def text(self) -> str:
        try:
            text = self.binary().decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedConnectError("a text that is not UTF-8") from error
        if "\0" in text:
            raise MalformedConnectError("a text with a NUL")
        return text

    def end(self) -> None:
        if self._at != len(self._body):
            raise MalformedConnectError("bytes after the end")
