"""`sekisho explain`, `who-can` and `who-was`: what an auditor asks on the centre's host. Nothing is changed here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli.centre import own_site
from cli.exits import EXPLAINED, NO, No, WrongUse
from cli.saying import say, say_json

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from controller.delivery.entitled import Answer, Entitled
    from controller.premises.area import Area
    from controller.premises.site import Site
    from controller.record.explanation import Explanation
    from controller.record.stay import Inside

OF_THE_HOST: Final = Path("/etc/sekisho/controller.toml")
OF_THE_DEMO: Final = Path(__file__).parents[1] / ".demo" / "run" / "controller.toml"
SETTINGS = click.option(
    "--settings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="SEKISHO_SETTINGS",
    default=lambda: OF_THE_DEMO if OF_THE_DEMO.exists() and not OF_THE_HOST.exists() else OF_THE_HOST,
    show_default=f"{OF_THE_HOST}, else the demo's in this checkout",
    help="The controller's settings file.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
_VERDICTS: Final = {
    "agrees": "agrees: replayed from its recorded input, the same rule gives the same answer",
    "differs": "DIFFERS: replayed from its recorded input, the rule gives another answer",
    "erased": "erased: the recorded input is gone; what was committed to it is intact",
    "list-unknown": "not possible: the list of that time is not kept here",
    "unreadable": "not possible: what was recorded is no input that this version understands",
    "not-judged": "not possible: the rules had spoken before; this refusal came after them",
}


class MomentOf(click.ParamType[datetime]):
    """RFC 3339; without an offset it is read on the site's clock."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            found = value if isinstance(value, datetime) else datetime.fromisoformat(value.strip())
        except ValueError:
            found = None
        if found is None or not 2000 <= found.year < 2100:
            self.fail("a moment from 2000 to 2099, such as 2026-11-24T09:30 or 2026-11-24T00:30:00Z", param, ctx)
        return found


@click.command(epilog=EXPLAINED)
@click.argument("fact", metavar="FACT")
@SETTINGS
@JSON
@click.pass_context
def explain(context: click.Context, fact: str, settings: Path, as_json: bool) -> None:
    """Why a door decided as it did: FACT is the decision's place in the ledger, or AGENT:SEQUENCE.

    Replays the decision from its recorded input and tells its reasons in words and what to do next, what ONVIF and
    BACnet would call it, the list and the grant it rested on, and how fresh list, presence and clock were. Answers no
    (exit code 1) when the replay does not give the recorded answer, or cannot be made, because the input was erased.
    """
    from controller.delivery import issued
    from controller.record import enquiry
    from controller.record.explanation import Verdict, explained

    with own_site(settings, writing=False) as (session, site, _):
        try:
            row = enquiry.named(session, site, fact)
        except ValueError as flaw:
            raise WrongUse(str(flaw)) from flaw
        if row is None:
            raise No(f"there is no fact {fact}")
        found = explained(session, row.fact, lambda wanted: issued.policy_by_hash(session, wanted))
        if found is None:
            raise No(f"{fact} is a {row.fact.kind}, not a decision{_its_decision(row.fact.fact())}")
        where = row.access_point.key if row.access_point else "?"
        who = row.cardholder.name if row.cardholder else "unknown card"
    if as_json:
        say_json(found.as_object())
    else:
        _tell(found, where, who)
    context.exit(0 if found.verdict is Verdict.AGREES else NO)


@click.command("who-was", epilog=EXPLAINED)
@click.argument("area", metavar="AREA")
@click.option("--at", type=MomentOf(), required=True, help="When; without an offset on the site's clock.")
@SETTINGS
@JSON
def who_was(area: str, at: datetime, settings: Path, as_json: bool) -> None:
    """Who was inside AREA (its key, such as cedar-room) at a moment, past included.

    Each stay is measured (both ends that it has so far were badged and certain) or inferred. Also says whether somebody
    may have come or gone unseen before that moment. As far as is known by now: a door that was cut off may tell later.
    """
    from contract import leaf
    from controller.record import occupancy, stay

    with _asked(settings, area) as (session, site, found):
        at = on_site(site, at)
        if at > datetime.now(UTC):
            raise WrongUse("that moment lies in the future")
        inside, certain = stay.inside_at(session, found, at), occupancy.certain_at(session, found.id, at)
    if as_json:
        people = [each.as_object() for each in inside]
        told = {"area": area, "at": leaf.written(at), "certain": certain, "inside": people}
        say_json(told)
        return
    for each in inside:
        say(_stay_line(each, site))
    surely = "that is certain" if certain else "others may have come or gone unseen"
    say(f"{len(inside)} inside {area} at {_local(site, at)}; {surely}")


