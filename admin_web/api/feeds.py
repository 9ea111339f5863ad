"""Feeds to other systems: who gets what, what for, and who agreed to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, asks, digits, from_start, maybe, takes, text, whole, words
from admin_web.api.paging import answered, limit, sliced
from admin_web.approving import approved_feed
from admin_web.centre import centre, now
from admin_web.pages.feeds import living
from controller.feeds import feed as feeds
from controller.feeds import leaving
from controller.feeds.feed import Feed, Personal, Topic, Wanted
from controller.feeds.target import LONGEST
from controller.ledger import ledger
from controller.people.access import Permission

_WANTED = {
    "recipient": text(120, required=True),
    "purpose": text(400, required=True),
    "target": text(LONGEST, required=True),
    "topics": words(*Topic, required=True),
    "fields": words(*Personal),
}


@blueprint.get(f"{V1}/feeds")
@guard.requires(Permission.SEE_FEEDS)
@asks(**PAGE)
def list_feeds(asked: dict[str, Any]) -> Response:
    """Every feed that was not removed."""
    with centre().read() as session:
        return sliced(feeds.of_site(session, centre().site(session)), asked, shapes.feed)


@blueprint.post(f"{V1}/feeds")
@guard.requires(Permission.MANAGE_FEEDS)
@takes(**_WANTED)
def add_feed(given: dict[str, Any]) -> tuple[Response, int]:
    """A new feed, and the secret of a webhook, shown only now. One that says something of people waits for approval."""
    with centre().write() as session:
        made, secret = feeds.make(session, guard.operator(), now(), centre().site(session), _wanted(given))
        return jsonify({**shapes.feed(made), "secret": secret}), 201


@blueprint.get(f"{V1}/feeds/<int:feed_id>")
@guard.requires(Permission.SEE_FEEDS)
def get_feed(feed_id: int) -> Response:
    """One feed."""
    with centre().read() as session:
        return jsonify(shapes.feed(living(session, feed_id)))


@blueprint.put(f"{V1}/feeds/<int:feed_id>")
@guard.requires(Permission.MANAGE_FEEDS)
@takes(version=whole(required=True), **_WANTED)
def change_feed(feed_id: int, given: dict[str, Any]) -> Response:
    """Say something else from now on; another secret if it goes elsewhere. What was approved is not any more."""
    with centre().write() as session:
        feed = living(session, feed_id)
        secret = feeds.change(session, guard.operator(), now(), feed, given["version"], _wanted(given))
        return jsonify({**shapes.feed(feed), "secret": secret})


@blueprint.post(f"{V1}/feeds/<int:feed_id>/approve")
@guard.requires(Permission.APPROVE_FEEDS)
@takes(version=whole(required=True))
def approve_feed(feed_id: int, given: dict[str, Any]) -> Response:
    """Open a feed as it stands in `version`; whoever made or last changed it may not."""
    return jsonify(shapes.feed(approved_feed(feed_id, given["version"])))


@blueprint.post(f"{V1}/feeds/<int:feed_id>/decline")
@guard.requires(Permission.APPROVE_FEEDS)
@takes(version=whole(required=True), reason=text(400, required=True))
def decline_feed(feed_id: int, given: dict[str, Any]) -> Response:
    """Say no to a feed as it stands in `version`."""
    version, reason = given["version"], given["reason"]
    return _changed(
        feed_id, lambda session, feed: feeds.decline(session, guard.operator(), now(), feed, version, reason)
    )


@blueprint.post(f"{V1}/feeds/<int:feed_id>/withdraw")
@guard.requires(Permission.APPROVE_FEEDS)
@takes(reason=text(400, required=True))
def withdraw_feed(feed_id: int, given: dict[str, Any]) -> Response:
    """Approve it no longer: nothing more is said, from the next event on."""
    return _changed(
        feed_id, lambda session, feed: feeds.withdraw(session, guard.operator(), now(), feed, given["reason"])
    )


@blueprint.post(f"{V1}/feeds/<int:feed_id>/stop")
@guard.requires(Permission.MANAGE_FEEDS)
@takes()
def stop_feed(feed_id: int, given: dict[str, Any]) -> Response:  # noqa: ARG001 - nothing may be given
    """Send nothing more until it is resumed."""
    return _changed(feed_id, lambda session, feed: feeds.stop(session, guard.operator(), now(), feed))


@blueprint.post(f"{V1}/feeds/<int:feed_id>/resume")
@guard.requires(Permission.MANAGE_FEEDS)
@takes(skip=maybe())
def resume_feed(feed_id: int, given: dict[str, Any]) -> Response:
    """Send again, from where it stopped or was paused; with `skip`, only what happens from now on."""
    skip = given["skip"] is True
    return _changed(feed_id, lambda session, feed: feeds.resume(session, guard.operator(), now(), feed, skip=skip))


@blueprint.post(f"{V1}/feeds/<int:feed_id>/secret")
@guard.requires(Permission.MANAGE_FEEDS)
@takes()
def renew_feed_secret(feed_id: int, given: dict[str, Any]) -> Response:  # noqa: ARG001 - nothing may be given
    """Another secret of a webhook, from the next request on, shown only now."""
    with centre().write() as session:
        feed = living(session, feed_id)
        secret = feeds.renew_secret(session, guard.operator(), now(), feed)
        return jsonify({**shapes.feed(feed), "secret": secret})


@blueprint.post(f"{V1}/feeds/<int:feed_id>/end")
@guard.requires(Permission.MANAGE_FEEDS)
@takes()
def end_feed(feed_id: int, given: dict[str, Any]) -> Response:  # noqa: ARG001 - nothing may be given
    """Remove it for good; what was not taken yet is never sent."""
    return _changed(feed_id, lambda session, feed: feeds.end(session, guard.operator(), now(), feed))


@blueprint.get(f"{V1}/taken-out")
@guard.requires(Permission.SEE_TAKEN_OUT)
@asks(cursor=from_start(digits(0)), limit=PAGE["limit"])
def list_taken_out(asked: dict[str, Any]) -> Response:
    """Lists taken out and kept, and acts on feeds, the newest first; `cursor` goes back in time."""
    most = limit(asked)
    with centre().read() as session:
        before = ledger.head(session) + 1 if asked["cursor"] is None else asked["cursor"]
        found = leaving.listed(session, before, most + 1)
        return answered(
            [shapes.left(each) for each in found[:most]], found[most - 1].row.sequence if len(found) > most else None
        )


def _changed(feed_id: int, act: Callable[[Session, Feed], None]) -> Response:
    with centre().write() as session:
        feed = living(session, feed_id)
        act(session, feed)
        return jsonify(shapes.feed(feed))


def _wanted(given: dict[str, Any]) -> Wanted:
    topics, fields = [Topic(each) for each in given["topics"]], [Personal(each) for each in given["fields"]]
    return Wanted(given["recipient"], given["purpose"], given["target"], topics, fields)
