"""Agents as the centre knows them: what they said, what they carry, what they are known by, and nothing guessed."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy.orm import Session

from controller.database import reading, transaction
from controller.delivery import fleet
from controller.delivery.fleet import AgentNow, Standing
from controller.premises import agent as agents
from door_agent.events import ReaderState
from tests.controller.conftest import NOW, House
from tests.controller.doorway import visited
from tests.controller.many_doors import add_many
from tests.controller.statements import counted


def now(house: House, session: Session, key: str = "cedar", after: timedelta = timedelta()) -> AgentNow:
    return fleet.one_of(session, house.site(session), NOW + after, house.agent(session, key))


def test_an_agent_that_never_spoke_is_silent_and_nothing_is_guessed(house: House) -> None:
    with reading(house.engine) as session:
        found = now(house, session)
        assert (found.standing, found.carried, found.fresh_until, found.told) == (Standing.SILENT, None, None, None)
        assert {door.key for door, _ in found.doors} == {"cedar", "main"}


def test_an_agent_that_spoke_shows_its_list_its_newest_record_and_until_when_it_lets_in(house: House) -> None:
    site = visited(house)
    with reading(house.engine) as session:
        found = now(house, session)
        assert found.standing is Standing.WELL
        assert found.carried is not None
        assert found.carried.newest
        assert found.told is not None
        assert (found.told.sequence, found.told.clock) == (site.doors["cedar"].acknowledged, True)
        assert found.fresh_until == NOW + timedelta(seconds=house.cedar(session).rules.fresh_s)
        assert now(house, session, after=timedelta(seconds=61)).standing is Standing.SILENT
    site.doors["cedar"].feed(ReaderState("cedar-in", "lost", "silent"))
    site.talk()
    with reading(house.engine) as session:
        assert now(house, session).standing is Standing.FAULT


def test_the_certificate_and_the_key_are_those_that_the_agent_holds(house: House) -> None:
    held = x509.load_pem_x509_certificate((house.folder / "cedar" / "certificate.pem").read_bytes())
    with reading(house.engine) as session:
        row = house.agent(session)
        assert (row.certificate_serial, row.certificate_sha256, row.certificate_until) == (
            f"{held.serial_number:x}",
            held.fingerprint(SHA256()).hex(),
            held.not_valid_after_utc,
        )
        assert row.signing_key is not None
        assert row.signing_key_sha256 == hashlib.sha256(row.signing_key).hexdigest()


def test_what_is_not_in_service_says_so_however_lately_it_was_heard(house: House) -> None:
    with transaction(house.engine) as session:
        site = house.site(session)
        made = agents.make(session, "host", NOW, site, "spare", "Spare")
        revoked = house.agent(session, "cedar-back")
        revoked.last_heard_at = NOW
        agents.revoke(session, "host", NOW, revoked)
        assert now(house, session, made.key).standing is Standing.KEYLESS
        assert now(house, session, made.key).doors == []
        assert made.signing_key_sha256 is None
        assert now(house, session, "cedar-back").standing is Standing.REVOKED


def test_many_agents_are_asked_of_in_as_many_statements_as_few(house: House) -> None:
    def asked() -> int:
        with reading(house.engine) as session, counted(house.engine) as statements:
            fleet.all_of(session, house.site(session), NOW)
        return len(statements)

    few = asked()
    with transaction(house.engine) as session:
        add_many(house, session, NOW, rooms=10, doors_each=4)
    assert asked() == few
