"""Making the building of a fresh data folder: keys, tables, premises, people, permissions, and a few days of history.

The law: only the controller's own verbs write, each change has its ledger row and two security admins had to agree to
every permission, as on a real site. The past is dated as such and named in the ledger as the demo's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cli.demo import office
from cli.demo.building import AGENTS, DOORS, PLAN, SITE, osdp_key
from cli.demo.cast import OPERATORS, PEOPLE, Person
from cli.demo.folder import Folder
from cli.demo.history import Past, live_through
from cli.demo.secrets_file import Secrets, draw, save
from contract.credential import Identity, Source
from controller.database import migrate, open_database, transaction
from controller.delivery import authority as authorities
from controller.delivery import compiling
from controller.people import cardholder as cardholders
from controller.people import credential as credentials
from controller.people import custody
from controller.people import operator as operators
from controller.people import permission as permissions
from controller.people.access import Role
from controller.people.operator import NewOperator, Operator
from controller.people.permission import Wish
from controller.premises import agent as agents
from controller.premises import area as areas
from controller.premises import building as buildings
from controller.premises import schedule as schedules
from controller.premises.site import Site
from hardware.readers.osdp.key import ReaderKey, write_key

HOST = "host"
DAYS = 4


def make(folder: Folder, now: datetime, say: Callable[[str], None]) -> Secrets:
    """Fill `folder.building`; returns the secrets that were drawn and are kept there."""
    say("making keys and certificates")
    known, began = draw(), now - timedelta(days=DAYS + 1)
    authority = authorities.found(folder.keys, SITE, began)
    engine = open_database(database_url(folder))
    try:
        migrate(engine)
        say("seeding people, cards and permissions")
        known = _seed(engine, folder, authority, began, known)
        say("living through a few days of history")
        _pair(folder)
        live_through(Past(engine, folder, authority, known, began, now))
    finally:
        engine.dispose()
    save(folder.secrets, known)
    return known


def database_url(folder: Folder) -> str:
    return f"sqlite:///{folder.database.absolute()}"


def _pair(folder: Folder) -> None:
    """Give each OSDP reader its own key; the reader on the bench and its agent read the same file."""
    for door in DOORS:
        for point in door.access_points:
            if door.reader(point).kind == "osdp":
                write_key(osdp_key(folder.agents, door, point), ReaderKey.new())


def _seed(engine: Engine, folder: Folder, authority: authorities.Authority, began: datetime, known: Secrets) -> Secrets:
    with transaction(engine) as session:
        site = buildings.load(session, HOST, began, PLAN)
        for name in AGENTS:
            agent = agents.by_key(session, site, name)
            if agent is None:
                raise LookupError(name)
            authorities.enrol_agent(session, authority, HOST, began, site, agent, folder.agent(name) / "keys")
        staff, known = _operators(session, site, began, known)
        cards = {card.cardholder: card.identities for card in known.cards}
        for place, person in enumerate(PEOPLE):
            _person(session, site, began + timedelta(minutes=3 * place), staff, person, cards[person.name])
        office.give_level(session, site, staff, began + timedelta(minutes=3 * len(PEOPLE)))
    return known


def _operators(session: Session, site: Site, now: datetime, known: Secrets) -> tuple[list[Operator], Secrets]:
    """The operators, and the secrets with their API tokens."""
    made: list[Operator] = []
    told = []
    for part, secret in zip(OPERATORS, known.operators, strict=True):
        wanted = NewOperator(part.name, part.display_name, secret.password)
        operator = operators.add(session, HOST, now, site, Role(part.role), wanted)
        token = operators.issue_token(session, now, operator, "demo")
        made.append(operator)
        told.append(replace(secret, api_token=token))
    return made, replace(known, operators=tuple(told))


def _person(
    session: Session, site: Site, now: datetime, staff: list[Operator], person: Person, card: Mapping[str, str]
) -> None:
    asks, decides, *_ = staff
    holder = cardholders.enrol(session, asks.actor, now, site, person.name, person.number, person.kana)
    identities = [Identity(Source(source), bits) for source, bits in card.items()]
    label = f"Card of {person.number}"
    given = credentials.issue(session, asks.actor, now, holder, label, identities, compiling.card_must_fit)
    for key, hours in person.areas:
        area = areas.by_key(session, site, key)
        schedule = schedules.by_name(session, site, hours) if hours is not None else None
        if area is None or (hours is not None and schedule is None):
            raise LookupError(key)
        wish = Wish(holder, area, now, None, "Works here", schedule)
        asked = permissions.request(session, asks, now, wish)
        permissions.approve(session, decides, now + timedelta(minutes=1), asked, compiling.must_fit)
    if person.areas:
        custody.hand_out(session, asks.actor, now + timedelta(minutes=2), given, acknowledged=True)
