"""What may come once and comes twice in a request is refused: two readers could take different ones of the two.

The law: looked at before any view, in address, form and files together, and in each object of a JSON body. What may
come several times has its name here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from flask import abort, request

from controller.people.bundle import Act

MANY: Final = frozenset(
    (
        *Act,  # ticked cells of the matrix
        *("room", "seen", "finding", "topics", "fields", "sources", "kind"),
        *("formats", "entry_formats", "exit_formats"),
        *("date", "date-hours"),  # the rows of a table
    )
)


def look(*, with_form: bool) -> None:
    """400 when something that may come once comes twice. with_form: the body is a form, and counts too."""
    sent: list[str] = [name for name, _ in request.args.items(multi=True)]
    if with_form:
        sent += [name for part in (request.form, request.files) for name, _ in part.items(multi=True)]
    if any(count > 1 and name not in MANY for name, count in Counter(sent).items()):
        abort(400)


def members(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; ValueError when it has a member twice."""
    given = list(pairs)
    found = dict(given)
    if len(found) != len(given):
        raise ValueError("a member comes twice")
    return found
