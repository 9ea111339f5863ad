"""The wire vectors of `docs/protocol/`: the slow reference still writes them, and `contract/` agrees to the bit."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from contract import canonical, credential, envelope, fact, leaf
from contract.authorisation import Content, Version, build, open_list
from contract.commitment import Opening, commit, opens
from contract.credential import Identity, Source
from contract.envelope import CannotUnseal, Kind
from contract.neighbours import Neighbours
from contract.policy import Policy
from contract.presence_message import Presence
from contract.record import Pin, Record
from contract.topic import Address
from tests.contract import make_vectors, slow_reference


def vectors(name: str) -> Any:
    return json.loads((make_vectors.FOLDER / name).read_text(encoding="utf-8"))


def test_the_published_vectors_are_what_the_slow_reference_writes() -> None:
    found = {path.name for path in make_vectors.FOLDER.iterdir()}
    made = make_vectors.every()
    assert found == made.keys()
    for name, value in made.items():
        assert (make_vectors.FOLDER / name).read_text(encoding="utf-8") == make_vectors.written(value)


@pytest.mark.parametrize("case", vectors("canonical.json"))
def test_a_value_has_the_published_canonical_bytes(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["bytes"])
    assert canonical.encode(case["value"]) == data
    assert canonical.decode(data) == case["value"]


def test_an_identity_has_the_published_look_up_key() -> None:
    found = vectors("identities.json")
    agent_key = slow_reference.secret(found["agent_key_phrase"])
    for case in found["cases"]:
        identity = Identity(Source(case["source"]), case["bits"])
        assert identity.packed().hex() == case["packed"]
        assert credential.lookup_key(agent_key, identity).hex() == case["key"]


@pytest.mark.parametrize("case", vectors("commitments.json"))
def test_a_commitment_has_the_published_bytes_and_opens_with_its_opening_only(case: dict[str, Any]) -> None:
    opening = Opening(bytes.fromhex(case["salt"]), case["value"])
    commitment = bytes.fromhex(case["commitment"])
    assert commit(opening) == commitment
    assert opens(commitment, opening)
    assert not opens(commitment, Opening(opening.salt, "somebody else"))
    assert not opens(commitment, Opening(bytes(32), opening.value))


def test_an_envelope_has_the_published_bytes() -> None:
    found = vectors("envelopes.json")
    signer = Ed25519PrivateKey.from_private_bytes(slow_reference.secret(found["signer_phrase"]))
    assert signer.public_key().public_bytes_raw().hex() == found["signer_public"]
    for case in found["envelopes"]:
        kind, payload, data = Kind(case["kind"]), bytes.fromhex(case["payload"]), bytes.fromhex(case["bytes"])
        assert envelope.signed(kind, payload, signer) == data
        known = {envelope.key_id(signer.public_key()): signer.public_key()}
        assert envelope.opened(data, kind, known).payload == payload


def test_a_sealed_payload_has_the_published_bytes() -> None:
    found = vectors("envelopes.json")
    recipient = X25519PrivateKey.from_private_bytes(slow_reference.secret(found["recipient_phrase"]))
    ephemeral = X25519PrivateKey.from_private_bytes(slow_reference.secret(found["ephemeral_phrase"]))
    public = X25519PublicKey.from_public_bytes(bytes.fromhex(found["recipient_public"]))
    for case in found["sealed"]:
        plain, purpose, data = bytes.fromhex(case["plain"]), case["purpose"].encode(), bytes.fromhex(case["bytes"])
        assert envelope.seal(public, plain, purpose, ephemeral) == data
        assert envelope.unseal(recipient, data, purpose) == plain


def test_a_list_has_the_published_bytes_and_every_record_is_found() -> None:
    found = vectors("list.json")
    signer = Ed25519PublicKey.from_public_bytes(bytes.fromhex(found["signer_public"]))
    data = bytes.fromhex(found["bytes"])
    opened = open_list(data, signer)
    assert opened.version == Version(1, 7)
    assert len(opened) == 40
    tables = {
        area: {bytes.fromhex(key): record(each) for key, each in records.items()}
        for area, records in found["tables"].items()
    }
    for area, records in tables.items():
        assert {key: opened.find(area, key) for key in records} == records
        assert opened.find(area, bytes.fromhex(found["absent"])) is None
    pins = {
        bytes.fromhex(holder): Pin(*(bytes.fromhex(each[name]) for name in ("salt", "verifier", "duress")))
        for holder, each in found["pins"].items()
    }
    assert {holder: opened.pin(holder) for holder in pins} == pins == dict(opened.pins())
    assert opened.pin(bytes.fromhex(found["absent"])) is None
    private = Ed25519PrivateKey.from_private_bytes(slow_reference.secret(found["signer_phrase"]))
    policy, neighbours = Policy.from_object(make_vectors.POLICY), Neighbours.from_object(found["neighbours"])
    assert opened.neighbours == neighbours
    assert build(Content(policy, tables, pins, neighbours), Version(1, 7), opened.compiled_at, private) == data


def record(data: dict[str, Any]) -> Record:
    return Record(**{**data, "holder": bytes.fromhex(data["holder"])})


def test_a_presence_message_has_the_published_bytes_and_opens_as_itself_alone() -> None:
    found = vectors("presence.json")
    area_key = slow_reference.secret(found["area_key_phrase"])
    signer = Ed25519PrivateKey.from_private_bytes(slow_reference.secret(found["signer_phrase"]))
    known = {envelope.key_id(signer.public_key()): signer.public_key()}
    for case in found["cases"]:
        data = bytes.fromhex(case["bytes"])
        message = Presence.decoded(envelope.opened(data, Kind.PRESENCE, known).payload)
        told = message.told(area_key)
        assert canonical.decode(told.encoded()) == case["told"]
        numbers = (case["session"], case["sequence"])
        made = Presence.of(
            Address("tokyo", "cedar"), case["area"], area_key, numbers, told, bytes.fromhex(case["salt"])
        )
        assert made == message
        assert envelope.signed(Kind.PRESENCE, made.encoded(), signer) == data
        for changed in (
            replace(message, sequence=message.sequence + 1),
            replace(message, session=message.session + 1),
            replace(message, area="hallway"),
            replace(message, address=Address("tokyo", "maple")),
            replace(message, sealed=message.sealed[:-1]),
            replace(message, sealed=message.sealed[:20]),
        ):
            with pytest.raises(CannotUnseal):
                changed.told(area_key)
        with pytest.raises(CannotUnseal):
            message.told(bytes(32))


def test_facts_have_the_published_bytes_and_chain() -> None:
    previous = fact.first_previous(Address("tokyo", "cedar"))
    for case in vectors("facts.json"):
        data = bytes.fromhex(case["bytes"])
        found = fact.decoded(data)
        assert found.encoded() == data
        assert found.previous == previous
        previous = fact.fact_hash(data)
        assert previous.hex() == case["hash"]


def test_a_ledger_leaf_has_the_published_bytes_and_hash() -> None:
    for case in vectors("leaves.json"):
        data = canonical.decode_object(bytes.fromhex(case["bytes"]))
        subjects, content = data["subjects"], data["content"]
        assert isinstance(subjects, dict)
        assert isinstance(content, dict)
        row = leaf.Leaf(5, leaf.read_moment(str(data["at"])), str(data["kind"]), str(data["actor"]), subjects, content)
        assert row.encoded().hex() == case["bytes"]
        assert row.hashed().hex() == case["hash"]
