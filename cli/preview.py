"""`sekisho preview …`: who would gain or lose, and who could no longer leave without an alarm. Nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli.centre import own_site
from cli.enquiry import JSON, SETTINGS, MomentOf, on_site
from cli.exits import EXPLAINED, No, WrongUse
from cli.saying import say, say_json

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from contract.canonical import Value
    from controller.delivery.preview import Preview, Touched
    from controller.delivery.trial import Change
    from controller.people.operator import Operator
    from controller.premises.area import Area
    from controller.premises.door import AccessPoint, Door
    from controller.premises.site import Site

AT = click.option("--at", type=MomentOf(), help="From when; without an offset on the site's clock. Without it: now.")
Make = Callable[["Session", "Site", datetime], "Change"]
_TOUCHES: Final = {"gains": "gain", "loses": "lose", "alarms": "could no longer leave without an alarm"}


@click.group(epilog=EXPLAINED)
def preview() -> None:
    """What a change would do, before it is made: who gains, who loses, who could no longer leave without an alarm.

    The lists of all doors are compiled with and without the change, and every card is decided on as a door decides.
    The answer holds for the lists as they would be compiled at one moment (--at, else now), judged at every quarter
    hour of the week from then on; it assumes fresh lists, right clocks and PINs, and a room that is empty or, where
    only that is missing, attended. Nothing is changed and nothing recorded. Answers no (exit code 1) when the change
    itself would be refused.
    """


@preview.command(epilog=EXPLAINED)
@click.argument("cardholder", metavar="CARDHOLDER")
@click.argument("area", metavar="AREA")
@click.option("--schedule", help="The name of the hours. Without it: always.")
@click.option("--essential", is_flag=True, help="Enters also while a door is cut off for long.")
@AT
@SETTINGS
@JSON
def grant(
    cardholder: str,
    area: str,
    schedule: str | None,
    essential: bool,
    at: datetime | None,
    settings: Path,
    as_json: bool,
) -> None:
    """If CARDHOLDER (a staff number, or a name that only one has) were granted AREA (its key)."""
    from controller.delivery import trial
    from controller.people.permission import Wish

    def make(session: Session, site: Site, now: datetime) -> Change:
        holder, hours = _cardholder(session, site, cardholder), _schedule(session, site, schedule)
        wish = Wish(holder, _area(session, site, area), now, None, "preview", hours, essential)
        return trial.granting(_operator(session, site), now, wish)

    _answer(make, at, settings, as_json)


@preview.command(epilog=EXPLAINED)
@click.argument("grant", type=click.IntRange(1, 2**31 - 1))
@AT
@SETTINGS
@JSON
def revoke(grant: int, at: datetime | None, settings: Path, as_json: bool) -> None:
    """If GRANT (its number) were revoked."""
    from controller.delivery import trial
    from controller.people.permission import Grant

    def make(session: Session, site: Site, now: datetime) -> Change:
        given = session.get(Grant, grant)
        if given is None:
            raise No(f"there is no grant {grant}")
        return trial.revoking(_operator(session, site), now, given)

    _answer(make, at, settings, as_json)


@preview.command(epilog=EXPLAINED)
@click.argument("place", metavar="AREA|DOOR|ACCESS-POINT")
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="A setting, such as passback.entry=hard.")
@click.option("--preset", help="Of an area: private-information-room or ordinary-room.")
@AT
@SETTINGS
@JSON
def rules(
    place: str, changes: tuple[str, ...], preset: str | None, at: datetime | None, settings: Path, as_json: bool
) -> None:
    """If these settings of an area, a door or an access point (its key) were made; docs/operator/room-rules.md lists
    them."""
    from controller.delivery import trial
    from controller.premises.area import Area
    from controller.premises.presets import Preset

    if bool(changes) == bool(preset):
        raise WrongUse("say either --set NAME=VALUE, once or more, or --preset NAME")
    if preset is not None and preset not in set(Preset):
        raise WrongUse(f"there is no preset {preset}; there are: {', '.join(Preset)}")

    def make(session: Session, site: Site, now: datetime) -> Change:
        of = _place(session, site, place)
        if preset is None:
            return trial.ruling(now, of, dict(_setting(session, site, each) for each in changes))
        if not isinstance(of, Area):
            raise WrongUse(f"{place} is no area: presets are of areas")
        return trial.choosing(now, of, Preset(preset))

    _answer(make, at, settings, as_json)


@preview.command(epilog=EXPLAINED)
@click.argument("name")
@click.option("--intervals", required=True, help="JSON: [[weekday, start minute, end minute], …]; 0 is Monday.")
@AT
@SETTINGS
@JSON
def schedule(name: str, intervals: str, at: datetime | None, settings: Path, as_json: bool) -> None:
    """If the schedule NAME had these hours in an ordinary week; its exceptions and calendars stay."""
    from dataclasses import replace

    from contract.schedule import Interval
    from controller.delivery import trial
    from controller.premises.schedule import plan_of

    try:
        hours = [Interval(*each) for each in json.loads(intervals)]
    except (TypeError, ValueError) as flaw:
        raise WrongUse("--intervals is JSON: [[weekday, start minute, end minute], …]") from flaw

    def make(session: Session, site: Site, now: datetime) -> Change:
        found = _schedule(session, site, name)
        if found is None:
            raise No(f"there is no schedule {name}")
        return trial.scheduling(now, found, replace(plan_of(session, found), intervals=hours))

    _answer(make, at, settings, as_json)


@preview.command(epilog=EXPLAINED)
@click.argument("act", type=click.Choice(["lockdown", "evacuation", "threat", "forgive"]))
@click.option("--area", help="The key of an area. Without area and door: the whole site.")
@click.option("--door", help="The key of a door (lockdown only).")
@click.option("--level", type=click.IntRange(0, 9), help="Of a threat; 0 ends it.")
@click.option("--off", is_flag=True, help="End it instead.")
@AT
@SETTINGS
@JSON
def posture(
    act: str,
    area: str | None,
    door: str | None,
    level: int | None,
    off: bool,
    at: datetime | None,
    settings: Path,
    as_json: bool,
) -> None:
    """If this posture were ordered, or ended with --off."""
    from controller.delivery import trial
    from controller.delivery.posture import Act, Order

    if (act == "threat") != (level is not None):
        raise WrongUse("a threat has a --level, and nothing else has")

    def make(session: Session, site: Site, now: datetime) -> Change:
        where = (_area(session, site, area) if area else None, _door(session, site, door) if door else None)
        return trial.posing(now, site, Order(Act(act), (level or 0) if act == "threat" else int(not off), *where))

    _answer(make, at, settings, as_json)


def _answer(make: Make, at: datetime | None, settings: Path, as_json: bool) -> None:
    from controller.delivery.preview import preview as ask

    with _tried(settings) as (session, site):
        now = datetime.now(UTC) if at is None else on_site(site, at)
        found = ask(session, site, now, make(session, site, now))
        if as_json:
            say_json(found.as_object())
        else:
            _tell(found, site)


@contextmanager
def _tried(settings: Path) -> Iterator[tuple[Session, Site]]:
    from controller.refusal import Refused

    with own_site(settings, trying=True) as (session, site, _):
        try:
            yield session, site
        except Refused as refusal:
            raise No(f"{refusal.code}: {refusal}") from refusal


def _tell(found: Preview, site: Site) -> None:
    from controller.delivery.preview import Touch

    for each in found.touched:
        say(_line(each, site))
    for mark, changed in (("+", found.appeared), ("-", found.gone)):
        for area, finding in changed:
            place = f"{area.key} {finding.where}".strip()
            say(f"{mark} {finding.danger}  {place}  {finding.says.en}\n    {finding.says.ja}")
    counts = {touch: len({each.cardholder.id for each in found.of(touch)}) for touch in Touch}
    say(", ".join(f"{number} {_TOUCHES[touch]}" for touch, number in counts.items()))
    compiled, until = (
        moment.astimezone(site.clock).isoformat(" ", "seconds") for moment in (found.compiled_at, found.until)
    )
    say(f"holds for the lists of {compiled}, judged at every quarter hour until {until}")


def _line(each: Touched, site: Site) -> str:
    points = ", ".join(each.access_points)
    first = each.first.astimezone(site.clock).isoformat(" ", "minutes")
    change = f"{each.before.outcome} {each.before.reason} -> {each.after.outcome} {each.after.reason}"
    alarm = " with an alarm" if each.after.alarm else ""
    return f"{each.touch}  {each.cardholder.name}  {points}  {change}{alarm}  {each.quarters / 4:g} h, first {first}"


def _operator(session: Session, site: Site) -> Operator:
    """In whose name a grant is tried."""
    from controller.people import operator as operators

    found = operators.of_site(session, site)
    if not found:
        raise No("there is no operator yet who could grant or revoke anything")
    return found[0]


def _cardholder(session: Session, site: Site, text: str) -> Any:
    from controller.people import cardholder as cardholders

    found = cardholders.exactly(session, site, text)
    if len(found) != 1:
        raise No(f"{len(found)} cardholders have the staff number or name {text}")
    return found[0]


def _schedule(session: Session, site: Site, name: str | None) -> Any:
    from controller.premises import schedule as schedules

    if name is None:
        return None
    found = schedules.by_name(session, site, name)
    if found is None:
        raise No(f"there is no schedule {name}")
    return found


def _area(session: Session, site: Site, key: str) -> Area:
    from controller.premises import area as areas

    found = areas.by_key(session, site, key)
    if found is None:
        raise No(f"there is no area {key}")
    return found


def _door(session: Session, site: Site, key: str) -> Door:
    from controller.premises import door as doors

    found = doors.by_key(session, site, key)
    if found is None:
        raise No(f"there is no door {key}")
    return found


def _place(session: Session, site: Site, key: str) -> Area | Door | AccessPoint:
    from controller.premises import area as areas
    from controller.premises import door as doors

    for by_key in (areas.by_key, doors.by_key, doors.access_point_by_key):
        found: Area | Door | AccessPoint | None = by_key(session, site, key)
        if found is not None:
            return found
    raise No(f"there is no area, door or access point {key}")


def _setting(session: Session, site: Site, text: str) -> tuple[str, Value]:
    """NAME=VALUE; hours are named."""
    from controller.premises import rule_words
    from controller.premises.rule_words import Unit

    name, equals, value = (each.strip() for each in text.partition("="))
    found = rule_words.by_name(name)
    if not equals or found is None:
        raise WrongUse(f"{text}: no setting of this name; say NAME=VALUE, such as passback.entry=hard")
    if found.unit is Unit.SCHEDULE and value.lower() not in ("", "none"):
        return name, _schedule(session, site, value).id
    try:
        return name, rule_words.read(found, value)
    except ValueError as flaw:
        raise WrongUse(f"{name}: {flaw}") from flaw
