"""Rules of rooms as values: what contradicts itself cannot be made, every setting has its words, dangers are stable."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.policy import ExitMode, Relock
from contract.room_rules import Company, DuressAnswer, Enforcement, Passback, PinRule, Tier, Unheard
from controller.premises import pin_rule, presets, rule_words
from controller.premises.dangers import REFUSED, SENTENCES, Danger, Exit, Room, brought, findings
from controller.premises.presets import Preset
from controller.premises.rule_words import SETTINGS, Of, Unit
from controller.premises.rules import SEVEN_DAYS, AreaRules, DoorRules, PointRules, settings_of, with_settings
from controller.refusal import Refused

ENFORCED = st.sampled_from(Enforcement)
SECONDS = st.integers(0, 7 * 24 * 3600)
AREAS = st.builds(
    AreaRules,
    st.integers(1, SEVEN_DAYS),
    st.integers(SEVEN_DAYS, 2 * SEVEN_DAYS),
    st.builds(Passback, ENFORCED, ENFORCED, SECONDS),
    st.builds(
        Company,
        st.integers(1, 8),
        st.integers(1, 120),
        st.integers(0, 20),
        ENFORCED,
        st.integers(0, 8),
        ENFORCED,
        ENFORCED,
    ),
    st.sampled_from(Tier),
    st.sampled_from(Unheard),
    st.none() | st.integers(0, 1439),
)
DOORS = st.builds(
    DoorRules,
    unlock=st.none() | st.integers(1, 9),
    unlock_first=st.booleans(),
    may_hold=st.booleans(),
    tailgate_s=st.integers(0, 60),
    relock=st.sampled_from(Relock),
)
EXITS = st.builds(Exit, st.sampled_from("ab"), st.sampled_from(ExitMode), st.booleans(), st.booleans(), st.booleans())
PINS = st.builds(PinRule, st.none() | st.just(1), duress=st.sampled_from(DuressAnswer))
ROOMS = st.builds(
    Room,
    st.booleans(),
    AREAS,
    st.lists(st.tuples(st.sampled_from("de"), DOORS), max_size=2).map(tuple),
    st.lists(EXITS, max_size=2).map(tuple),
    st.lists(st.tuples(st.sampled_from("fg"), PINS), max_size=2).map(tuple),
    st.integers(1, 3),
    st.none() | st.integers(0, 2),
)
DOOR = ("cedar", DoorRules())
CLOSED = Room(True, AreaRules(), (DOOR,), (Exit("cedar-out", ExitMode.CONTROLLED),))


@given(AREAS | DOORS)
def test_rules_are_read_as_they_were_written(rules: AreaRules | DoorRules) -> None:
    assert type(rules).from_object(rules.as_object()) == rules


def test_every_setting_has_its_words_and_no_words_are_of_nothing() -> None:
    for of, rules in ((Of.AREA, AreaRules()), (Of.DOOR, DoorRules()), (Of.ACCESS_POINT, PointRules())):
        assert {each.name for each in rule_words.settings_for(of)} == settings_of(rules).keys()
    assert {each.name for each in rule_words.settings_for(Of.PIN)} == pin_rule.settings_of(None).keys()
    for each in SETTINGS:
        assert all((each.title.en, each.title.ja, each.does.en, each.does.ja))
        assert each.choices == () or each.unit is Unit.WORD
        assert set(each.choices) <= rule_words.CHOICES.keys()


@given(AREAS | DOORS)
def test_what_a_form_shows_is_read_back_as_the_same(rules: AreaRules | DoorRules) -> None:
    for name, value in settings_of(rules).items():
        setting = rule_words.by_name(name)
        assert setting is not None
        assert rule_words.read(setting, rule_words.written(setting, value)) == value


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"passback.entry": "fierce"}, "setting-wrong"),
        ({"passback.entry": None}, "setting-wrong"),
        ({"company.size": 0}, "setting-wrong"),
        ({"company.size": True}, "setting-wrong"),
        ({"company": {"size": 2}}, "setting-unknown"),
        ({"passback.entrance": "hard"}, "setting-unknown"),
        ({"forgive_at": 1440}, "setting-wrong"),
        ({"fresh_s": 2 * SEVEN_DAYS}, "rules-contradict"),
    ],
)
def test_a_setting_out_of_its_bounds_is_refused_by_name(changes: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as refused:
        with_settings(AreaRules(), changes)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_two_settings_that_fit_only_together_can_be_made_together() -> None:
    changed = with_settings(AreaRules(), {"fresh_s": 2 * SEVEN_DAYS, "essential_s": 2 * SEVEN_DAYS})
    assert (changed.fresh_s, changed.essential_s) == (2 * SEVEN_DAYS, 2 * SEVEN_DAYS)


def test_no_rule_makes_a_card_wait_on_the_way_out() -> None:
    with pytest.raises(Refused) as refused:
        with_settings(PointRules(ExitMode.RECORDED), {"card_again_s": 60})
    assert refused.value.code == "rules-contradict"


def _room(**area: object) -> Room:
    return replace(CLOSED, rules=replace(AreaRules(), **area))  # type: ignore[arg-type]


HARD = Passback(Enforcement.HARD)
LOOSE = (Exit("cedar-out", ExitMode.CONTROLLED), Exit("back-out", ExitMode.RECORDED))
FREE = (Exit("cedar-out", ExitMode.FREE),)
DANGEROUS = {
    Danger.HARD_PASSBACK_LOOSE_EXIT: replace(_room(passback=HARD), exits=LOOSE),
    Danger.PRIVATE_DOOR_UNLOCKED: replace(CLOSED, doors=(("cedar", DoorRules(unlock=1)),)),
    Danger.PRIVATE_DOOR_HELD: replace(CLOSED, doors=(("cedar", DoorRules(may_hold=True)),)),
    Danger.MOST_BELOW_COMPANY: _room(company=Company(size=3, most=2)),
    Danger.MOST_BELOW_LEAST: _room(company=Company(least=2, most=1)),
    Danger.PRIVATE_CLOCKLESS: _room(clockless=Tier.EVERYBODY),
    Danger.SIGN_OFF_NOT_VALID: replace(CLOSED, exits=(Exit("cedar-out", ExitMode.CONTROLLED, valid=False),)),
    Danger.SIGN_OFF_BY_MIGRATION: replace(CLOSED, exits=(Exit("cedar-out", ExitMode.CONTROLLED, by_migration=True),)),
    Danger.SIGN_OFF_ENDS_SOON: replace(CLOSED, exits=(Exit("cedar-out", ExitMode.CONTROLLED, soon=True),)),
    Danger.NEVER_ALONE_LOOSE_EXIT: replace(_room(company=Company(least=2)), exits=LOOSE),
    Danger.UNHEARD_ENFORCED: replace(_room(unheard=Unheard.ENFORCE), agents=2),
    Danger.STALE_BEYOND_WEEK: _room(essential_s=SEVEN_DAYS + 1),
    Danger.SUPERVISOR_NOBODY: replace(_room(company=Company(supervisor=Enforcement.HARD)), supervisors=0),
    Danger.FIRST_WITHOUT_HOURS: replace(CLOSED, doors=(("cedar", DoorRules(unlock_first=True)),)),
    Danger.PRIVATE_PASSBACK_OFF: _room(passback=Passback(Enforcement.OFF)),
    Danger.PRIVATE_EXIT_FREE: replace(CLOSED, exits=FREE),
    Danger.PIN_WITHOUT_KEYS: replace(CLOSED, pins=(("cedar-in", PinRule()),), keyless=frozenset({"cedar-in"})),
    Danger.PIN_OUTLASTS_COMPANY: replace(_room(company=Company(size=2)), pins=(("cedar-in", PinRule(within_s=11)),)),
    Danger.PIN_NOT_ALWAYS: replace(CLOSED, pins=(("cedar-in", PinRule(card_alone=1)),)),
    Danger.DURESS_REFUSED: replace(CLOSED, pins=(("cedar-in", PinRule(duress=DuressAnswer.REFUSE)),)),
}


@pytest.mark.parametrize("danger", Danger)
def test_each_danger_is_found_where_it_is_and_nowhere_else(danger: Danger) -> None:
    assert [each.danger for each in findings(DANGEROUS[danger])] == [danger]
    assert findings(CLOSED) == ()
    assert SENTENCES[danger].en
    assert SENTENCES[danger].ja


@given(ROOMS)
def test_findings_are_each_told_once_in_a_fixed_order_and_whatever_the_order_of_doors_and_exits(room: Room) -> None:
    found = findings(room)
    places = [list(Danger).index(each.danger) for each in found]
    assert places == sorted(places)
    assert len(set(found)) == len(found)
    turned = replace(room, doors=room.doors[::-1], exits=room.exits[::-1], pins=room.pins[::-1])
    assert findings(turned) == found
    assert brought(room, room) == ()
    assert {each for each in found if each.refused} == {each for each in found if each.danger in REFUSED}


@given(ROOMS, st.sampled_from(Preset))
def test_no_preset_brings_a_refused_danger_and_a_private_one_leaves_none_at_its_doors(
    room: Room, preset: Preset
) -> None:
    wanted = presets.chosen(preset, room)
    doors = tuple((key, with_settings(door, wanted.doors)) for key, door in room.doors)
    after = replace(room, rules=wanted.area, doors=doors)
    assert brought(room, after) == ()
    if preset is Preset.PRIVATE_INFORMATION_ROOM:
        assert [each for each in findings(after) if each.refused] == []
