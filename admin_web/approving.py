"""Approving what another asked for, for pages and API alike: a refusal because one person would be two is kept on
record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery.compiling import all_must_fit, must_fit
from controller.feeds import feed as feeds
from controller.feeds.feed import Feed
from controller.people import level_change, two_people, widening
from controller.people import permission as permissions
from controller.people.level_change import AccessLevelChange
from controller.people.permission import Grant
from controller.people.widening import Widening
from controller.refusal import Refused


def approved(grant_id: int, note: str) -> Grant:
    """The grant, now in force; Refused as `permission.approve`."""
    with _recording({"grant": grant_id}), centre().write() as session:
        asked = forms.row(session, Grant, grant_id)
        permissions.approve(session, guard.operator(), now(), asked, must_fit, note)
        return asked


def approved_change(change_id: int, note: str) -> AccessLevelChange:
    """The change of an access level, now in force; Refused as `level_change.approve`."""
    with _recording({"access_level_change": change_id}), centre().write() as session:
        asked = forms.row(session, AccessLevelChange, change_id)
        level_change.approve(session, guard.operator(), now(), asked, all_must_fit, note)
        return asked


def approved_widening(widening_id: int, note: str) -> Widening:
    """What widens entry into a private room, now done; Refused as `widening.approve`."""
    with _recording({"widening": widening_id}), centre().write() as session:
        asked = forms.row(session, Widening, widening_id)
        widening.approve(session, guard.operator(), now(), asked, all_must_fit, note)
        return asked


def approved_feed(feed_id: int, version: int) -> Feed:
    """The feed, now open; Refused as `feed.approve`."""
    with _recording({"feed": feed_id}), centre().write() as session:
        asked = forms.row(session, Feed, feed_id)
        feeds.approve(session, guard.operator(), now(), asked, version)
        return asked


@contextmanager
def _recording(subjects: dict[str, int]) -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        if refused.code in two_people.ONE_PERSON:
            with centre().write() as session:
                two_people.record_refusal(session, guard.operator(), now(), subjects, refused.code)
        raise
