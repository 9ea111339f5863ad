"""Operators and their acts: what was changed by whom and why, apart from what happened at the doors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from admin_web import shown, words
from admin_web.act_words import ACTS as KINDS
from admin_web.reports.report import Cell, Linked, Portion, Question, Report, Row, person
from contract.canonical import Object, Value
from controller.ledger import acts
from controller.ledger.acts import ActFilter
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow
from controller.people import cardholder as cardholders
from controller.people import operator as operators
from controller.people.cardholder import Cardholder
from controller.people.operator import Operator
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises.area import Area
from controller.premises.door import Door

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Portion:
    """What the ids of a portion are called now, and why and from where its acts were done."""

    people: Mapping[int, Operator]
    holders: Mapping[int, Cardholder]
    doors: Mapping[int, Door]
    areas: Mapping[int, Area]
    reasons: Mapping[int, str | None]
    whence: Mapping[int, str | None]

    def row(self, row: LedgerRow) -> Row:
        subjects = row.subjects
        return (
            row.sequence,
            row.at,
            words.actor(row.actor, self.people),
            words.phrase(KINDS, row.kind),
            self._whom(subjects),
            self._where(subjects),
            _told(self.reasons, row.sequence),
            _told(self.whence, row.sequence),
            _recorded(subjects, row.content),
        )

    def _whom(self, subjects: Object) -> Cell:
        """The cardholder, or else the operator, whom it concerns."""
        holder = _found(self.holders, subjects.get("cardholder"))
        if holder is not None:
            return person(holder)
        concerned = _found(self.people, subjects.get("operator"))
        return Linked(concerned.display_name, "operators.listed", {}) if concerned else ""

    def _where(self, subjects: Object) -> str:
        door = _found(self.doors, subjects.get("door"))
        named = subjects.get("areas")
        areas = [_found(self.areas, each) for each in named] if isinstance(named, list) else []
        return shown.named(door) or ", ".join(shown.named(each) for each in areas if each is not None)


def _found(among: Mapping[int, _T], key: Value) -> _T | None:
    return among.get(key) if isinstance(key, int) else None


def _told(opened: Mapping[int, str | None], place: int) -> str:
    found = opened.get(place, "")
    return str(_("erased")) if found is None else found


def _recorded(subjects: Object, content: Object) -> str:
    """What the ledger itself holds, in its own words: ids and impersonal values."""
    plain = {name: value for name, value in {**subjects, **content}.items() if name != "commitments"}
    return "; ".join(f"{name}: {_value(value)}" for name, value in plain.items() if value not in (None, [], {}))


def _value(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _wanted(question: Question) -> ActFilter:
    asked = question.asked
    kind = Kind(asked.act) if asked.act in set(Kind) else None
    actor = None if asked.operator is None else f"operator:{asked.operator}"
    return ActFilter(actor, kind, asked.log.since, asked.log.until)


def _portion(session: Session, people: Mapping[int, Operator], found: Sequence[LedgerRow]) -> _Portion:
    """With what these rows name read together."""
    return _Portion(
        people,
        cardholders.by_ids(session, _ids(found, "cardholder")),
        doors.by_ids(session, _ids(found, "door")),
        areas.by_ids(session, _ids(found, "areas")),
        acts.reasons(session, found),
        acts.whence(session, found),
    )


def _ids(found: Sequence[LedgerRow], name: str) -> set[int]:
    named = [row.subjects.get(name) for row in found]
    every = chain.from_iterable(each if isinstance(each, list) else [each] for each in named)
    return {each for each in every if isinstance(each, int)}


def _read(question: Question, before: int | None, limit: int) -> Portion:
    session = question.session
    found = acts.listed(session, _wanted(question), before or question.head + 1, limit + 1)
    people = {each.id: each for each in operators.of_site(session, question.site)}
    portion = _portion(session, people, found)
    rows = [portion.row(each) for each in found[:limit]]
    return Portion(rows, found[limit - 1].sequence if len(found) > limit else None)


def _count(question: Question) -> int:
    return acts.count(question.session, _wanted(question), question.head + 1)


ACTS = Report(
    key="acts",
    title=_("Operators and their acts"),
    told=_("What people changed and why, sign-ins, files taken out, refusals. What happened at the doors is not here."),
    empty=_("Nobody changed anything in this time."),
    headings=(
        _("Place in the ledger"), _("Time"), _("By"), _("What"), _("Whom"), _("Where"), _("Reason"), _("From where"),
        _("As recorded"),
    ),
    columns=("place", "at", "by", "what", "whom", "where", "reason", "whence", "recorded"),
    read=_read,
    count=_count,
    fields=("operator", "act", "period", "since", "until"),
    period=True,
    moments=frozenset({1}),
)  # fmt: skip
