"""Rules that look at who is where: anti-passback, occupancy, supervisors, visitors. They never hold anybody in.

On entry a hard one refuses, unless what the agent knows is too weak to refuse by; then it is recorded, and so is that
the protection was weakened. On an exit they only record.
"""

from __future__ import annotations

from contract.findings import Findings
from contract.policy import AccessPointPolicy, AreaPolicy
from contract.reason import Reason
from contract.record import Flag, Record
from contract.room_rules import Enforcement, Unheard
from contract.situation import Companion, Situation, Standing


def entry(point: AccessPointPolicy, area: AreaPolicy, record: Record, situation: Situation, found: Findings) -> None:
    """What presence says against this record coming in."""
    deaf = not situation.proof.peers_current
    if deaf and area.protected and area.unheard is Unheard.REFUSE:
        found.refused.append(Reason.PRESENCE_UNKNOWN)
    soft = deaf and area.unheard is Unheard.SOFTEN
    doubtful = soft or not situation.proof.area_certain
    passback = area.passback
    if (soft and area.protected) or (doubtful and passback.entry is Enforcement.HARD):
        found.noted.append(Reason.PROTECTION_WEAKENED)
    if not record.flags & Flag.PASSBACK_EXEMPT:
        if passback.entry is not Enforcement.OFF and _inside(situation.standing, area):
            found.by(passback.entry, Reason.ALREADY_INSIDE, weak=doubtful)
        _again(point, situation, found)
    _occupied(area, record, situation, found, weak=soft)
    if record.flags & Flag.VISITOR:
        _visitor(area, situation, found)
    elif area.company.supervisor is not Enforcement.OFF and not _supervised(record, situation):
        found.by(area.company.supervisor, Reason.SUPERVISOR_MISSING, weak=soft)


def leaving(area: AreaPolicy, record: Record, situation: Situation) -> list[Reason]:
    """What is remarkable about this record going out: never been inside, or whom it leaves behind."""
    found: list[Reason] = []
    standing, others = situation.standing, situation.inside
    if area.passback.exit is not Enforcement.OFF and standing.area != area.id and not standing.forgiven:
        found.append(Reason.NOT_INSIDE)
    if 0 < others.people < area.company.least and area.company.least_by is not Enforcement.OFF:
        found.append(Reason.OCCUPANCY_MIN)
    if record.flags & Flag.HOST and others.visitors and not others.hosts:
        found.append(Reason.VISITOR_ALONE)
    return found


def needed(area: AreaPolicy, record: Record, situation: Situation) -> tuple[int, Reason]:
    """How many holders must present together for this one to enter, and the rule that asks for most. A visitor's
    company is the host; visitors are nobody's company."""
    company = area.company
    if record.flags & Flag.VISITOR:
        return 1, Reason.AWAITING_COMPANY
    least = company.least - situation.inside.people if company.least_by is Enforcement.HARD else 0
    if least > company.size:
        return least, Reason.OCCUPANCY_MIN
    return company.size, Reason.AWAITING_COMPANY


def present(record: Record, companions: tuple[Companion, ...]) -> int:
    """How many different holders stand at the reader, this one included and visitors left out."""
    return len({record.holder, *(each.holder for each in companions if not each.flags & Flag.VISITOR)})


def _inside(standing: Standing, area: AreaPolicy) -> bool:
    if standing.area != area.id or standing.forgiven:
        return False
    aged = area.passback.forgiven_after_s
    return not (aged and standing.for_s is not None and standing.for_s >= aged)


def _again(point: AccessPointPolicy, situation: Situation, found: Findings) -> None:
    before = situation.before
    if before.card_s is not None and before.card_s < point.card_again_s:
        found.refused.append(Reason.REPEATED_CARD)
    if before.last_s is not None and before.last_s < point.door_again_s:
        found.refused.append(Reason.REPEATED_AT_DOOR)


def _occupied(area: AreaPolicy, record: Record, situation: Situation, found: Findings, *, weak: bool) -> None:
    company, others = area.company, situation.inside.people
    if company.most and not record.flags & Flag.OCCUPANCY_EXEMPT and company.most_by is not Enforcement.OFF:
        coming = len({record.holder, *(each.holder for each in situation.company)})
        if others + coming > company.most:
            found.by(company.most_by, Reason.OCCUPANCY_MAX, weak=weak)
    alone = others + present(record, situation.company) < company.least
    if alone and company.least_by is Enforcement.SOFT and not record.flags & Flag.VISITOR:
        found.noted.append(Reason.OCCUPANCY_MIN)


def _visitor(area: AreaPolicy, situation: Situation, found: Findings) -> None:
    """The host comes first, and the visitor follows while the host is at hand."""
    host_s = situation.before.host_s
    waits = any(each.flags & Flag.HOST for each in situation.company)
    if not waits and (host_s is None or host_s > area.company.within_s):
        found.refused.append(Reason.ESCORT_MISSING)


def _supervised(record: Record, situation: Situation) -> bool:
    if record.flags & Flag.SUPERVISOR or situation.inside.supervisors:
        return True
    return any(each.flags & Flag.SUPERVISOR for each in situation.company)
