"""Why a door decided as it did: a decision replayed from its recorded input, with everything it rested on.

Every decision is answered with one verdict, whatever an agent wrote into it and whatever has been erased since. Nothing
here knows the members of an input but the few that it names: what else was recorded is handed on as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from contract import leaf
from contract.canonical import Object, Value
from contract.commitment import Opening
from contract.decision import decide_unlisted, replayed
from contract.fact import Fact, FactKind
from contract.outcome import Decision
from contract.policy import Direction, Policy
from contract.reason_words import Equivalent, ReasonWords, equivalent, words_of
from controller.people.credential import Credential
from controller.record.allowing import Allowing, grant_of, told_each
from controller.record.fact import FactRow
from controller.record.opened import opening_of
from controller.record.presented import card_of

PolicyByHash = Callable[[bytes], Policy | None]
_KNOWLEDGE = ("presence_", "peers_", "area_")
"""How the members of a situation begin that say how much was known of who is inside."""


class Verdict(StrEnum):
    """What became of the replay. AGREES: the same rule gives the recorded answer; DIFFERS: it gives another; ERASED:
    the opening is gone or opens nothing, the proof is intact; LIST_UNKNOWN: the list is not kept here; UNREADABLE: what
    was committed to is no input that this version understands; NOT_JUDGED: no input was ever committed to, because
    this refusal came after the rules had spoken (`JOURNAL_UNAVAILABLE`)."""

    AGREES = "agrees"
    DIFFERS = "differs"
    ERASED = "erased"
    LIST_UNKNOWN = "list-unknown"
    UNREADABLE = "unreadable"
    NOT_JUDGED = "not-judged"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One decision as it was recorded (`outcome`, `reason`, `violations`), its replay, and the input (`given`) that it
    was made from; `given`, `replay` and the card are None where there is none."""

    row: FactRow
    agent: str
    outcome: str
    reason: str
    violations: tuple[str, ...]
    verdict: Verdict
    replay: Decision | None
    given: Object | None
    carried: Object | None
    policy: str | None
    allowing: Allowing | None
    card: Credential | None

    @property
    def agrees(self) -> bool | None:
        """Whether the replay gives the record; None where it cannot be replayed."""
        return None if self.replay is None else self.verdict is Verdict.AGREES

    @property
    def erased(self) -> bool:
        return self.verdict is Verdict.ERASED

    @property
    def told(self) -> dict[str, ReasonWords]:
        """The primary reason first, then every rule that failed, each with its words."""
        return {name: words_of(name) for name in dict.fromkeys((self.reason, *self.violations))}

    @property
    def equivalent(self) -> Equivalent:
        return equivalent(self.outcome, self.reason, self.violations)

    @property
    def freshness(self) -> Object | None:
        """How fresh the list, the presence and the clock were that it rested on; None without an input."""
        if self.given is None:
            return None
        situation, moment = _child(self.given, "situation"), _child(self.given, "moment")
        known: Object = {name: value for name, value in situation.items() if name.startswith(_KNOWLEDGE)}
        return {"list_proven_s": situation.get("proven_s"), "presence": known, "clock": moment}

    def as_object(self) -> Object:
        """What API and commands say."""
        return {
            "event": self.row.ledger_sequence,
            "agent": self.agent,
            "sequence": self.row.sequence,
            "at": leaf.written(self.row.at),
            "trusted": self.row.trusted,
            "cardholder": self.row.cardholder_id,
            "card": {"id": self.card.id, "label": self.card.label} if self.card else None,
            "outcome": self.outcome,
            "reason": self.reason,
            "violations": list(self.violations),
            "reasons": [_told(name, words) for name, words in self.told.items()],
            "equivalent": _standards(self.equivalent),
            "verdict": self.verdict,
            "agrees": self.agrees,
            "erased": self.erased,
            "replay": self.replay.as_object() if self.replay else None,
            "list": self.carried,
            "policy": self.policy,
            "grant": _allowed(self.allowing),
            "freshness": self.freshness,
            "given": self.given,
        }


def explained(session: Session, row: FactRow, policies: PolicyByHash) -> Explanation | None:
    """Explain the decision of `row`; None when it is not a decision. `policies` finds a list's policy by its hash."""
    found = row.fact()
    if found.kind is not FactKind.DECISION:
        return None
    opening = opening_of(session, found, "input")
    given = opening.value if opening is not None and isinstance(opening.value, dict) else None
    verdict, replay = _judged(found, opening, policies)
    carried, policy = found.body.get("list"), found.body.get("policy")
    return Explanation(
        row,
        found.agent,
        str(found.body.get("outcome")),
        str(found.body.get("reason")),
        _names(found.body.get("violations")),
        verdict,
        replay,
        given,
        carried if isinstance(carried, dict) else None,
        policy if isinstance(policy, str) else None,
        _allowing(session, given),
        card_of(session, row),
    )


def _allowing(session: Session, given: Object | None) -> Allowing | None:
    grant = grant_of(given)
    return told_each(session, {grant}).get(grant) if grant is not None else None


def _judged(found: Fact, opening: Opening | None, policies: PolicyByHash) -> tuple[Verdict, Decision | None]:
    if "input" not in found.commitments:
        return Verdict.NOT_JUDGED, None
    if opening is None:
        return Verdict.ERASED, None
    try:
        policy = _policy(found, policies)
        if policy is None and found.body.get("policy") is not None:
            return Verdict.LIST_UNKNOWN, None
        decision = _again(found, policy, opening)
    except (ValueError, LookupError, ArithmeticError):
        # An agent may commit to anything: a schedule that its list has not, a moment that no calendar has.
        return Verdict.UNREADABLE, None
    recorded = {name: found.body.get(name) for name in decision.as_object()}
    return (Verdict.AGREES if recorded == decision.as_object() else Verdict.DIFFERS), decision


def _policy(found: Fact, policies: PolicyByHash) -> Policy | None:
    wanted = found.body.get("policy")
    return policies(bytes.fromhex(wanted)) if isinstance(wanted, str) else None


def _again(found: Fact, policy: Policy | None, opening: Opening) -> Decision:
    """As the agent decides: without a list, or where its list does not know the access point, by the wiring alone."""
    decision, attempt = replayed(policy, opening.plain), _child(opening.value, "attempt")
    if policy is None or attempt.get("access_point") not in policy.access_points:
        return decide_unlisted(found.body.get("direction") == Direction.EXIT)
    return decision


def _child(value: Value, name: str) -> Object:
    """A member that is an object; an empty one where it is not."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _names(value: Value) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _told(name: str, words: ReasonWords) -> Object:
    return {
        "reason": name,
        "label": {"en": words.label.en, "ja": words.label.ja},
        "advice": {"en": words.advice.en, "ja": words.advice.ja},
        **_standards(words.equivalent),
    }


def _standards(told: Equivalent) -> Object:
    return {"onvif": told.onvif, "bacnet": {"event": told.bacnet_name, "number": told.bacnet}}


def _allowed(allowing: Allowing | None) -> Value:
    if allowing is None:
        return None
    return {
        "id": allowing.grant,
        "reason": allowing.reason,
        "requested_by": allowing.requested_by,
        "approved_by": allowing.approved_by,
    }
