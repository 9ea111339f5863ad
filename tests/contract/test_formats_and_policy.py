"""Card formats as data, policies as objects, and where a passage leads."""

from __future__ import annotations

import pytest

from contract import formats
from contract.canonical import NotCanonical, Object
from contract.credential import Identity, Source
from contract.policy import Policy
from contract.presence import Whereabouts, forgiven
from tests.contract.make_vectors import POLICY


def test_26_bits_are_a_card_only_with_both_parities() -> None:
    body = f"{123:08b}{4567:016b}"
    even, odd = str(body[:12].count("1") % 2), str(1 - body[12:].count("1") % 2)
    bits = even + body + odd
    assert formats.read(Source.WIEGAND, bits, ["H10301"]) == Identity(Source.WIEGAND, bits)
    fields = {field.name: field.of(bits) for field in formats.FORMATS["H10301"].fields}
    assert fields == {"facility": 123, "number": 4567}
    for place in range(26):
        flipped = bits[:place] + str(1 - int(bits[place])) + bits[place + 1 :]
        assert formats.read(Source.WIEGAND, flipped, ["H10301"]) is None


def test_34_bits_are_a_card_only_with_both_parities() -> None:
    body = f"{54321:016b}{1234:016b}"
    bits = str(body[:16].count("1") % 2) + body + str(1 - body[16:].count("1") % 2)
    assert formats.read(Source.WIEGAND, bits, ["H10306"]) is not None
    assert formats.read(Source.WIEGAND, bits[:-1] + str(1 - int(bits[-1])), ["H10306"]) is None


def test_bits_of_another_length_source_or_format_are_no_card() -> None:
    assert formats.read(Source.SERIAL_HEX, "0" * 40, ["serial-40"]) is not None
    assert formats.read(Source.SERIAL_HEX, "0" * 39, ["serial-40"]) is None
    assert formats.read(Source.WIEGAND, "0" * 40, ["serial-40"]) is None
    assert formats.read(Source.SERIAL_HEX, "0" * 40, ["H10301", "unheard-of"]) is None


def test_a_policy_survives_its_object_and_odd_ones_are_refused() -> None:
    policy = Policy.from_object(POLICY)
    assert policy.as_object() == POLICY
    assert Policy.from_object(policy.as_object()).hash() == policy.hash()
    changes: list[Object] = [
        {"site_time": {"zone": "Asia/Tokyo"}},
        {"posture": -1},
        {"areas": []},
        {"doors": []},
        {"extra": 1},
    ]
    for change in changes:
        with pytest.raises(ValueError, match=r".+"):
            Policy.from_object({**POLICY, **change})


def test_presence_counts_until_the_holder_or_the_area_is_forgiven() -> None:
    known = Whereabouts("cedar-room", certain=True, forgiven=2, posture=7)
    assert not forgiven(known, holder_count=2, area_posture=0)
    assert not forgiven(known, holder_count=2, area_posture=7)
    assert forgiven(known, holder_count=3, area_posture=0)
    assert forgiven(known, holder_count=2, area_posture=8)


def test_a_refusal_to_read_bytes_is_a_value_error() -> None:
    assert issubclass(NotCanonical, ValueError)
