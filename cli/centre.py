"""`sekisho controller …` and `sekisho web …`: the centre's two processes, and what is done on its host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.exits import EXPLAINED, Cannot, No, told_plainly
from cli.saying import say, say_json

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from controller.premises.site import Site
    from controller.settings import ControllerSettings

SETTINGS = click.argument("settings", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group(epilog=EXPLAINED)
def controller() -> None:
    """The centre: keeps people and permissions, sends the doors their lists, takes in what they record."""


@controller.command(epilog=EXPLAINED)
@SETTINGS
@click.pass_context
def serve(context: click.Context, settings: Path) -> None:
    """Run the controller until SIGTERM or Ctrl-C.

    SETTINGS is a TOML file: database, site, keys, public_url, [broker] host, port, ca, certificate, key,
    [mail] if news go out by mail, [feeds] and [home_assistant] for other systems (docs/settings.md). At the first start
    it makes the site's keys, the tables and the building, and shows a one-time link for the first operator
    on a terminal; without one it says in which file that is.
    """
    from controller.service import serve as run

    with told_plainly():
        context.exit(run(settings))


@controller.command(epilog=EXPLAINED)
@SETTINGS
def migrate(settings: Path) -> None:
    """Bring the tables of the database to this version. `serve` does it too; back up first."""
    from controller.database import migrate as bring_up
    from controller.database import open_database

    with told_plainly():
        engine = open_database(_settings(settings).database)
        try:
            bring_up(engine)
        finally:
            engine.dispose()
    click.echo("the tables are of this version")


@controller.command(epilog=EXPLAINED)
@SETTINGS
@click.option("--json", "as_json", is_flag=True, help="One JSON array, for programs.")
def exemptions(settings: Path, as_json: bool) -> None:
    """For whom a rule is lifted: which rule, since when, by whom and why. It names people."""
    from controller.people import attribute

    with own_site(settings, writing=False) as (session, site, _):
        found = [
            {
                "number": each.holder.number,
                "name": each.holder.name,
                "exemption": row.name,
                "since": row.since.isoformat(),
                "given_by": row.given_by,
                "reason": row.reason,
            }
            for each in attribute.exemptions(session, site)
            for row in each.lifted
        ]
    if as_json:
        say_json(found)
        return
    for line in found:
        say("  ".join(line.values()))


@controller.command("import", epilog=EXPLAINED)
@SETTINGS
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--apply", "reason", metavar="REASON", help="Do it, for this reason, which is recorded.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array, for programs.")
def import_people(settings: Path, file: Path, reason: str | None, as_json: bool) -> None:
    """What a FILE of people (CSV) would change, row by row; with --apply it is done. It names people.

    Answers no (exit code 1) when a row is refused; with --apply the others are done all the same.
    """
    from cli import roster

    with told_plainly():
        found = roster.imported(settings, file, reason)
    if as_json:
        say_json(roster.as_objects(found))
    else:
        say(roster.as_text(found))
    if any(row.why for row in found):
        raise No("some rows are refused")


@controller.group(epilog=EXPLAINED)
def operator() -> None:
    """The operators who sign in, seen from the host. What is done here is recorded as done on the host."""


@operator.command("list", epilog=EXPLAINED)
@SETTINGS
@click.option("--json", "as_json", is_flag=True, help="One JSON array, for programs.")
def list_operators(settings: Path, as_json: bool) -> None:
    """Who may sign in, with role and state."""
    from controller.people import operator as operators

    with own_site(settings, writing=False) as (session, site, _):
        found = [
            {"name": each.name, "display_name": each.display_name, "role": each.role, "active": each.active}
            for each in operators.of_site(session, site)
        ]
    if as_json:
        say_json(found)
        return
    for each in found:
        say(f"{each['name']}  {each['role']}  {'active' if each['active'] else 'closed'}  {each['display_name']}")


@operator.command(epilog=EXPLAINED)
@SETTINGS
def link(settings: Path) -> None:
    """A new one-time link for the first operator, if that of the first start was lost.

    Answers no (exit code 1) once there is an operator: use `recover` then.
    """
    from controller.first_link import address
    from controller.people import operator as operators

    with own_site(settings, writing=True) as (session, site, read):
        token = operators.first_link(session, datetime.now(UTC), site)
    if token is None:
        raise No("there is an operator already: `sekisho controller operator recover SETTINGS NAME`")
    click.echo(address(read, token))


@operator.command(epilog=EXPLAINED)
@SETTINGS
@click.argument("name")
def recover(settings: Path, name: str) -> None:
    """A one-time link by which operator NAME sets a new password. It is recorded, and works for a day.

    For when nobody who could do it in the pages can sign in. Whoever may run this owns the host anyway.
    """
    from controller.first_link import address
    from controller.people import operator as operators
    from controller.refusal import Refused

    with own_site(settings, writing=True) as (session, site, read):
        try:
            token = operators.recover(session, datetime.now(UTC), site, name)
        except Refused as refusal:
            raise No(str(refusal)) from refusal
    click.echo(address(read, token))


@operator.command(epilog=EXPLAINED)
@SETTINGS
@click.argument("role", type=click.Choice(["security-admin", "auditor", "privacy-officer"]))
def invite(settings: Path, role: str) -> None:
    """A one-time link for a further operator of ROLE, vouched for by the host.

    An account that an operator invites in the pages is no second person to whoever invited it; one made here is.
    """
    from controller.first_link import address
    from controller.people import operator as operators
    from controller.people.access import Role

    with own_site(settings, writing=True) as (session, site, read):
        token = operators.invite(session, None, datetime.now(UTC), site, Role(role))
    click.echo(address(read, token))


@operator.command(epilog=EXPLAINED)
@SETTINGS
@click.argument("name")
def vouch(settings: Path, name: str) -> None:
    """Say that a person of their own holds the account NAME, so that they may decide what others ask for.

    An operator and those they invited count as one person when access is approved. This is the exception, and recorded.
    """
    from controller.people import two_people
    from controller.refusal import Refused

    with own_site(settings, writing=True) as (session, site, _):
        try:
            two_people.vouch(session, datetime.now(UTC), site, name)
        except Refused as refusal:
            raise No(str(refusal)) from refusal
    say(f"{name} counts as a person of their own")


@click.group(epilog=EXPLAINED)
def web() -> None:
    """The administrators' pages and the REST API."""


