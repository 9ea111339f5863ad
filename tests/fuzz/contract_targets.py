"""What contract reads from outside, cards and formats and messages: it is understood and written back the same, or
refused with the one error that is promised."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract import canonical, envelope, fact
from contract.authorisation import BadList, Content, Version, build, open_list
from contract.canonical import NotCanonical
from contract.card_format import CardFormat
from contract.commitment import Opening
from contract.credential import Identity, Source
from contract.envelope import BadEnvelope, CannotUnseal, Kind
from contract.fact import Clock, Fact, FactKind
from contract.formats import FORMATS, read
from contract.message import Ack, Carried, Events, Fresh, Receipt, ReceiptOutcome, SealedFact, Status
from contract.policy import Policy
from contract.presence import Whereabouts
from contract.presence_message import Announced, Heard, Part, Presence, Told
from contract.reading import as_object, cautions, readings
from contract.record import Record
from contract.site_formats import BadFormats, as_table, from_table, parse, preview
from contract.topic import Address
from tests.contract.make_vectors import POLICY
from tests.fuzz.engine import Target

_WATCHED: Final = ("contract/",)
_NOW: Final = datetime(2026, 11, 23, 1, 2, 3, 4, UTC)
_CEDAR: Final = Address("tokyo", "cedar")
_LIST_DOMAIN: Final = b"sekisho/1/list\x00"
_SIGNATURE: Final = 64
_SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_KNOWN = {envelope.key_id(_SIGNER.public_key()): _SIGNER.public_key()}
_READER = X25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


class Message(Protocol):
    def encoded(self) -> bytes: ...


# ---------------------------------------------------------------- cards and their formats


def card_bits(wire: bytes) -> None:
    """A byte is a bit; any but the two lowest values are signs that are no bits at all."""
    bits = "".join("01x"[min(value & 0x7F, 2)] if value > 1 else str(value) for value in wire)
    for source in Source:
        identity = read(source, bits, FORMATS)
        assert identity is None or identity.bits == bits, "other bits were read"
        found = readings(bits, FORMATS.values(), source)
        assert (identity is not None) == any(each.fits for each in found), "door and decode disagree"
        for each in found:
            _written_again(each.format, bits)
            json.dumps(as_object(each))
        if identity is not None:
            assert Identity.parse(identity.text()) == identity
            cautions(identity, found, [identity, Identity(Source.SERIAL_HEX, "10001000" * 4)])


def _written_again(one: CardFormat, bits: str) -> None:
    """Decoding and encoding undo each other; only a wrong parity is written right."""
    reading = one.decode(bits)
    assert reading is not None
    again = one.encode(reading.values)
    parities = {each.bit for each in one.parities}
    assert again == bits or not reading.fits, f"{one.name}: written otherwise than read"
    assert all(a == b or place in parities for place, (a, b) in enumerate(zip(again, bits, strict=True)))
    assert one.fits(again)


def site_formats(wire: bytes) -> None:
    """Any text is formats or BadFormats, and formats can be written down, shown and used."""
    try:
        found = parse(wire.decode("utf-8", "surrogateescape"))
    except BadFormats as refused:
        found = {}
        flaws = refused.flaws
    else:
        flaws = ("none",)
    assert flaws, "refused without a reason"
    for one in found.values():
        assert from_table(as_table(one)) == one, "written down otherwise than read"
        with contextlib.suppress(NotCanonical):  # a lone surrogate cannot travel
            canonical.encode(preview(one))
        smallest = one.encode({})
        reading = one.decode(smallest)
        assert reading is not None
        assert reading.fits
        for mostly in (smallest, "1" * one.length, "01" * (one.length // 2) + "0" * (one.length % 2)):
            if one.decode(mostly) is not None:
                _written_again(one, mostly)


# ---------------------------------------------------------------- messages


def canonical_json(wire: bytes) -> None:
    with contextlib.suppress(NotCanonical):
        assert canonical.encode(canonical.decode(wire)) == wire, "two spellings of one value"


def messages(wire: bytes) -> None:
    """Whatever is taken for a message or a fact is written back byte for byte."""
    decoders: tuple[Callable[[bytes], Message], ...] = (
        Status.decoded,
        Fresh.decoded,
        Receipt.decoded,
        Ack.decoded,
        Events.decoded,
        fact.decoded,
    )
    for decoded in decoders:
        with contextlib.suppress(ValueError):
            assert decoded(wire).encoded() == wire, "two spellings of one message"
    with contextlib.suppress(ValueError):
        assert fact.encode_openings(fact.decode_openings(wire)) == wire


def presence(wire: bytes) -> None:
    """As it comes, nothing opens but what was sealed as that very message; what a peer sealed is read, or ValueError,
    and has one spelling."""
    with contextlib.suppress(ValueError):
        message = Presence.decoded(wire)
        assert message.encoded() == wire, "two spellings of one message"
        message.told(_AREA_KEY)
        assert wire in _PRESENCE, "a forged seal was opened"
    with contextlib.suppress(ValueError):
        told = Told.decoded(wire, "maple")
        assert told.encoded() == wire, "two spellings of what is told"
        sealed = Presence.of(_CEDAR, "cedar-room", _AREA_KEY, (1, 1), told, bytes(16))
        assert len(envelope.signed(Kind.PRESENCE, sealed.encoded(), _SIGNER)) <= envelope.LIMIT
        assert Presence.decoded(sealed.encoded()).told(_AREA_KEY).encoded() == wire


def envelopes(wire: bytes) -> None:
    """No changed byte passes; a sealed text opens for its reader only."""
    for kind in Kind:
        with contextlib.suppress(BadEnvelope):
            assert envelope.opened(wire, kind, _KNOWN).kind is kind
            assert wire in _ENVELOPES, "a forged envelope was taken"
    with contextlib.suppress(CannotUnseal):
        envelope.unseal(_READER, wire, b"list")
        assert wire in _ENVELOPES, "a forged seal was opened"


def lists(wire: bytes) -> None:
    """As it comes, nothing but what was signed is taken. Signed by the right key nevertheless, it is a list whose
    records are found, or BadList."""
    with contextlib.suppress(BadList):
        open_list(wire, _SIGNER.public_key())
        assert wire in _LISTS, "a forged list was taken"
    body = wire[:-_SIGNATURE]
    with contextlib.suppress(BadList):
        found = open_list(body + _SIGNER.sign(_LIST_DOMAIN + body), _SIGNER.public_key())
        for area in found.policy.areas:
            for key, record in found.records(area):
                assert found.find(area, key) == record, "a record that is not found"
            assert found.find(area, b"\xfe" * 16) is None, "a record that is not there"


def policies(wire: bytes) -> None:
    """Any object is a policy or ValueError; a policy is written back as one that reads the same."""
    try:
        found = Policy.from_object(canonical.decode_object(wire))
    except ValueError:
        return
    assert Policy.from_object(found.as_object()) == found


_CARRIED = Carried(Version(1, 2), b"\x07" * 32)
_FACT = Fact(
    "tokyo", "cedar", 1, bytes(32), bytes(16), FactKind.REX, _NOW, 5, Clock.TRUSTED, {"door": "cedar"}, {"a": bytes(32)}
)
_MESSAGES = tuple(
    each.encoded()
    for each in (
        Status(_CEDAR, b"n" * 16, _CARRIED),
        Fresh(_CEDAR, b"n" * 16, _CARRIED),
        Receipt(_CEDAR, ReceiptOutcome.ADOPTED, _CARRIED, "", ("cedar-out",)),
        Ack(_CEDAR, 12, b"\x01" * 32),
        Events(_CEDAR, 7, (SealedFact(_FACT.encoded(), b"\x00\x01"),)),
        _FACT,
    )
)
_OPENINGS = fact.encode_openings({"card": Opening(bytes(32), "serial-hex:40:1e0045a2b3")})
_ENVELOPES = (
    *(envelope.signed(kind, b"payload", _SIGNER) for kind in Kind),
    envelope.seal(_READER.public_key(), b"secret", b"list", X25519PrivateKey.from_private_bytes(bytes(range(2, 34)))),
)
_AREA_KEY = bytes(range(32))
_TOLD = tuple(
    Told(Announced(Version(1, 2), _NOW), place == 1, {"maple": Heard(3, 4, True)}, moves, part)
    for place, (moves, part) in enumerate(
        (
            ({}, None),
            ({b"A" * 16: Whereabouts("cedar-room", True, 1, 2, 3, 4, 5, 0)}, None),
            ({b"A" * 16: Whereabouts("hallway", False, stamp=7, before=5)}, Part(1, 2)),
        )
    )
)
_PRESENCE = tuple(
    Presence.of(_CEDAR, "cedar-room", _AREA_KEY, (7, place), each, bytes(16)).encoded()
    for place, each in enumerate(_TOLD, 1)
)
_RECORDS = {bytes((place * 11 % 256,)) + bytes(15): Record(bytes(16), 1, 0, 5) for place in range(20)}
_LISTS = tuple(
    build(Content(Policy.from_object(POLICY), {"cedar-room": table}), Version(1, 1), _NOW, _SIGNER)
    for table in ({}, _RECORDS)
)
_PLAIN_POLICY = canonical.encode(Policy.from_object(POLICY).as_object())
_ACME = b"""[[format]]
name = "acme"
length = 12
sources = ["wiegand", "osdp"]
one = 1
zero = "2"
unused = "3"
[format.fields]
issue = { bits = "4", most = 1 }
number = { bits = "10-7", coding = "bcd", least = 1 }
facility = "5-6"
[[format.parity]]
bit = 11
kind = "odd"
covers = "3-8"
[[format.parity]]
bit = 0
kind = "even"
covers = "1-5,11"
"""
_CARDS = tuple(bytes(map(int, one.encode({}))) for one in FORMATS.values())

TARGETS = (
    Target("card-bits", card_bits, _CARDS, _WATCHED, 520),
    Target("site-formats", site_formats, (_ACME,), ("contract/", "tomllib/"), 800),
    Target("canonical", canonical_json, (*_MESSAGES, b'{"a":[1,null,true,"\\u0001\xc3\xa9"],"b":{}}'), _WATCHED),
    Target("messages", messages, (*_MESSAGES, _OPENINGS), _WATCHED, 1200),
    Target("presence", presence, (*_PRESENCE, *(each.encoded() for each in _TOLD)), _WATCHED, 2048),
    Target("envelopes", envelopes, _ENVELOPES, _WATCHED),
    Target("lists", lists, _LISTS, _WATCHED, 4096),
    Target("policy", policies, (_PLAIN_POLICY,), _WATCHED, 2048),
)
