"""The keys of a site, made by hand on the controller's host, until the commands of enrolment exist.

    python deploy/site_keys.py found SETTINGS HOST…          before the controller's first start: HOST is where the
                                                             broker is reached (names and addresses)
    python deploy/site_keys.py enrol SETTINGS AGENT FOLDER   after it: the keys that go to the agent's computer
    python deploy/site_keys.py renew SETTINGS [HOST…]        before their end: certificates of controller and broker,
                                                             whose names stay unless others are given

SETTINGS is the controller's TOML file. Exit codes: 0 done, 1 refused, 2 wrong use. Enrolling again ends the old keys.
Run it as the account that owns the keys. FOLDER holds private keys: carry it by hand, and delete it here afterwards.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from controller.database import open_database, transaction
from controller.delivery import authority
from controller.people.operator import HOST
from controller.premises import agent as agents
from controller.premises import site as sites
from controller.settings import ControllerSettings
from process.settings import SettingsError, load

REFUSED = 1
WRONG_USE = 2


def found(told: ControllerSettings, hosts: Sequence[str]) -> str:
    """Make the site's keys, with a broker certificate for `hosts`; what went wrong, or nothing."""
    if (told.keys / "signing.key").exists():
        return f"{told.keys} holds keys already: doors believe them, so they are not made anew"
    authority.found(told.keys, told.site, datetime.now(UTC), hosts)
    return ""


def renew(told: ControllerSettings, hosts: Sequence[str]) -> str:
    """Make the certificates of controller and broker anew; what went wrong, or nothing."""
    authority.renew(authority.open_authority(told.keys), told.site, datetime.now(UTC), hosts)
    return ""


def enrol(told: ControllerSettings, name: str, folder: Path) -> str:
    """Make agent `name`'s keys in `folder` and register them; what went wrong, or nothing."""
    if folder.exists():
        return f"{folder} is there already: name a new folder"
    own = authority.open_authority(told.keys)
    engine = open_database(told.database)
    try:
        with transaction(engine) as session:
            site = sites.by_key(session, told.site)
            agent = agents.by_key(session, site, name) if site is not None else None
            if site is None or agent is None:
                return f"the database knows no agent {name}: describe it in the building and start the controller once"
            authority.enrol_agent(session, own, HOST, datetime.now(UTC), site, agent, folder)
    finally:
        engine.dispose()
    return ""


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask; the exit code."""
    try:
        match arguments:
            case ["found", settings, *hosts] if hosts:
                fault = found(load(Path(settings), ControllerSettings), hosts)
            case ["enrol", settings, name, folder]:
                fault = enrol(load(Path(settings), ControllerSettings), name, Path(folder))
            case ["renew", settings, *hosts]:
                fault = renew(load(Path(settings), ControllerSettings), hosts)
            case _:
                sys.stderr.write(__doc__ or "")
                return WRONG_USE
    except (SettingsError, OSError) as flaw:
        fault = str(flaw)
    if fault:
        sys.stderr.write(f"{fault}\n")
    return REFUSED if fault else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
