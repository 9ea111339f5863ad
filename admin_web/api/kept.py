"""Answers to a change that might widen entry into a private room: what is now, or 202 with what waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, jsonify
from sqlalchemy.orm import Session

from admin_web import keeping
from admin_web.api import shapes
from admin_web.centre import now
from controller.people.levers import Wanted

V = TypeVar("V", bound=Callable[..., Any])


def may_wait(view: V) -> V:
    """The view answers 202 where a second person must approve (`openapi`)."""
    view.may_wait = True  # type: ignore[attr-defined]
    return view


def done_or_kept(
    session: Session, wanted: Wanted, reason: str, shown: Callable[[], Any], status: int = 200
) -> tuple[Response, int]:
    """Do it and show what is now, or keep it and show what waits; Refused as `widening.make`."""
    asked = keeping.done_or_kept(session, wanted, reason)
    return (jsonify(shown()), status) if asked is None else (jsonify(shapes.widening(asked, now())), 202)