@web.command("serve", epilog=EXPLAINED)
@SETTINGS
@click.pass_context
def serve_web(context: click.Context, settings: Path) -> None:
    """Run the pages and the API until SIGTERM or Ctrl-C.

    SETTINGS is a TOML file; its keys stand in docs/settings.md. Put a TLS proxy before it on a real site.
    """
    from admin_web.serve import serve as run

    with told_plainly():
        context.exit(run(settings))


def _settings(path: Path) -> ControllerSettings:
    from controller.settings import ControllerSettings
    from process.settings import load

    return load(path, ControllerSettings)


@contextmanager
def own_site(
    path: Path, *, writing: bool = False, trying: bool = False
) -> Iterator[tuple[Session, Site, ControllerSettings]]:
    """The settings' site in one transaction; trying: one that is undone."""
    from sqlalchemy import inspect

    from controller.database import open_database, reading, transaction
    from controller.database import trying as trial
    from controller.premises import site as sites
    from controller.premises.site import Site

    with told_plainly():
        read = _settings(path)
        engine = open_database(read.database)
        try:
            with (trial if trying else transaction if writing else reading)(engine) as session:
                if not inspect(session.connection()).has_table(Site.__tablename__):
                    raise Cannot("the database has no tables yet: `sekisho controller migrate SETTINGS`")
                site = sites.by_key(session, read.site)
                if site is None:
                    raise Cannot(f"the database knows no site {read.site}: start the controller once")
                yield session, site, read
        finally:
            engine.dispose()
