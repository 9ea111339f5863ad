"""A second, slow and independent writing of the rules of a room, made from DESIGN 4, `docs/protocol/list.md` and
`docs/reasons.md`, and never from `contract/`.

It imports nothing of ours and works on the object forms: a policy as a list carries it, an input as a fact commits to
it. Every clause is one sentence of the rules; nothing is quick here, and every rule is asked every time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

Form = dict[str, Any]

ORDER = (
    "NO_LIST",
    "UNKNOWN_ACCESS_POINT",
    "BAD_FORMAT",
    "LOCKDOWN",
    "EVACUATION",
    "INTERLOCKED",
    "NOT_ON_LIST",
    "CARD_LOST",
    "CARD_STOLEN",
    "CARD_DAMAGED",
    "CARD_RETURNED",
    "CARD_DESTROYED",
    "CARD_SUSPENDED",
    "CARD_SUPERSEDED",
    "CARD_INACTIVE",
    "USES_EXHAUSTED",
    "EXIT_ONLY",
    "TIME_UNTRUSTED",
    "CARD_NOT_YET_VALID",
    "CARD_EXPIRED",
    "NOT_YET_VALID",
    "EXPIRED",
    "OUTSIDE_SCHEDULE",
    "TRAINING_EXPIRED",
    "THREAT_LEVEL",
    "PIN_LOCKED",
    "PIN_MISSING",
    "PIN_LATE",
    "PIN_WRONG",
    "AWAITING_PIN",
    "LIST_EXPIRED",
    "LIST_STALE",
    "JOURNAL_UNAVAILABLE",
    "PRESENCE_UNKNOWN",
    "ALREADY_INSIDE",
    "NOT_INSIDE",
    "REPEATED_CARD",
    "REPEATED_AT_DOOR",
    "OCCUPANCY_MAX",
    "OCCUPANCY_MIN",
    "SUPERVISOR_MISSING",
    "ESCORT_MISSING",
    "VISITOR_ALONE",
    "AWAITING_COMPANY",
    "EXIT_UNVERIFIED",
    "EXIT_MODE_NOT_PERMITTED",
    "PROTECTION_WEAKENED",
    "DURESS",
    "PERMITTED",
)
STATES = ("ACTIVE", "SUSPENDED", "LOST", "STOLEN", "DAMAGED", "RETURNED", "DESTROYED", "INACTIVE", "SUPERSEDED")
FLAGS = (
    *("exit_only", "essential", "extended", "supervisor", "host"),
    *("visitor", "override", "hold", "passback_exempt", "occupancy_exempt"),
)
FOREVER = 2**32 - 1
ANY_NUMBER = 2**16 - 1


class Verdict(NamedTuple):
    outcome: str
    reason: str
    violations: tuple[str, ...]
    effects: tuple[str, ...]


def judged(policy: Form | None, attempt: Form, situation: Form, moment: Form) -> Verdict:
    """What `decide()` must answer."""
    if policy is None:
        return _answer("REFUSE", {"NO_LIST"})
    point = next((each for each in policy["access_points"] if each["id"] == attempt["access_point"]), None)
    if point is None:
        return _answer("REFUSE", {"UNKNOWN_ACCESS_POINT"})
    case = _Case(policy, point, attempt, situation, moment)
    return _entry(case) if point["direction"] == "entry" else _exit(case)


def _answer(outcome: str, against: set[str], noted: Iterable[str] = (), effects: tuple[str, ...] = ()) -> Verdict:
    """The primary reason is the first of those that made the outcome."""
    return Verdict(outcome, _ordered(against)[0], _ordered((against | set(noted)) - {"PERMITTED"}), effects)


def _ordered(reasons: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(reasons), key=ORDER.index))


class _Case:
    """One attempt with everything that the rules speak of, in their words."""

    def __init__(self, policy: Form, point: Form, attempt: Form, situation: Form, moment: Form) -> None:
        guarded = point["to"] if point["direction"] == "entry" else point["from"]
        self.policy, self.point, self.situation = policy, point, situation
        self.area = next(each for each in policy["areas"] if each["id"] == guarded)
        self.door = next(each for each in policy["doors"] if each["id"] == point["door"])
        self.clean, self.trusted = attempt["clean"], moment["trusted"]
        wall = _microseconds(moment["wall"])
        self.earliest = (wall - moment["uncertainty_us"]) // 1_000_000
        self.latest = (wall + moment["uncertainty_us"]) // 1_000_000
        self.listed = attempt["record"] is not None
        self.card = _card(bytes.fromhex(attempt["record"])) if self.listed else {}
        self.flags = {name for place, name in enumerate(FLAGS) if self.card.get("flags", 0) >> place & 1}
        self.companions = {each[:32]: int(each[32:], 16) for each in situation["company"]}
        self.companion_flags = [int(each[32:], 16) for each in situation["company"]]


def _card(payload: bytes) -> Form:
    names = "holder grant valid_from valid_until schedule flags card_from card_until trained_until uses forgiven"
    return dict(zip([*names.split(), "state", "clearance"], struct.unpack(">16s3I2H3I2H2B", payload), strict=True))


def _microseconds(written: str) -> int:
    return (datetime.fromisoformat(written) - datetime.fromisoformat("1970-01-01T00:00:00Z")) // timedelta(
        microseconds=1
    )


# What is true of the case.


def _fresh(case: _Case) -> bool:
    age = case.situation["proven_s"]
    return age is not None and age <= case.area["fresh_s"]


def _clock_matters(case: _Case) -> bool:
    card = case.card
    ends = (card["valid_until"], card["card_until"], card["trained_until"])
    return card["valid_from"] > 0 or card["card_from"] > 0 or card["schedule"] != 0 or any(e != FOREVER for e in ends)


def _permitted_hours(case: _Case, number: int) -> bool:
    """Every second that it may be now lies within the schedule; "always" needs no clock."""
    if number == 0:
        return True
    if number >= len(case.policy["schedules"]) or case.latest - case.earliest > 86_400:
        return False
    clock, plan = case.policy["site_time"], case.policy["schedules"][number]
    starts = [at for at, _ in clock["transitions"]]
    changes = [at for at in starts if case.earliest < at <= case.latest]
    quarters = range(case.earliest - case.earliest % 900 + 900, case.latest, 900)
    moments = {case.earliest, case.latest, *changes, *(at - 1 for at in changes), *quarters}
    return all(starts[0] <= each < clock["until"] and _slot_set(clock, plan, each) for each in moments)


def _slot_set(clock: Form, plan: Form, second: int) -> bool:
    offset = next(offset for at, offset in reversed(clock["transitions"]) if at <= second)
    days, into = divmod(second + offset, 86_400)
    day = date(1970, 1, 1) + timedelta(days=days)
    weekday = plan["week"][24 * day.weekday() : 24 * day.weekday() + 24]
    slots = plan["exceptions"].get(day.isoformat(), weekday)
    return f"{int(slots, 16):096b}"[into // 900] == "1"


def _ended(until: int, case: _Case) -> bool:
    return until != FOREVER and case.latest >= until


def _present_together(case: _Case, *, visitors_count: bool) -> int:
    """Different holders at the reader, this one included."""
    others = {
        each[:32]
        for each in case.situation["company"]
        if visitors_count or not int(each[32:], 16) >> FLAGS.index("visitor") & 1
    }
    return len(others | {case.card["holder"].hex()})


def _waits_here(case: _Case, flag: str) -> bool:
    return any(flags >> FLAGS.index(flag) & 1 for flags in case.companion_flags)


def _a_rule_about_presence_refuses(area: Form) -> bool:
    company = area["company"]
    return bool(
        area["passback"]["entry"] == "hard"
        or company["supervisor"] == "hard"
        or (company["most"] > 0 and company["most_by"] == "hard")
        or (company["least"] > 1 and company["least_by"] == "hard")
    )


def _thought_inside(case: _Case) -> bool:
    where, aged = case.situation["standing"], case.area["passback"]["forgiven_after_s"]
    old = aged > 0 and where["for_s"] is not None and where["for_s"] >= aged
    here: bool = where["area"] == case.area["id"]
    return here and not (where["forgiven"] or old)


# The rules.


def _of_posture(case: _Case) -> set[str]:
    posture = case.area["posture"]
    rules = {
        "LOCKDOWN": posture["lockdown"] or case.door["mode"] == "lockdown",
        "EVACUATION": posture["evacuation"],
        "THREAT_LEVEL": case.listed and case.card["clearance"] < posture["threat"],
    }
    return {reason for reason, broken in rules.items() if broken}


def _of_card(case: _Case, uses: int) -> set[str]:
    state = STATES[case.card["state"]]
    rules = {
        f"CARD_{state}": state != "ACTIVE",
        "EXIT_ONLY": "exit_only" in case.flags,
        "USES_EXHAUSTED": case.card["uses"] != ANY_NUMBER and uses >= case.card["uses"],
    }
    return {reason for reason, broken in rules.items() if broken}


def _of_time(case: _Case) -> set[str]:
    card = case.card
    rules = {
        "CARD_NOT_YET_VALID": case.earliest < card["card_from"],
        "CARD_EXPIRED": _ended(card["card_until"], case),
        "NOT_YET_VALID": case.earliest < card["valid_from"],
        "EXPIRED": _ended(card["valid_until"], case),
        "OUTSIDE_SCHEDULE": not _permitted_hours(case, card["schedule"]),
        "TRAINING_EXPIRED": _ended(card["trained_until"], case),
    }
    return {reason for reason, broken in rules.items() if broken}


def _of_age(case: _Case) -> set[str]:
    """All while the list is fresh, then the essential, then nobody; of an unknown age: the essential."""
    age = case.situation["proven_s"]
    if _fresh(case):
        return set()
    if age is not None and age > case.area["essential_s"]:
        return {"LIST_EXPIRED"}
    return set() if "essential" in case.flags else {"LIST_STALE"}


def _pin_wanted(case: _Case) -> bool:
    rule = case.point["pin"]
    if rule is None:
        return False
    alone = rule["card_alone"]
    return not (alone == 0 or (alone is not None and case.trusted and _permitted_hours(case, alone)))


def _soft_or_hard(enforcement: str, reason: str, *, broken: bool, weak: bool) -> tuple[set[str], set[str]]:
    """(what refuses, what is recorded)"""
    if not broken or enforcement == "off":
        return set(), set()
    return ({reason}, set()) if enforcement == "hard" and not weak else (set(), {reason})


def _entry(case: _Case) -> Verdict:
    against: set[str] = set()
    noted: set[str] = set()
    (noted if "override" in case.flags else against).update(_of_posture(case))
    if case.situation["interlocked"]:
        against.add("INTERLOCKED")
    if not case.clean:
        return _answer("REFUSE", against | {"BAD_FORMAT"}, noted)
    if not case.listed:
        return _answer("REFUSE", against | {"NOT_ON_LIST"}, noted)
    for refuses, recorded in (
        (_of_card(case, case.situation["uses"]), set()),
        _time_on_entry(case),
        (_of_age(case), set()),
        _pin_on_entry(case),
        _passback(case),
        _repeated(case),
        _occupancy(case),
        _escort(case),
    ):
        against |= refuses
        noted |= recorded
    if against:
        return _answer("REFUSE", against, noted)
    if _pin_wanted(case) and case.situation["pin"] == "unasked":
        return _answer("AWAIT", {"AWAITING_PIN"}, noted)
    lacking = _company_lacking(case)
    if lacking:
        return _answer("AWAIT", lacking, noted)
    return _answer("GRANT", {"PERMITTED"}, noted, ("RELEASE",))


def _time_on_entry(case: _Case) -> tuple[set[str], set[str]]:
    if not _clock_matters(case):
        return set(), set()
    if case.trusted:
        return _of_time(case), set()
    tier = case.area["clockless"]
    excused = tier == "everybody" or (tier == "essential" and "essential" in case.flags)
    return (set(), {"TIME_UNTRUSTED"}) if excused else ({"TIME_UNTRUSTED"}, set())


def _pin_on_entry(case: _Case) -> tuple[set[str], set[str]]:
    verdict = case.situation["pin"]
    if case.point["pin"] is not None and verdict == "duress":
        opens = case.point["pin"]["duress"] == "open"
        return (set(), {"DURESS"}) if opens else ({"DURESS"}, set())
    if verdict in ("wrong", "late", "locked", "missing") and _pin_wanted(case):
        return {f"PIN_{verdict.upper()}"}, set()
    return set(), set()


def _deaf(case: _Case) -> bool:
    return not case.situation["peers_current"]


def _softened(case: _Case) -> bool:
    return _deaf(case) and case.area["unheard"] == "soften"


def _passback(case: _Case) -> tuple[set[str], set[str]]:
    rule, guards = case.area["passback"]["entry"], _a_rule_about_presence_refuses(case.area)
    weak = _softened(case) or not case.situation["area_certain"]
    inside = _thought_inside(case) and "passback_exempt" not in case.flags
    refuses, recorded = _soft_or_hard(rule, "ALREADY_INSIDE", broken=inside, weak=weak)
    if _deaf(case) and case.area["unheard"] == "refuse" and guards:
        refuses = refuses | {"PRESENCE_UNKNOWN"}
    if (_softened(case) and guards) or (rule == "hard" and weak):
        recorded = recorded | {"PROTECTION_WEAKENED"}
    return refuses, recorded


def _repeated(case: _Case) -> tuple[set[str], set[str]]:
    if "passback_exempt" in case.flags:
        return set(), set()
    card, last = case.situation["before"]["card_s"], case.situation["before"]["last_s"]
    rules = {
        "REPEATED_CARD": card is not None and card < case.point["card_again_s"],
        "REPEATED_AT_DOOR": last is not None and last < case.point["door_again_s"],
    }
    return {reason for reason, broken in rules.items() if broken}, set()


def _occupancy(case: _Case) -> tuple[set[str], set[str]]:
    company, people = case.area["company"], case.situation["inside"]["people"]
    full = company["most"] > 0 and people + _present_together(case, visitors_count=True) > company["most"]
    full = full and "occupancy_exempt" not in case.flags
    refuses, recorded = _soft_or_hard(company["most_by"], "OCCUPANCY_MAX", broken=full, weak=_softened(case))
    only_recorded = company["least_by"] == "soft" or (company["least_by"] == "hard" and _softened(case))
    alone = people + _present_together(case, visitors_count=False) < company["least"]
    if only_recorded and alone and "visitor" not in case.flags:
        recorded = recorded | {"OCCUPANCY_MIN"}
    return refuses, recorded


def _escort(case: _Case) -> tuple[set[str], set[str]]:
    """A visitor needs the host, everybody else a supervisor where one is asked for."""
    if "visitor" in case.flags:
        host = case.situation["before"]["host_s"]
        follows = host is not None and host <= case.area["company"]["within_s"]
        return (set(), set()) if follows or _waits_here(case, "host") else ({"ESCORT_MISSING"}, set())
    has = "supervisor" in case.flags or case.situation["inside"]["supervisors"] > 0 or _waits_here(case, "supervisor")
    rule = case.area["company"]["supervisor"]
    return _soft_or_hard(rule, "SUPERVISOR_MISSING", broken=not has, weak=_softened(case))


def _company_lacking(case: _Case) -> set[str]:
    if "visitor" in case.flags:
        return set()
    company, people = case.area["company"], case.situation["inside"]["people"]
    together = _present_together(case, visitors_count=False)
    enforced = company["least_by"] == "hard" and not _softened(case)
    for_the_room = company["least"] - people if enforced else 0
    if together >= max(for_the_room, company["size"]) or max(for_the_room, company["size"]) == 1:
        return set()
    return {"OCCUPANCY_MIN"} if for_the_room > company["size"] else {"AWAITING_COMPANY"}


def _exit(case: _Case) -> Verdict:
    noted = _of_posture(case) | _noted_on_exit(case)
    posture, mode = case.area["posture"], case.point["exit_mode"]
    alarm = {"CARD_LOST", "CARD_STOLEN", "VISITOR_ALONE"}
    if case.area["passback"]["exit"] == "hard":
        alarm |= {"NOT_INSIDE"}
    if case.area["company"]["least_by"] == "hard":
        alarm |= {"OCCUPANCY_MIN"}
    effects = ("RELEASE", "ALARM") if alarm & noted else ("RELEASE",)
    if mode != "controlled" or posture["evacuation"]:
        return _answer("GRANT", {"PERMITTED"}, noted, effects)
    if not case.situation["control_permitted"]:
        return _answer("GRANT", {"EXIT_MODE_NOT_PERMITTED"}, noted, ("RELEASE", "ALARM"))
    if case.clean and case.listed:
        return _answer("GRANT", {"PERMITTED"}, noted, effects)
    proof = all(case.situation[each] for each in ("presence_whole", "peers_current", "area_certain"))
    if case.clean and proof and _fresh(case):
        return _answer("REFUSE", {"NOT_ON_LIST"}, noted)
    return _answer("GRANT", {"EXIT_UNVERIFIED"}, noted, ("RELEASE", "ALARM"))


def _noted_on_exit(case: _Case) -> set[str]:
    noted = set() if _fresh(case) else {"LIST_STALE"}
    if case.situation["interlocked"]:
        noted |= {"INTERLOCKED"}
    if not case.clean:
        return noted | {"BAD_FORMAT"}
    if not case.listed:
        return noted | {"NOT_ON_LIST"}
    noted |= _of_card(case, 0)
    if _clock_matters(case):
        noted |= _of_time(case) if case.trusted else {"TIME_UNTRUSTED"}
    where, inside, rules = case.situation["standing"], case.situation["inside"], case.area
    left_alone = 0 < inside["people"] < rules["company"]["least"] and rules["company"]["least_by"] != "off"
    looked_at = rules["passback"]["exit"] != "off" and "passback_exempt" not in case.flags
    clauses = {
        "NOT_INSIDE": looked_at and where["area"] != rules["id"] and not where["forgiven"],
        "OCCUPANCY_MIN": left_alone,
        "VISITOR_ALONE": "host" in case.flags and inside["visitors"] > 0 and inside["hosts"] == 0,
    }
    return noted | {reason for reason, broken in clauses.items() if broken}
