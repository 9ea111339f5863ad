"""The hole list: what the stock embedded broker let through, and what an agent may never do, on both brokers.

Where mosquitto is as safe in another way (see `cli.brokers.mosquitto`), the test asks for the effect, not for the word.
Nothing here waits for silence: a message that must come is sent after the one that must not.
"""

import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from cli.brokers.rules import agent_client_id
from tests.cli_brokers.broker_hands import SITE, Authority, Building, Hand

pytestmark = pytest.mark.broker


def down(agent: str, leaf: str = "list") -> str:
    return f"sekisho/1/{SITE}/{agent}/down/{leaf}"


def up(agent: str, leaf: str = "events") -> str:
    return f"sekisho/1/{SITE}/{agent}/up/{leaf}"


def listening(building: Building, agent: str) -> Hand:
    """The agent, connected with a persistent session and hearing its own `down`."""
    hand = building.comes(agent)
    assert hand.accepted
    assert hand.subscribe(f"sekisho/1/{SITE}/{agent}/down/#") == [True]
    return hand


def test_an_agent_and_its_controller_hear_each_other(building: Building) -> None:
    agent = building.agent()
    door, controller = listening(building, agent), building.controller()
    door.publish(up(agent), b"a fact")
    controller.publish(down(agent), b"a list")
    assert controller.hears(b"a fact")
    assert door.hears(b"a list")


