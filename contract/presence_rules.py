"""Rules that look at who is where: anti-passback, occupancy, supervisors, visitors. They never hold anybody in.

On entry a hard one refuses, unless what the agent knows is too weak to refuse by; then it is recorded, and so is that
the protection was weakened. On an exit they only record.
"""

from __future__ import annotations

from contract.findings import Findings
from contract.policy import AccessPointPolicy, AreaPolicy, Threshold
from contract.reason import Reason
from contract.record import Flag, Record
from contract.room_rules import Enforcement, Unheard
from contract.situation import Before, Companion, Proof, Situation

_SUPERVISOR, _HOST, _VISITOR = int(Flag.SUPERVISOR), int(Flag.HOST), int(Flag.VISITOR)
_PASSBACK_EXEMPT, _OCCUPANCY_EXEMPT = int(Flag.PASSBACK_EXEMPT), int(Flag.OCCUPANCY_EXEMPT)


def entry(at: Threshold, record: Record, situation: Situation, found: Findings) -> None:
    """What presence says against this record coming in."""
    area, proof = at.area, situation.proof
    soft = weak = False
    if not (proof.peers_current and proof.area_certain):
        soft = softened(area, situation)
        weak = soft or not proof.area_certain
        _weakly_known(area, proof, found)
    if not record.flags & _PASSBACK_EXEMPT:
        if situation.standing.area == area.id and _inside(situation, area):
            found.by(area.passback.entry, Reason.ALREADY_INSIDE, weak=weak)
        if at.repeats:
            _again(at.point, situation.before, found)
    if area.sociable:
        _occupied(area, record, situation, found, weak=soft)
    if record.flags & _VISITOR:
        _visitor(area, situation, found)
    elif area.sociable and not _supervised(record, situation):
        found.by(area.company.supervisor, Reason.SUPERVISOR_MISSING, weak=soft)


def leaving(area: AreaPolicy, record: Record, situation: Situation) -> list[Reason]:
    """What is remarkable about this record going out: never been inside, or whom it leaves behind."""
    found: list[Reason] = []
    standing, others = situation.standing, situation.inside
    looked_at = area.passback.exit is not Enforcement.OFF and not record.flags & _PASSBACK_EXEMPT
    if looked_at and standing.area != area.id and not standing.forgiven:
        found.append(Reason.NOT_INSIDE)
    if 0 < others.people < area.company.least and area.company.least_by is not Enforcement.OFF:
        found.append(Reason.OCCUPANCY_MIN)
    if record.flags & _HOST and others.visitors and not others.hosts:
        found.append(Reason.VISITOR_ALONE)
    return found


def lacking(area: AreaPolicy, record: Record, situation: Situation) -> Reason | None:
    """The rule that asks for more company than there is at the reader, None when there is enough. A visitor's company
    is the host; visitors are nobody's company."""
    if record.flags & _VISITOR:
        return None
    company, wanted, reason = area.company, area.company.size, Reason.AWAITING_COMPANY
    least = company.least - situation.inside.people
    if least > wanted and company.least_by is Enforcement.HARD and not softened(area, situation):
        wanted, reason = least, Reason.OCCUPANCY_MIN
    return reason if wanted > 1 and present(record, situation.company) < wanted else None


def softened(area: AreaPolicy, situation: Situation) -> bool:
    """Whether rules about presence only record: a neighbour is not heard, and the room does not enforce unheard."""
    return not situation.proof.peers_current and area.unheard is Unheard.SOFTEN


def present(record: Record, companions: tuple[Companion, ...]) -> int:
    """How many different holders stand at the reader, this one included and visitors left out."""
    standing = {record.holder}
    for each in companions:
        if not each.flags & _VISITOR:
            standing.add(each.holder)
    return len(standing)


def _weakly_known(area: AreaPolicy, proof: Proof, found: Findings) -> None:
    """What becomes of a protection that cannot be relied upon is told each time, never passed over."""
    unheard = area.unheard if area.protected and not proof.peers_current else Unheard.ENFORCE
    if unheard is Unheard.REFUSE:
        found.refused.append(Reason.PRESENCE_UNKNOWN)
    uncertain = not proof.area_certain and area.passback.entry is Enforcement.HARD
    if unheard is Unheard.SOFTEN or uncertain:
        found.noted.append(Reason.PROTECTION_WEAKENED)


def _inside(situation: Situation, area: AreaPolicy) -> bool:
    """Whether presence in this area still counts: neither forgiven nor aged."""
    standing, aged = situation.standing, area.passback.forgiven_after_s
    return not (standing.forgiven or (aged and standing.for_s is not None and standing.for_s >= aged))


def _again(point: AccessPointPolicy, before: Before, found: Findings) -> None:
    if before.card_s is not None and before.card_s < point.card_again_s:
        found.refused.append(Reason.REPEATED_CARD)
    if before.last_s is not None and before.last_s < point.door_again_s:
        found.refused.append(Reason.REPEATED_AT_DOOR)


def _occupied(area: AreaPolicy, record: Record, situation: Situation, found: Findings, *, weak: bool) -> None:
    """A hard lowest number does not refuse: whoever is too few waits for company (`lacking`)."""
    company, others = area.company, situation.inside.people
    if 0 < company.most <= others + len(situation.company) and not record.flags & _OCCUPANCY_EXEMPT:
        coming = len({record.holder, *(each.holder for each in situation.company)})
        if others + coming > company.most:
            found.by(company.most_by, Reason.OCCUPANCY_MAX, weak=weak)
    recorded = company.least_by is Enforcement.SOFT or (weak and company.least_by is Enforcement.HARD)
    if recorded and not record.flags & _VISITOR and others + present(record, situation.company) < company.least:
        found.noted.append(Reason.OCCUPANCY_MIN)


def _visitor(area: AreaPolicy, situation: Situation, found: Findings) -> None:
    """The host comes first, and the visitor follows while the host is at hand."""
    host_s = situation.before.host_s
    waits = any(each.flags & _HOST for each in situation.company)
    if not waits and (host_s is None or host_s > area.company.within_s):
        found.refused.append(Reason.ESCORT_MISSING)


def _supervised(record: Record, situation: Situation) -> bool:
    if record.flags & _SUPERVISOR or situation.inside.supervisors:
        return True
    return any(each.flags & _SUPERVISOR for each in situation.company)
