"""Photos of people: set on their page or over the API, shown where people are, gone when they are removed."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from controller.database import reading, transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, OpeningRow
from controller.people import leaver, photo
from controller.people.photo import Photo
from controller.picture import redrawn
from controller.refusal import Refused
from tests.admin_web.conftest import BASE, signed_in, submit, token, web_now
from tests.admin_web.test_floor_plan_pages import page, upload
from tests.controller.conftest import NOW, House
from tests.controller.doorway import visited
from tests.controller.test_picture import SVG, archive, drawn


def cardholder(house: House, name: str) -> int:
    with reading(house.engine) as session:
        return house.holder(session, name).id


def recorded(house: House) -> list[str]:
    with reading(house.engine) as session:
        rows = select(LedgerRow.kind).where(LedgerRow.kind.in_((Kind.PHOTO_SET, Kind.PHOTO_REMOVED)))
        return list(session.scalars(rows.order_by(LedgerRow.sequence)))


def test_a_photo_is_shown_on_the_persons_page_at_the_newest_passage_and_on_the_muster(
    client: FlaskClient, house: House
) -> None:
    visited(house)
    signed_in(client, "kim")
    where, ben = f"/cardholders/{cardholder(house, 'Ada')}", f"/cardholders/{cardholder(house, 'Ben')}"
    assert "No photo yet." in page(client, where)
    assert client.get(f"{where}/photo", base_url=BASE).status_code == 404
    sent = drawn("JPEG", (1200, 1600), comment=b"SECRET")
    assert upload(client, f"{where}/photo", sent).headers["Location"] == where
    assert upload(client, f"{ben}/photo", drawn("PNG")).status_code == 303
    for path, whose in ((where, where), ("/live", ben), ("/live/doors", ben), ("/muster", where)):
        assert f'<img class="photo" src="{whose}/photo?v=' in page(client, path), path
    assert "Replace the photo" in page(client, where)
    shown = client.get(f"{where}/photo", base_url=BASE)
    assert (shown.mimetype, shown.data[:4], b"SECRET" in shown.data) == ("image/webp", b"RIFF", False)
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Security-Policy"] == (
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"
    )
    assert submit(client, f"{where}/photo/remove") == 303
    assert submit(client, f"{where}/photo/remove") == 409
    assert client.get(f"{where}/photo", base_url=BASE).status_code == 404
    assert submit(client, f"{ben}/photo/remove") == 303
    assert all("/photo?v=" not in page(client, path) for path in (where, "/live", "/muster"))
    assert recorded(house) == [Kind.PHOTO_SET, Kind.PHOTO_SET, Kind.PHOTO_REMOVED, Kind.PHOTO_REMOVED]


def test_the_ledger_says_that_a_photo_was_set_and_nothing_of_the_photo(house: House) -> None:
    with transaction(house.engine) as session:
        holder = house.holder(session, "Ada")
        row = photo.give(session, "operator:1", NOW, holder, redrawn(drawn("PNG"), photo.SIDE))
        told = session.scalars(select(LedgerRow).order_by(LedgerRow.sequence.desc())).first()
        assert told is not None
        assert told.subjects == {"cardholder": holder.id}
        assert told.content == {"commitments": {}}
        openings = session.scalar(select(func.count(OpeningRow.name)).where(OpeningRow.sequence == told.sequence))
        assert openings == 0
        first = row.version
        photo.give(session, "operator:1", NOW + timedelta(hours=1), holder, redrawn(drawn("JPEG"), photo.SIDE))
        assert session.scalar(select(func.count(Photo.cardholder_id))) == 1
        assert row.version != first
        photo.remove(session, "operator:1", NOW, holder)
        assert session.scalar(select(func.count(Photo.cardholder_id))) == 0


def test_who_has_left_has_no_photo_and_gets_none(house: House) -> None:
    with transaction(house.engine) as session:
        holder, picture = house.holder(session, "Ben"), redrawn(drawn("PNG"), photo.SIDE)
        photo.give(session, "operator:1", NOW, holder, picture)
        leaver.deactivate(session, "operator:1", NOW, holder, "left")
        with pytest.raises(Refused) as refused:
            photo.give(session, "operator:1", NOW, holder, picture)
        assert refused.value.code == "cardholder-inactive"
        assert photo.of(session, holder) is None


@pytest.mark.parametrize(
    ("sent", "told"), [(SVG, "SVG and other kinds"), (drawn("WEBP") + archive(), "something besides the picture")]
)
def test_what_is_no_picture_is_refused_in_words(client: FlaskClient, house: House, sent: bytes, told: str) -> None:
    signed_in(client, "kim")
    answer = upload(client, f"/cardholders/{cardholder(house, 'Ada')}/photo", sent)
    assert (answer.status_code, told in answer.get_data(as_text=True)) == (409, True)
    assert recorded(house) == []


def test_the_api_sets_shows_and_takes_away_a_photo_and_an_auditor_only_looks(client: FlaskClient, house: House) -> None:
    where, kim, olu = f"/api/v1/cardholders/{cardholder(house, 'Ada')}/photo", token(house, "kim"), token(house, "olu")
    body = {"picture": base64.b64encode(drawn("PNG")).decode()}
    assert client.put(where, json=body, base_url=BASE, headers=olu).status_code == 403
    made = client.put(where, json=body, base_url=BASE, headers=kim)
    assert made.status_code == 200
    assert made.get_json()["set_at"] >= f"{web_now():%Y-%m-%d}"
    assert client.get(where, base_url=BASE, headers=olu).mimetype == "image/webp"
    assert client.get(where, base_url=BASE).status_code == 401
    assert client.delete(where, base_url=BASE, headers=olu).status_code == 403
    assert client.put(where, json={"picture": "x"}, base_url=BASE, headers=kim).status_code == 422
    assert client.delete(where, base_url=BASE, headers=kim).status_code == 200
    assert client.delete(where, base_url=BASE, headers=kim).status_code == 409
    assert client.get(where, base_url=BASE, headers=kim).status_code == 404
