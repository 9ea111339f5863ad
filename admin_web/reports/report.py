"""A report: its columns, its filters, and how to read it in portions. One description serves page, file and API.

The law: a cell is a value, never markup; where it leads and which mark it bears is said beside its text, and drawn by
the page alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from admin_web import words
from admin_web.reports.asking import Asked
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.premises.site import Site


@dataclass(frozen=True, slots=True)
class Linked:
    """What leads to a page: the endpoint and what its address needs."""

    text: str | int
    endpoint: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Marked:
    """A state: the word, and the mark that the style sheet gives a shape and a colour."""

    text: str
    mark: str


@dataclass(frozen=True, slots=True)
class Absent:
    """In a column of moments: that there is none, in a word for people. Files leave it empty, the API says null."""

    text: str


Cell: TypeAlias = str | int | datetime | Linked | Marked | Absent | None
Row: TypeAlias = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Portion:
    """Rows, and from where the next portion goes on; None after the last."""

    rows: Sequence[Row]
    further: int | None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of which site; head: the newest place in the ledger when it was asked."""

    session: Session
    site: Site
    asked: Asked
    head: int


@dataclass(frozen=True, slots=True)
class Report:
    """key: its name in addresses; title, told, empty: what it is called, what it says, what it means when it is empty;
    note: what must be known to read it right;
    columns: what programs call its headings; fields: the filters of its address; days: how many unless told, None where
    no number of days is asked; period: it is of the last days unless told otherwise; moments: which columns hold
    moments, aware ones or texts of UTC as `leaf.written` writes them; stamps: which hold such texts to be shown as they
    are; wide: which hold sentences, and stay wide enough to be read; permission: to see it at all."""

    key: str
    title: Any
    told: Any
    empty: Any
    headings: Sequence[Any]
    columns: Sequence[str]
    read: Callable[[Question, int | None, int], Portion]
    count: Callable[[Question], int]
    fields: Sequence[str] = ()
    days: int | None = None
    period: bool = False
    moments: frozenset[int] = frozenset()
    stamps: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset()
    permission: Permission = Permission.SEE_LOG
    note: Any = ""


def person(holder: Cardholder | None) -> Cell:
    """A cardholder, or a card that nobody has."""
    if holder is None:
        return words.unknown_card()
    return Linked(holder.name, "cardholders.page", {"holder_id": holder.id})


def counted(rows: Sequence[Row], beyond: int | None, limit: int) -> Portion:
    """A portion of what is counted through: one row more was read than it may hold."""
    return Portion(rows[:limit], (beyond or 0) + limit if len(rows) > limit else None)


def sliced(rows: Sequence[Row], beyond: int | None, limit: int) -> Portion:
    """A portion of a short, complete list."""
    return counted(rows[beyond or 0 :][: limit + 1], beyond, limit)
