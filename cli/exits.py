"""The exit codes of every verb, and the errors that carry them: one line that says what is wrong, never a traceback."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

FINE: Final = 0
NO: Final = 1
WRONG_USE: Final = 2
CANNOT: Final = 3

EXPLAINED: Final = (
    "Exit codes: 0 fine; 1 the answer is no; 2 wrong use (arguments, settings); 3 cannot reach or start something."
)


class No(click.ClickException):
    """The question was understood and the answer is no."""

    exit_code = NO


class WrongUse(click.ClickException):
    """Arguments or settings are wrong."""

    exit_code = WRONG_USE


class Cannot(click.ClickException):
    """Something could not be reached or started."""

    exit_code = CANNOT


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn what a service raises about its settings, its database or the machine into one line and an exit code."""
    try:
        yield
    except click.ClickException:
        raise
    except (OSError, sqlite3.Error) as error:
        raise Cannot(_sentence(error)) from error
    except ValueError as error:
        raise WrongUse(_sentence(error)) from error
    except _database_errors() as error:
        raise Cannot(f"the database cannot be used: {_sentence(error.__cause__ or error)}") from error
    except ModuleNotFoundError as error:  # a driver that the settings or the environment name
        raise Cannot(f"the library {error.name} is not installed here") from error
    except _pin_errors() as error:
        raise Cannot(f"the pins cannot be used: {_sentence(error)} (a Raspberry Pi needs lgpio)") from error


def _database_errors() -> tuple[type[Exception], ...]:
    return _of_module("sqlalchemy.exc", "SQLAlchemyError")


def _pin_errors() -> tuple[type[Exception], ...]:
    return _of_module("gpiozero.exc", "GPIOZeroError")


def _of_module(module: str, error: str) -> tuple[type[Exception], ...]:
    """A library's error, if anything imported that library: a verb that does not need it must not pay for it."""
    imported = sys.modules.get(module)
    return () if imported is None else (getattr(imported, error),)


def _sentence(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split()) or type(error).__name__
