"""What contract reads from outside: only the exact bytes of a value are taken, everything else is refused by name."""

from __future__ import annotations

import dataclasses
import hmac
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contract import canonical, envelope, leaf, message, topic
from contract.authorisation import BadList, Content, Version, build, open_list
from contract.canonical import NotCanonical
from contract.commitment import Opening, Salt, commit
from contract.credential import Identity, Source, lookup_key
from contract.envelope import BadEnvelope, CannotUnseal, Kind
from contract.message import Ack, Carried, Events, Fresh, Receipt, ReceiptOutcome, SealedFact, Status
from contract.policy import Policy
from contract.record import Record
from contract.topic import Address, Down, Up
from tests.contract.make_vectors import POLICY
from tests.fuzz.contract_targets import messages

SIGNER = Ed25519PrivateKey.generate()
KNOWN = {envelope.key_id(SIGNER.public_key()): SIGNER.public_key()}
CEDAR = Address("tokyo", "cedar")
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(values)
def test_every_value_survives_its_bytes(value: canonical.Value) -> None:
    assert canonical.decode(canonical.encode(value)) == value


@pytest.mark.parametrize(
    "data",
    [b"", b"1.0", b"1e3", b"NaN", b" 1", b'{"b":1,"a":2}', b'{"a":1,"a":2}', b'"\\u0041"', b"\xff", b"[1,2",
     b"[" * 5000, b"9223372036854775808", b'"\\ud800"', b"-0", b"01"],
)  # fmt: skip
def test_any_other_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        canonical.decode(data)


@pytest.mark.parametrize(
    "foreign",
    [1.0, (1,), b"1", {1}, 2**63, -(2**63), datetime(2026, 11, 23, tzinfo=UTC), {1: "a"}, "\ud800", {"\ud800": 1}],
)
def test_a_value_without_a_canonical_form_is_refused_wherever_it_stands(foreign: Any) -> None:
    places: list[Any] = [foreign, [foreign], {"a": foreign}, ["a", {"b": [True, 1, foreign]}]]
    for value in places:
        with pytest.raises(NotCanonical):
            canonical.encode(value)


def test_values_are_at_most_32_levels_deep() -> None:
    def nested(levels: int) -> canonical.Value:
        return [nested(levels - 1)] if levels > 1 else []

    assert canonical.encode(nested(32)) == b"[" * 32 + b"]" * 32
    with pytest.raises(NotCanonical, match="deep"):
        canonical.encode(nested(33))
    with pytest.raises(NotCanonical, match="deep"):
        canonical.decode(b"[" * 33 + b"]" * 33)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))])))
def test_a_moment_is_written_in_utc_with_microseconds(moment: datetime) -> None:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:  # the first and the last hours of all
        return
    assert leaf.written(moment) == f"{utc.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    assert leaf.read_moment(leaf.written(moment)) == moment


@given(st.binary(min_size=32, max_size=32), values)
def test_a_prepared_salt_commits_and_opens_as_an_opening_does(octets: bytes, value: canonical.Value) -> None:
    salt, opening = Salt(octets), Opening(octets, value)
    commitment = salt.commit(opening.plain)
    assert commitment == commit(opening)
    assert commitment == hmac.digest(octets, b"sekisho/1/commitment\x00" + canonical.encode(value), "sha256")
    assert salt.opening(opening.plain) == opening.encoded()


@given(st.binary(max_size=300))
def test_no_bytes_at_all_are_taken_for_a_message(data: bytes) -> None:
    messages(data)
    with pytest.raises(BadEnvelope):
        envelope.opened(data, Kind.ACK, KNOWN)
    with pytest.raises(BadList):
        open_list(data, SIGNER.public_key())
    with pytest.raises(CannotUnseal):
        envelope.unseal(X25519PrivateKey.generate(), data, b"list")


def test_messages_survive_their_bytes() -> None:
    carried = Carried(Version(1, 2), b"\x07" * 32)
    for each in (
        Status(CEDAR, b"n" * 16, None),
        Status(CEDAR, b"n" * 16, carried),
        Fresh(CEDAR, b"n" * 16, carried),
        Receipt(CEDAR, ReceiptOutcome.ADOPTED, carried, "", ("cedar-out",)),
        Ack(CEDAR, 12, b"\x01" * 32),
        Events(CEDAR, 7, (SealedFact(b'{"a":1}', b"\x00\x01"), SealedFact("事".encode(), b""))),
    ):
        assert type(each).decoded(each.encoded()) == each


@given(st.integers(0), st.integers(1, 255))
def test_one_altered_byte_breaks_an_envelope(place: int, change: int) -> None:
    data = bytearray(envelope.signed(Kind.ACK, b"payload", SIGNER))
    data[place % len(data)] ^= change
    with pytest.raises(BadEnvelope):
        envelope.opened(bytes(data), Kind.ACK, KNOWN)


def test_an_envelope_is_refused_as_another_kind_or_from_a_stranger() -> None:
    data = envelope.signed(Kind.ACK, b"payload", SIGNER)
    with pytest.raises(BadEnvelope, match="kind"):
        envelope.opened(data, Kind.FRESH, KNOWN)
    with pytest.raises(BadEnvelope, match="not known"):
        envelope.opened(data, Kind.ACK, {})
    with pytest.raises(BadEnvelope, match="larger"):
        envelope.opened(data + bytes(envelope.LIMIT), Kind.ACK, KNOWN)


