"""What the control panel says to a reader (SIA OSDP v2.2, commands). Sans-I/O.

The law: a command is its code and its data, exactly; numbers out of range do not become bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

PAYLOAD_LIMIT = 128 - 5 - 3 - 4 - 2 - 16
"""Every reader takes messages of 128 bytes: what is left of them for data in a Secure Channel."""


class Code(IntEnum):
    """The codes of commands (Annex A)."""

    POLL = 0x60
    ID = 0x61
    CAP = 0x62
    LSTAT = 0x64
    ISTAT = 0x65
    OSTAT = 0x66
    RSTAT = 0x67
    OUT = 0x68
    LED = 0x69
    BUZ = 0x6A
    TEXT = 0x6B
    COMSET = 0x6E
    KEYSET = 0x75
    CHLNG = 0x76
    SCRYPT = 0x77


class Colour(IntEnum):
    """Colours of a reader's light."""

    BLACK = 0
    RED = 1
    GREEN = 2
    AMBER = 3
    BLUE = 4


@dataclass(frozen=True, slots=True)
class Command:
    """`data` is never shown: it may be a key."""

    code: Code
    data: bytes = field(default=b"", repr=False)

    @property
    def payload(self) -> bytes:
        """Code and data as they stand in a message."""
        return bytes((self.code,)) + self.data


@dataclass(frozen=True, slots=True)
class Blink:
    """A light that is `on` and `off` for so many tenths of a second, in these colours."""

    on: int
    off: int
    on_colour: Colour
    off_colour: Colour = Colour.BLACK

    @property
    def data(self) -> bytes:
        """The four bytes in a record of a LED command."""
        return bytes((self.on, self.off, self.on_colour, self.off_colour))


POLL = Command(Code.POLL)
IDENTIFY = Command(Code.ID, b"\x00")
CAPABILITIES = Command(Code.CAP, b"\x00")
LOCAL_STATUS = Command(Code.LSTAT)
INPUT_STATUS = Command(Code.ISTAT)
OUTPUT_STATUS = Command(Code.OSTAT)
READER_STATUS = Command(Code.RSTAT)

STEADY_NONE = bytes(5)


def steady_light(colour: Colour, reader: int = 0, led: int = 0) -> Command:
    """End any passing light and show this from now on (osdp_LED: cancel temporary, set permanent)."""
    steady = bytes((1,)) + Blink(1, 0, colour).data
    return Command(Code.LED, bytes((reader, led, 1)) + bytes(6) + steady)


def passing_light(blink: Blink, tenths: int, reader: int = 0, led: int = 0) -> Command:
    """Blink for so many tenths of a second, then go back to the steady light (osdp_LED: set temporary)."""
    return Command(Code.LED, bytes((reader, led, 2)) + blink.data + tenths.to_bytes(2, "little") + STEADY_NONE)


def beeps(count: int, on: int = 1, off: int = 1, reader: int = 0) -> Command:
    """So many beeps of the default tone, in tenths of a second (osdp_BUZ)."""
    return Command(Code.BUZ, bytes((reader, 2, on, off, count)))


def text(words: str, seconds: int, row: int = 1, column: int = 1, reader: int = 0) -> Command:
    """Show ASCII words for so long (osdp_TEXT: temporary, wrapped); what is no ASCII becomes '?', the rest is cut."""
    shown = words.encode("ascii", "replace")[: PAYLOAD_LIMIT - 6]
    return Command(Code.TEXT, bytes((reader, 4, seconds, row, column, len(shown))) + shown)


def output(number: int, *, on: bool, tenths: int = 0) -> Command:
    """Switch an output of the reader, for so long or for good (osdp_OUT)."""
    control = (5 if on else 6) if tenths else (2 if on else 1)
    return Command(Code.OUT, bytes((number, control)) + tenths.to_bytes(2, "little"))


def communication(address: int, baud: int) -> Command:
    """Take this address and speed from now on (osdp_COMSET)."""
    if not 0 <= address < 0x7F:
        raise ValueError("an address is 0 to 126")
    return Command(Code.COMSET, bytes((address,)) + baud.to_bytes(4, "little"))


def set_key(key: bytes) -> Command:
    """Take this as the key of the Secure Channel (osdp_KEYSET: key type SCBK)."""
    if len(key) != 16:
        raise ValueError("a key has 16 bytes")
    return Command(Code.KEYSET, b"\x01\x10" + key)


def challenge(random: bytes) -> Command:
    """Begin a Secure Channel with our 8 random bytes (osdp_CHLNG, Annex D)."""
    return Command(Code.CHLNG, random)


def server_cryptogram(cryptogram: bytes) -> Command:
    """Prove that we have the key (osdp_SCRYPT, Annex D)."""
    return Command(Code.SCRYPT, cryptogram)


def codes(commands: Iterable[Command]) -> str:
    """The names of these commands, for a sentence."""
    return ", ".join(command.code.name for command in commands)
