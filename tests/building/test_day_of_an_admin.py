"""A security admin's day in a real browser: an alarm, somebody new, their card, its loss, their leaving, a lockdown."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from hardware.bench.hand import Hand
from tests.building.browser_hands import SOON, go, shot, signed_in, takes_a_second_factor, tile
from tests.building.demo_hands import Demo
from tests.building.door_hands import is_refused, passes

pytestmark = [pytest.mark.browser, pytest.mark.building, pytest.mark.broker]
FIRST_CARD, SECOND_CARD = f"{0x1E0045A2B3:040b}", f"{0x1E0045A2B4:040b}"
NOOR = "渡邉 乃愛"
LAST_MINUTE, AFTER_IT = "2027-03-31T17:29", "2027-03-31T17:31"


def test_a_security_admins_day(building: Demo, browser: Browser) -> None:
    kim, mia = signed_in(browser, building, "kim"), signed_in(browser, building, "mia")
    takes_a_second_factor(kim, building, "kim")
    with building.hand() as hand:
        hand.watch()
        answers_an_alarm(kim, building, hand)
        person = takes_somebody_on(kim)
        opens_the_cedar_room_to_them(kim, mia, building)
        gives_and_hands_out_a_card(kim, person, hand, building)
        goes_in_and_out(kim, building, hand, FIRST_CARD)
        reports_it_lost_in_one_click(kim, person, building, hand)
        replaces_it(kim, building, hand)
        locks_down_and_lifts_it(kim, building, hand)
    says_when_they_leave(kim, person, building)
    leaves(kim)


def answers_an_alarm(kim: Page, building: Demo, hand: Hand) -> None:
    expect(kim.locator("#stream")).to_have_text("live")
    expect(tile(kim, "Main entrance").locator(".door-state")).to_have_text("Secured")
    hand.set("main.contact", 1)
    raised = kim.locator("#alarms li", has_text="Door forced open")
    expect(raised).to_contain_text("Main entrance", timeout=SOON)
    expect(tile(kim, "Main entrance").locator(".door-state")).to_have_text("Forced open", timeout=SOON)
    shot(kim, "admin-alarm")
    hand.set("main.contact", 0)
    expect(tile(kim, "Main entrance").locator(".door-state")).to_have_text("Secured", timeout=SOON)
    raised.locator("input[name=note]").fill("A delivery leaned on it; the door shuts.")
    raised.get_by_role("button", name="Acknowledge").click()
    expect(kim.locator("#alarms")).to_contain_text("No alarm waits.", timeout=SOON)
    kim.click("text=All alarms")
    kept = kim.locator("table.facts tbody tr").first
    expect(kept.locator(".seen")).to_contain_text("Kim")
    expect(kept.locator(".note")).to_have_text("A delivery leaned on it; the door shuts.")
    shot(kim, "admin-alarms")


def takes_somebody_on(kim: Page) -> str:
    """The address of their page."""
    go(kim, "Cardholders")
    adding = kim.locator("section", has_text="Add a cardholder")
    adding.locator("input[name=name]").fill(NOOR)
    adding.locator("input[name=name_kana]").fill("ワタナベ ノア")
    adding.locator("input[name=number]").fill("1030")
    adding.get_by_role("button", name="Add").click()
    expect(kim.locator("h1")).to_contain_text(NOOR)
    expect(kim.locator("main")).to_contain_text("No card yet. Present one at any reader, then give it here.")
    expect(kim.locator("main")).to_contain_text("No room yet. Request one, and another security admin approves it.")
    shot(kim, "admin-somebody-new")
    return kim.url


def opens_the_cedar_room_to_them(kim: Page, mia: Page, building: Demo) -> None:
    kim.locator(".choices", has_text="Request access").get_by_role("link", name="Cedar room").click()
    expect(kim.locator("main")).to_contain_text("Opens this room at 2 doors, as soon as another security admin")
    expect(kim.locator("label", has=kim.locator("input[name=cardholder]:checked"))).to_contain_text(NOOR)
    kim.fill("input[name=reason]", "Keeps the archive from December")
    shot(kim, "admin-request")
    kim.get_by_role("button", name="Request", exact=True).click()
    mine = kim.locator("article", has_text="Keeps the archive")
    expect(mine).to_contain_text("You asked for this; another person decides.")
    expect(mine.get_by_role("button", name="Approve")).to_have_count(0)
    mia.goto(f"{building.description['web']}/requests")
    shot(mia, "admin-waiting")
    mia.locator("article", has_text="Keeps the archive").get_by_role("button", name="Approve").click()
    done = mia.locator("tbody tr", has_text=NOOR)
    expect(done).to_contain_text("Approved")
    expect(done).to_contain_text("in force at 2 of 2 doors", timeout=SOON)
    shot(mia, "admin-approved")


def gives_and_hands_out_a_card(kim: Page, person: str, hand: Hand, building: Demo) -> None:
    assert is_refused(hand, building, "cedar-in", FIRST_CARD) == "NOT_ON_LIST"  # now the page knows it
    kim.goto(person)
    kim.locator("summary", has_text="Give a card").click()
    giving = kim.locator("details.ask", has_text="Give a card")
    expect(giving.locator("input[name=identity]").first).to_be_checked()
    expect(giving.locator(".options label").first).to_contain_text("serial-hex:40:1e0045a2b3")
    giving.locator("input[name=label]").fill("Card of 1030")
    shot(kim, "admin-give-a-card")
    giving.get_by_role("button", name="Give", exact=True).click()
    expect(kim.locator("h1")).to_contain_text("In stock")
    kim.locator("summary", has_text="Hand out").click()
    kim.check("input[name=acknowledged]")
    shot(kim, "admin-hand-out")
    kim.get_by_role("button", name="Hand out").click()
    expect(kim.locator("h1")).to_contain_text("With its holder")
    knows_at(kim, "Cedar room", "Cedar room, back door")


def knows_at(kim: Page, *doors: str) -> None:
    """A tick for each door: it knows of what was changed of the card."""
    ticks = kim.locator("#doors-told li")
    expect(ticks.filter(has_text="knows")).to_have_count(len(doors), timeout=SOON)
    assert {re.sub(r"^knows( · [\d.]+ s)? ", "", each) for each in ticks.all_inner_texts()} == set(doors)


def goes_in_and_out(kim: Page, building: Demo, hand: Hand, card: str) -> None:
    """The card opens the front door from outside and the back door from inside, and the page shows it at once."""
    go(kim, "Live")
    expect(kim.locator("#stream")).to_have_text("live")
    for reader, way, door in (("cedar-in", "Entry", "Cedar room"), ("cedar-back-out", "Exit", "Cedar room, back door")):
        passes(hand, building, reader, card)
        expect(kim.locator("#newest")).to_contain_text(NOOR, timeout=SOON)
        expect(kim.locator("#newest .way")).to_have_text(way, timeout=SOON)
        expect(tile(kim, door).locator(".last")).to_contain_text(NOOR, timeout=SOON)
    shot(kim, "admin-live")


def reports_it_lost_in_one_click(kim: Page, person: str, building: Demo, hand: Hand) -> None:
    kim.goto(person)
    kim.get_by_role("button", name="Report lost").click()
    expect(kim.locator("h1 .mark-lost")).to_have_text("Lost")
    knows_at(kim, "Cedar room", "Cedar room, back door")
    shot(kim, "admin-lost")
    assert is_refused(hand, building, "cedar-in", FIRST_CARD) == "CARD_LOST"


def replaces_it(kim: Page, building: Demo, hand: Hand) -> None:
    assert is_refused(hand, building, "cedar-in", SECOND_CARD) == "NOT_ON_LIST"
    kim.reload()
    kim.locator("summary", has_text="Replace").click()
    replacing = kim.locator("details.ask", has_text="The new card opens what this one opened")
    expect(replacing.locator(".options label").first).to_contain_text("serial-hex:40:1e0045a2b4")
    replacing.locator("input[name=reason]").fill("The first one was lost")
    shot(kim, "admin-replace")
    replacing.get_by_role("button", name="Replace").click()
    expect(kim.locator("main")).to_contain_text("issue level 2")
    kim.locator("summary", has_text="Hand out").click()
    kim.check("input[name=acknowledged]")
    kim.get_by_role("button", name="Hand out").click()
    knows_at(kim, "Cedar room", "Cedar room, back door")
    assert is_refused(hand, building, "cedar-in", FIRST_CARD) == "CARD_LOST"
    goes_in_and_out(kim, building, hand, SECOND_CARD)


def ordered(kim: Page, act: str, does: str) -> Locator:
    """Take the page that says what the order does, give a reason, and do it; what stands there afterwards."""
    go(kim, "Live")
    kim.locator("#posture").get_by_text(act, exact=True).click()
    expect(kim.locator(".effect")).to_contain_text(does)
    expect(kim.locator("main")).to_contain_text("Nothing has been ordered yet.")
    kim.fill("input[name=reason]", "Drill of the afternoon")
    shot(kim, f"admin-{act.replace(' ', '-').lower()}")
    kim.locator("main form button").click()
    told = kim.locator("#at-doors")
    expect(told).to_contain_text("in force at 4 of 4 doors", timeout=SOON)
    return told


def locks_down_and_lifts_it(kim: Page, building: Demo, hand: Hand) -> None:
    told = ordered(kim, "Lock down", "Locks 3 rooms at 4 doors.")
    expect(told.locator("tbody .in-force.good")).to_have_count(4)
    shot(kim, "admin-locked-down")
    go(kim, "Live")
    expect(kim.locator(".tile .mode-lockdown")).to_have_count(4, timeout=SOON)
    assert is_refused(hand, building, "cedar-in", SECOND_CARD) == "LOCKDOWN"
    ordered(kim, "End lockdown", "")
    go(kim, "Live")
    expect(kim.locator(".tile .mode-normal")).to_have_count(4, timeout=SOON)
    goes_in_and_out(kim, building, hand, SECOND_CARD)


def says_when_they_leave(kim: Page, person: str, building: Demo) -> None:
    """A leaving date ahead: the doors would let them in until that minute, and not after it."""
    kim.goto(person)
    kim.locator("summary", has_text="Say a leaving date").click()
    leaving = kim.locator("section", has_text="No leaving date.")
    leaving.locator("input[name=at]").fill("2027-03-31T17:30")
    leaving.locator("input[name=reason]").fill("The contract ends")
    leaving.get_by_role("button", name="Save").click()
    expect(kim.locator("main")).to_contain_text("May do nothing any more from 2027-03-31 17:30")
    shot(kim, "admin-leaver")
    for moment, there in ((LAST_MINUTE, 1), (AFTER_IT, 0)):
        kim.goto(f"{building.description['web']}/rooms/cedar-room/who-can")
        kim.fill("input[name=at]", moment)
        kim.get_by_role("button", name="Show").click()
        expect(kim.locator("h2 time")).to_contain_text(moment[:10])
        expect(kim.locator("table.lines tr", has_text=NOOR)).to_have_count(there)


def leaves(kim: Page) -> None:
    kim.get_by_role("button", name="Sign out").click()
    expect(kim.locator("h1")).to_have_text("Sign in")
    kim.go_back()
    kim.reload()
    expect(kim.locator("h1")).to_have_text("Sign in")
