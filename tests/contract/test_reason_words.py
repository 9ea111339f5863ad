"""Every reason is told in both languages, says what to do next, and is known to other systems by a name of theirs."""

from __future__ import annotations

import re

import pytest

from contract.outcome import Outcome
from contract.reason import Reason
from contract.reason_words import BACNET_EVENTS, WORDS, Equivalent, equivalent, words_of

ONVIF = {
    "CredentialNotFound", "CredentialNotEnabled", "CredentialNotActive", "CredentialExpired", "InvalidPIN",
    "NotPermittedAtThisTime", "Unauthorized", "Other", "AccessGranted", "Duress",
}  # fmt: skip
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def test_every_reason_has_its_words() -> None:
    assert list(WORDS) == list(Reason)


@pytest.mark.parametrize("name", WORDS)
def test_a_reason_is_told_and_advised_in_both_languages(name: str) -> None:
    told = WORDS[name]
    assert 0 < len(told.label.en) <= 60
    assert len(told.label.ja) <= 40
    assert JAPANESE.search(told.label.ja)
    assert JAPANESE.search(told.advice.ja)
    assert told.advice.ja.endswith("。")
    assert re.fullmatch(r"[A-Z].*\. [A-Z].*\.|[A-Z][^.]*\. .*\.", told.advice.en), "what it means, and what to do"


@pytest.mark.parametrize("name", WORDS)
def test_a_reason_has_a_name_of_onvif_and_a_number_of_bacnet(name: str) -> None:
    told = WORDS[name].equivalent
    assert told.onvif in ONVIF
    assert told.bacnet in BACNET_EVENTS


def test_no_two_reasons_are_told_alike() -> None:
    assert len({told.label for told in WORDS.values()}) == len(WORDS)
    assert len({told.advice for told in WORDS.values()}) == len(WORDS)


def test_every_event_of_bacnet_is_told_by_some_decision() -> None:
    used = {told.equivalent.bacnet for told in WORDS.values()}
    assert used | {3} == BACNET_EVENTS.keys()


def test_a_reason_of_a_later_version_is_told_by_its_name() -> None:
    told = words_of("MOON_PHASE")
    assert told.label.en == told.label.ja == "MOON_PHASE"
    assert "MOON_PHASE" in told.advice.en
    assert told.equivalent == Equivalent("Other", 164)


@pytest.mark.parametrize(
    ("outcome", "reason", "violations", "onvif", "bacnet"),
    [
        (Outcome.GRANT, "PERMITTED", (), "AccessGranted", "granted"),
        (Outcome.GRANT, "EXIT_UNVERIFIED", ("NOT_ON_LIST", "EXIT_UNVERIFIED"), "AccessGranted", "granted"),
        (Outcome.GRANT, "PERMITTED", ("ALREADY_INSIDE",), "AccessGranted", "passbackDetected"),
        (Outcome.GRANT, "PERMITTED", ("EXPIRED", "NOT_INSIDE"), "AccessGranted", "passbackDetected"),
        (Outcome.GRANT, "PERMITTED", ("ALREADY_INSIDE", "DURESS"), "Duress", "duress"),
        (Outcome.REFUSE, "ALREADY_INSIDE", ("ALREADY_INSIDE",), "Unauthorized", "deniedPassback"),
        (Outcome.REFUSE, "OUTSIDE_SCHEDULE", (), "NotPermittedAtThisTime", "deniedOutOfTimeRange"),
        (Outcome.AWAIT, "AWAITING_COMPANY", (), "Other", "authorizationDelayed"),
    ],
)
def test_a_decision_is_known_elsewhere_by_what_the_door_did(
    outcome: Outcome, reason: str, violations: tuple[str, ...], onvif: str, bacnet: str
) -> None:
    found = equivalent(outcome, reason, violations)
    assert (found.onvif, found.bacnet_name) == (onvif, bacnet)
