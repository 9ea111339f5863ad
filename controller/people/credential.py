"""Credentials: the cards, each with one or more identities. No two cardholders of a site share an identity."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, exists, func, not_, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from contract import credential as card
from controller import line
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import card_end, folding
from controller.people.attribute import Attribute, holds
from controller.people.card_end import Ended, Saying
from controller.people.card_state import ACTS, NO_LIMITS, UNUSED, Act, CardLife, Limits, State, state_at
from controller.people.cardholder import Cardholder
from controller.people.validity import require_validity
from controller.refusal import Refused

Fits = Callable[[Session, "Credential", datetime], None]
_ENDED = {State.LOST: Ended.LOST, State.STOLEN: Ended.STOLEN, State.SUSPENDED: Ended.SUSPENDED}
"""States that are followed to the last door (`card_end`)."""


class Credential(Base):
    """One card. `state` is what people said of it (what time and use make of it: `state_now`); `ended_at` and `reason`
    say when and why it left use; `replaces_id` is the card whose re-issue it is, one `issue_level` below;
    `active_since` is when somebody last vouched for it: gave it, said its validity, or put it back into use;
    `ledger_sequence` is the row of the last change in what it opens; `handed_out_at` is since when its holder has it
    (null: they do not), `counted_at` when a count last saw it in stock;
    `folded` is what a search compares: the label and the digits of its identities."""

    __tablename__ = "credential"

    id: Mapped[int] = mapped_column(primary_key=True)
    cardholder_id: Mapped[int] = mapped_column(ForeignKey("cardholder.id"), index=True)
    label: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(16))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(400), default="")
    issue_level: Mapped[int] = mapped_column(default=1)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("credential.id"), index=True, unique=True)
    active_since: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    max_uses: Mapped[int | None]
    max_days: Mapped[int | None]
    unused_days: Mapped[int | None]
    ledger_sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    handed_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    folded: Mapped[str] = mapped_column(String(folding.LONGEST_KEY), default="")

    __table_args__ = (
        Index("ix_credential_unused_days", "unused_days", "active_since"),
        Index("ix_credential_folded_cardholder_id", "folded", "cardholder_id"),
    )

    @property
    def limits(self) -> Limits:
        return Limits(self.valid_from, self.valid_until, self.max_uses, self.max_days, self.unused_days)


class IdentityRow(Base):
    """One identity of one credential, as `contract.credential.Identity.text()` writes it. It stays with its card for
    ever: a card number that was somebody's must not become somebody else's while the record can name it."""

    __tablename__ = "identity"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    credential_id: Mapped[int] = mapped_column(ForeignKey("credential.id"), index=True)
    text: Mapped[str] = mapped_column(String(160))

    __table_args__ = (UniqueConstraint("site_id", "text"),)

    def identity(self) -> card.Identity:
        return card.Identity.parse(self.text)


class CredentialUse(Base):
    """How often one identity came in through one agent's doors, folded from passages at intake and written by nobody
    else. list_sequence: the ledger row of the last use that changed what a list must say; 0: none did."""

    __tablename__ = "credential_use"

    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    entries: Mapped[int]
    first_used: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    list_sequence: Mapped[int] = mapped_column(BigInteger, index=True)


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card as it is given: what is printed on it or said of it, how readers see it, and how long it is good."""

    label: str
    identities: Sequence[card.Identity]
    limits: Limits = NO_LIMITS


def issue(
    session: Session,
    actor: str,
    now: datetime,
    holder: Cardholder,
    label: str,
    identities: Sequence[card.Identity],
    fits: Fits,
    limits: Limits = NO_LIMITS,
) -> Credential:
    """Give `holder` a card; Refused identity-missing, identity-taken, cardholder-inactive, limits-wrong,
    validity-wrong, validity-past, validity-absurd, visitor-endless, and whatever `fits` refuses (a list that would no
    longer fit one message)."""
    given = _given(session, now, holder, NewCard(label, identities, limits))
    session.flush()
    fits(session, given, now)
    personal = {"identities": [each.text for each in identities_of(session, given)]}
    given.ledger_sequence = append(
        session, Kind.CREDENTIAL_ISSUED, actor, now, _subjects(given), _plain(limits), personal
    )
    return given


def reissue(
    session: Session, actor: str, now: datetime, old: Credential, new: NewCard, reason: str, fits: Fits
) -> Credential:
    """Replace a card by one of the next issue level, with the old one's limits where `new` has none; the old one is
    superseded for good. Refused as `issue` is, and reason-missing, credential-superseded."""
    why = line.reason(reason)
    if replacement(session, old) is not None:
        raise Refused("credential-superseded")
    holder = session.get_one(Cardholder, old.cardholder_id)
    kept = new if new.limits != NO_LIMITS else replace(new, limits=old.limits)
    given = _given(session, now, holder, kept)
    given.replaces_id, given.issue_level = old.id, old.issue_level + 1
    session.flush()
    fits(session, given, now)
    plain = {"replaces": old.id, "issue_level": given.issue_level, **_plain(kept.limits)}
    personal = {"identities": [each.text for each in identities_of(session, given)], "reason": why}
    row = append(session, Kind.CREDENTIAL_REISSUED, actor, now, _subjects(given), plain, personal)
    given.ledger_sequence = old.ledger_sequence = row
    return given


