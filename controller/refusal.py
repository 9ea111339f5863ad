"""What a verb says when a rule forbids it: a stable code, which pages translate, and an English sentence."""

from __future__ import annotations

from typing import Final

SENTENCES: Final[dict[str, str]] = {
    "not-found": "There is no such entry.",
    "text-wrong": "A name or number is one line of text: at most 120 characters, a staff number 40.",
    "name-missing": "A name is needed.",
    "reason-missing": "A reason is needed.",
    "purpose-missing": "Say what the file is needed for.",
    "number-taken": "Another cardholder has this staff number.",
    "key-taken": "This key is already used.",
    "key-wrong": "A key is 1 to 32 of a-z, 0-9 and inner hyphens.",
    "identity-taken": "This card already belongs to somebody.",
    "identity-missing": "A card needs at least one identity.",
    "act-impossible": "In its present state this cannot be done with the card.",
    "credential-superseded": "This card has already been replaced by one of a higher issue level.",
    "limits-wrong": "Uses are 1 to 10,000, days 1 to 3,660.",
    "attribute-wrong": "An attribute is given or taken away; a clearance is 0 to 9.",
    "visitor-conflict": "A visitor is neither host nor supervisor, holds no door open and overrides nothing.",
    "visitor-endless": "Cards and permissions of a visitor need an end.",
    "completion-future": "A training cannot be completed in the future.",
    "pin-wrong": "A PIN is 4 to 12 digits.",
    "pin-trivial": "This PIN is tried first: one digit or a pair repeated, or digits that only count.",
    "pin-near": "The PIN for duress has as many digits as the other one, and is not one slip of a finger away from it.",
    "pin-typed-and-drawn": "A PIN is typed or drawn, not both.",
    "pin-missing": "This cardholder has no PIN.",
    "pin-on-exit": "A PIN is asked for on the way in only: leaving never depends on one.",
    "pin-rule-wrong": "A PIN is entered within 3 to 120 s, after 1 to 20 wrong tries locked for 1 s to a day.",
    "cardholder-inactive": "This cardholder is no longer active.",
    "validity-wrong": "The end lies before the beginning.",
    "validity-past": "The end lies in the past.",
    "validity-absurd": "A validity lies between the years 2000 and 2100.",
    "already-requested": "The same access is already requested or granted.",
    "area-open": "Nobody needs permission for this area.",
    "same-person": "Another person than the one who asked must decide.",
    "already-decided": "This request has already been decided.",
    "not-in-force": "This permission is not in force.",
    "list-too-large": "With this change the list of a door would exceed what one message can carry.",
    "exit-mode-missing": "Every exit states its mode, and only exits do.",
    "sign-off-missing": "A controlled exit needs a valid sign-off: break-glass and fire were tested, by whom.",
    "sign-off-incomplete": "A sign-off confirms that both break-glass and fire release were tested.",
    "setting-unknown": "There is no such setting.",
    "setting-wrong": "A setting cannot have this value.",
    "rules-contradict": "These settings contradict one another.",
    "rules-dangerous": "These settings together are dangerous.",
    "posture-unchanged": "This is so already.",
    "posture-wrong": "A posture is of an area, a door or the site; a threat level is 0 to 9.",
    "format-unknown": "There is no such card format.",
    "format-wrong": "The description of a card format is not right.",
    "schedule-wrong": "The description of a schedule is not right.",
    "schedule-retired": "This schedule is no longer offered.",
    "calendar-fixed": "The days of a built-in calendar are computed.",
    "calendar-full": "A calendar holds at most 500 days.",
    "calendar-in-use": "A schedule names this calendar.",
    "day-taken": "This calendar holds this day already.",
    "day-wrong": "A day lies between the years 2000 and 2099.",
    "building-wrong": "The description of the building is not right.",
    "password-short": "A password has at least 12 characters.",
    "password-long": "A password has at most 256 characters.",
    "link-spent": "This link is used, expired or unknown.",
    "name-taken": "An operator of this name exists.",
    "operator-unknown": "There is no such operator.",
    "own-role": "Another security admin changes your role.",
    "not-independent": "One of you made the other's account, or the same person made both: another person decides.",
    "passkey-wrong": "The passkey did not answer as it should.",
    "passkeys-full": "An operator has at most 20 passkeys.",
    "authenticator-there": "An authenticator app is in use already.",
    "code-wrong": "The code is wrong, old or used.",
    "password-wrong": "The password is wrong, or it is closed for a while after too many attempts.",
    "last-admin": "At least two active security admins must remain.",
}


class Refused(ValueError):
    """A rule forbids what was asked. `code` is one of SENTENCES; `details` complete the sentence."""

    safe_to_log = False

    def __init__(self, code: str, **details: object) -> None:
        told = "".join(f" {name}: {value}." for name, value in details.items())
        super().__init__(SENTENCES[code] + told)
        self.code = code
        self.details = details
