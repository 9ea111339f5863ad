"""Structured logs: one JSON object a line on stderr, which say what happened and never to whom.

The law: personal data and secrets have no way into a log. A field is refused by its name (cards, identities, names,
handles, PINs, keys, tokens, passwords) and by its type (bytes, objects); an exception gives its type and place, not
its message, unless its class sets `safe_to_log = True`; records of foreign libraries give their template only, never
the values put into it. Refusal raises in strict mode (tests, CI: `SEKISHO_STRICT_LOGS=1`); in production the field is
dropped and the line says so, because a log line must not be the reason why a door stops.
"""

import errno
import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Final, TextIO

FORBIDDEN: Final = frozenset(
    {"card", "bits", "identity", "name", "holder", "handle", "pin", "key", "token", "password"},
)
"""A field with one of these names, its plural, or a name that ends in `_` and one of them, is refused."""

RESERVED: Final = frozenset({"time", "level", "process", "logger", "event", "text", "dropped", "errno", "at"})
"""What the line itself uses."""

STRICT_VARIABLE: Final = "SEKISHO_STRICT_LOGS"
_PREFIX: Final = "sekisho."
_strict_choice: bool | None = None


class UnloggableFieldError(ValueError):
    """A field that may not be logged was given to `event` in strict mode."""


def configure(
    process_name: str, level: str = "info", *, stream: TextIO | None = None, strict: bool | None = None
) -> None:
    """Send every log record of this process to `stream` (stderr) as JSON lines. May be called again.

    `level` is debug, info, warning or error, for our own records; foreign libraries are heard from warning on.
    `strict=None` asks the environment (`SEKISHO_STRICT_LOGS=1`).
    """
    global _strict_choice
    _strict_choice = strict
    sink = logging.StreamHandler(stream if stream is not None else sys.stderr)
    sink.setFormatter(_JsonLines(process_name))
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old.formatter, _JsonLines):
            root.removeHandler(old)
    root.addHandler(sink)
    root.setLevel(logging.WARNING)
    logging.getLogger(_PREFIX.rstrip(".")).setLevel(level.upper())
    logging.captureWarnings(capture=True)


def logger(name: str) -> logging.Logger:
    """Our logger for a module: `log = logger(__name__)`."""
    return logging.getLogger(_PREFIX + name)


def event(
    log: logging.Logger,
    what: str,
    /,
    *,
    level: str = "info",
    error: BaseException | None = None,
    **fields: object,
) -> None:
    """Log that `what` happened: `event(log, "list_adopted", version=3)`. Fields are plain scalars, or lists of them.

    Raises `UnloggableFieldError` in strict mode for a field that may not be logged; otherwise drops it with a note.
    """
    refused = {field: why for field, value in fields.items() if (why := refusal(field, value))}
    if refused and is_strict():
        raise UnloggableFieldError(f"{what}: " + "; ".join(f"{field}: {why}" for field, why in refused.items()))
    number = logging.getLevelNamesMapping()[level.upper()]
    if not log.isEnabledFor(number):
        return
    kept = {field: _plain(value) for field, value in fields.items() if field not in refused}
    if refused:
        kept["dropped"] = sorted(refused)
    if error is not None:
        kept |= describe(error)
    log.log(number, what, extra={"sekisho_fields": kept})


def is_strict() -> bool:
    """Whether an unloggable field raises."""
    return _strict_choice if _strict_choice is not None else os.environ.get(STRICT_VARIABLE) == "1"


def refusal(field: str, value: object) -> str | None:
    """Why this field may not be logged, or None when it may."""
    last = field.lower().rpartition("_")[2]
    singular = {last, last.removesuffix("s"), last.removesuffix("ies") + "y"}
    if singular & FORBIDDEN or field.lower() in FORBIDDEN:
        return "names a person, a card or a secret"
    if field in RESERVED:
        return "is a word that the log line itself uses"
    if not _is_loggable(value):
        return f"is a {type(value).__name__}, not a plain value"
    return None


def describe(error: BaseException) -> dict[str, object]:
    """What may be said about an exception: its type, `module:line` of its birth, the errno, and a safe message."""
    described: dict[str, object] = {"error": type(error).__name__}
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is not None:
        described["at"] = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
    if isinstance(error, OSError) and error.errno is not None and error.errno in errno.errorcode:
        described["errno"] = errno.errorcode[error.errno]
    if getattr(type(error), "safe_to_log", False):
        described["text"] = str(error)
    return described


def _is_loggable(value: object) -> bool:
    if isinstance(value, list | tuple | frozenset | set):
        return all(_is_loggable(item) and not isinstance(item, list | tuple | set | frozenset) for item in value)
    return value is None or isinstance(value, str | bool | int | float | Enum | Path | datetime)


def _plain(value: object) -> object:
    if isinstance(value, set | frozenset):
        return sorted((_plain(item) for item in value), key=str)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


class _JsonLines(logging.Formatter):
    """A record as one JSON object on one line."""

    def __init__(self, process_name: str) -> None:
        super().__init__()
        self._process_name = process_name

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process_name,
            "logger": record.name.removeprefix(_PREFIX),
        }
        fields = getattr(record, "sekisho_fields", None)
        if isinstance(fields, Mapping):
            line |= {"event": record.msg, **fields}
        else:
            # A foreign record: its template may be shown, its arguments may hold anything (a database row, a topic).
            line |= {"event": "log", "text": str(record.msg)[:500]}
        if record.exc_info and record.exc_info[1] is not None:
            line |= describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=lambda value: type(value).__name__)
