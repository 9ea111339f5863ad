"""What kinds, reasons and refusals are called on a page, in the language of the reader.

Every member of the enumerations has its entry; a test holds the tables complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import LazyString, gettext, lazy_gettext

from admin_web import eased_words
from admin_web.layouts import Piece, Span
from admin_web.reports.periods import Period
from admin_web.shown import said
from contract import fact, reading
from contract.canonical import Object
from contract.card_format import UNUSED, Strength
from contract.fact import FactKind
from contract.outcome import Outcome
from contract.policy import ExitMode
from contract.reader_kinds import Words
from contract.reading import Warned
from contract.reason_words import WORDS, words_of
from controller.delivery import fleet, losses, overview, reach
from controller.delivery import posture as postures
from controller.delivery.entitled import Source
from controller.delivery.preview import Touch
from controller.people.access import Role
from controller.people.attribute import Attribute
from controller.people.card_end import Ended
from controller.people.card_state import Act, State
from controller.people.custody import Due, Place
from controller.people.level_change import ChangeState
from controller.people.matrix import Stands
from controller.people.operator import HOST, SCHEDULE, Operator
from controller.people.operator_session import Proof
from controller.people.permission import GrantState
from controller.people.roster import Verdict
from controller.premises import rule_words
from controller.premises.dangers import SENTENCES, Danger
from controller.record.alarm_words import ALARM_WORDS
from controller.record.enquiry import LogRow
from controller.record.finding import What
from controller.record.judgement import Disposition
from controller.record.person_timeline import Step
from controller.record.stay import How
from controller.refusal import Refused

_ = lazy_gettext

KINDS: dict[str, Any] = {
    FactKind.STARTED: _("Agent started"),
    FactKind.DECISION: _("Card presented"),
    FactKind.RELEASED: _("Lock released"),
    FactKind.ADMISSION_ENDED: _("Nobody went through"),
    FactKind.PASSAGE: _("Passage"),
    FactKind.DOOR_OPENED: _("Door opened"),
    FactKind.DOOR_CLOSED: _("Door closed"),
    FactKind.DOOR_MODE: _("Door unlocked or locked again"),
    FactKind.REX: _("Request to exit"),
    FactKind.LIFE_SAFETY_RESET: _("Reset after fire or break-glass"),
    FactKind.READER_BACK: _("Reader back"),
    FactKind.READ_FLAW: _("Unreadable card"),
    FactKind.LIST_ADOPTED: _("List adopted"),
    FactKind.PEER_BACK: _("The other agent of the room is heard again"),
} | {name: LazyString(said, told) for name, told in ALARM_WORDS.items()}
"""Of facts and alarms; what is both is called as the alarm is."""
REASONS: dict[str, Any] = {name: LazyString(said, told.label) for name, told in WORDS.items()}
"""The contract's own table: doors, pages, exports and commands say the same."""

OUTCOMES: dict[str, Any] = {
    Outcome.GRANT: _("Granted"),
    Outcome.REFUSE: _("Refused"),
    Outcome.AWAIT: _("Waiting"),
}
VERDICTS: dict[str, Any] = {
    Verdict.NEW: _("new"),
    Verdict.CHANGED: _("changed"),
    Verdict.SAME: _("same"),
    Verdict.REFUSED: _("refused"),
}
"""Of the rows of a file of people."""

