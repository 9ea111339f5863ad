"""Lost cards and leavers with receipts: what was said of which card, at which doors it is in force, and whether the
card was presented afterwards."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from admin_web import shown, words
from admin_web.reports.report import Cell, Linked, Marked, Portion, Question, Report, Row, counted, person
from controller.delivery import fleet, losses
from controller.delivery.fleet import Standing
from controller.delivery.losses import Loss, LossFilter, Reach
from controller.people import card_end
from controller.people import operator as operators
from controller.people.card_end import CardEnd, Way
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential
from controller.people.operator import Operator
from controller.premises.agent import Agent
from controller.premises.door import Door

_FIELDS = ("cardholder", "ended", "receipts", "period", "since", "until")
_MARKS = {
    Reach.COUNTING: "await",
    Reach.NOWHERE: "none",
    Reach.WAITING: "await",
    Reach.EVERYWHERE: "in-force",
    Reach.TAKEN_BACK: "over",
}


def address(session: Session, holder: Cardholder, card: Credential | None = None) -> Mapping[str, str] | None:
    """The filters by which the report tells of this card (or of all cards of `holder`); None when nothing was said."""
    first = card_end.since_when(session, card=card.id) if card else card_end.since_when(session, holder=holder.id)
    return None if first is None else {"cardholder": str(holder.id), "since": shown.field_moment(first)[:10]}


def _wanted(question: Question) -> LossFilter:
    asked, log = question.asked, question.asked.log
    return LossFilter(asked.ended, log.cardholder, log.since, log.until, asked.missing)


def _row(each: Loss, question: Question, people: Mapping[int, Operator]) -> Row:
    end = each.end
    return (
        person(each.holder),
        each.holder.number,
        Linked(each.card.label or each.card.id, "cards.page", {"credential_id": each.card.id}),
        Marked(words.phrase(words.ENDS, end.what), end.what),
        end.said_at,
        Marked(words.phrase(words.REACHES, each.reach), _MARKS[each.reach]),
        end.confirmed,
        end.doors,
        None if each.took is None else math.ceil(each.took.total_seconds()),
        _presented(end),
        "; ".join(_missing(each, question)),
        _first_entry(end),
        _said_by(end, people),
        end.takes_effect_at,
        end.first_at,
        end.last_at,
        end.over_at,
    )


def _missing(each: Loss, question: Question) -> Iterator[str]:
    """The doors that have not confirmed, together by agent, and how that stands; of an end that was taken back, which
    doors never heard of it."""
    together: dict[int, list[tuple[Door, Agent]]] = {}
    for door, agent in each.missing:
        together.setdefault(agent.id, []).append((door, agent))
    for found in together.values():
        agent = found[0][1]
        stands = f"{agent.key}: {_stands(agent, question)}" if each.end.stands else agent.key
        yield f"{', '.join(shown.named(door) for door, _ in found)} ({stands})"
    if each.unnamed:
        yield gettext("%(count)s more doors", count=each.unnamed)


def _stands(agent: Agent, question: Question) -> str:
    found = fleet.standing(agent, question.asked.now)
    if found is Standing.WELL:
        return str(gettext("connected, still on an older list"))
    if found is Standing.SILENT and agent.last_heard_at is not None:
        last = agent.last_heard_at.astimezone(shown.zone())
        return str(gettext("not heard from since %(moment)s", moment=f"{last:%Y-%m-%d %H:%M}"))
    return words.phrase(words.AGENTS, found)


def _presented(end: CardEnd) -> Cell:
    """What doors decided of it afterwards; an entry is an alarm."""
    told = [
        gettext("let in: %(times)s", times=end.admitted) if end.admitted else "",
        gettext("refused: %(times)s", times=end.refused) if end.refused else "",
        gettext("let out: %(times)s", times=end.let_out) if end.let_out else "",
    ]
    text = " · ".join(filter(None, told)) or gettext("not presented")
    return Marked(text, "alarm") if end.admitted else text


def _first_entry(end: CardEnd) -> Cell:
    """The decision by which it was first let in, where its place in the ledger is known."""
    place = end.admitted_sequence
    return None if place is None else Linked(place, "log.page", {"sequence": place})


def _said_by(end: CardEnd, people: Mapping[int, Operator]) -> str:
    by = words.actor(end.actor, people)
    return gettext("%(name)s, by a file", name=by) if end.way == Way.FILE else by


def _read(question: Question, beyond: int | None, limit: int) -> Portion:
    found = losses.listed(question.session, question.site, _wanted(question), beyond or 0, limit + 1)
    people = {each.id: each for each in operators.of_site(question.session, question.site)}
    return counted([_row(each, question, people) for each in found], beyond, limit)


LOSSES = Report(
    key="losses",
    title=_("Lost cards and leavers"),
    told=_("Cards lost, stolen, suspended, or whose holder left: which doors know since when. What waits comes first."),
    note=_("Counted are doors whose lists carried the card when it was said; one that came later never let it in."),
    empty=_("No card was lost, stolen or suspended in this time, and nobody with a card left."),
    headings=(
        _("Person"), _("Staff number"), _("Card"), _("Why it ended"), _("Said at"), _("Receipts"),
        _("Doors that know"), _("Of doors"), _("Seconds to the last door"), _("Presented afterwards"),
        _("Not confirmed by"), _("First entry afterwards"), _("Said by"), _("Takes effect"),
        _("First door"), _("Last door"), _("Taken back"),
    ),
    columns=(
        "person", "number", "card", "what", "said_at", "receipts", "confirmed", "doors", "seconds", "presented",
        "missing", "first_entry", "said_by", "takes_effect_at", "first_at", "last_at", "taken_back_at",
    ),
    read=_read,
    count=lambda question: losses.count(question.session, question.site, _wanted(question)),
    fields=_FIELDS,
    period=True,
    moments=frozenset({4, 13, 14, 15, 16}),
    wide=frozenset({10}),
)  # fmt: skip
