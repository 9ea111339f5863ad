"""Passwords: argon2id, long enough, judged slowly on purpose and as slowly for names that nobody has."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from controller.people import guessable
from controller.refusal import Refused

SHORTEST, LONGEST = 12, 256
HASHER = PasswordHasher()


def hashed(password: str, of_the_place: Iterable[str], hasher: PasswordHasher = HASHER) -> str:
    """What is kept of a password; Refused password-short, password-long, and as `guessable.refuse`."""
    if len(password) < SHORTEST:
        raise Refused("password-short")
    if len(password) > LONGEST:
        raise Refused("password-long")
    guessable.refuse(password, of_the_place)
    return hasher.hash(password)


def matches(hasher: PasswordHasher, known: str, password: str) -> bool:
    try:
        return hasher.verify(known, password[: LONGEST + 1])
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def nobodys(hasher: PasswordHasher) -> str:
    """A hash that no password has, so that an unknown name takes as long as a known one."""
    return hasher.hash(secrets.token_urlsafe(32))
