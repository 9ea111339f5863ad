"""Writes the tables of docs/security/logging.md from the kinds of the ledger, the calls of `event` and the metrics.

Run it as `python -m tests.docs.make_logging_page`; a test holds the page to it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from admin_web.act_words import ACTS
from controller.ledger.kinds import CHANGES_LISTS, NO_ACTS, Kind

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security" / "logging.md"
_LEVELS = frozenset({"debug", "info", "warning", "error"})
_PROCESSES = {
    "admin_web": "pages",
    "cli": "broker of the demo",
    "controller": "controller",
    "door_agent": "agent",
    "process": "controller, agent",
}
BY_THEMSELVES = {
    Kind.FACT: "What a door recorded (protocol/facts.md)",
    Kind.FACT_CHAIN_BROKEN: "An agent's chain of facts forked",
    Kind.FACTS_MISSING: "Facts that an agent no longer keeps never arrived",
    Kind.MESSAGE_REFUSED: "Messages on an agent's topic that were refused, counted",
    Kind.LIST_TOO_LARGE: "A list outgrew one message and was not sent",
    Kind.LIST_COMPILED: "A list for an agent was made",
    Kind.SIGN_OFF_LAPSED: "The sign-off of a controlled exit ran out",
    Kind.FEED_PAUSED: "A feed of which nothing was taken was paused",
    Kind.DEMO_HISTORY: "The demo's made-up past ends here",
}
EVENTS = {
    "broker_connected": "the broker took the connection",
    "broker_disconnected": "the connection to the broker ended",
    "broker_not_reached": "the broker does not answer, or TLS with it failed: why",
    "callback_failed": "a message could not be handed on: a defect",
    "client_id_is_not_its_certificates": "a client with another's name was refused",
    "client_is_unknown": "a client that is in no plan was refused",
    "connection_failed": "a connection to the broker ended by a defect",
    "connection_refused": "TLS or the first packet of a client was refused",
    "database_away": "the database did not answer; nothing was changed",
    "database_not_verified": "the database is elsewhere, and its certificate is not looked at: how to mend that",
    "export_failed": "a file could not be made",
    "feed_defect": "an event could not be written for a feed: a defect",
    "feed_not_taken": "the recipient of a feed took nothing: why",
    "feed_paused": "nothing was taken for too long; the feed waits for an operator",
    "journal_failed": "the journal cannot be written: entries are refused",
    "journal_not_read": "the journal cannot be read for sending",
    "journal_without_room": "the room that the journal keeps in reserve could not be had",
    "lists_issued": "so many lists went out",
    "loop_trouble": "the broker's loop reported an error",
    "mail_given_up": "a mail was refused for good: which, by what code",
    "mail_put_off": "a mail was not taken and is tried again",
    "mail_server_away": "the mail server does not answer, or TLS with it failed",
    "mail_written": "news went into the outbox, for how many",
    "message_dropped": "a message too large or too many was dropped",
    "messages_refused": "so many messages of agents were refused, by doublings; the ledger has them counted",
    "news_interrupted": "the pages cannot follow the ledger just now",
    "pages_in_the_clear": "the pages listen beyond their machine without TLS, as the settings say: where",
    "pin_not_verified": "a PIN could not be compared: the entry is refused",
    "posture_issued": "so many lists overtook others because of a posture",
    "provider_answer_refused": "an answer of the OpenID provider was refused: why",
    "provider_away": "the OpenID provider does not answer as it should",
    "serving": "the process has started",
    "subscription_refused": "the broker refused a subscription",
    "take_over_failed": "a new connection of a client could not end its old one",
    "turned_away": "requests were refused of which no row says anything: why and how many, by doublings",
    "unexpected_error": "a defect: its type and place",
    "watchdog_fed_again": "all parts of a process answer again",
    "watchdog_not_fed": "a part of a process does not answer: which",
    "will_is_not_allowed": "a client with a last will was refused",
    "working": "the agent has started, for how many doors",
}


@dataclass(frozen=True, slots=True)
class Call:
    """A line of the log as the code writes it."""

    folder: str
    event: str
    level: str
    fields: tuple[str, ...]


def calls() -> list[Call]:
    """Every line that the program may write, in the order of their names."""
    found = [
        call
        for folder in _PROCESSES
        for file in sorted((ROOT / folder).rglob("*.py"))
        for call in _calls(folder, ast.parse(file.read_text(encoding="utf-8")))
    ]
    return sorted(found, key=lambda each: (each.event, each.folder))


def metrics() -> list[tuple[str, str]]:
    """Names and words of the numbers for Prometheus."""
    tree = ast.parse((ROOT / "admin_web" / "api" / "watching.py").read_text(encoding="utf-8"))
    dicts = [each for each in ast.walk(tree) if isinstance(each, ast.Dict)]
    pairs = [pair for each in dicts for pair in zip(each.keys, each.values, strict=True)]
    return [
        (str(key.value), str(value.elts[0].value))
        for key, value in pairs
        if isinstance(key, ast.Constant) and isinstance(value, ast.Tuple) and isinstance(value.elts[0], ast.Constant)
    ]


def written(page: str) -> str:
    """The page with its tables as they are now."""
    for name, table in (("kinds", _kinds()), ("events", _events()), ("metrics", _metrics())):
        before, rest = page.split(f"<!-- {name} -->\n", 1)
        _, after = rest.split(f"<!-- end of {name} -->\n", 1)
        page = f"{before}<!-- {name} -->\n{table}<!-- end of {name} -->\n{after}"
    return page


def _kinds() -> str:
    lines = ["| kind | | act of somebody | changes lists |", "|---|---|---|---|"]
    for kind in Kind:
        said = BY_THEMSELVES[kind] if kind in NO_ACTS else ACTS[kind]._args[0]
        lines.append(f"| `{kind}` | {said} | {_yes(kind not in NO_ACTS)} | {_yes(kind in CHANGES_LISTS)} |")
    return "\n".join([*lines, ""])


def _events() -> str:
    lines = ["| event | level | process | fields | |", "|---|---|---|---|---|"]
    every = calls()
    for event in sorted({each.event for each in every}):
        own = [each for each in every if each.event == event]
        levels = ", ".join(sorted({each.level for each in own}))
        processes = ", ".join(dict.fromkeys(_PROCESSES[each.folder] for each in own))
        fields = ", ".join(f"`{field}`" for field in sorted({field for each in own for field in each.fields}))
        lines.append(f"| `{event}` | {levels} | {processes} | {fields} | {EVENTS[event]} |")
    return "\n".join([*lines, ""])


def _metrics() -> str:
    return "\n".join(["| metric | |", "|---|---|", *(f"| `{name}` | {says} |" for name, says in metrics()), ""])


def _yes(fact: bool) -> str:
    return "yes" if fact else ""


def _calls(folder: str, tree: ast.Module) -> Iterator[Call]:
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and _is_event(node) and function.name != "event":
                fields = tuple(each.arg for each in node.keywords if each.arg and each.arg != "level")
                for event, level in _said(node, function):
                    yield Call(folder, event, level, fields)


def _is_event(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name == "event" and len(node.args) == 2


def _said(node: ast.Call, function: ast.AST) -> Iterator[tuple[str, str]]:
    """Event and level; where they are chosen between, what is chosen from."""
    level = next((each.value for each in node.keywords if each.arg == "level"), ast.Constant("info"))
    levels = [each for each in _texts(level, function) if each in _LEVELS]
    events = [each for each in _texts(node.args[1], function) if each not in _LEVELS]
    for index, event in enumerate(events):
        yield event, levels[min(index, len(levels) - 1)]


def _texts(value: ast.expr, function: ast.AST) -> list[str]:
    """The texts that an expression may be, or that its variable is given in this function, in their order."""
    if isinstance(value, ast.Name):
        given = [each for each in ast.walk(function) if isinstance(each, ast.Assign) and _gives(each, value.id)]
        return [text for each in given for text in _texts(each.value, function)]
    if isinstance(value, ast.IfExp):
        return [*_texts(value.body, function), *_texts(value.orelse, function)]
    if isinstance(value, ast.Tuple):
        return [text for each in value.elts for text in _texts(each, function)]
    return [value.value] if isinstance(value, ast.Constant) and isinstance(value.value, str) else []


def _gives(assignment: ast.Assign, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(assignment.targets[0]))


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