REFUSALS: dict[str, Any] = {
    "not-found": _("There is no such entry."),
    "text-wrong": _("A name or number is one line of text: at most 120 characters, a staff number 40."),
    "name-missing": _("A name is needed."),
    "reason-missing": _("A reason is needed."),
    "note-missing": _("Say what was found."),
    "finding-unknown": _("This is no refusal, alarm, unused admission or inferred passage."),
    "findings-many": _("1 to 200 findings are judged at once."),
    "auditor-said": _("An auditor has judged this: only an auditor judges it anew."),
    "purpose-missing": _("Say what the file is needed for."),
    "pdf-rows": _("A PDF holds at most 10,000 rows: take a workbook or CSV, or narrow the filters."),
    "pdf-typesetter": _("PDFs are set by the library typst, which is not installed here: install the extra pdf."),
    "pdf-font": _("A PDF needs a Japanese font on this machine: apt-get install fonts-noto-cjk."),
    "pdf-glyph": _("No font here has a character of this report: take a workbook, or install a font that has it."),
    "pdf-large": _("Setting the pages took more memory than there is: narrow the filters, or take a workbook or CSV."),
    "saved-name-taken": _("A report is saved under this name already."),
    "saved-full": _("So many reports are saved that one must be removed first: 200 is the most."),
    "number-taken": _("Another cardholder has this staff number."),
    "number-unknown": _("There is no cardholder of this staff number."),
    "key-taken": _("This key is already used."),
    "key-wrong": _("A key is 1 to 32 of a-z, 0-9 and inner hyphens."),
    "identity-taken": _("This card already belongs to somebody."),
    "identity-missing": _("A card needs at least one identity."),
    "act-impossible": _("In its present state this cannot be done with the card."),
    "card-not-usable": _("This card opens nothing in its present state: it is not handed out."),
    "card-not-here": _("This card is not in stock."),
    "acknowledgement-missing": _("A card is handed out against its holder's acknowledgement."),
    "permission-missing": _("Cards are handed out only to people with a permission in force."),
    "count-wrong": _("A count names 1 to 500 cards, and only cards that are in stock."),
    "credential-superseded": _("This card has already been replaced by one of a higher issue level."),
    "limits-wrong": _("Uses are 1 to 10,000, days 1 to 3,660."),
    "attribute-wrong": _("An attribute is given or taken away; a clearance is 0 to 9."),
    "visitor-conflict": _("A visitor is neither host nor supervisor, holds no door open and overrides nothing."),
    "visitor-endless": _("Cards and permissions of a visitor need an end."),
    "completion-future": _("A training cannot be completed in the future."),
    "pin-wrong": _("A PIN is 4 to 12 digits."),
    "pin-trivial": _("This PIN is tried first: one digit or a pair repeated, or digits that only count."),
    "pin-near": _(
        "The PIN for duress has as many digits as the other one, and is not one slip of a finger away from it."
    ),
    "pin-typed-and-drawn": _("A PIN is typed or drawn, not both."),
    "pin-missing": _("This cardholder has no PIN."),
    "pin-on-exit": _("A PIN is asked for on the way in only: leaving never depends on one."),
    "pin-rule-wrong": _("A PIN is entered within 3 to 120 s, after 1 to 20 wrong tries locked for 1 s to a day."),
    "cardholder-inactive": _("This cardholder is no longer active."),
    "validity-wrong": _("The end lies before the beginning."),
    "validity-past": _("The end lies in the past."),
    "validity-too-long": _("A permission for a private room lasts 366 days at most: then it is looked at again."),
    "validity-absurd": _("A validity lies between the years 2000 and 2100."),
    "already-requested": _("The same access is already requested or granted."),
    "area-open": _("Nobody needs permission for this area."),
    "same-person": _("Another person than the one who asked must decide."),
    "already-decided": _("This request has already been decided."),
    "not-in-force": _("This permission is not in force."),
    "undo-impossible": _("Only an approval or a revocation of the last seven days is undone, while its time lasts."),
    "marks-missing": _("No cell of the table is marked."),
    "marks-many": _("At most 100 cells are marked at once."),
    "bundle-outdated": _("Something that these changes rest on was changed after they were shown. Look again."),
    "bundle-spent": _("What was shown is more than an hour old, or was shown to somebody else. Look again."),
    "list-too-large": _("With this change the list of a door would exceed what one message can carry."),
    "exit-mode-missing": _("Every exit states its mode, and only exits do."),
    "sign-off-missing": _("A controlled exit needs a valid sign-off: break-glass and fire were tested, by whom."),
    "sign-off-incomplete": _("A sign-off confirms that both break-glass and fire release were tested."),
    "setting-unknown": _("There is no such setting."),
    "setting-wrong": _("A setting cannot have this value."),
    "rules-contradict": _("These settings contradict one another."),
    "rules-dangerous": _("These settings together are dangerous."),
    "posture-unchanged": _("This is so already."),
    "posture-wrong": _("A posture is of an area, a door or the site; a threat level is 0 to 9."),
    "format-unknown": _("There is no such card format."),
    "format-wrong": _("The description of a card format is not right."),
    "schedule-wrong": _("The description of a schedule is not right."),
    "level-empty": _("An access level opens at least one room."),
    "level-rooms": _("An access level opens at most 200 rooms."),
    "level-unchanged": _("The access level says this already."),
    "level-change-waits": _("A change of this access level waits. Approve, decline or withdraw it first."),
    "level-endless": _(
        "Somebody has this level for longer than the year of a private room. Give it to them anew first."
    ),
    "leaver-private": _("Somebody who may enter a private room would stay longer: two people say so, on their page."),
    "widening-outdated": _("Something that this change was judged against was changed since. Ask for it anew."),
    "widening-expired": _("Nobody approved this change within fourteen days. Ask for it anew."),
    "level-retired": _("This access level is no longer offered."),
    "level-hours": _("An access level has hours of its own for each of its rooms."),
    "schedule-in-use": _("Permissions, access levels or rules of doors rest on this schedule."),
    "hours-wrong": _("Hours are written 08:00-18:00, 22:00-06:00: whole quarter hours, at most a day."),
    "schedule-retired": _("This schedule is no longer offered."),
    "calendar-fixed": _("The days of a built-in calendar are computed."),
    "calendar-full": _("A calendar holds at most 500 days."),
    "calendar-in-use": _("A schedule names this calendar."),
    "date-twice": _("A date stands there twice."),
    "day-taken": _("This calendar holds this day already."),
    "day-wrong": _("A day lies between the years 2000 and 2099."),
    "building-wrong": _("The description of the building is not right."),
    "password-short": _("A password has at least 12 characters."),
    "password-long": _("A password has at most 256 characters."),
    "password-leaked": _("This password stands in lists of leaked ones, which are tried first."),
    "password-easy": _("This password is little more than keys in a row, repetitions, or words that everybody tries."),
    "password-of-the-place": _("This password is little more than names of this place or of its operator."),
    "link-spent": _("This link is used, expired or unknown."),
    "name-taken": _("An operator of this name exists."),
    "operator-unknown": _("There is no such operator."),
    "picture-missing": _("Choose a picture first."),
    "picture-large": _("A picture is a file of at most 10 MB."),
    "picture-points": _("A picture has at most 25 million points. Make it smaller."),
    "picture-kind": _("A picture is a PNG, JPEG or WebP file. SVG and other kinds can hold more than a picture."),
    "picture-broken": _("This picture cannot be read: the file is cut off or broken."),
    "picture-more": _("The file holds something besides the picture. Open the picture and save it anew."),
    "photo-missing": _("This cardholder has no photo."),
    "plans-full": _("A site has at most 100 floor plans."),
    "plan-nothing-chosen": _("Choose the door or room first, then click where it is."),
    "plan-place-wrong": _("A place is two whole numbers from 0 to 1000, of a door or room of this site."),
    "plan-changed": _("This was changed again since, and is not undone: put it where it belongs."),
    "last-admin": _("At least two active security admins must remain."),
    "feed-target-wrong": _(
        "A feed goes to https://… or syslog-tls://host:port, with no name, password or fragment in it."
    ),
    "feed-unexplained": _("Say who receives this and what they need it for."),
    "feed-empty": _("Say what the feed carries: alarms, access, changes."),
    "feed-not-ready": _("The controller has not run on this database since feeds came: start it first."),
    "feed-changed": _("Somebody changed this feed after it was shown. Look again."),
    "feed-of-the-host": _("The owner of the host keeps this feed in the settings of the controller."),
    "feed-decided": _("This feed does not wait for an approval."),
    "feed-as-it-is": _("This feed is so already."),
    "feeds-full": _("There are 50 feeds already: remove one first."),
}
REFUSALS |= {
    "number-missing": _("A staff number is needed."),
    "leaver-unknown": _("Nobody here has this number, and by the file they have left already."),
    "changed-meanwhile": _("Somebody changed it after the file was looked at. Look again."),
    "leaves-wrong": _("A leaving date is written 2027-03-31 or 2027-03-31 17:30."),
    "row-ragged": _("This row has more or fewer cells than the heading."),
    "row-repeated": _("This staff number stands in the file more than once."),
    "file-large": _("A file of people has at most 2 MB."),
    "file-rows": _("A file of people has at most 10,000 rows."),
    "file-encoding": _("The file is neither UTF-8 nor Shift_JIS text. Save it as CSV UTF-8."),
    "file-columns": _("The first row names the columns, each once: number, name, and if wanted name_kana and leaves."),
    "file-broken": _("This is no CSV: a quotation mark is in the wrong place, or a cell has no end."),
    "file-plan": _("What was shown is more than an hour old, or was shown to somebody else. Look at the file again."),
    "file-letters": _("Shift_JIS has no letter for a part of somebody's name. Take UTF-8."),
    "areas-same": _("A door leads from one area into another."),
    "door-guards-nothing": _("A door leads into a room that asks for permission, by an entry, an exit or both."),
    "access-point-there": _("This door has an access point that way into this room already."),
    "door-retired": _("This door is retired: bring it back first."),
    "area-retired": _("This room is retired: bring it back first."),
    "doors-in-service": _("Doors in service lead into this room or out of it. Retire them first."),
    "in-service": _("This is in service."),
    "last-exit": _("No exit would be left of a room that people can still enter. Retire its other doors first."),
    "people-inside": _("Somebody may still be inside. Look, and say that nobody is."),
    "agent-drives": _("This agent drives doors that are in service. Move or retire them first."),
    "door-moving": _("This door is on its way to another agent, and its former agent has not let go of it yet."),
    "door-not-moving": _("No former agent has yet to let go of this door."),
    "agent-same": _("This agent drives the door already."),
    "agent-keyless": _("This agent is not enrolled yet: no list can be sent to it."),
    "agent-revoked": _("This agent is revoked: no list goes to it."),
    "format-in-use": _("A reader reads this format. Take it from that reader first."),
    "format-retired": _("This format is retired already."),
    "frame-wrong": _("Write bits as 0 and 1, or as 0x with their number; or a serial number of 4, 7, 8 or 10 bytes."),
    "own-role": _("Another security admin changes your role."),
    "not-independent": _("One of you made the other's account, or the same person made both: another person decides."),
    "provider-linked": _("This account of the provider is already linked."),
    "identities-full": _("One operator has at most five accounts of the provider."),
    "passkey-wrong": _("The passkey did not answer as it should."),
    "passkeys-full": _("An operator has at most 20 passkeys."),
    "authenticator-there": _("An authenticator app is in use already."),
    "code-wrong": _("The code is wrong, old or used."),
    "password-wrong": _("The password is wrong, or it is closed for a while after too many attempts."),
}
TOUCHES: dict[str, Any] = {
    Touch.GAINS: _("These people gain"),
    Touch.LOSES: _("These people lose"),
    Touch.ALARMS: _("These could no longer leave without an alarm"),
}
"""Of a preview."""

