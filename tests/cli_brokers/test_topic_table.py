"""The table of topics as pure functions."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.brokers.mosquitto import acl_text, configuration_text
from cli.brokers.rules import AgentRules, TopicTable, covers, is_filter, is_topic
from process.mqtt_session import TlsFiles

CEDAR = AgentRules("main", "cedar", peers=("hallway",))
TABLE = TopicTable.of([CEDAR, AgentRules("main", "hallway"), AgentRules("annexe", "cedar")])
A, CONTROLLER = "agent.main.cedar", "controller.main"
LEVELS = st.lists(st.sampled_from(["a", "b", "", "+", "#"]), min_size=1, max_size=4).map("/".join)
TOPICS = st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=4).map("/".join)


def matches(topic_filter: str, topic: str) -> bool:
    """MQTT 3.1.1, 4.7.1, spelt out in another way than `covers` does it."""
    first, _, others = topic_filter.partition("/")
    if first == "#":
        return True
    head, slash, tail = topic.partition("/")
    if first not in ("+", head):
        return False
    if "/" not in topic_filter or not slash:
        return ("/" in topic_filter) == bool(slash) or (others == "#" and not slash)
    return matches(others, tail)


@pytest.mark.parametrize(
    ("client", "topic", "allowed"),
    [
        (A, "sekisho/1/main/cedar/up/events", True),
        (A, "sekisho/1/main/cedar/up/presence", True),
        (A, "sekisho/1/main/cedar/down/list", False),
        (A, "sekisho/1/main/hallway/up/events", False),
        (A, "sekisho/1/annexe/cedar/up/events", False),
        (A, "sekisho/2/main/cedar/up/events", False),
        (A, "sekisho/1/main/cedar/up/+", False),
        (A, "", False),
        (CONTROLLER, "sekisho/1/main/cedar/down/list", True),
        (CONTROLLER, "sekisho/1/main/cedar/up/events", False),
        (CONTROLLER, "sekisho/1/annexe/cedar/down/list", False),
        ("agent.main.unheard-of", "sekisho/1/main/unheard-of/up/events", False),
    ],
)
def test_who_may_say_what(client: str, topic: str, allowed: bool) -> None:
    assert TABLE.may_publish(client, topic) is allowed


@pytest.mark.parametrize(
    ("client", "topic_filter", "allowed"),
    [
        (A, "sekisho/1/main/cedar/down/#", True),
        (A, "sekisho/1/main/cedar/down/+", True),
        (A, "sekisho/1/main/cedar/down/list", True),
        (A, "sekisho/1/main/hallway/up/presence", True),
        (A, "sekisho/1/main/hallway/up/#", False),
        (A, "sekisho/1/main/+/up/presence", False),
        (A, "sekisho/1/main/+/down/#", False),
        (A, "sekisho/1/main/cedar/#", False),
        (A, "sekisho/1/main/cedar/up/#", False),
        (A, "#", False),
        (A, "$SYS/#", False),
        (A, "sekisho/1/main/cedar/down/l#", False),
        ("agent.main.hallway", "sekisho/1/main/cedar/up/presence", False),
        (CONTROLLER, "sekisho/1/main/+/up/#", True),
        (CONTROLLER, "sekisho/1/+/+/up/#", False),
        (CONTROLLER, "sekisho/1/main/+/down/#", False),
    ],
)
def test_who_may_ask_to_hear_what(client: str, topic_filter: str, allowed: bool) -> None:
    assert TABLE.may_subscribe(client, topic_filter) is allowed


@given(outer=LEVELS.filter(is_filter), inner=LEVELS.filter(is_filter), topic=TOPICS)
def test_a_covered_filter_never_matches_what_the_covering_one_does_not(outer: str, inner: str, topic: str) -> None:
    assert covers(outer, topic) == matches(outer, topic)
    if covers(outer, inner) and matches(inner, topic):
        assert matches(outer, topic)


@pytest.mark.parametrize("label", ["Main", "", "a/b", "a.b", "a b", "+", "ü", "a\n"])
def test_an_id_that_could_mean_something_else_is_refused(label: str) -> None:
    for site, agent, peers in ((label, "cedar", ()), ("main", label, ()), ("main", "cedar", (label,))):
        with pytest.raises(ValueError, match="is not a site or agent id"):
            AgentRules(site, agent, peers)


def test_a_name_too_long_for_a_certificate_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than"):
        AgentRules("main", "c" * 60)


def test_topics_and_filters_are_told_apart() -> None:
    assert is_topic("a/b")
    assert not is_topic("a/+")
    assert not is_topic("a\0b")
    assert is_filter("a/+/#")
    assert not is_filter("a/#/b")
    assert not is_filter("")


def test_the_acl_file_says_what_the_table_says() -> None:
    text = acl_text(TopicTable.of([CEDAR]))
    assert text.splitlines() == [
        "user agent.main.cedar",
        "topic write sekisho/1/main/cedar/up/#",
        "topic read sekisho/1/main/cedar/down/#",
        "topic read sekisho/1/main/hallway/up/presence",
        "",
        "user controller.main",
        "topic write sekisho/1/main/+/down/#",
        "topic read sekisho/1/main/+/up/#",
    ]


def test_a_path_that_could_add_a_line_to_the_configuration_is_refused() -> None:
    files = TlsFiles(Path("/x/ca.pem"), Path("/x/a\nallow_anonymous true"), Path("/x/key.pem"))
    with pytest.raises(ValueError, match="line break"):
        configuration_text(Path("/x/acl"), files, "127.0.0.1", 1, as_root=False)
