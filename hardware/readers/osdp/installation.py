"""What is said on a bench to find readers and to give one its key. Sans-I/O: scripts yield a frame and get the answer.

The law: a key is handed over only inside a Secure Channel; with the default key, only to a reader that is in its
install mode, and only when nobody else answers on the line or the installer has said that this is all right.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass

from hardware.readers.osdp import command
from hardware.readers.osdp.channel import DEFAULT, OWN, Channel, Handshake, PlainChannel, RandomBytes, SecureChannel
from hardware.readers.osdp.command import Command
from hardware.readers.osdp.frame import Frame
from hardware.readers.osdp.key import DEFAULT_KEY, ReaderKey
from hardware.readers.osdp.reply import Ack, Identity, read_reply


@dataclass(frozen=True, slots=True)
class Trouble:
    """It did not work; a sentence for the installer. `key_sent`: the reader may nevertheless have taken its new key."""

    detail: str
    key_sent: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody answers at this address; who, if it says so in the clear."""

    address: int
    identity: Identity | None


def who_answers(addresses: Iterable[int]) -> Generator[Frame, Frame | None, list[Found]]:
    """Ask each address who it is."""
    found: list[Found] = []
    for address in addresses:
        answer = yield PlainChannel().seal(address, 0, command.IDENTIFY)
        if answer is not None and answer.address == address:
            said = read_reply(answer.payload)
            found.append(Found(address, said if isinstance(said, Identity) else None))
    return found


def open_channel(
    address: int, key: ReaderKey | None, random_bytes: RandomBytes
) -> Generator[Frame, Frame | None, SecureChannel | Trouble]:
    """Open a Secure Channel with the reader's own key, or (None) with the default one. Uses the numbers 0 to 2."""
    if (yield PlainChannel().seal(address, 0, command.IDENTIFY)) is None:
        return Trouble(f"nobody answers at address {address}")
    handshake = Handshake(key.value if key else DEFAULT_KEY, OWN if key else DEFAULT, random_bytes)
    answer = yield handshake.seal(address, 1, handshake.challenge())
    proof = handshake.prove(answer) if answer is not None else None
    if proof is None:
        mode = "does not hold this key" if key else "is not in its install mode"
        return Trouble(f"the reader at address {address} {mode}")
    answer = yield handshake.seal(address, 2, proof)
    channel = handshake.complete(answer) if answer is not None else None
    return channel or Trouble(f"the reader at address {address} did not open the channel")


def tell(address: int, sequence: int, channel: Channel, said: Command) -> Generator[Frame, Frame | None, bool]:
    """Say this in an open channel; True if the reader says that it has taken it."""
    answer = yield channel.seal(address, sequence, said)
    payload = channel.open(answer) if answer is not None else None
    if payload is None and answer is not None and not answer.block:
        payload = answer.payload  # some readers have dropped the session by the time they acknowledge a key
    return payload is not None and isinstance(read_reply(payload), Ack)


def hand_over(
    address: int, old: ReaderKey | None, new: ReaderKey, random_bytes: RandomBytes
) -> Generator[Frame, Frame | None, Trouble | None]:
    """Give the reader its new key; None if it says that it has taken it. The proof is a session with that key."""
    channel = yield from open_channel(address, old, random_bytes)
    if isinstance(channel, Trouble):
        return channel
    if (yield from tell(address, 3, channel, command.set_key(new.value))):
        return None
    return Trouble(f"the reader at address {address} does not confirm its new key", key_sent=True)
