"""Lists by keyset: `items`, and `next` to pass as `cursor`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from flask import Response, jsonify

from admin_web.api.fields import MOST


class Numbered(Protocol):
    @property
    def id(self) -> Any: ...


R = TypeVar("R", bound=Numbered)


def limit(asked: Mapping[str, Any]) -> int:
    """How many a page holds."""
    return min(int(asked["limit"]), MOST)


def listed(rows: Sequence[R], asked: Mapping[str, Any], shown: Callable[[R], dict[str, Any]]) -> Response:
    """A page of rows in the order of their ids, of which one more was read than the page holds."""
    page = rows[: limit(asked)]
    return answered([shown(row) for row in page], page[-1].id if len(rows) > len(page) else None)


def sliced(rows: Sequence[R], asked: Mapping[str, Any], shown: Callable[[R], dict[str, Any]]) -> Response:
    """A page of a short, complete list."""
    return listed(cut(rows, asked), asked, shown)


def cut(rows: Sequence[R], asked: Mapping[str, Any]) -> Sequence[R]:
    """Of a short, complete list what `listed` wants for a page: what else belongs to these is then read together."""
    found = sorted((row for row in rows if row.id > asked["cursor"]), key=lambda row: int(row.id))
    return found[: limit(asked) + 1]


def answered(items: list[dict[str, Any]], cursor: int | None) -> Response:
    return jsonify(items=items, next=None if cursor is None else str(cursor))