STANDS: dict[str, Any] = {
    Stands.REQUESTED: _("requested"),
    Stands.BEGINS: _("begins later"),
    Stands.ENDING: _("ending soon"),
    Stands.HOURS: _("in force by hours"),
    Stands.IN_FORCE: _("in force now"),
}
"""Of a permission in a cell of the matrix."""

PROOFS: dict[str, Any] = {
    Proof.PASSWORD: _("password alone"),
    Proof.CODE: _("password and code"),
    Proof.RECOVERY: _("password and recovery code"),
    Proof.PASSKEY: _("passkey"),
    Proof.PROVIDER: _("provider alone"),
    Proof.PROVIDER_CODE: _("provider and code"),
    Proof.PROVIDER_RECOVERY: _("provider and recovery code"),
    Proof.PROVIDER_FACTORS: _("provider, by two factors"),
}
ROLES: dict[str, Any] = {
    Role.SECURITY_ADMIN: _("Security admin"),
    Role.AUDITOR: _("Auditor"),
    Role.PRIVACY_OFFICER: _("Privacy officer"),
}
STATES: dict[str, Any] = {
    State.ACTIVE: _("Active"),
    State.SUSPENDED: _("Suspended"),
    State.LOST: _("Lost"),
    State.STOLEN: _("Stolen"),
    State.DAMAGED: _("Damaged"),
    State.RETURNED: _("Returned"),
    State.DESTROYED: _("Destroyed"),
    State.SUPERSEDED: _("Replaced"),
    State.INACTIVE: _("Unused for too long"),
    State.EXHAUSTED: _("Used up"),
    State.NOT_YET_VALID: _("Not yet valid"),
    State.EXPIRED: _("Expired"),
    GrantState.REQUESTED: _("Requested"),
    GrantState.APPROVED: _("Approved"),
    GrantState.DECLINED: _("Declined"),
    GrantState.REVOKED: _("Revoked"),
    ChangeState.WITHDRAWN: _("Withdrawn"),
}
ACTS: dict[str, Any] = {
    Act.SUSPEND: _("Suspend"),
    Act.RESUME: _("Resume"),
    Act.LOSE: _("Report lost"),
    Act.STEAL: _("Report stolen"),
    Act.DAMAGE: _("Report damaged"),
    Act.RETURN: _("Take back"),
    Act.DESTROY: _("Destroy"),
    Act.RESTORE: _("Restore"),
}
ENDS: dict[str, Any] = {
    Ended.LOST: _("Lost"),
    Ended.STOLEN: _("Stolen"),
    Ended.SUSPENDED: _("Suspended"),
    Ended.LEFT: _("Holder left"),
}
REACHES: dict[str, Any] = {
    losses.Reach.COUNTING: _("doors being counted"),
    losses.Reach.NOWHERE: _("no door carried it"),
    losses.Reach.WAITING: _("not yet every door"),
    losses.Reach.EVERYWHERE: _("every door knows"),
    losses.Reach.TAKEN_BACK: _("taken back meanwhile"),
}
"""How far the end of a card has come."""

