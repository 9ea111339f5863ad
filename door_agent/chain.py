"""Making facts: numbered, chained, with commitments to what is personal and its openings sealed for intake."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from contract import canonical, envelope, fact
from contract.canonical import Object, Value
from contract.fact import Clock, Fact, FactKind
from contract.presence import Passage
from contract.situation import Moment
from contract.topic import Address
from door_agent.entered import Entered
from door_agent.events import Latch, Record
from door_agent.portal import Admission
from door_agent.seals import Seals


class Chain:
    """The agent's facts so far, as a number and a hash; `record` makes the next one. `random` gives secret bytes."""

    def __init__(
        self,
        address: Address,
        sequence: int,
        head: bytes,
        intake: X25519PublicKey,
        random: Callable[[int], bytes],
    ) -> None:
        self.sequence, self.head = sequence, head
        self._address, self._random = address, random
        self._seals = Seals(intake, random)
        self.latest: dict[str, int] = {}
        """The number of the latest fact of each kind since this start."""
        self._boot = random(fact.BOOT_BYTES)
        self.posture = 0
        """The number of the site's posture in force: what a fact says of presence was learned under it."""

    def prepare(self) -> bool:
        """Make ahead what the next facts will be sealed with; False when there is enough of it."""
        return self._seals.prepare()

    def record(
        self,
        kind: FactKind,
        moment: Moment,
        body: Object,
        personal: Mapping[str, Value] | None = None,
        *,
        moved: Passage | None = None,
        opened: tuple[Admission, ...] = (),
        ended: int | None = None,
        uncertain: tuple[str, ...] = (),
        latch: Latch | None = None,
        entered: Entered | None = None,
    ) -> Record:
        """The next fact, ready for the journal."""
        commitments: dict[str, bytes] = {}
        openings: dict[str, bytes] = {}
        for name, value in (personal or {}).items():
            salt, plain = self._seals.salt(), canonical.encode_declared(value)
            commitments[name], openings[name] = salt.commit(plain), salt.opening(plain)
        made = Fact(
            self._address.site,
            self._address.agent,
            self.sequence + 1,
            self.head,
            self._boot,
            kind,
            moment.wall,
            round(moment.mono * 1_000_000),
            Clock.TRUSTED if moment.trusted else Clock.UNTRUSTED,
            body,
            commitments,
        )
        encoded = made.encoded()
        self.sequence, self.head = made.sequence, fact.fact_hash(encoded)
        self.latest[kind] = made.sequence
        sealed = envelope.seal_with(self._seals.key(), canonical.object_of(openings)) if openings else b""
        return Record(
            made.sequence,
            encoded,
            self.head,
            sealed,
            moved,
            opened,
            ended,
            uncertain,
            latch,
            entered,
            self.posture,
        )