@click.command("who-can", epilog=EXPLAINED)
@click.argument("area", metavar="AREA")
@click.option("--at", type=MomentOf(), help="When; without an offset on the site's clock. Without it: now.")
@SETTINGS
@JSON
def who_can(area: str, at: datetime | None, settings: Path, as_json: bool) -> None:
    """Who can enter AREA (its key, such as cedar-room) at a moment, by which card and grant.

    For the past it asks the lists that the area's doors carried then, for now and later the lists that would be
    compiled for that moment; each card is decided on as the door decides. It assumes a fresh list and a clock that
    is right. AWAIT: with a PIN, together with others, or after a supervisor or a host.
    """
    from controller.delivery.entitled import who_can as ask

    with _asked(settings, area) as (session, site, found):
        now = datetime.now(UTC)
        answer = ask(session, site, found, now if at is None else on_site(site, at), now)
    if as_json:
        say_json(answer.as_object())
        return
    for each in answer.people:
        say(_entitled_line(each))
    say(f"{len(answer.people)} can enter {area} at {_local(site, answer.at)}, by {_bases(answer)}")


@contextmanager
def _asked(settings: Path, area: str) -> Iterator[tuple[Session, Site, Area]]:
    from controller.premises import area as areas

    with own_site(settings, writing=False) as (session, site, _):
        found = areas.by_key(session, site, area)
        if found is None:
            raise No(f"there is no area {area}; there are: {', '.join(a.key for a in areas.of_site(session, site))}")
        yield session, site, found


def on_site(site: Site, at: datetime) -> datetime:
    return (at if at.tzinfo is not None else at.replace(tzinfo=site.clock)).astimezone(UTC)


def _local(site: Site, at: datetime) -> str:
    return at.astimezone(site.clock).isoformat(sep=" ", timespec="seconds")


def _its_decision(fact: Any) -> str:
    number = fact.body.get("decision")
    return f"; its decision is {fact.agent}:{number}" if isinstance(number, int) else ""


def _tell(found: Explanation, where: str, who: str) -> None:
    say(f"{found.outcome} {found.reason}  {who} at {where}, {found.as_object()['at']}")
    for name, words in found.told.items():
        say(f"  {name}: {words.label.en}. {words.advice.en}\n    {words.label.ja}。{words.advice.ja}")
    told = found.equivalent
    say(f"  elsewhere: ONVIF {told.onvif}, BACnet {told.bacnet} {told.bacnet_name}")
    say(f"  list: {_list(found)}")
    if found.card is not None:
        say(f"  card: {found.card.label}")
    if found.allowing is not None:
        by = found.allowing
        asked, approved = by.requested_by or "?", by.approved_by or "nobody"
        say(f"  grant: {by.grant} ({by.reason}), requested by {asked}, approved by {approved}")
    for name, value in (found.freshness or {}).items():
        say(f"  {name}: {json.dumps(value, ensure_ascii=False)}")
    say(f"  replay {_VERDICTS[found.verdict]}")


def _list(found: Explanation) -> str:
    if found.carried is None:
        return "none"
    told = found.carried
    return f"{told.get('epoch')}/{told.get('version')}, hash {told.get('hash')}"


def _stay_line(each: Inside, site: Site) -> str:
    came = _local(site, each.stay.entered_at) if each.stay.entered_at else "nobody knows when"
    left = _local(site, each.stay.left_at) if each.stay.left_at else "still inside"
    return f"{each.cardholder.name}  {each.how}  since {came}  until {left}"


def _entitled_line(each: Entitled) -> str:
    card = each.credential.label if each.credential else "a card that is not known any more"
    grant = f"grant {each.grant.id} ({each.grant.reason})" if each.grant else "no grant on record"
    ways = each.ways[:1] if each.alike else each.ways
    told = "; ".join(f"{'every door' if each.alike else w.access_point}: {w.outcome} {w.reason}" for w in ways)
    return f"{each.cardholder.name}  {card}  {grant}  {told}"


def _bases(answer: Answer) -> str:
    told = []
    for each in answer.bases:
        version = f" {each.kept.epoch}/{each.kept.version}" if each.kept is not None else ""
        told.append(f"{each.agent.key}: {each.source}{version}")
    return ", ".join(told) or "no door"
