"""Trainings, the areas that ask for them, and who completed them."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, asks, count, moment, row_id, takes, text, truth, whole
from admin_web.api.kept import done_or_kept, may_wait
from admin_web.api.paging import cut, limit, listed
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.people import levers
from controller.people import training as trainings
from controller.people.access import Permission
from controller.people.card_state import MOST_DAYS
from controller.people.cardholder import Cardholder
from controller.people.training import Completion, Training
from controller.premises.area import Area

_REASON = text(400, required=True)


@blueprint.get(f"{V1}/trainings")
@guard.requires(Permission.SEE_PEOPLE)
@asks(**PAGE)
def list_trainings(asked: dict[str, Any]) -> Response:
    """Trainings, and the areas that ask for them."""
    with centre().read() as session:
        found = cut(trainings.of_site(session, centre().site(session)), asked)
        asking = trainings.areas_asking_each(session, [each.id for each in found])
        return listed(found, asked, lambda row: shapes.training(row, asking.get(row.id, ())))


@blueprint.post(f"{V1}/trainings")
@guard.requires(Permission.KEEP_TRAININGS)
@takes(name=text(120, required=True), name_ja=text(120), valid_days=count(MOST_DAYS, required=True))
def add_training(given: dict[str, Any]) -> tuple[Response, int]:
    """A new training, and for how many days a completion is good."""
    with centre().write() as session:
        site, by = centre().site(session), guard.operator().actor
        made = trainings.make(session, by, now(), site, (given["name"], given["name_ja"]), given["valid_days"])
        return jsonify(_shown(session, made)), 201


@blueprint.post(f"{V1}/trainings/<int:training_id>/require")
@guard.requires(Permission.KEEP_TRAININGS)
@takes(area=whole(required=True), required=truth(), reason=_REASON)
@may_wait
def require_training(training_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Say whether an area asks for a training: who is not in date with it enters no more."""
    with centre().write() as session:
        row, area = forms.row(session, Training, training_id), forms.row(session, Area, given["area"])
        wanted = levers.of_training(area, row, required=given["required"])
        return done_or_kept(session, wanted, given["reason"], lambda: _shown(session, row))


@blueprint.get(f"{V1}/completions")
@guard.requires(Permission.SEE_PEOPLE)
@asks(cardholder=row_id(), training=row_id(), **PAGE)
def list_completions(asked: dict[str, Any]) -> Response:
    """Who completed which training, and until when that is good."""
    statement = select(Completion).where(Completion.id > asked["cursor"]).order_by(Completion.id)
    for name, column in (("cardholder", Completion.cardholder_id), ("training", Completion.training_id)):
        if asked[name] is not None:
            statement = statement.where(column == asked[name])
    with centre().read() as session:
        return listed(session.scalars(statement.limit(limit(asked) + 1)).all(), asked, shapes.completion)


@blueprint.post(f"{V1}/completions")
@guard.requires(Permission.KEEP_TRAININGS)
@takes(cardholder=whole(required=True), training=whole(required=True), completed_at=moment(), reason=text(400))
@may_wait
def add_completion(given: dict[str, Any]) -> tuple[Response, int]:
    """A cardholder completed a training, now unless told when."""
    with centre().write() as session:
        holder, row = (
            forms.row(session, Cardholder, given["cardholder"]),
            forms.row(session, Training, given["training"]),
        )
        wanted = levers.of_completion(holder, row, given["completed_at"] or now())
        newest = select(Completion).where(Completion.cardholder_id == holder.id).order_by(Completion.id.desc()).limit(1)
        return done_or_kept(
            session, wanted, given["reason"], lambda: shapes.completion(session.scalars(newest).one()), 201
        )


@blueprint.post(f"{V1}/completions/<int:completion_id>/withdraw")
@guard.requires(Permission.KEEP_TRAININGS)
@takes(reason=_REASON)
def withdraw_completion(completion_id: int, given: dict[str, Any]) -> Response:
    """A completion was recorded by mistake, or counts no more."""
    with centre().write() as session:
        row = forms.row(session, Completion, completion_id)
        trainings.withdraw(session, guard.operator().actor, now(), row, given["reason"])
        return jsonify(shapes.completion(row))


def _shown(session: Session, row: Training) -> dict[str, Any]:
    return shapes.training(row, trainings.areas_asking(session, row))
