"""Schedules as bit fields, and card formats as data."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from contract import formats
from contract.canonical import NotCanonical, Object
from contract.credential import Identity, Source
from contract.policy import Policy
from contract.presence import Passage, Whereabouts
from contract.schedule import ALWAYS, Interval, Schedule, compiled, united
from tests.contract.make_vectors import POLICY

MONDAY = datetime(2026, 11, 23, tzinfo=ZoneInfo("Asia/Tokyo"))


def test_office_hours_begin_and_end_on_the_quarter_hour() -> None:
    office = compiled([Interval(day, 9 * 60, 17 * 60 + 30) for day in range(5)])
    for hour, minute, open_ in ((8, 59, False), (9, 0, True), (17, 29, True), (17, 30, False)):
        assert office.permits(MONDAY.replace(hour=hour, minute=minute)) is open_
    assert not office.permits(MONDAY + timedelta(days=5, hours=12))
    assert Schedule.from_object(office.as_object()) == office


def test_a_dated_exception_replaces_the_weekday() -> None:
    holiday = date(2026, 11, 23)
    office = compiled([Interval(0, 0, 1440)], {holiday: []})
    assert not office.permits(MONDAY.replace(hour=12))
    assert office.permits(MONDAY + timedelta(days=7))
    assert Schedule.from_object(office.as_object()) == office


def test_united_schedules_permit_what_either_permits(rng: random.Random) -> None:
    def some() -> Schedule:
        spans = [sorted(rng.sample(range(97), 2)) for _ in range(6)]
        intervals = [Interval(rng.randrange(7), start * 15, end * 15) for start, end in spans]
        return compiled(intervals[:4], {date(2026, 11, 23 + rng.randrange(7)): intervals[4:]})

    for _ in range(20):
        one, two = some(), some()
        both = united([one, two])
        for slot in range(7 * 96):
            moment = MONDAY + timedelta(minutes=15 * slot)
            assert both.permits(moment) == (one.permits(moment) or two.permits(moment))


def test_throughout_needs_every_slot_between_the_bounds() -> None:
    morning = compiled([Interval(0, 0, 720)])
    assert morning.permits_throughout(MONDAY, MONDAY.replace(hour=11, minute=59))
    assert not morning.permits_throughout(MONDAY, MONDAY.replace(hour=12))
    assert not ALWAYS.permits_throughout(MONDAY, MONDAY - timedelta(seconds=1))
    assert not ALWAYS.permits_throughout(MONDAY, MONDAY + timedelta(days=2))
    split = compiled([Interval(0, 0, 60), Interval(0, 120, 180)])
    assert not split.permits_throughout(MONDAY.replace(minute=50), MONDAY.replace(hour=2, minute=1))


@pytest.mark.parametrize(("weekday", "start", "end"), [(7, 0, 15), (-1, 0, 15), (0, 15, 15), (0, 0, 1455), (0, 7, 30)])
def test_an_interval_outside_a_day_is_refused(weekday: int, start: int, end: int) -> None:
    with pytest.raises(ValueError, match="interval"):
        Interval(weekday, start, end)


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
    changes: list[Object] = [{"zone": "Asia/Nowhere"}, {"zone": "America"}, {"areas": []}, {"doors": []}, {"extra": 1}]
    for change in changes:
        with pytest.raises(ValueError, match=r".+"):
            Policy.from_object({**POLICY, **change})


def test_a_passage_leads_into_its_area_and_an_inferred_one_is_not_certain() -> None:
    assert Passage(b"B", "hallway", "cedar-room", inferred=False).leads_to == Whereabouts("cedar-room", certain=True)
    assert Passage(b"B", "hallway", "cedar-room", inferred=True).leads_to == Whereabouts("cedar-room", certain=False)


def test_a_refusal_to_read_bytes_is_a_value_error() -> None:
    assert issubclass(NotCanonical, ValueError)
