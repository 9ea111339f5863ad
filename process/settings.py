"""One TOML file becomes one frozen, slotted dataclass, or one clear line that says what is wrong and where.

The law: any text gives a value of the asked kind or a `SettingsError`; nothing half-read, nothing ignored, no default
for a key that was misspelt. The dataclass is the schema: its annotations say what is allowed, its defaults what may be
left out, and a `ValueError` from its `__post_init__` is an answer about that table. Values are never repeated in
errors unless they are one of a few known words, since a secret pasted into the wrong key must not reach a log.
"""

import dataclasses
import difflib
import json
import math
import re
import tomllib
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

SIZE_LIMIT = 1 << 20
"""A settings file larger than this (bytes) is not read: it is not a settings file."""

_T = TypeVar("_T")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_KINDS: dict[type, str] = {
    bool: "true or false", int: "a whole number", float: "a number", str: "a text", list: "a list", dict: "a table",
}  # fmt: skip


class SettingsError(ValueError):
    """A settings file cannot be used. `str()` is one line: the file, the key path, what is wrong with it."""

    safe_to_log = True

    def __init__(self, file: Path, key: str, fault: str) -> None:
        self.file, self.key, self.fault = file, key, " ".join(fault.split())
        super().__init__(": ".join(part for part in (str(file), key, self.fault) if part))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the file a value stands."""

    file: Path
    key: str = ""

    def child(self, name: str) -> "_Place":
        shown = name if _BARE_KEY.fullmatch(name) else json.dumps(name)
        return _Place(self.file, f"{self.key}.{shown}" if self.key else shown)

    def item(self, index: int) -> "_Place":
        return _Place(self.file, f"{self.key}[{index}]")

    def fault(self, what: str) -> SettingsError:
        return SettingsError(self.file, self.key, what)


def load(path: Path, kind: type[_T]) -> _T:
    """The settings in `path` as a `kind` (a dataclass). Raises `SettingsError`, and nothing else, for any file.

    A `Path` setting is relative to the folder of the file, so that a settings folder can be moved as a whole.
    """
    place = _Place(path)
    try:
        with path.open("rb") as file:
            raw = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise place.fault(f"cannot be read: {error.strerror or type(error).__name__}") from error
    if len(raw) > SIZE_LIMIT:
        raise place.fault(f"is larger than {SIZE_LIMIT} bytes")
    return parse(raw, kind, path)


def parse(raw: bytes, kind: type[_T], path: Path) -> _T:
    """Like `load`, of bytes already read; `path` names them in errors and anchors relative paths."""
    place = _Place(path)
    try:
        table = tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise place.fault("is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise place.fault(f"is not TOML: {error}") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; tables nested thousands deep
        raise place.fault("is not TOML that can be read: a number too long or a nesting too deep") from error
    value: _T = _table(table, kind, place)
    return value


def _table(value: object, kind: type[Any], place: _Place) -> Any:
    if not isinstance(value, dict):
        raise _wrong_kind(value, "a table", place)
    hints = get_type_hints(kind)
    known = {field.name: field for field in dataclasses.fields(kind) if field.init}
    for name in value:
        if name not in known:
            raise place.child(name).fault(f"is not a known setting{_nearest(name, known)}")
    for name, field in known.items():
        if name not in value and field.default is field.default_factory is dataclasses.MISSING:
            raise place.child(name).fault("is missing")
    read = {name: _value(item, hints[name], place.child(name)) for name, item in value.items()}
    try:
        return kind(**read)
    except SettingsError:
        raise
    except ValueError as error:
        raise place.fault(str(error) or "is out of range") from error


def _value(value: object, hint: Any, place: _Place) -> Any:
    origin = get_origin(hint)
    if origin is Literal:
        return _one_of(value, get_args(hint), place)
    if origin in (Union, types.UnionType):
        return _alternative(value, get_args(hint), place)
    if origin is tuple:
        return _list(value, hint, place)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(value, get_args(hint)[1], place)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _table(value, hint, place)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(_one_of(value, [member.value for member in hint], place))
    return _scalar(value, hint, place)


def _scalar(value: object, hint: Any, place: _Place) -> Any:
    if hint is Path:
        return _path(value, place)
    if hint is float and type(value) in (int, float):
        return _finite(value, place)
    if hint not in (bool, int, float, str):
        raise TypeError(f"{place.key}: settings cannot hold {hint!r}")  # a mistake in our dataclass, not in the file
    if type(value) is not hint:  # `is`, not isinstance: True is not a whole number
        raise _wrong_kind(value, _KINDS[hint], place)
    return value


def _finite(value: Any, place: _Place) -> float:
    try:
        number = float(value)
    except OverflowError as error:
        raise place.fault("is too large a number") from error
    if not math.isfinite(number):
        raise place.fault("must be a finite number")
    return number


def _path(value: object, place: _Place) -> Path:
    if not isinstance(value, str):
        raise _wrong_kind(value, "a text (a path)", place)
    if not value or "\0" in value:
        raise place.fault("must be a path, not an empty text or one with a NUL")
    return place.file.parent / value


def _list(value: object, hint: Any, place: _Place) -> tuple[Any, ...]:
    inner = get_args(hint)
    if len(inner) != 2 or inner[1] is not Ellipsis:
        raise TypeError(f"{place.key}: settings hold tuple[X, ...] only, not {hint!r}")
    if not isinstance(value, list):
        raise _wrong_kind(value, "a list", place)
    return tuple(_value(item, inner[0], place.item(index)) for index, item in enumerate(value))


def _mapping(value: object, inner: Any, place: _Place) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong_kind(value, "a table", place)
    return types.MappingProxyType({name: _value(item, inner, place.child(name)) for name, item in value.items()})


def _alternative(value: object, members: tuple[Any, ...], place: _Place) -> Any:
    """`X | None` (TOML has no null: leaving the key out is None), or tables told apart by their Literal `kind`."""
    real = [member for member in members if member is not types.NoneType]
    if len(real) == 1:
        return _value(value, real[0], place)
    if not all(dataclasses.is_dataclass(member) for member in real):
        raise TypeError(f"{place.key}: settings hold X | None, or alternatives that are dataclasses with a `kind`")
    by_kind = {word: member for member in real for word in get_args(get_type_hints(member)["kind"])}
    if not isinstance(value, dict):
        raise _wrong_kind(value, "a table", place)
    if "kind" not in value:
        raise place.child("kind").fault("is missing")
    return _table(value, by_kind[_one_of(value["kind"], by_kind, place.child("kind"))], place)


def _one_of(value: object, words: Iterable[Any], place: _Place) -> Any:
    for word in words:
        if type(value) is type(word) and value == word:
            return word
    listed = ", ".join(json.dumps(word) for word in words)
    near = _nearest(value, [word for word in words if isinstance(word, str)]) if isinstance(value, str) else ""
    raise place.fault(f"must be one of {listed}{near}")


def _nearest(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name[:100], list(known), n=1, cutoff=0.5)
    return f"; did you mean {json.dumps(found[0])}?" if found else ""


def _wrong_kind(value: object, wanted: str, place: _Place) -> SettingsError:
    return place.fault(f"must be {wanted}, not {_KINDS.get(type(value), 'a date or time')}")
