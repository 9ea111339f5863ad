"""PINs: which may be chosen, how they are known again, and that nothing shows them."""

from __future__ import annotations

import hmac
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import pin
from contract.pin import PinFlaw, Stretched
from contract.record import NO_PIN, Pin
from contract.situation import PinVerdict
from tests.contract import make_vectors, slow_reference

VECTORS: dict[str, Any] = json.loads((make_vectors.FOLDER / "pins.json").read_text(encoding="utf-8"))
SALT, HOLDER, AGENT_KEY = b"s" * 16, b"h" * 16, b"k" * 32
DIGITS = st.text("0123456789", min_size=4, max_size=12)


@pytest.mark.parametrize("text", ["", "123", "1" * 13, "12a4", "12 4", "+123", "１２３４", "²³¹⁴", "1906#"])
def test_a_pin_is_four_to_twelve_digits(text: str) -> None:
    assert pin.flaw(text) is PinFlaw.WRONG
    assert pin.flaw("4831", text) is PinFlaw.WRONG


@pytest.mark.parametrize(
    "text", ["0000", "1212", "12121", "1234", "7890", "8901", "4321", "0987", "123456", "99999999"]
)
def test_what_anybody_would_try_first_is_no_pin(text: str) -> None:
    assert pin.flaw(text) is PinFlaw.TRIVIAL


@pytest.mark.parametrize("text", ["1906", "1357", "1221", "122333", "493817", "112233445566"])
def test_other_digits_are_a_pin(text: str) -> None:
    assert pin.flaw(text) is None


@pytest.mark.parametrize("duress", ["4831", "4832", "9831", "4813", "8431", "48312", "4837261"])
def test_the_pin_for_duress_cannot_be_typed_by_a_slip(duress: str) -> None:
    assert pin.flaw("4831", duress) is PinFlaw.NEAR


@pytest.mark.parametrize("duress", ["4842", "3841", "1384", "9906", "4318"])
def test_two_slips_away_is_far_enough(duress: str) -> None:
    assert pin.flaw("4831", duress) is None


@given(DIGITS, st.integers(0, 2**32))
def test_no_single_slip_leads_from_one_to_the_other(right: str, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - a slip of a finger
    place, exchanged = draw.randrange(len(right)), list(right)
    if draw.random() < 0.5:
        exchanged[place] = draw.choice("0123456789")
    else:
        exchanged[place - 1], exchanged[place] = exchanged[place], exchanged[place - 1]
        if place == 0:
            exchanged = list(right)
    assert pin.flaw(right, "".join(exchanged)) is not None


def test_a_pin_is_known_again_and_so_is_the_one_for_duress() -> None:
    listed = pin.listed(pin.chosen("4831", "9906", SALT), HOLDER, AGENT_KEY)
    verdicts = [pin.verified(typed, listed, HOLDER, AGENT_KEY) for typed in ("4831", "9906", "4832", "", "4831 ")]
    assert verdicts == [PinVerdict.RIGHT, PinVerdict.DURESS, *[PinVerdict.WRONG] * 3]


def test_without_one_for_duress_nothing_typed_is_duress(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = pin.listed(pin.chosen("4831", None, SALT), HOLDER, AGENT_KEY)
    assert listed.duress == NO_PIN
    monkeypatch.setattr(pin, "verifier", lambda *_: NO_PIN)
    assert pin.verified("9906", listed, HOLDER, AGENT_KEY) is PinVerdict.WRONG


def test_every_verdict_costs_one_stretching(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = pin.listed(pin.chosen("4831", "9906", SALT), HOLDER, AGENT_KEY)
    stretched, compared = pin.stretched, hmac.compare_digest
    work: list[str] = []

    def stretching(typed: str, salt: bytes) -> bytes:
        work.append("stretched")
        return stretched(typed, salt)

    def comparing(one: bytes, other: bytes) -> bool:
        work.append("compared")
        return compared(one, other)

    monkeypatch.setattr(pin, "stretched", stretching)
    monkeypatch.setattr(hmac, "compare_digest", comparing)
    for typed in ("4831", "9906", "1906"):
        work.clear()
        pin.verified(typed, listed, HOLDER, AGENT_KEY)
        assert work == ["stretched", "compared", "compared"]


def test_verifiers_of_other_agents_and_holders_cannot_be_joined() -> None:
    kept = pin.chosen("4831", None, SALT)
    other = [pin.listed(kept, HOLDER, b"K" * 32), pin.listed(kept, b"H" * 16, AGENT_KEY)]
    found = {pin.listed(kept, HOLDER, AGENT_KEY).verifier, *(each.verifier for each in other)}
    assert len(found) == 3
    assert pin.verified("4831", other[0], HOLDER, AGENT_KEY) is PinVerdict.WRONG


def test_a_flawed_pin_is_never_stretched() -> None:
    with pytest.raises(ValueError, match="pin-trivial"):
        pin.chosen("1234", None, SALT)


def test_what_is_kept_does_not_show_itself() -> None:
    kept = Stretched(b"salt" * 4, b"stretched" * 3, b"duress" * 4)
    assert repr(kept) == "Stretched()"


@pytest.mark.parametrize("case", VECTORS["cases"])
def test_the_vectors(case: dict[str, str]) -> None:
    agent_key = slow_reference.secret(VECTORS["agent_key_phrase"])
    holder, salt = bytes.fromhex(case["holder"]), bytes.fromhex(case["salt"])
    kept = pin.chosen(case["pin"], case["duress"] or None, salt)
    assert kept.pin.hex() == case["stretched"]
    listed = pin.listed(kept, holder, agent_key)
    assert listed.packed().hex() == case["payload"]
    assert pin.verified(case["pin"], Pin(*listed), holder, agent_key) is PinVerdict.RIGHT
