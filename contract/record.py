"""What a list holds for one identity in one area, and for the PIN of one holder: fixed layouts, without names.

A record, 50 bytes, big-endian: holder handle 16 · grant u32 · valid from u32 · valid until u32 (UTC seconds) · schedule
u16 · flags u16 · card valid from u32 · card valid until u32 · trained until u32 · uses u16 · forgiven u16 · state u8 ·
clearance u8. A PIN, 48 bytes: salt 16 · verifier 16 · verifier of the PIN under duress 16 (zeros: there is none).
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

HANDLE_BYTES = 16
FOREVER = 0xFFFF_FFFF
ALWAYS = 0
UNLIMITED = 0xFFFF
NO_PIN = bytes(16)
PAYLOAD = struct.Struct(">16sIIIHHIIIHHBB")
PIN_PAYLOAD = struct.Struct(">16s16s16s")


class Flag(IntEnum):
    """Bits of a record's flags. EXIT_ONLY: may leave but not enter; ESSENTIAL: may still enter on a stale list;
    EXTENDED: needs more time at the door; SUPERVISOR: makes up for a supervisor; HOST: brings visitors; VISITOR: comes
    in only after a host; OVERRIDE: enters in lockdown, evacuation and at any threat level; HOLD: may hold a door open;
    PASSBACK_EXEMPT, OCCUPANCY_EXEMPT: those rules are not applied to this holder.

    An IntEnum, not an IntFlag: flags stay plain integers on the decision path, and unknown bits survive.
    """

    NONE = 0
    EXIT_ONLY = 1
    ESSENTIAL = 2
    EXTENDED = 4
    SUPERVISOR = 8
    HOST = 16
    VISITOR = 32
    OVERRIDE = 64
    HOLD = 128
    PASSBACK_EXEMPT = 256
    OCCUPANCY_EXEMPT = 512


class CardState(IntEnum):
    """What the card of a record is; every state but ACTIVE refuses an entry, and none ever refuses an exit."""

    ACTIVE = 0
    SUSPENDED = 1
    LOST = 2
    STOLEN = 3
    DAMAGED = 4
    RETURNED = 5
    DESTROYED = 6
    INACTIVE = 7
    SUPERSEDED = 8


class Record(NamedTuple):
    """What one identity may do in one area. Times are UTC seconds; valid while from <= now < until.

    valid_*: the permission; card_*: the card; trained_until: when the first training that the area asks for ends
    (0: never trained). uses: how often the card may come in through this agent's doors, counted over the agent's whole
    life (UNLIMITED: any number). forgiven: counts the acts that forgave this holder's presence. clearance: the highest
    threat level at which it enters.

    A named tuple, because one is unpacked for every card: it costs a third of a frozen dataclass.
    """

    holder: bytes
    grant: int
    valid_from: int
    valid_until: int
    schedule: int = ALWAYS
    flags: int = 0
    card_from: int = 0
    card_until: int = FOREVER
    trained_until: int = FOREVER
    uses: int = UNLIMITED
    forgiven: int = 0
    state: int = CardState.ACTIVE
    clearance: int = 0

    def packed(self) -> bytes:
        return PAYLOAD.pack(*self)

    @classmethod
    def unpacked(cls, data: bytes) -> Record:
        """What `packed` wrote; ValueError for anything else."""
        if len(data) != PAYLOAD.size:
            raise ValueError(f"a record is {PAYLOAD.size} bytes")
        found = cls._make(PAYLOAD.unpack(data))
        if found.state > max(CardState):
            raise ValueError("a card in an unknown state")
        return found


class Pin(NamedTuple):
    """How a PIN of one holder is known again at this agent; made by `contract.pin`. duress: NO_PIN when there is none
    for duress."""

    salt: bytes
    verifier: bytes
    duress: bytes = NO_PIN

    def packed(self) -> bytes:
        return PIN_PAYLOAD.pack(*self)
