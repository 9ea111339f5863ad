"""Feeds to other systems: who gets what and what for, who agreed to it, and whether it is taken."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import feed_words, guard
from admin_web.approving import approved_feed
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.feeds import feed as feeds
from controller.feeds import leaving
from controller.feeds.feed import Feed, Personal, State, Topic, Wanted
from controller.feeds.target import LONGEST
from controller.feeds.telling import TOLD_IN
from controller.people import operator as operators
from controller.people.access import Permission

blueprint = Blueprint("feeds", __name__, url_prefix="/feeds")
_LATEST = 20
_BY = ("made_by", "written_by", "approved_by", "declined_by")


@blueprint.get("")
@guard.requires(Permission.SEE_FEEDS)
def listed() -> str:
    with centre().read() as session:
        found = feeds.of_site(session, centre().site(session))
        return render_template(
            "feeds/list.html",
            feeds=found,
            waiting=[each for each in found if each.state is State.WAITING],
            names={each.id: each.display_name for each in operators.of_site(session, centre().site(session))},
            feed_words=feed_words,
        )


@blueprint.get("/new")
@guard.requires(Permission.MANAGE_FEEDS)
def ask() -> str:
    return render_template("feeds/form.html", feed=None, topics=Topic, fields=Personal, feed_words=feed_words)


@blueprint.post("/new")
@guard.requires(Permission.MANAGE_FEEDS)
def make() -> str:
    wanted = _wanted()
    with centre().write() as session:
        made, secret = feeds.make(session, guard.operator(), now(), centre().site(session), wanted)
        return _page(session, made, secret)


@blueprint.get("/<int:feed_id>")
@guard.requires(Permission.SEE_FEEDS)
def page(feed_id: int) -> str:
    with centre().read() as session:
        return _page(session, living(session, feed_id))


@blueprint.get("/<int:feed_id>/change")
@guard.requires(Permission.MANAGE_FEEDS)
def ask_change(feed_id: int) -> str:
    with centre().read() as session:
        feed = living(session, feed_id)
        return render_template("feeds/form.html", feed=feed, topics=Topic, fields=Personal, feed_words=feed_words)


@blueprint.post("/<int:feed_id>/change")
@guard.requires(Permission.MANAGE_FEEDS)
def change(feed_id: int) -> str:
    wanted = _wanted()
    with centre().write() as session:
        feed = living(session, feed_id)
        secret = feeds.change(session, guard.operator(), now(), feed, _version(), wanted)
        return _page(session, feed, secret)


@blueprint.post("/<int:feed_id>/approve")
@guard.requires(Permission.APPROVE_FEEDS)
def approve(feed_id: int) -> Response:
    approved_feed(feed_id, _version())
    return _back(feed_id)


@blueprint.post("/<int:feed_id>/decline")
@guard.requires(Permission.APPROVE_FEEDS)
def decline(feed_id: int) -> Response:
    version, reason = _version(), forms.text("reason")
    with centre().write() as session:
        feeds.decline(session, guard.operator(), now(), living(session, feed_id), version, reason)
    return _back(feed_id)


@blueprint.post("/<int:feed_id>/withdraw")
@guard.requires(Permission.APPROVE_FEEDS)
def withdraw(feed_id: int) -> Response:
    reason = forms.text("reason")
    with centre().write() as session:
        feeds.withdraw(session, guard.operator(), now(), living(session, feed_id), reason)
    return _back(feed_id)


@blueprint.post("/<int:feed_id>/stop")
@guard.requires(Permission.MANAGE_FEEDS)
def stop(feed_id: int) -> Response:
    with centre().write() as session:
        feeds.stop(session, guard.operator(), now(), living(session, feed_id))
    return _back(feed_id)


@blueprint.post("/<int:feed_id>/resume")
@guard.requires(Permission.MANAGE_FEEDS)
def resume(feed_id: int) -> Response:
    skip = forms.text("skip", 8) == "yes"
    with centre().write() as session:
        feeds.resume(session, guard.operator(), now(), living(session, feed_id), skip=skip)
    return _back(feed_id)


@blueprint.post("/<int:feed_id>/secret")
@guard.requires(Permission.MANAGE_FEEDS)
def renew_secret(feed_id: int) -> str:
    with centre().write() as session:
        feed = living(session, feed_id)
        return _page(session, feed, feeds.renew_secret(session, guard.operator(), now(), feed))


@blueprint.post("/<int:feed_id>/end")
@guard.requires(Permission.MANAGE_FEEDS)
def end(feed_id: int) -> Response:
    with centre().write() as session:
        feeds.end(session, guard.operator(), now(), living(session, feed_id))
    return redirect(url_for("feeds.listed"), 303)


def _wanted() -> Wanted:
    """What the form says; words that the form does not offer are a 400."""
    try:
        topics = [Topic(each) for each in request.form.getlist("topics")]
        fields = [Personal(each) for each in request.form.getlist("fields")]
    except ValueError:
        abort(400)
    return Wanted(forms.text("recipient", 120), forms.text("purpose"), forms.text("target", LONGEST), topics, fields)


def _version() -> int:
    found = forms.number("version")
    return abort(400) if found is None else found


def living(session: Session, feed_id: int) -> Feed:
    """The feed of this site; 404 when it was removed."""
    found = forms.row(session, Feed, feed_id)
    if found.ended_at is not None or found.site_id != centre().site(session).id:
        abort(404)
    return found


def _page(session: Session, feed: Feed, secret: str | None = None) -> str:
    known = {each.id: each for each in operators.of_site(session, centre().site(session))}
    return render_template(
        "feeds/page.html",
        feed=feed,
        state=feed.state,
        secret=secret,
        by={name: known[number].display_name for name in _BY if (number := getattr(feed, name)) in known},
        mine=guard.operator().id in (feed.made_by, feed.written_by),
        fields=Personal,
        told_in=TOLD_IN,
        acts=leaving.of_feed(session, feed, _LATEST),
        operators=known,
        feed_words=feed_words,
    )


def _back(feed_id: int) -> Response:
    return redirect(url_for("feeds.page", feed_id=feed_id), 303)