PLACES: dict[str, Any] = {
    Place.STOCK: _("In stock"),
    Place.HOLDER: _("With its holder"),
    Place.MISSING: _("Missing"),
    Place.DESTROYED: _("Destroyed"),
}
DUES: dict[str, Any] = {
    Due.CALL_BACK: _("To call back"),
    Due.HAND_OUT: _("To hand out"),
    Due.WAIT: _("Waiting for a permission"),
}
STRENGTHS: dict[str, Any] = {
    Strength.OPEN_NUMBER: _("anybody may order it: duplicates exist"),
    Strength.MANAGED_NUMBER: _("its seller gives each number once"),
    Strength.SERIAL_NUMBER: _("a chip's serial number: copied in seconds"),
}
"""Of the number on a card."""

FIELDS: dict[str, Any] = {
    "number": _("Card number"),
    "facility": _("Facility code"),
    "issue": _("Issue"),
    "oem": _("Maker's code"),
    "agency": _("Agency"),
    "expiry": _("Expiry"),
    UNUSED: _("Without meaning"),
}
"""Of a card format; a site may name others."""

CAUTIONS: dict[str, Any] = {
    Warned.CUT_SHORT: _("The reader may cut longer numbers to four bytes, so that other cards look the same."),
    Warned.RANDOM: _("The chip seems to make this number anew at each reading: do not give it to anybody."),
    Warned.PART_OF: _("A card that was given already holds these bits: it may be the same card at another reader."),
    Warned.WHOLE_OF: _("These bits hold a card that was given already: it may be the same card at another reader."),
    Warned.AMBIGUOUS: _("Several formats fit: compare with what is printed on the card."),
}
ATTRIBUTES: dict[str, Any] = {
    Attribute.SUPERVISOR: _("Supervisor"),
    Attribute.HOST: _("Host of visitors"),
    Attribute.VISITOR: _("Visitor"),
    Attribute.OVERRIDE: _("Enters in lockdown"),
    Attribute.HOLD: _("May hold a door open"),
    Attribute.PASSBACK_EXEMPT: _("Exempt from anti-passback"),
    Attribute.OCCUPANCY_EXEMPT: _("Exempt from the highest occupancy"),
    Attribute.CLEARANCE: _("Clearance"),
}
DOOR_STATES: dict[str, Any] = {
    overview.State.SECURED: _("Secured"),
    overview.State.RELEASED: _("Released"),
    overview.State.OPEN: _("Open"),
    overview.State.HELD: _("Held open"),
    overview.State.FORCED: _("Forced open"),
    overview.State.UNLOCKED: _("Unlocked"),
    overview.State.UNKNOWN: _("Unknown"),
}
DOOR_MODES: dict[str, Any] = {
    overview.Mode.NORMAL: _("normal"),
    overview.Mode.EVACUATION: _("evacuation"),
    overview.Mode.LOCKDOWN: _("lockdown"),
}
HEALTH: dict[str, Any] = {
    overview.Health.WELL: _("connected"),
    overview.Health.FAULT: _("fault"),
    overview.Health.SILENT: _("not heard from"),
}
AGENTS: dict[str, Any] = {
    fleet.Standing.WELL: _("connected"),
    fleet.Standing.FAULT: _("fault"),
    fleet.Standing.SILENT: _("not heard from"),
    fleet.Standing.KEYLESS: _("not enrolled"),
    fleet.Standing.REVOKED: _("revoked"),
}
"""How agents stand."""