def test_a_message_over_the_limit_is_never_made() -> None:
    room = envelope.LIMIT - len(envelope.signed(Kind.ACK, b"", SIGNER))
    assert len(envelope.signed(Kind.ACK, bytes(room), SIGNER)) == envelope.LIMIT
    with pytest.raises(ValueError, match="exceeds"):
        envelope.signed(Kind.ACK, bytes(room + 1), SIGNER)


def test_a_payload_sealed_to_one_reader_and_purpose_opens_for_no_other() -> None:
    reader, other = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    sealed = envelope.seal(reader.public_key(), b"secret", b"list:a", X25519PrivateKey.generate())
    assert envelope.unseal(reader, sealed, b"list:a") == b"secret"
    for private, purpose in ((other, b"list:a"), (reader, b"list:b")):
        with pytest.raises(CannotUnseal):
            envelope.unseal(private, sealed, purpose)


@given(st.integers(0), st.integers(1, 255))
def test_one_altered_byte_breaks_a_list(place: int, change: int) -> None:
    policy = Policy.from_object(POLICY)
    moment = leaf.read_moment("2026-11-23T01:02:03.000004Z")
    data = bytearray(build(Content(policy, {"cedar-room": {}}), Version(1, 1), moment, SIGNER))
    data[place % len(data)] ^= change
    with pytest.raises(BadList):
        open_list(bytes(data), SIGNER.public_key())


@pytest.mark.parametrize("boundary", [0, 11, 13, 2**31])
def test_a_signed_list_whose_records_would_not_be_found_is_refused(boundary: int) -> None:
    records = {bytes((place * 11,)) + bytes(15): Record(bytes(16), 1, 0, 5) for place in range(20)}
    moment = leaf.read_moment("2026-11-23T01:02:03.000004Z")
    content = Content(Policy.from_object(POLICY), {"cedar-room": records})
    body = build(content, Version(1, 1), moment, SIGNER)[:-64]
    fanout = (12 + int.from_bytes(body[8:12], "big") + 15) // 16 * 16
    assert body[fanout : fanout + 12] == bytes((0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 20))
    wrong = body[: fanout + 4] + boundary.to_bytes(4, "big") + body[fanout + 8 :]
    with pytest.raises(BadList, match="cannot be found"):
        open_list(wrong + SIGNER.sign(b"sekisho/1/list\x00" + wrong), SIGNER.public_key())


def test_a_packed_batch_fits_one_message_however_long_the_queue() -> None:
    queue = [SealedFact(b'"' * 700, b"\x01" * 900) for _ in range(500)]
    taken = message.packed(queue)
    assert 0 < len(taken) < len(queue)
    assert len(envelope.signed(Kind.EVENTS, Events(CEDAR, 1, taken).encoded(), SIGNER)) <= envelope.LIMIT
    assert message.packed([]) == ()
    assert len(message.packed([SealedFact(b"1" * 60_000, b"")])) == 1


@given(st.sampled_from(Source), st.text("01", min_size=1, max_size=512))
def test_an_identity_survives_its_text_and_its_key_depends_on_every_part(source: Source, bits: str) -> None:
    identity = Identity(source, bits)
    assert Identity.parse(identity.text()) == identity
    key = lookup_key(bytes(32), identity)
    assert bits not in repr(identity) or len(bits) < 4
    others = [Identity(each, bits) for each in Source if each is not source]
    others += [Identity(source, bits + "0")] if len(bits) < 512 else []
    assert all(lookup_key(bytes(32), each) != key for each in others)
    assert lookup_key(b"\x01" * 32, identity) != key


@pytest.mark.parametrize(
    "text", ["", "wiegand", "wiegand:26", "wiegand:2:7", "nfc:4:f", "wiegand:8:0ff", "wiegand:0:0", "wiegand:08:ff"]
)
def test_a_wrong_identity_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Identity.parse(text)


def test_topics_name_site_agent_and_way() -> None:
    assert CEDAR.up(Up.EVENTS) == "sekisho/1/tokyo/cedar/up/events"
    assert topic.parse_up(CEDAR.up(Up.EVENTS)) == (CEDAR, Up.EVENTS)
    assert topic.parse_down(CEDAR.down(Down.LIST)) == (CEDAR, Down.LIST)
    for odd in (
        "",
        "sekisho/1/tokyo/cedar/up/nothing",
        "sekisho/2/tokyo/cedar/up/events",
        "a/b/c/d/e/f",
        "sekisho/1/tokyo/+/up/events",
    ):
        assert topic.parse_up(odd) is None
        assert topic.parse_down(odd) is None
    for wrong in ("", "UPPER", "a/b", "+", "#", "-a", "a" * 33):
        with pytest.raises(ValueError, match="ids are"):
            Address("tokyo", wrong)


def test_a_salt_is_exactly_32_bytes() -> None:
    with pytest.raises(ValueError, match="32"):
        Opening(b"short", 1)
    with pytest.raises(ValueError, match="32"):
        Salt(b"short")


def test_contract_values_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        CEDAR.site = "osaka"  # type: ignore[misc]
