"""Changes to try in a preview: each does what the real verb does, in the caller's transaction, which is undone.

The verbs themselves are used wherever they can be, so that a preview is refused for what the change would be refused
for. Only a grant is put in force in one step here, because two people would have to agree to the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from contract.canonical import Value
from controller.delivery import compiling, posture
from controller.delivery.posture import Order
from controller.people import access_level as levels
from controller.people import level_change, lever_acts
from controller.people import permission as permissions
from controller.people.access_level import AccessLevel, LevelPlan
from controller.people.bundle import Bundle
from controller.people.level_change import AccessLevelChange, ChangeState
from controller.people.lever_acts import By
from controller.people.levers import Wanted
from controller.people.operator import Operator
from controller.people.permission import Grant, GrantState, Wish
from controller.premises import room_rules, rule_words
from controller.premises import schedule as schedules
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door
from controller.premises.presets import Preset
from controller.premises.rule_words import Of
from controller.premises.schedule import Schedule, SchedulePlan
from controller.premises.site import Site

Change = Callable[[Session], object]


@dataclass(frozen=True, slots=True)
class Within:
    """A change that alters no list but those that hold one of these areas, told by their ids; calling it makes it."""

    areas: Callable[[Session], Collection[int]]
    make: Change

    def __call__(self, session: Session) -> object:
        return self.make(session)


_ACTOR = "preview"
_WHY = "preview"
_PROVISIONAL = 2**31 - 1
"""The id of a grant that is tried, and below it those of others: none is drawn from the numbers of real ones."""


def granting(by: Operator, now: datetime, wish: Wish) -> Within:
    """That `wish` were requested and approved."""

    def change(session: Session) -> None:
        compiling.must_fit(session, _grant(session, by, now, wish, _PROVISIONAL))

    return Within(lambda _: _opened(wish), change)


def revoking(by: Operator, now: datetime, given: Grant) -> Within:
    return Within(
        lambda session: {area.id for area in permissions.areas_of(session, given)},
        lambda session: permissions.revoke(session, by, now, given, _WHY),
    )


def bundling(by: Operator, now: datetime, bundle: Bundle) -> Within:
    """That all of a bundle were done, and its requests approved."""

    def change(session: Session) -> None:
        for given in bundle.ended:
            permissions.revoke(session, by, now, given, _WHY)
        tried = [_grant(session, by, now, wish, _PROVISIONAL - place) for place, wish in enumerate(bundle.wishes)]
        for one_of_its_room in {grant.area_id: grant for grant in tried}.values():
            compiling.must_fit(session, one_of_its_room)

    def rooms(session: Session) -> set[int]:
        ended = {area.id for given in bundle.ended for area in permissions.areas_of(session, given)}
        return ended.union(*(_opened(wish) for wish in bundle.wishes))

    return Within(rooms, change)


def ruling(now: datetime, of: Area | Door | AccessPoint, settings: Mapping[str, Value]) -> Change:
    """That these settings were made."""

    def change(session: Session) -> None:
        if isinstance(of, Area):
            room_rules.change_area(session, _ACTOR, now, of, settings, _WHY)
        elif isinstance(of, Door):
            room_rules.change_door(session, _ACTOR, now, of, settings, _WHY)
        else:
            _rule_point(session, now, of, settings)

    return change


def _rule_point(session: Session, now: datetime, point: AccessPoint, settings: Mapping[str, Value]) -> None:
    """What an entry asks for after the card is a rule of its own, though a setting like the others."""
    named = {each.name for each in rule_words.settings_for(Of.PIN)}
    asked = {name: value for name, value in settings.items() if name in named}
    others = {name: value for name, value in settings.items() if name not in named}
    if others:
        room_rules.change_access_point(session, _ACTOR, now, point, others, _WHY)
    if asked:
        room_rules.change_pin_rule(session, _ACTOR, now, point, asked, _WHY, compiling.point_must_fit)


def choosing(now: datetime, area: Area, preset: Preset) -> Change:
    """That the area had the rules of this preset."""
    return lambda session: room_rules.apply_preset(session, _ACTOR, now, area, preset, _WHY)


def scheduling(now: datetime, schedule: Schedule, plan: SchedulePlan) -> Change:
    """That a schedule said something else."""
    return lambda session: schedules.change(session, _ACTOR, now, schedule, plan, compiling.all_must_fit)


def pulling(now: datetime, wanted: Wanted) -> Change:
    """That a change were made, whoever must approve it."""
    return lambda session: lever_acts.act(session, By(_ACTOR, now, _WHY), wanted, compiling.all_must_fit)


def leveling(by: Operator, now: datetime, level: AccessLevel, plan: LevelPlan) -> Within:
    """That an access level said something else, and that whoever must had approved it."""

    def change(session: Session) -> None:
        asked = level_change.change(session, by, now, level, plan, _WHY, compiling.all_must_fit)
        if asked.state == ChangeState.REQUESTED:
            deciding(now, asked)(session)

    return Within(lambda session: {*levels.areas_of_each(session, [level.id])[level.id], *plan.rooms}, change)


def deciding(now: datetime, asked: AccessLevelChange) -> Within:
    """That a change of an access level were approved that waits."""

    def change(session: Session) -> None:
        level = session.get_one(AccessLevel, asked.access_level_id)
        level_change.put(session, level, asked.plan, now)
        compiling.all_must_fit(session, session.get_one(Site, level.site_id), now)

    own = asked.access_level_id
    return Within(lambda session: {*levels.areas_of_each(session, [own])[own], *asked.plan.rooms}, change)


def retiring(by: Operator, now: datetime, level: AccessLevel) -> Within:
    """That an access level were retired."""

    def change(session: Session) -> None:
        level_change.retire(session, by, now, level, _WHY)

    return Within(lambda session: levels.areas_of_each(session, [level.id])[level.id], change)


def posing(now: datetime, site: Site, wanted: Order) -> Change:
    """That a posture were ordered or ended."""

    def change(session: Session) -> None:
        posture.change(session, _ACTOR, now, site, wanted, _WHY)

    return change


def _opened(wish: Wish) -> set[int]:
    return {wish.opens.id} if isinstance(wish.opens, Area) else {area.id for area in wish.opens.areas}


def _grant(session: Session, by: Operator, now: datetime, wish: Wish, number: int) -> Grant:
    """`wish` in force, without a row in the ledger."""
    permissions.check(session, now, wish)
    tried = Grant(
        id=number,
        cardholder_id=wish.cardholder.id,
        area_id=wish.area_id,
        access_level_id=wish.access_level_id,
        schedule_id=wish.schedule.id if wish.schedule else None,
        essential=wish.essential,
        valid_from=wish.valid_from,
        valid_until=wish.ends,
        reason=wish.reason,
        state=GrantState.APPROVED,
        requested_by=by.id,
        requested_at=now,
        decided_by=by.id,
        decided_at=now,
        ledger_sequence=0,
    )
    session.add(tried)
    session.flush()
    return tried
