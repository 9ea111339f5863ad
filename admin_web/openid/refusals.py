"""How a sign-in with the provider can end without one; nothing here needs its library."""

from __future__ import annotations

from enum import StrEnum


class Why(StrEnum):
    """Why an answer of the provider, or of whoever pretends to be it, is not taken."""

    NOT_ASKED = "not-asked"
    TOO_LATE = "too-late"
    OTHER_ISSUER = "other-issuer"
    DECLINED = "declined-there"
    CODE_REFUSED = "code-refused"
    TOKEN_WRONG = "token-wrong"  # noqa: S105 - a reason
    SIGN_IN_OLD = "sign-in-old"
    NOT_LINKED = "not-linked"
    OTHER_PERSON = "other-person"
    ONE_FACTOR = "one-factor"


class ProviderRefused(Exception):
    """The answer is not taken. detail: which claim or check, in our own words; never what was sent."""

    def __init__(self, why: Why, detail: str = "") -> None:
        self.why, self.detail = why, detail
        super().__init__(f"{why} {detail}".rstrip())


class ProviderAway(Exception):
    """The provider does not answer, or not as an OpenID provider does."""
