"""Settings files: a value of the asked kind, or one line that says what is wrong and where."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from process.settings import SIZE_LIMIT, SettingsError, load, parse


class LockKind(StrEnum):
    STRIKE = "strike"
    MAGLOCK = "maglock"


@dataclass(frozen=True, slots=True)
class Lock:
    kind: LockKind
    pulse: float = 3.0

    def __post_init__(self) -> None:
        if not 0 < self.pulse <= 60:
            raise ValueError("pulse must be above 0 and at most 60 seconds")


@dataclass(frozen=True, slots=True)
class WiegandReader:
    kind: Literal["wiegand"]
    d0: int
    d1: int


@dataclass(frozen=True, slots=True)
class SerialReader:
    kind: Literal["serial"]
    device: Path


@dataclass(frozen=True, slots=True)
class Door:
    id: str
    lock: Lock
    reader: WiegandReader | SerialReader | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    site: str
    certificate: Path
    doors: tuple[Door, ...] = ()
    mode: Literal["controlled", "recorded", 3] = "controlled"
    verbose: bool = False
    retries: int | None = None
    labels: Mapping[str, tuple[int, ...]] | None = None


FILE = Path("/etc/sekisho/door.toml")
GOOD = """
site = "main"
certificate = "keys/door.pem"
mode = "recorded"
verbose = true
retries = 4
labels = {a = [1, 2], "b c" = []}
[[doors]]
id = "cedar"
lock = {kind = "strike", pulse = 5}
reader = {kind = "wiegand", d0 = 17, d1 = 27}
[[doors]]
id = "hallway"
lock.kind = "maglock"
reader = {kind = "serial", device = "/dev/ttyUSB0"}
"""


def read(text: str) -> Settings:
    return parse(text.encode(), Settings, FILE)


def fault(text: str) -> str:
    with pytest.raises(SettingsError) as refused:
        read(text)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def with_line(line: str) -> str:
    return f'site = "main"\ncertificate = "c"\n{line}\n'


def test_a_whole_file_becomes_frozen_values(tmp_path: Path) -> None:
    file = tmp_path / "door.toml"
    file.write_text(GOOD, encoding="utf-8")
    settings = load(file, Settings)
    assert settings.certificate == tmp_path / "keys" / "door.pem"
    assert settings.doors == (
        Door("cedar", Lock(LockKind.STRIKE, 5.0), WiegandReader("wiegand", 17, 27)),
        Door("hallway", Lock(LockKind.MAGLOCK), SerialReader("serial", Path("/dev/ttyUSB0"))),
    )
    assert type(settings.doors[0].lock.pulse) is float
    assert settings.doors[0].lock.kind is LockKind.STRIKE
    assert settings.labels == {"a": (1, 2), "b c": ()}
    assert (settings.mode, settings.verbose, settings.retries) == ("recorded", True, 4)


def test_what_is_left_out_has_its_default() -> None:
    settings = read(with_line(""))
    assert (settings.doors, settings.mode, settings.verbose, settings.retries) == ((), "controlled", False, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (with_line("verbos = true"), 'verbos: is not a known setting; did you mean "verbose"?'),
        (with_line("zzz = 1"), "zzz: is not a known setting"),
        (with_line('"a\\nb" = 1'), '"a\\nb": is not a known setting'),
        ('site = "main"', "certificate: is missing"),
        (with_line("verbose = 1"), "verbose: must be true or false, not a whole number"),
        (with_line("retries = true"), "retries: must be a whole number, not true or false"),
        (with_line("retries = 1.0"), "retries: must be a whole number, not a number"),
        (with_line("retries = 1979-05-27"), "retries: must be a whole number, not a date or time"),
        (with_line('mode = "recoded"'), 'must be one of "controlled", "recorded", 3; did you mean "recorded"?'),
        (with_line("mode = 3.0"), "mode: must be one of"),
        (with_line("doors = {}"), "doors: must be a list, not a table"),
        (with_line("[[doors]]\nid = 'x'"), "doors[0].lock: is missing"),
        (with_line("[[doors]]\nid = 'x'\nlock = 1"), "doors[0].lock: must be a table, not a whole number"),
        (
            with_line("[[doors]]\nid = 'x'\nlock = {kind = 'strike', pulse = 61}"),
            "doors[0].lock: pulse must be above 0 and at most 60 seconds",
        ),
        (with_line("[[doors]]\nid = 'x'\nlock = {kind = 'strike', pulse = nan}"), "pulse: must be a finite number"),
        (with_line("[[doors]]\nid = 'x'\nlock.kind = 'strike'\nreader = {}"), "doors[0].reader.kind: is missing"),
        (
            with_line("[[doors]]\nid = 'x'\nlock.kind = 'strike'\nreader = {kind = 'serail'}"),
            'doors[0].reader.kind: must be one of "wiegand", "serial"; did you mean "serial"?',
        ),
        (
            with_line("[[doors]]\nid = 'x'\nlock.kind = 'strike'\nreader = {kind = 'serial', d0 = 1}"),
            "doors[0].reader.d0: is not a known setting",
        ),
        ('site = "main"\ncertificate = ""', "certificate: must be a path"),
        ("site = ", "is not TOML"),
        ("x = " + "[" * 5000, "is not TOML"),
        ("x = " + "9" * 5000, "is not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_file_the_key_and_the_fault(text: str, said: str) -> None:
    assert fault(text).startswith(f"{FILE}: ")
    assert said in fault(text)


def test_a_wrong_value_is_not_repeated() -> None:
    assert "s3cret" not in fault(with_line('retries = "s3cret"'))


def test_a_file_that_is_not_there_not_text_or_far_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "none.toml", Settings)
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path, Settings)
    with pytest.raises(SettingsError, match="is not UTF-8"):
        parse(b'site = "\xff"', Settings, FILE)
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (SIZE_LIMIT + 1))
    with pytest.raises(SettingsError, match="is larger than"):
        load(large, Settings)


def test_a_kind_that_settings_cannot_hold_is_our_own_mistake() -> None:
    @dataclass(frozen=True)
    class Impossible:
        what: bytes

    with pytest.raises(TypeError, match="settings cannot hold"):
        parse(b"what = 1", Impossible, FILE)


SCALARS = st.sampled_from(
    ["1", "-1", "true", "1.5", "inf", "nan", "1e400", '"strike"', '"x"', '""', "'serial'", "1979-05-27", "07:32:00"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(st.sampled_from(["kind", "pulse", "d0", "id", "lock", "reader"]), inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"{name} = {value}" for name, value in table.items()) + "}"
        ),
    ),
    max_leaves=6,
)
LINES = st.tuples(
    st.sampled_from(["site", "certificate", "doors", "mode", "verbose", "retries", "labels", "sight"]), VALUES
).map(" = ".join)


def test_any_text_gives_a_value_or_a_settings_error() -> None:
    folder = Path(tempfile.gettempdir())

    @given(st.one_of(st.text(), st.lists(LINES, max_size=7).map("\n".join), SCALARS))
    def any_text(text: str) -> None:
        try:
            value = parse(text.encode(errors="surrogatepass"), Settings, folder / "x.toml")
        except SettingsError as refused:
            value = None
            told = str(refused)
        else:
            told = str(value)
        assert told.strip()
        assert value is None or isinstance(value, Settings)

    any_text()
