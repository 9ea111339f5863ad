"""Keys of readers: which are taken, how they are kept, and what an installer may not leave open."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.readers.osdp.capabilities import Capabilities
from hardware.readers.osdp.key import DEFAULT_KEY, KeyRefused, ReaderKey, read_key, write_key
from hardware.readers.osdp.settings import BusSettings, ReaderSettings, SettingsRefused
from tests.hardware.osdp.desk import KEY, OTHER_KEY, settings


@pytest.mark.parametrize(
    "key",
    [
        DEFAULT_KEY,
        bytes(16),
        b"\xff" * 16,
        bytes(range(16)),
        bytes(range(255, 239, -1)),
        bytes(range(0, 48, 3)),
        b"\xde\xad\xbe\xef" * 4,
        b"0123456789abcdef",
        b"correct horse ba",
        b"\x01" * 15 + b"\x02",
    ],
    ids=lambda key: key.hex(),
)
def test_a_key_that_somebody_could_guess_is_refused(key: bytes) -> None:
    with pytest.raises(KeyRefused) as refused:
        ReaderKey(key)
    assert key.hex() not in str(refused.value)


@given(st.binary(max_size=40).filter(lambda key: len(key) != 16))
def test_a_key_of_another_length_is_refused(key: bytes) -> None:
    with pytest.raises(KeyRefused):
        ReaderKey(key)


def test_new_keys_are_all_different_and_never_shown() -> None:
    keys = {ReaderKey.new().value for _ in range(100)}
    assert len(keys) == 100
    assert KEY.value.hex() not in repr(KEY)
    assert repr(KEY.value) not in repr(KEY)


def test_a_key_file_is_for_its_owner_only_and_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "reader.key"
    write_key(path, KEY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key(path) == KEY
    with pytest.raises(FileExistsError):
        write_key(path, OTHER_KEY)


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "reader.key"
    write_key(path, KEY)
    path.chmod(0o640)
    with pytest.raises(KeyRefused, match="chmod 600"):
        read_key(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"not hex at all", b"00" * 200, DEFAULT_KEY.hex().encode()])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "reader.key"
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(KeyRefused):
        read_key(path)


def test_a_reader_without_a_key_needs_a_reason_in_writing() -> None:
    for nothing in ("", "  \n"):
        with pytest.raises(SettingsRefused, match="in writing"):
            settings(key=None, sign_off=nothing)
    assert settings(key=None, sign_off="old reader, to be replaced in May").key is None
    with pytest.raises(SettingsRefused, match="take one of them away"):
        settings(sign_off="both")


def test_two_readers_of_a_bus_share_neither_address_nor_key() -> None:
    with pytest.raises(SettingsRefused, match="same address"):
        BusSettings("port", (settings(1), ReaderSettings("other", 1, OTHER_KEY)))
    with pytest.raises(SettingsRefused, match="same key"):
        BusSettings("port", (settings(1), settings(2)))
    with pytest.raises(SettingsRefused, match="0 to 126"):
        settings(127)
    with pytest.raises(SettingsRefused, match="speed"):
        BusSettings("port", (settings(1),), 1234)


def test_a_record_of_capabilities_survives_a_file() -> None:
    record = Capabilities(((1, 1, 2), (9, 1, 0)))
    assert Capabilities.from_text(record.text) == record
    with pytest.raises(ValueError, match="triples"):
        Capabilities.from_text("0101")


@pytest.mark.parametrize(
    ("now", "lost"),
    [
        (((4, 1, 2), (9, 1, 0), (10, 0, 1)), ()),
        (((4, 2, 3), (9, 3, 0), (10, 1, 2), (5, 1, 1)), ()),
        (((9, 1, 0), (10, 0, 1)), ("lights",)),
        (((4, 1, 1), (9, 1, 0), (10, 0, 1)), ("lights",)),
        (((4, 1, 2), (9, 0, 0), (10, 0, 1)), ("security",)),
        (((4, 1, 2), (9, 1, 1), (10, 0, 1)), ("security",)),
        (((4, 1, 2), (9, 1, 0), (10, 255, 0)), ("receive buffer",)),
        ((), ("lights", "security", "receive buffer")),
    ],
)
def test_what_a_reader_no_longer_offers_is_named(now: tuple[tuple[int, int, int], ...], lost: tuple[str, ...]) -> None:
    paired = Capabilities(((4, 1, 2), (9, 1, 0), (10, 0, 1)))
    assert Capabilities(now).losses_since(paired) == lost
