"""What the agent says to its controller and hears from it: lists, proofs of freshness, acknowledgements, receipts.

Nothing is believed before its signature and address are; what is refused is recorded, and at most a few times a minute.
"""

from __future__ import annotations

from collections.abc import Callable

from contract import topic as topics
from contract.canonical import Object, Value
from contract.envelope import Kind, key_id, opened, signed
from contract.fact import FactKind
from contract.message import Ack, Carried, Receipt, ReceiptOutcome
from contract.situation import Moment
from contract.topic import Address, Down, Up
from door_agent.chain import Chain
from door_agent.events import Arrived, Command, Forget, Proven, Send
from door_agent.keys import Keys
from door_agent.lists import Lists
from door_agent.refusals import Refusals

STATUS_RETRY_S = 5.0


class Correspondence:
    """`adopted` is called when a new list is carried, and names the areas where somebody may have come or gone unseen
    until then; `not_permitted` names exits that the wiring frees."""

    def __init__(
        self,
        address: Address,
        keys: Keys,
        chain: Chain,
        lists: Lists,
        status_every_s: float,
        adopted: Callable[[], tuple[str, ...]],
        not_permitted: Callable[[], tuple[str, ...]],
    ) -> None:
        self.lists = lists
        self.status_due: float | None = None
        self.up = False
        self._address, self._keys, self._chain = address, keys, chain
        self._status_every_s, self._adopted, self._not_permitted = status_every_s, adopted, not_permitted
        self._signers = {key_id(keys.controller): keys.controller}
        self._refused = {kind: Refusals() for kind in (FactKind.LIST_REFUSED, FactKind.MESSAGE_REFUSED)}

    def link(self, up: bool, moment: Moment) -> None:
        """The connection came up, and the agent asks at once; or it went down."""
        self.up = up
        self.status_due = moment.mono if up else None

    def ask_soon(self, moment: Moment) -> None:
        """Have the controller asked at once whether the carried list is still the newest."""
        self.status_due = moment.mono if self.up else None

    def arrived(self, event: Arrived, moment: Moment) -> list[Command]:
        parsed = topics.parse_down(event.topic)
        if parsed is None or parsed[0] != self._address:
            return self.refuse_message(moment, "elsewhere", "not my topic")
        name = parsed[1]
        try:
            if name is Down.LIST:
                return self._take_list(event.payload, moment)
            if name is Down.FRESH:
                proven = self.lists.prove(event.payload, moment)
                return [] if proven is None else [Proven(proven)]
            if name is Down.ACK:
                return self._take_ack(event.payload)
        except ValueError as flaw:
            if name is Down.LIST:
                return self.refuse_list(moment, str(flaw))
            return self.refuse_message(moment, name, str(flaw))
        except OSError as flaw:
            return self.refuse_list(moment, f"cannot be stored: {flaw.strerror}")
        return self.refuse_message(moment, name, "not understood by this version")

    def ask(self, moment: Moment) -> list[Command]:
        proven = self.lists.proven_s(moment)
        recently = proven is not None and proven < self._status_every_s
        self.status_due = moment.mono + (self._status_every_s if recently else STATUS_RETRY_S)
        return [self._send(Up.STATUS, Kind.STATUS, self.lists.ask(moment))]

    def _take_ack(self, payload: bytes) -> list[Command]:
        ack = Ack.decoded(opened(payload, Kind.ACK, self._signers).payload)
        if ack.address != self._address or ack.through > self._chain.sequence:
            raise ValueError("an acknowledgement of what was never sent")
        return [Forget(ack.through, ack.head)]

    def _take_list(self, payload: bytes, moment: Moment) -> list[Command]:
        adopted = self.lists.take(payload)
        carried = self.lists.carried
        if carried is None:
            return []
        known = Carried(carried.version, carried.set_hash)
        not_permitted = self._not_permitted()
        receipt = Receipt(self._address, ReceiptOutcome.ADOPTED, known, "", not_permitted)
        told = self._send(Up.RECEIPT, Kind.RECEIPT, receipt.encoded())
        self.status_due = moment.mono if self.up else None
        if adopted is None:
            return [told]
        unseen = self._adopted()
        points: list[Value] = list(not_permitted)
        body: Object = {
            "epoch": carried.version.epoch,
            "version": carried.version.number,
            "set_hash": carried.set_hash.hex(),
            "hash": carried.hash.hex(),
            "policy": carried.policy_hash.hex(),
            "not_permitted": points,
        }
        return [self._chain.record(FactKind.LIST_ADOPTED, moment, body, uncertain=unseen), told]

    def refuse_list(self, moment: Moment, why: str) -> list[Command]:
        count = self._refused[FactKind.LIST_REFUSED].count(moment.mono)
        if count is None:
            return []
        carried = self.lists.carried
        known = Carried(carried.version, carried.set_hash) if carried else None
        receipt = Receipt(self._address, ReceiptOutcome.REFUSED, known, why[:200])
        body: Object = {"reason": why[:200], "count": count}
        told = self._send(Up.RECEIPT, Kind.RECEIPT, receipt.encoded())
        return [self._chain.record(FactKind.LIST_REFUSED, moment, body), told]

    def refuse_message(self, moment: Moment, name: str, why: str) -> list[Command]:
        count = self._refused[FactKind.MESSAGE_REFUSED].count(moment.mono)
        if count is None:
            return []
        body: Object = {"topic": name, "reason": why[:200], "count": count}
        return [self._chain.record(FactKind.MESSAGE_REFUSED, moment, body)]

    def _send(self, name: Up, kind: Kind, payload: bytes) -> Send:
        return Send(self._address.up(name), signed(kind, payload, self._keys.signing))