HELD_BY: dict[str, Any] = {
    "fire": _("by the fire alarm"),
    "break-glass": _("by break-glass"),
    "reader-lost": _("because the reader is lost"),
    "schedule": _("by its hours"),
    "double-swipe": _("by a holder, until presented twice again"),
}
FAULTS: dict[str, Any] = {
    "reader": _("Reader lost"),
    "tamper": _("Housing open"),
    "line": _("Input line"),
    "power": _("Power supply"),
}
PERIODS: dict[str, Any] = {
    Period.TODAY: _("today"),
    Period.YESTERDAY: _("yesterday"),
    Period.LAST_7_DAYS: _("last 7 days"),
    Period.LAST_30_DAYS: _("last 30 days"),
    Period.THIS_MONTH: _("this month"),
    Period.LAST_MONTH: _("last month"),
    Period.THIS_YEAR: _("this year"),
    Period.LAST_YEAR: _("last year"),
}
DIRECTIONS: dict[str, Any] = {"entry": _("Entry"), "exit": _("Exit")}
KNOWN: dict[str, Any] = {
    How.MEASURED: _("measured"),
    How.INFERRED: _("inferred"),
    How.OPEN: _("still inside"),
}
FINDINGS: dict[str, Any] = {
    What.REFUSAL: _("Refusals"),
    What.ALARM: _("Alarms"),
    What.UNUSED: _("Let through, and nobody went"),
    What.INFERRED: _("Inferred stays"),
}
DISPOSITIONS: dict[str, Any] = {
    Disposition.OPEN: _("open"),
    Disposition.FOLLOW_UP: _("to be followed up"),
    Disposition.BREACH: _("breach"),
    Disposition.MISTAKE: _("mistake"),
    Disposition.EXPLAINED: _("explained"),
}
"""Of what somebody must be able to explain."""
STEPS: dict[str, Any] = {
    Step.GAINED: _("Permission in force"),
    Step.REVOKED: _("Permission revoked"),
    Step.RUN_OUT: _("Permission ended"),
    Step.ISSUED: _("Card given"),
    Step.HANDED_OUT: _("Card handed out"),
    Step.ENDED: _("Card taken out of use"),
}
SOURCES: dict[str, Any] = {
    Source.CARRIED: _("the list that it carried then"),
    Source.COMPILED: _("the list that would be made for then"),
    Source.NONE: _("nothing: it carried no list that is kept here"),
}
CAUSES: dict[str, Any] = {
    "decision": _("by a card"),
    "rex": _("by request to exit"),
    "fire": _("by the fire alarm"),
    "break-glass": _("by break-glass"),
    "reader-lost": _("because the reader is lost"),
    "NOT_USED": _("the door was not opened"),
    "OUTCOME_UNKNOWN": _("cut by a restart: it is not known whether somebody went through"),
    "first": _("first start"),
    "mains": _("mains"),
    "battery": _("battery"),
    "normal": _("back to normal"),
    "short": _("short circuit"),
    "open": _("wire cut"),
    "fault": _("line fault"),
    "restart": _("restarted"),
}


