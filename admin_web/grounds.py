"""What a decision rested on, in words: how fresh its list, who is inside and the clock were.

The law: an agent may have recorded anything. What is not what it should be is called unknown, never an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import format_timedelta, gettext

from contract.canonical import Object, Value
from controller.record.explanation import Explanation

_LONGEST_S = 10 * 366 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Ground:
    """One thing that a decision rested on; sound: nothing is wrong with it, None: that is not known."""

    title: str
    says: str
    sound: bool | None


def grounds(found: Explanation) -> list[Ground]:
    """Of a decision whose recorded input lives; none of one whose input is erased."""
    fresh = found.freshness
    if fresh is None:
        return []
    return [_list(fresh.get("list_proven_s")), _presence(_object(fresh.get("presence"))), _clock(fresh.get("clock"))]


def _list(proven_s: Value) -> Ground:
    title, passed = gettext("List confirmed by the centre"), _span(proven_s)
    if passed is None:
        return Ground(title, gettext("not known when"), None)
    return Ground(title, gettext("%(span)s before", span=passed), True)


def _presence(known: Object) -> Ground:
    title = gettext("Knowledge of who is inside")
    lacking = {
        "presence_whole": gettext("the door had lost what it knew of earlier passages"),
        "peers_current": gettext("another door of the room was not heard, or knew more"),
        "area_certain": gettext("somebody may have come or gone unseen"),
    }
    wrong = [says for name, says in lacking.items() if known.get(name) is not True]
    if wrong:
        return Ground(title, " · ".join(wrong), False)
    heard = _span(known.get("peers_s"))
    whole = gettext("complete")
    return Ground(title, whole if heard is None else f"{whole} · {_heard(heard)}", True)


def _heard(span: str) -> str:
    return str(gettext("the other doors of the room were heard %(span)s before", span=span))


def _clock(told: Value) -> Ground:
    moment, title = _object(told), gettext("Clock of the door")
    if moment.get("trusted") is not True:
        return Ground(title, gettext("not believed"), False)
    around = moment.get("uncertainty_us")
    if not isinstance(around, int) or isinstance(around, bool) or around < 0:
        return Ground(title, gettext("believed"), True)
    return Ground(title, gettext("believed, exact to %(seconds)s s", seconds=f"{around / 1_000_000:g}"), True)


def _span(seconds: Value) -> str | None:
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= _LONGEST_S:
        return None
    return str(format_timedelta(timedelta(seconds=seconds), granularity="second"))


def _object(value: Value) -> Object:
    return value if isinstance(value, dict) else {}
