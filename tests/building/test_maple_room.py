"""The Maple room of a running building: in by Wiegand, out by OSDP, and what happens when the OSDP line is cut."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from typing import Any

import pytest

from cli.demo.building import SOURCES
from hardware.bench.hand import Hand
from hardware.bench.wiring import Edge
from tests.building.demo_hands import Demo, is_newer, newest, wait_until

pytestmark = [pytest.mark.building, pytest.mark.broker]

BACK_WITHIN = 15.0
"""A lost reader is asked again every 5 s."""


@pytest.fixture
def hand(building: Demo) -> Iterator[Hand]:
    with building.hand() as hand:
        hand.watch()
        yield hand
        hand.cut("maple-out", on=False)


def card(building: Demo, cardholder: str, kind: str) -> str:
    """What a reader of that kind makes of somebody's card."""
    source = dict(SOURCES)[kind]  # type: ignore[index]
    found = next(each for each in building.description["credentials"] if each["cardholder"] == cardholder)
    return str(next(each["bits"] for each in found["identities"] if each["source"] == source))


def goes_through(building: Demo, hand: Hand, point: str, bits: str) -> dict[str, Any]:
    """Present the card, open and shut the door; the passage at the centre."""
    before = newest(building, "PASSAGE")["id"]
    released = released_by(hand, point, bits)
    hand.wait_for(f"{point}.green", 1, after=released.mono - 0.5)
    hand.set("maple.contact", 1)
    hand.wait_for("maple.strike", 0, after=released.mono, timeout=15.0)
    hand.set("maple.contact", 0)
    return is_newer(building, "PASSAGE", before)


def test_the_description_names_kinds_and_an_identity_for_each(building: Demo) -> None:
    kinds = {each["id"]: each["kind"] for each in building.description["readers"]}
    assert (kinds["maple-in"], kinds["maple-out"], kinds["cedar-in"]) == ("wiegand", "osdp", "serial")
    for each in building.description["credentials"]:
        assert {identity["source"] for identity in each["identities"]} == set(SOURCES.values())


def test_the_key_of_the_osdp_reader_is_for_its_owner_only(building: Demo) -> None:
    key = building.folder / "building" / "agents" / "cedar-back" / "keys" / "maple-out.osdp"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_card_enters_by_wiegand_and_leaves_by_osdp_in_its_secure_channel(building: Demo, hand: Hand) -> None:
    entered = goes_through(building, hand, "maple-in", card(building, "Ada", "wiegand"))
    readers = {reader["id"]: reader for reader in hand.describe()["readers"]}
    assert readers["maple-out"]["secure"]
    left = goes_through(building, hand, "maple-out", card(building, "Ada", "osdp"))
    assert (entered["access_point"], left["access_point"]) == ("maple-in", "maple-out")
    assert entered["cardholder"] == left["cardholder"]


def test_a_card_that_may_not_enter_is_refused_and_another_kinds_bits_are_no_card(building: Demo, hand: Hand) -> None:
    for bits, reason in ((card(building, "Ben", "wiegand"), None), (card(building, "Ada", "serial"), "BAD_FORMAT")):
        before = newest(building, "DECISION")["id"]
        presented = hand.present("maple-in", bits=bits)
        hand.wait_for("maple-in.red", 1, after=presented)
        found = is_newer(building, "DECISION", before)
        assert found["outcome"] == "REFUSE"
        assert reason in (None, found["reason"])
        hand.wait_for("maple-in.red", 0, 5.0, after=presented)


def test_the_readers_housing_is_told_at_the_centre(building: Demo, hand: Hand) -> None:
    before = newest(building, "TAMPER")["id"]
    hand.set("maple-out.tamper", 1)
    assert is_newer(building, "TAMPER", before)["access_point"] == "maple-out"
    hand.set("maple-out.tamper", 0)


def test_a_cut_line_lets_people_out_by_the_button_until_it_is_mended(building: Demo, hand: Hand) -> None:
    lost, back = newest(building, "READER_LOST")["id"], newest(building, "READER_BACK")["id"]
    assert not opens_by_button(building, hand)
    hand.cut("maple-out")
    assert is_newer(building, "READER_LOST", lost)["access_point"] == "maple-out"
    assert opens_by_button(building, hand)
    hand.wait_for("maple.strike", 0, 15.0)
    hand.cut("maple-out", on=False)
    wait_until(lambda: newest(building, "READER_BACK")["id"] > back, BACK_WITHIN)
    assert not opens_by_button(building, hand)
    wait_until(lambda: is_read(hand, card(building, "Ada", "osdp")), BACK_WITHIN)


def opens_by_button(building: Demo, hand: Hand) -> bool:
    """Press the exit button until the centre knows of it; both the record and the strike must say the same."""
    before = newest(building, "REX")["id"]
    pressed = hand.set("maple.rex", 1)
    opened = bool(is_newer(building, "REX", before)["body"]["opened"])
    hand.set("maple.rex", 0)
    assert released_within(hand, pressed, 0.2) is opened
    return opened


def released_by(hand: Hand, point: str, bits: str) -> Edge:
    """Present a card that may pass, again if nothing happens, as people do: on a busy machine libosdp may lose one."""
    for _ in range(4):
        presented = hand.present(point, bits=bits)
        with contextlib.suppress(TimeoutError):
            return hand.wait_for("maple.strike", 1, 4.0, after=presented)
    raise TimeoutError(f"{point} does not read the card")


def is_read(hand: Hand, bits: str) -> bool:
    return released_within(hand, hand.present("maple-out", bits=bits), 1.0)


def released_within(hand: Hand, after: float, seconds: float) -> bool:
    try:
        hand.wait_for("maple.strike", 1, seconds, after=after)
    except TimeoutError:
        return False
    return True