_SILENT = frozenset({FactKind.DOOR_OPENED, FactKind.DOOR_CLOSED, FactKind.PASSAGE})
"""What happens most often and says everything by its kind and place."""


def phrase(table: dict[str, Any], key: str) -> str:
    """A phrase of one of the tables, or the key itself."""
    return str(table.get(key, key))


def refusal(refused: Refused) -> str:
    """What a refused verb tells the reader: of dangerous rules each danger, of a setting which one."""
    sentence = phrase(REFUSALS, refused.code)
    dangers = refused.details.get("findings")
    if isinstance(dangers, list):
        return " ".join((sentence, *(said(SENTENCES[Danger(str(each).split(" ")[0])]) for each in dangers)))
    if refused.code == "pdf-glyph":
        return f"{sentence} {_where(refused.details)}"
    setting = rule_words.by_name(str(refused.details.get("setting")))
    return f"{sentence} ({said(setting.title)})" if setting else sentence


def _where(found: Mapping[str, object]) -> str:
    """Which character of which cell it is; row 0 is what stands above the rows."""
    if found["row"]:
        return str(gettext("It is %(character)s in row %(row)s, %(column)s: %(text)s", **found))
    return str(gettext("It is %(character)s above the rows: %(text)s", **found))


printed = reading.printed
eased = eased_words.eased
settings_for = rule_words.settings_for
setting_value = rule_words.told
setting_text = rule_words.written


