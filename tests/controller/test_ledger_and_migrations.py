"""The ledger is gapless under concurrent writers and holds no personal data; migrations lead to the models."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, select

from contract.commitment import opens
from controller import migrations
from controller.database import migrate, open_database, reading, transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, append, head, openings_of, rows_after
from controller.people.card_state import NO_LIMITS
from controller.people.credential import Credential, identities_of
from controller.tables import METADATA
from tests.controller.conftest import CARDS, NOW, House


def test_numbers_have_no_holes_and_become_visible_in_order(engine: Engine) -> None:
    seen: list[list[int]] = []
    done = threading.Event()

    def write() -> None:
        for _ in range(15):
            with transaction(engine) as session:
                append(session, Kind.SIGN_IN, "operator:1", NOW, {})

    def watch() -> None:
        while not done.is_set():
            with reading(engine) as session:
                seen.append([row.sequence for row in rows_after(session, 0)])

    watcher = threading.Thread(target=watch)
    writers = [threading.Thread(target=write) for _ in range(4)]
    watcher.start()
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    done.set()
    watcher.join()
    assert all(found == list(range(1, len(found) + 1)) for found in seen)
    with reading(engine) as session:
        assert [row.sequence for row in rows_after(session, 0)] == list(range(1, 61))
        assert head(session) == 60


def test_an_abandoned_transaction_leaves_no_hole(engine: Engine) -> None:
    class Abandoned(Exception):
        pass

    for fails in (False, True, False):
        try:
            with transaction(engine) as session:
                append(session, Kind.SIGN_IN, "operator:1", NOW, {})
                if fails:
                    raise Abandoned
        except Abandoned:
            continue
    with reading(engine) as session:
        assert [row.sequence for row in rows_after(session, 0)] == [1, 2]


def test_no_leaf_holds_a_name_a_number_or_a_handle_and_every_opening_opens(house: House) -> None:
    with reading(house.engine) as session:
        leaves = b"".join(session.scalars(select(LedgerRow.leaf)))
        personal = [*CARDS, *(f"{number:x}" for number in CARDS.values()), "kim", "Kim"]
        personal += [house.holder(session, name).handle.hex() for name in CARDS]
        assert [each for each in personal if each.encode() in leaves] == []
        for row in rows_after(session, 0):
            committed = row.content["commitments"]
            assert isinstance(committed, dict)
            openings = openings_of(session, row.sequence)
            assert openings.keys() == committed.keys()
            for name, value in committed.items():
                opening = openings[name].opening()
                assert opening is not None
                assert opens(bytes.fromhex(str(value)), opening)


def test_migrations_lead_to_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_cards_of_before_their_limits_are_active_since_they_were_given(tmp_path: Path) -> None:
    """On SQLite, where a table that is made anew would let go of what refers to it."""
    engine = open_database(f"sqlite:///{tmp_path / 'old.sqlite'}")
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    scripts = ScriptDirectory.from_config(config)
    before = scripts.get_revision("0007").down_revision
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, str(before))
        for statement in (
            "INSERT INTO site VALUES (1, 'tokyo', 'Tokyo', '東京', 'Asia/Tokyo')",
            "INSERT INTO cardholder (id, site_id, handle, name, name_kana, number, created_at)"
            " VALUES (1, 1, x'00', 'Ada', '', '1', '2026-11-24T03:00:00.000000Z')",
            "INSERT INTO credential (id, cardholder_id, label, state, issued_at, reason)"
            " VALUES (1, 1, '', 'active', '2026-11-24T03:00:00.000000Z', '')",
            "INSERT INTO identity VALUES (1, 1, 1, 'serial-hex:40:1e00000001')",
        ):
            connection.exec_driver_sql(statement)
    migrate(engine)
    with reading(engine) as session:
        card = session.get_one(Credential, 1)
        assert (card.active_since, card.issue_level, card.limits) == (NOW, 1, NO_LIMITS)
        assert [each.text for each in identities_of(session, card)] == ["serial-hex:40:1e00000001"]
    engine.dispose()


def test_several_processes_may_migrate_at_once(engine: Engine) -> None:
    threads = [threading.Thread(target=migrate, args=(engine,)) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    with reading(engine) as session:
        assert head(session) == 0