def turn(session: Session, actor: str, now: datetime, given: Credential, act: Act, reason: str, fits: Fits) -> None:
    """Suspend a card, report it lost, take it back, put it back into use …; Refused reason-missing, act-impossible (see
    `card_state.ACTS`), and what `fits` refuses when it comes back into use."""
    why = line.reason(reason)
    after = ACTS[act][1]
    if act not in possible(session, given, now):
        raise Refused("act-impossible")
    given.state, given.reason = after, why
    if after is State.ACTIVE:
        given.ended_at, given.active_since = None, now
        session.flush()
        fits(session, given, now)
    elif after is not State.SUSPENDED:
        given.ended_at = given.ended_at or now
    if after in (State.RETURNED, State.DESTROYED):
        given.handed_out_at = None
    kind = Kind.CREDENTIAL_RESTORED if after is State.ACTIVE else Kind.CREDENTIAL_ENDED
    plain = {"act": act, "state": after}
    given.ledger_sequence = append(session, kind, actor, now, _subjects(given), plain, {"reason": why})
    _follow(session, actor, now, given, after)


def report_lost(session: Session, actor: str, now: datetime, given: Credential, reason: str) -> None:
    turn(session, actor, now, given, Act.LOSE, reason, _nothing_grows)


def restore(session: Session, actor: str, now: datetime, given: Credential, reason: str, fits: Fits) -> None:
    """A card that was out of use was found, mended or taken out again."""
    turn(session, actor, now, given, Act.RESTORE, reason, fits)


def limit(
    session: Session, actor: str, now: datetime, given: Credential, limits: Limits, reason: str, fits: Fits
) -> None:
    """Say anew from when until when, how often and how long a card is good; Refused reason-missing, limits-wrong,
    validity-wrong, validity-past, validity-absurd, visitor-endless, and what `fits` refuses."""
    why = line.reason(reason)
    _limit(session, now, session.get_one(Cardholder, given.cardholder_id), given, limits)
    session.flush()
    fits(session, given, now)
    given.ledger_sequence = append(
        session, Kind.CREDENTIAL_LIMITED, actor, now, _subjects(given), _plain(limits), {"reason": why}
    )


def of_cardholder(session: Session, holder: Cardholder) -> Sequence[Credential]:
    """All cards of `holder`, the newest first."""
    statement = select(Credential).where(Credential.cardholder_id == holder.id)
    return session.scalars(statement.order_by(Credential.issued_at.desc(), Credential.id.desc())).all()


def identities_of(session: Session, given: Credential) -> Sequence[IdentityRow]:
    return identities_of_each(session, [given.id]).get(given.id, [])


def identities_of_each(session: Session, cards: Collection[int]) -> dict[int, list[IdentityRow]]:
    """The identities of these cards, by the id of the card."""
    statement = select(IdentityRow).where(IdentityRow.credential_id.in_(cards)).order_by(IdentityRow.id)
    found: dict[int, list[IdentityRow]] = {}
    for row in session.scalars(statement):
        found.setdefault(row.credential_id, []).append(row)
    return found


def replacement(session: Session, given: Credential) -> Credential | None:
    """The card of the next issue level, if one was given in its place."""
    return session.scalar(select(Credential).where(Credential.replaces_id == given.id))


def in_use(session: Session, holder: Cardholder) -> Sequence[Credential]:
    """The cards of `holder` that would open what the holder may enter, or would when they are no longer suspended."""
    newer = aliased(Credential)
    replaced = exists(select(newer.id).where(newer.replaces_id == Credential.id))
    mine = (
        Credential.cardholder_id == holder.id,
        Credential.state.in_((State.ACTIVE, State.SUSPENDED)),
        not_(replaced),
    )
    return session.scalars(select(Credential).where(*mine).order_by(Credential.id)).all()


def life(session: Session, given: Credential) -> CardLife:
    """What use and re-issue have made of a card."""
    return lives_of_each(session, [given.id]).get(given.id, UNUSED)


def state_now(session: Session, given: Credential, now: datetime) -> State:
    """What a card is at `now`: what was said of it, or what time, use and re-issue have made of it."""
    return state_by(given, life(session, given), now)


def state_by(given: Credential, life: CardLife, now: datetime) -> State:
    """The same of a card of which is known what use and re-issue have made of it."""
    return state_at(State(given.state), given.limits, given.active_since, life, now)