def advice(reason: str) -> str:
    """What a reason means and what to do next."""
    return said(words_of(reason).advice)


def settings_told(names: Sequence[str]) -> str:
    """Which settings these are, in the order in which they are shown."""
    return " · ".join(said(each.title) for each in rule_words.SETTINGS if each.name in names)


def field(name: str) -> str:
    """What a field of a card format is called; a name of the site's own stands as it is."""
    return phrase(FIELDS, name) if name in FIELDS else name


def piece(span: Span) -> str:
    """What these bits of a card are."""
    if span.piece is Piece.FIELD:
        return field(span.name)
    if span.piece is Piece.PARITY:
        return str(gettext("Parity"))
    if span.piece is Piece.UNUSED:
        return str(gettext("Without meaning"))
    return str(gettext("Always 1") if span.name == "1" else gettext("Always 0"))


def exit_mode(name: str) -> Words:
    """What an exit of this mode asks for."""
    return rule_words.CHOICES[ExitMode(name)]


def posture_told(act: str, value: int) -> str:
    """What a change of posture says."""
    if act == postures.Act.THREAT:
        return str(gettext("threat level %(level)s", level=value))
    if act == postures.Act.FORGIVE:
        return str(gettext("presence forgiven"))
    if act == postures.Act.EVACUATION:
        return str(gettext("evacuation") if value else gettext("evacuation ended"))
    return str(gettext("lockdown") if value else gettext("lockdown ended"))


def effect(wanted: postures.Order, reached: reach.Reach) -> list[str]:
    """What an order would do, in sentences."""
    many = {"rooms": rooms(len(reached.rooms)), "doors": doors(len(reached.doors)), "level": wanted.value}
    if wanted.act is postures.Act.FORGIVE:
        forgives = gettext("Where people were last seen is no reason any more to refuse them in %(rooms)s.", **many)
        return [str(forgives), str(gettext("Who is inside counts as certain again. Nobody is moved."))]
    if not wanted.value:
        ends = gettext("Ends it in %(rooms)s at %(doors)s: people enter again as they are permitted.", **many)
        return [str(ends)]
    first, then = {
        postures.Act.LOCKDOWN: (
            gettext("Locks %(rooms)s at %(doors)s.", **many),
            gettext("Nobody enters but who may override. Leaving always works."),
        ),
        postures.Act.EVACUATION: (
            gettext("Evacuates %(rooms)s at %(doors)s.", **many),
            gettext("Nobody enters but who may override. Everybody leaves freely."),
        ),
        postures.Act.THREAT: (
            gettext("Sets threat level %(level)s in %(rooms)s at %(doors)s.", **many),
            gettext("Only people with this clearance enter."),
        ),
    }[wanted.act]
    return [str(first), str(then), inside(reached.inside)]


