"""amqtt 0.12.1 made to obey our table: what is overridden, and why, and nothing else.

The stock broker is not to be used (it checks the certificate of the previous connection, sends every client's retained
messages to whoever reconnects, and lets wills go anywhere). Identity and wills are judged by the gate in `embedded`
before the broker sees a byte; here are the topic rules, and the private members that are touched (two methods and the
subscriptions), which is why amqtt is pinned exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from cli.brokers.rules import TopicTable

OFFLINE_LIMIT: Final = 1_000
"""Messages kept for an absent client; the oldest make room (nothing may rely on the broker's memory)."""


class GateIsTheJudge(BaseAuthPlugin):
    """Only connections that the gate has identified reach the broker, so every one is authenticated."""

    async def authenticate(self, *, session: Session) -> bool:
        return bool(session.client_id)


class TopicRules(BaseTopicPlugin):
    """Asks the table."""

    @dataclass
    class Config:
        table: TopicTable

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        if session is None or session.client_id is None or topic is None:
            return False
        table: TopicTable = self.config.table
        if action is Action.PUBLISH:
            return table.may_publish(session.client_id, topic)
        if action is Action.SUBSCRIBE:
            return table.may_subscribe(session.client_id, topic)
        return action is Action.RECEIVE and table.may_receive(session.client_id, topic)


class _Subscriptions(dict[str, Any]):
    """The broker walks this across awaits while others subscribe: each walk sees the state it began with."""

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().__iter__()))

    def items(self) -> Any:
        return dict(super().items()).items()


class HardenedBroker(Broker):
    """The broker with its leaks closed. It opens no port of its own."""

    def __init__(self, table: TopicTable) -> None:
        here = __name__
        super().__init__(
            {
                "listeners": {"default": {"type": "external"}},
                "plugins": {f"{here}.GateIsTheJudge": {}, f"{here}.TopicRules": {"table": table}},
            }
        )
        self._subscriptions = _Subscriptions()

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """Stock: on reconnection walks the filters of all clients. Here: only those that this session holds."""
        holders = self._subscriptions.get(subscription[0], ())
        if any(holder.client_id == session.client_id for holder, _quality in holders):
            await super()._publish_retained_messages_for_subscription(subscription, session)

    async def _retain_broadcast_message(self, broadcast: dict[str, Any], qos: int, target_session: Session) -> None:
        """Stock: the queue of an absent client grows without bound."""
        while target_session.retained_messages.qsize() >= OFFLINE_LIMIT:
            target_session.retained_messages.get_nowait()
        await super()._retain_broadcast_message(broadcast, qos, target_session)