def test_without_a_certificate_nobody_gets_an_answer_to_connect(building: Building) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(building.authority.ca)
    client_id = agent_client_id(SITE, building.agent()).encode()
    body = b"\x00\x04MQTT\x04\x00\x00\x0a" + len(client_id).to_bytes(2, "big") + client_id
    answer = b""
    with (
        socket.create_connection((building.broker.host, building.broker.port), timeout=5) as plain,
        contextlib.suppress(ConnectionError, ssl.SSLError),  # how it is refused is for the broker to choose
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(bytes((0x10, len(body))) + body)
        answer = secured.recv(16)
    assert answer == b""


def test_a_certificate_of_another_authority_is_refused(building: Building, tmp_path: Path) -> None:
    stranger = Authority(tmp_path)
    stranger.ca = building.authority.ca  # it trusts our broker; the broker must not trust it
    assert not building.comes(building.agent(), by=stranger).accepted


def test_tls_1_2_is_refused(building: Building) -> None:
    files = building.authority.issue("agent.main.old-door")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(files.ca)
    context.load_cert_chain(files.certificate, files.key)
    with (
        socket.create_connection((building.broker.host, building.broker.port), timeout=5) as plain,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_a_certificate_of_b_with_the_client_id_of_a_hears_nothing_of_a(building: Building) -> None:
    a, b = building.agent(), building.agent()
    first = listening(building, a)
    first.leave()
    intruder = building.comes(b, as_client=agent_client_id(SITE, a))
    controller = building.controller()
    controller.publish(down(a), b"secret list of A")
    again = building.comes(a)
    assert again.session_present
    assert again.hears(b"secret list of A")
    assert intruder.heard == []
    if building.broker.kind == "embedded":
        assert intruder.accepted is False


def test_a_foreign_connect_does_not_mute_the_real_client(building: Building) -> None:
    a, b = building.agent(), building.agent()
    real, controller = listening(building, a), building.controller()
    building.comes(b, as_client=agent_client_id(SITE, a))
    controller.publish(down(a), b"still heard")
    assert real.hears(b"still heard")
    assert not real.ended


def test_a_reconnecting_session_is_not_given_the_retained_messages_of_others(building: Building) -> None:
    a, b = building.agent(), building.agent()
    listening(building, a).leave()
    controller = building.controller()
    other = listening(building, b)
    controller.publish(down(b), b"secret list of B", retain=True)
    assert other.hears(b"secret list of B")
    again = building.comes(a)
    assert again.session_present
    controller.publish(down(a), b"for A")
    assert again.hears(b"for A")
    assert [said for _topic, said in again.heard] == [b"for A"]


def test_a_retained_message_reaches_its_own_agent_when_it_subscribes(building: Building) -> None:
    agent = building.agent()
    controller = building.controller()
    controller.publish(down(agent), b"kept", retain=True)
    assert listening(building, agent).hears(b"kept")


def test_a_will_on_the_topic_of_another_is_never_delivered(building: Building) -> None:
    a, b = building.agent(), building.agent()
    victim, controller = listening(building, b), building.controller()
    evil = building.comes(a, will=(down(b, "command"), b"release the door"))
    if evil.accepted:
        evil.vanish()
    controller.publish(down(b), b"genuine")
    assert victim.hears(b"genuine")
    assert [said for _topic, said in victim.heard] == [b"genuine"]


def test_a_will_on_its_own_status_is_delivered_when_the_agent_vanishes(building: Building) -> None:
    agent = building.agent()
    controller = building.controller()
    door = building.comes(agent, will=(up(agent, "status"), b"gone"))
    assert door.accepted
    door.vanish()
    assert controller.hears(b"gone")


@pytest.mark.parametrize("leaf", ["up/events", "down/list"])
def test_what_is_published_on_the_topic_of_another_is_dropped(building: Building, leaf: str) -> None:
    a, b = building.agent(), building.agent()
    victim, controller = listening(building, b), building.controller()
    evil = building.comes(a)
    evil.publish(f"sekisho/1/{SITE}/{b}/{leaf}", b"forged")
    evil.publish(f"sekisho/1/{SITE}/{a}/down/list", b"forged for itself")
    evil.publish(up(a), b"own")
    assert controller.hears(b"own")
    controller.publish(down(b), b"genuine")
    assert victim.hears(b"genuine")
    assert b"forged" not in [said for _topic, said in controller.heard + victim.heard]


def test_foreign_and_wildcard_subscriptions_bring_nothing(building: Building) -> None:
    a, b = building.agent(), building.agent()
    controller, victim = building.controller(), listening(building, b)
    curious = listening(building, a)
    filters = ["#", "+/#", "sekisho/#", f"sekisho/1/{SITE}/+/down/#", down(b), f"sekisho/1/{SITE}/{b}/up/#", "$SYS/#"]
    granted = curious.subscribe(*filters)
    if building.broker.kind == "embedded":  # mosquitto grants, and judges each message instead
        assert granted == [False] * len(filters)
    victim.publish(up(b), b"what B said")
    assert controller.hears(b"what B said")
    controller.publish(down(b), b"what B is told")
    assert victim.hears(b"what B is told")
    controller.publish(down(a), b"for A")
    assert curious.hears(b"for A")
    assert {said for _topic, said in curious.heard} == {b"for A"}


def test_the_presence_of_a_named_peer_is_heard_and_nothing_else_of_it(building: Building) -> None:
    a = building.agent()
    peer = f"door-{int(a[-2:]) + 1:02}"
    door, other = listening(building, a), building.comes(peer)
    assert door.subscribe(up(peer, "presence")) == [True]
    door.subscribe(up(peer, "events"))
    other.publish(up(peer, "events"), b"not for A")
    other.publish(up(peer, "presence"), b"somebody went in")
    assert door.hears(b"somebody went in")
    assert [said for _topic, said in door.heard] == [b"somebody went in"]


def test_presence_is_not_heard_by_an_agent_that_is_no_peer(building: Building) -> None:
    a = building.agent()
    peer = f"door-{int(a[-2:]) + 1:02}"
    controller, other = building.controller(), building.comes(peer)
    other.subscribe(up(a, "presence"), f"sekisho/1/{SITE}/{peer}/down/#")  # an odd agent is nobody's listener
    building.comes(a).publish(up(a, "presence"), b"somebody went in")
    assert controller.hears(b"somebody went in")
    controller.publish(down(peer), b"for the peer")
    assert other.hears(b"for the peer")
    assert [said for _topic, said in other.heard] == [b"for the peer"]


def test_a_second_connection_of_the_same_agent_takes_over_and_hears(building: Building) -> None:
    agent = building.agent()
    first, controller = listening(building, agent), building.controller()
    second = building.comes(agent)
    assert second.accepted
    assert second.session_present
    controller.publish(down(agent), b"after the take-over")
    assert second.hears(b"after the take-over")
    assert first.until(lambda: first.ended)
    assert first.heard == []


def test_what_came_while_the_agent_was_away_is_heard_on_return(building: Building) -> None:
    agent = building.agent()
    listening(building, agent).leave()
    controller = building.controller()
    for number in range(5):
        controller.publish(down(agent), b"list %d" % number)
    door = building.comes(agent)
    assert door.until(lambda: len(door.heard) >= 5)
    assert [said for _topic, said in door.heard] == [b"list %d" % number for number in range(5)]


def test_a_message_above_the_limit_is_not_delivered_and_the_next_one_is(building: Building) -> None:
    agent = building.agent()
    door, controller = building.comes(agent), building.controller()
    door.publish(up(agent), b"x" * 70_000)
    if building.broker.kind == "embedded":  # mosquitto drops the message, the embedded broker the connection
        assert door.until(lambda: door.ended)
    again = building.comes(agent)
    again.publish(up(agent), b"y" * 65_536)
    assert controller.hears(b"y" * 65_536)
    assert b"x" * 70_000 not in [said for _topic, said in controller.heard]


def test_an_agent_that_is_not_in_the_table_reaches_nobody(building: Building) -> None:
    unknown = building.comes("unheard-of")
    controller = building.controller()
    if unknown.accepted:
        unknown.publish(up("unheard-of"), b"let me in")
    agent = building.agent()
    building.comes(agent).publish(up(agent), b"known")
    assert controller.hears(b"known")
    assert b"let me in" not in [said for _topic, said in controller.heard]


def test_rubbish_for_a_first_packet_harms_nobody(building: Building) -> None:
    agent = building.agent()
    door, controller = listening(building, agent), building.controller()
    files = building.authority.issue(agent_client_id(SITE, agent))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(files.ca)
    context.load_cert_chain(files.certificate, files.key)
    for rubbish in (b"\xff\xff\xff\xff\xff\xff", b"\x10\xff\xff\xff\x7f", b"\x30\x05hello", b"\x10\x02\x00\x04"):
        with (
            socket.create_connection((building.broker.host, building.broker.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            secured.sendall(rubbish)
    controller.publish(down(agent), b"unharmed")
    assert door.hears(b"unharmed")