def rooms(number: int) -> str:
    return str(gettext("1 room") if number == 1 else gettext("%(number)s rooms", number=number))


def doors(number: int) -> str:
    return str(gettext("1 door") if number == 1 else gettext("%(number)s doors", number=number))


def inside(number: int) -> str:
    if number == 0:
        return str(gettext("Nobody is believed inside."))
    if number == 1:
        return str(gettext("1 person is believed inside and can leave."))
    return str(gettext("%(number)s people are believed inside and can leave.", number=number))


def act(name: str, value: int) -> str:
    """What a button says that leads to this order."""
    if name == postures.Act.THREAT:
        return str(gettext("Threat level"))
    if name == postures.Act.FORGIVE:
        return str(gettext("Forgive presence"))
    if name == postures.Act.EVACUATION:
        return str(gettext("Evacuate") if value else gettext("End evacuation"))
    return str(gettext("Lock down") if value else gettext("End lockdown"))


def fault(name: str) -> str:
    """What is broken at a door, and the part's own name."""
    what, _colon, part = name.partition(":")
    return f"{phrase(FAULTS, what)}: {phrase(CAUSES, part)}"


def actor(name: str, operators: Mapping[int, Operator]) -> str:
    """Who did it: an operator by name, or what did it, in words where there are some."""
    kind_of, _colon, number = name.partition(":")
    if kind_of == "operator" and number.isdigit() and int(number) in operators:
        return operators[int(number)].display_name
    return str({SCHEDULE: gettext("the schedule"), HOST: gettext("the host")}.get(name, name))


def overruled(reason: str, *, certain: bool = True) -> str:
    """What the rules in force would have said to an entry that a door gave on an older list."""
    told_why = f"{gettext('on an older list; the rules in force would have refused:')} {phrase(REASONS, reason)}"
    return told_why if certain else f"{told_why} ({gettext('not certain')})"


def unknown_card() -> str:
    """Who presented a card that nobody has."""
    return str(gettext("Unknown card"))


def kind(name: str) -> str:
    """What a kind of fact or alarm is called; alarms may be named by a reason."""
    return phrase(KINDS if name in KINDS else REASONS, name)


def told(row: LogRow) -> str:
    """The outcome or detail of a fact, in one short phrase."""
    found = row.fact
    return detail(found.kind, found.reason, found.encoded, inferred=found.inferred is True)


def detail(kind_of: str, reason: str | None, encoded: bytes | None, *, inferred: bool) -> str:
    """The same from the columns of a fact; its bytes are read only where these do not say it."""
    if reason is not None:
        return phrase(REASONS, reason)
    if inferred:
        return str(gettext("inferred: it is not certain who went through"))
    if encoded is None or kind_of in _SILENT:
        return ""
    return _in_body(kind_of, fact.decoded(encoded).body)


def _in_body(kind_of: str, body: Object) -> str:
    if kind_of == FactKind.POWER:
        state = gettext("back to normal") if body.get("ok") is True else gettext("failed")
        return f"{phrase(CAUSES, str(body.get('source')))}: {state}"
    if kind_of == FactKind.LINE_FAULT:
        return f"{body.get('input')}: {phrase(CAUSES, str(body.get('state')))}"
    cause = body.get("cause") or body.get("how") or (body.get("reason") if kind_of == FactKind.STARTED else None)
    if isinstance(cause, str):
        return phrase(CAUSES, cause)
    if isinstance(body.get("active"), bool):
        return str(gettext("active") if body["active"] else gettext("back to normal"))
    if isinstance(body.get("version"), int):
        return str(gettext("version %(number)s", number=body["version"]))
    said_there = body.get("detail") or body.get("reason")
    return said_there if isinstance(said_there, str) else ""
