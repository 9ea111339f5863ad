"""The other agents of this agent's areas: what they witness becomes presence here, and what is witnessed here is told.

Everything is signed by the peer that the list names and sealed under the area's key. A message that is lost, doubled,
late or out of order makes what is known incomplete, and it is then said to be so; it never makes it false. Presence is
told right after its fact is made: it says what happened, and acknowledges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contract import area_seal
from contract.canonical import Object
from contract.envelope import Kind, key_id, opened, signed
from contract.fact import FactKind
from contract.neighbours import NOBODY, Neighbours
from contract.presence import Whereabouts
from contract.presence_message import MOST_HEARD, Announced, Heard, Presence, Told
from contract.situation import Moment
from contract.topic import Address, Up, parse_up
from door_agent.chain import Chain
from door_agent.conflicts import too_many, twice_inside
from door_agent.events import Arrived, Command, Listen, Record, Send
from door_agent.hearing import PEERS_WITHIN_S, Hearing
from door_agent.keys import Keys
from door_agent.lists import Lists
from door_agent.presence import Presence as Known
from door_agent.refusals import Refusals
from door_agent.telling import Telling
from door_agent.witness import Witness

LOST_AFTER_S = 10.0
"""A peer that may not be relied on for so long is an alarm: a hole is mended within seconds, a silence is not."""
_MOMENT_S = 0.001
_CONFLICTS_KEPT = 4096
Refuse = Callable[[Moment, str, str], list[Command]]


class Peers:
    """All peers in all shared areas. `refuse` records a message that is not believed; `ask` has the controller asked
    whether our list is still the newest."""

    def __init__(
        self,
        address: Address,
        keys: Keys,
        chain: Chain,
        lists: Lists,
        known: Known,
        witness: Witness,
        random: Callable[[int], bytes],
        refuse: Refuse,
        ask: Callable[[Moment], None],
    ) -> None:
        self._address, self._keys, self._chain, self._lists = address, keys, chain, lists
        self._known, self._witness, self._random = known, witness, random
        self._refuse, self._ask = refuse, ask
        self._session, self._durable, self._up = 0, False, False
        self._followed: object = None
        self._neighbours: Neighbours = NOBODY
        self._signers: dict[str, dict[bytes, Ed25519PublicKey]] = {}
        self._hearings: dict[tuple[str, str], Hearing] = {}
        self._tellings: dict[str, Telling] = {}
        self._watch_at = 0.0
        self._conflicts: set[tuple[bytes, int]] = set()
        self._recorded = Refusals()

    @property
    def deadline(self) -> float | None:
        """When there is something to say, or to look after."""
        if not self._hearings:
            return None
        telling = self._neighbours.area_keys if self._up and self._durable else ()
        soonest = min([self._watch_at, *(self._tellings[area].due for area in telling)])
        return soonest if soonest < inf else None

    def current(self, area: str, moment: Moment) -> bool:
        """Whether nothing that a peer of `area` witnessed is missing here, and none has announced a later list."""
        return not any(self._failing(each, moment) for each in self._of(area))

    def certain(self, area: str) -> bool:
        """No peer of `area` says that somebody came or left unseen."""
        return not any(each.uncertain for each in self._of(area))

    def silent_s(self, area: str, moment: Moment) -> int | None:
        """Seconds since the peer of `area` that is silent longest was proven to be there; None without peers."""
        silent = [each.silent_s(moment.mono) for each in self._of(area)]
        return int(max(silent)) if silent else None

    def begin(self, session: int, moment: Moment) -> list[Command]:
        """This start's number: that of its first fact. Nothing is told before that fact is durable, so the number is
        never used again."""
        self._session = session
        return self.follow(moment)

    def committed(self, through: int, moment: Moment) -> None:
        if not self._durable and through >= self._session > 0:
            self._durable = True
            self._soon(self._neighbours.area_keys, moment)

    def link(self, up: bool, moment: Moment) -> None:
        self._up, self._watch_at = up, moment.mono
        if up:
            self._soon(self._neighbours.area_keys, moment)

    def follow(self, moment: Moment) -> list[Command]:
        """Take over whom the carried list names, and announce the list."""
        carried = self._lists.carried
        if carried is self._followed or carried is None:
            return []
        self._followed, before = carried, self._neighbours
        self._neighbours = carried.neighbours
        peers = self._neighbours.peers
        publics = {name: Ed25519PublicKey.from_public_bytes(peer.signing) for name, peer in peers.items()}
        self._signers = {name: {key_id(public): public} for name, public in publics.items()}
        kept = {
            name for name, peer in peers.items() if name in before.peers and before.peers[name].signing == peer.signing
        }
        pairs = [(name, area) for name, peer in peers.items() for area in peer.areas]
        self._hearings = {
            (name, area): (self._hearings.get((name, area)) if name in kept else None) or Hearing(moment.mono)
            for name, area in pairs
        }
        for area in self._neighbours.area_keys:
            self._tellings.setdefault(area, Telling(self._witness.seen, moment.mono))
        self._watch_at = moment.mono
        self._soon(self._neighbours.area_keys, moment)
        return (
            [Listen(tuple(Address(self._address.site, name).up(Up.PRESENCE) for name in sorted(peers)))]
            if peers
            else []
        )

    def witnessed(self, record: Record, moment: Moment) -> Record:
        """The record, its passage placed among all that is known; it is told to the peers in a moment."""
        record = self._witness.stamped(record, moment)
        if record.moved is not None:
            for area in self._neighbours.area_keys:
                self._tellings[area].moved(record.moved.holder, record.moved.to, moment.mono)
                if not (self._up and self._durable):
                    self._tellings[area].skip()
        self._soon(record.uncertain, moment)
        return record

    def concerns(self, event: Arrived) -> bool:
        """Whether it came on the topic of an agent's presence."""
        parsed = parse_up(event.topic)
        return parsed is not None and parsed[1] is Up.PRESENCE and parsed[0].site == self._address.site

    def arrived(self, event: Arrived, moment: Moment) -> list[Command]:
        """Believe it if a peer of ours signed it, for an area of ours, and it is newer than what was heard. What comes
        of other agents or areas, under a key that is not ours (yet, or any more), or twice, is left aside."""
        parsed = parse_up(event.topic)
        if parsed is None or parsed[0].agent not in self._signers:
            return []
        sender = parsed[0]
        try:
            message = Presence.decoded(opened(event.payload, Kind.PRESENCE, self._signers[sender.agent]).payload)
            if message.address != sender:
                raise ValueError("made for another address")
            hearing, key = self._hearings.get((sender.agent, message.area)), self._area_key(message)
            if hearing is None or key is None or not hearing.follows(message):
                return []
            told = message.told(key)
        except ValueError as flaw:
            return self._refuse(moment, Up.PRESENCE, str(flaw))
        return self._taken(sender.agent, hearing, message, told, moment)

    def due(self, moment: Moment) -> list[Command]:
        """What time alone brings."""
        now, commands = moment.mono, list[Command]()
        if not self._hearings:
            return commands
        for area, key in self._neighbours.area_keys.items():
            telling = self._tellings[area]
            if self._up and self._durable and now >= telling.due:
                commands.append(self._message(area, key, telling, now))
        if now >= self._watch_at:
            commands += self._watched(moment)
        return commands

    def _taken(self, peer: str, hearing: Hearing, message: Presence, told: Told, moment: Moment) -> list[Command]:
        now, telling = moment.mono, self._tellings[message.area]
        before = hearing.announced
        hearing.take(message, told, now)
        heard = told.heard.get(self._address.agent)
        hearing.answers(telling.sent_at(self._session, heard))
        telling.heard(self._session, heard, now)
        failing, self._watch_at = self._failing(hearing, moment), now
        if failing:
            telling.ask(now)
        if failing == "later list" and before != told.announced:
            self._ask(moment)
        ordered = sorted(told.moves.items(), key=lambda each: each[1].stamp)
        return [each for holder, where in ordered for each in self._learned(peer, message.area, holder, where, moment)]

    def _learned(self, peer: str, area: str, holder: bytes, where: Whereabouts, moment: Moment) -> list[Command]:
        """The later passage counts, whoever told it and whenever it was heard."""
        self._witness.learned(where.stamp, moment)
        known, carried = self._known.known(holder), self._lists.carried
        policy = carried.policy.areas.get(area) if carried is not None else None
        news = known is None or where.later_than(known)
        commands: list[Command] = []
        if policy is not None:
            ours = known if known is not None and known.witness == self._address.agent else None
            if twice_inside(policy, ours, where):
                commands += self._conflict("twice inside", peer, area, holder, where, moment)
            if news and too_many(policy, self._known, holder, where):
                commands += self._conflict("too many", peer, area, holder, where, moment)
        if news:
            self._known.learn(holder, where)
        return commands

    def _conflict(
        self, what: str, peer: str, area: str, holder: bytes, where: Whereabouts, moment: Moment
    ) -> list[Command]:
        """Each once, and a few a minute."""
        seen = (holder, where.stamp)
        if seen in self._conflicts:
            return []
        if len(self._conflicts) >= _CONFLICTS_KEPT:
            self._conflicts.clear()
        self._conflicts.add(seen)
        count = self._recorded.count(moment.mono)
        if count is None:
            return []
        body: Object = {"area": area, "peer": peer, "conflict": what, "count": count}
        return [self._chain.record(FactKind.PRESENCE_CONFLICT, moment, body, {"holder": holder.hex()})]

    def _message(self, area: str, key: bytes, telling: Telling, now: float) -> Command:
        moves, part = telling.next(now)
        heard = {name: self._heard(name, area) for name in self._named(area, telling.sequence)}
        told = Told(self._announced(), not self._known.certain(area), heard, moves, part)
        numbers, salt = (self._session, telling.sequence), self._random(area_seal.SALT_BYTES)
        message = Presence.of(self._address, area, key, numbers, told, salt)
        return Send(self._address.up(Up.PRESENCE), signed(Kind.PRESENCE, message.encoded(), self._keys.signing))

    def _named(self, area: str, sequence: int) -> tuple[str, ...]:
        """The peers of which a message speaks: all, or when there are too many for one, these in turns."""
        names = self._neighbours.of(area)
        start = sequence * MOST_HEARD % len(names) if len(names) > MOST_HEARD else 0
        return (names[start:] + names[:start])[:MOST_HEARD]

    def _heard(self, name: str, area: str) -> Heard:
        hearing = self._hearings[name, area]
        return Heard(hearing.session, hearing.sequence, hearing.whole)

    def _watched(self, moment: Moment) -> list[Command]:
        """A peer that may not be relied on is said to be lost, and to be back when it may."""
        commands: list[Command] = []
        self._watch_at = inf
        for (peer, area), hearing in self._hearings.items():
            why, now = self._failing(hearing, moment), moment.mono
            patience = PEERS_WITHIN_S if hearing.answered is None else LOST_AFTER_S
            if not why:
                hearing.failing_since = None
            elif hearing.failing_since is None:
                hearing.failing_since = now
            lost = hearing.failing_since is not None and now - hearing.failing_since >= patience
            if lost and not hearing.lost:
                hearing.lost = True
                body: Object = {"peer": peer, "area": area, "detail": why}
                commands.append(self._chain.record(FactKind.PEER_LOST, moment, body))
            elif hearing.lost and not why:
                hearing.lost = False
                commands.append(self._chain.record(FactKind.PEER_BACK, moment, {"peer": peer, "area": area}))
            if hearing.failing_since is None:
                self._watch_at = min(self._watch_at, now + PEERS_WITHIN_S - hearing.silent_s(now) + _MOMENT_S)
            elif not hearing.lost:
                self._watch_at = min(self._watch_at, hearing.failing_since + patience)
        return commands

    def _failing(self, hearing: Hearing, moment: Moment) -> str:
        return hearing.failing(moment.mono, self._announced(), self._lists.proven_mono)

    def _announced(self) -> Announced:
        carried = self._lists.carried
        if carried is None:
            raise LookupError("without a list there are no peers")
        return Announced(carried.version, carried.compiled_at)

    def _area_key(self, message: Presence) -> bytes | None:
        """Our key of the message's area, if it is the one under which it was sealed."""
        key = self._neighbours.area_keys.get(message.area)
        return key if key is not None and area_seal.key_name(key) == message.key else None

    def _of(self, area: str) -> list[Hearing]:
        return [each for (_, shared), each in self._hearings.items() if shared == area]

    def _soon(self, areas: Iterable[str], moment: Moment) -> None:
        for area in areas:
            if area in self._neighbours.area_keys:
                self._tellings[area].soon(moment.mono)