def states_now(session: Session, holders: Sequence[Cardholder], now: datetime) -> Mapping[int, Sequence[State]]:
    """What the cards of each of `holders` (by id) are at `now`, the newest first; asked for all of them at once."""
    ids = [each.id for each in holders]
    cards = session.scalars(
        select(Credential)
        .where(Credential.cardholder_id.in_(ids))
        .order_by(Credential.issued_at.desc(), Credential.id.desc())
    ).all()
    lives = lives_of_each(session, [each.id for each in cards])
    found: dict[int, list[State]] = {each: [] for each in ids}
    for each in cards:
        found[each.cardholder_id].append(state_by(each, lives.get(each.id, UNUSED), now))
    return found


def lives_of_each(session: Session, cards: Sequence[int]) -> Mapping[int, CardLife]:
    """What use and re-issue have made of those cards that were used or replaced."""
    uses = (
        select(
            IdentityRow.credential_id,
            func.sum(CredentialUse.entries),
            func.min(CredentialUse.first_used),
            func.max(CredentialUse.last_used),
        )
        .join(IdentityRow, IdentityRow.id == CredentialUse.identity_id)
        .where(IdentityRow.credential_id.in_(cards))
        .group_by(IdentityRow.credential_id)
    )
    found = {used: CardLife(int(entries), first, last) for used, entries, first, last in session.execute(uses)}
    replaced = select(Credential.replaces_id, Credential.issued_at).where(Credential.replaces_id.in_(cards))
    for old, at in session.execute(replaced):
        if old is not None:
            found[old] = replace(found.get(old, UNUSED), superseded_at=at)
    return found


def possible(session: Session, given: Credential, now: datetime) -> Sequence[Act]:
    """What may be done with a card: by what was said of it, or because it lay unused for too long."""
    found = state_now(session, given, now)
    before = found if found is State.INACTIVE else State(given.state)
    return [act for act, (states, _) in ACTS.items() if before in states]


def folded(label: str, texts: Sequence[str]) -> str:
    """The key of a card: what is printed on it or said of it, and the digits of its identities."""
    return folding.key(label, *(text.rpartition(":")[2] for text in texts))


def _given(session: Session, now: datetime, holder: Cardholder, new: NewCard) -> Credential:
    if not holder.active:
        raise Refused("cardholder-inactive")
    texts = [identity.text() for identity in dict.fromkeys(new.identities)]
    if not texts:
        raise Refused("identity-missing")
    taken = select(IdentityRow.id).where(IdentityRow.site_id == holder.site_id, IdentityRow.text.in_(texts))
    if session.scalar(taken.limit(1)) is not None:
        raise Refused("identity-taken")
    given = Credential(
        cardholder_id=holder.id, label=new.label.strip()[:120], state=State.ACTIVE, issued_at=now, reason=""
    )
    given.folded = folded(given.label, texts)
    _limit(session, now, holder, given, new.limits)
    session.add(given)
    session.flush()
    session.add_all(IdentityRow(site_id=holder.site_id, credential_id=given.id, text=text) for text in texts)
    return given


def _limit(session: Session, now: datetime, holder: Cardholder, given: Credential, limits: Limits) -> None:
    require_validity(now, limits.valid_from, limits.valid_until)
    if not limits.sound:
        raise Refused("limits-wrong")
    if limits.valid_until is None and holds(session, holder, Attribute.VISITOR):
        raise Refused("visitor-endless")
    given.valid_from, given.valid_until = limits.valid_from, limits.valid_until
    given.max_uses, given.max_days, given.unused_days = limits.max_uses, limits.max_days, limits.unused_days
    given.active_since = max(now, limits.valid_from or now)


def _follow(session: Session, actor: str, now: datetime, given: Credential, after: State) -> None:
    """Keep that a card ended for its holder or is in use again, by the row that was just written."""
    if after is State.ACTIVE:
        stood = card_end.standing(session, [given.id], *_ENDED.values())
        card_end.take_back(stood, now, given.ledger_sequence)
    elif after in _ENDED:
        said = Saying(_ENDED[after], actor, now, now, given.ledger_sequence)
        card_end.begin(session, [(given.id, given.cardholder_id)], said)


def _nothing_grows(_session: Session, _given: Credential, _now: datetime) -> None:
    """Taking a card out of use adds nothing to a list."""


def _subjects(given: Credential) -> dict[str, int]:
    return {"cardholder": given.cardholder_id, "credential": given.id}


def _plain(limits: Limits) -> dict[str, int | None]:
    """As a leaf holds them: whole UTC seconds, and counts."""
    return {
        "valid_from": None if limits.valid_from is None else int(limits.valid_from.timestamp()),
        "valid_until": None if limits.valid_until is None else int(limits.valid_until.timestamp()),
        "max_uses": limits.max_uses,
        "max_days": limits.max_days,
        "unused_days": limits.unused_days,
    }
