"""The installer's scripts at a bench, with reference peripherals and without time; and the acts, at a pty."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from hardware.bench.osdp_line import Pty
from hardware.readers.osdp.frame import Frame, decode
from hardware.readers.osdp.installation import Found, Trouble, hand_over, move, who_answers
from hardware.readers.osdp.key import DEFAULT_KEY
from hardware.readers.osdp.pairing import Bench, discover, pair
from hardware.readers.osdp.port import Port
from hardware.readers.osdp.reply import Communication
from tests.hardware.osdp.desk import KEY, OTHER_KEY, Counter
from tests.hardware.osdp.reference_peripheral import ReferencePeripheral

Result = TypeVar("Result")


def played(script: Generator[Frame, Frame | None, Result], peers: Sequence[ReferencePeripheral]) -> Result:
    """The end of a script with these readers on the line."""
    try:
        frame = next(script)
        while True:
            raw = b"".join(peer.answer(frame.encode()) for peer in peers)
            answer = decode(raw) if raw else None
            frame = script.send(answer if isinstance(answer, Frame) else None)
    except StopIteration as end:
        result: Result = end.value
        return result


def new_reader(address: int = 1) -> ReferencePeripheral:
    """A reader in its install mode."""
    made = ReferencePeripheral(address, None)
    made.default_key_in_use = True
    return made


def test_everybody_on_the_line_is_found() -> None:
    found = played(who_answers(range(127)), [new_reader(3), ReferencePeripheral(9, KEY.value)])
    assert [reader.address for reader in found] == [3, 9]
    assert all(isinstance(reader, Found) and reader.identity and reader.identity.serial == 77 for reader in found)


def test_a_reader_in_its_install_mode_takes_a_key_and_it_never_stands_on_the_line_in_the_clear() -> None:
    reader, said = new_reader(), []
    answer = reader.answer
    reader.answer = lambda command: said.append(command) or answer(command)  # type: ignore[method-assign, func-returns-value]
    assert played(hand_over(1, None, KEY, Counter(1)), [reader]) is None
    assert reader.key == KEY.value
    assert len(said) == 4
    assert not any(KEY.value in command for command in said)


def test_a_paired_reader_takes_a_new_key_only_from_who_has_the_old_one() -> None:
    reader = ReferencePeripheral(1, KEY.value)
    refused = played(hand_over(1, None, OTHER_KEY, Counter(1)), [reader])
    assert isinstance(refused, Trouble)
    assert not refused.key_sent
    assert reader.key == KEY.value
    assert played(hand_over(1, KEY, OTHER_KEY, Counter(1)), [reader]) is None
    assert reader.key == OTHER_KEY.value


def test_nobody_at_that_address_is_said() -> None:
    assert played(hand_over(2, None, KEY, Counter(1)), [new_reader(1)]) == Trouble("nobody answers at address 2")


def test_a_reader_that_falls_silent_after_its_key_may_have_taken_it() -> None:
    reader = new_reader()
    answer = reader.answer
    reader.answer = lambda command: answer(command) if command[4] & 3 < 3 else b""  # type: ignore[method-assign]
    trouble = played(hand_over(1, None, KEY, Counter(1)), [reader])
    assert isinstance(trouble, Trouble)
    assert trouble.key_sent


def test_a_reader_that_does_not_move_says_so() -> None:
    to = Communication(5, 115200)
    assert isinstance(played(move(1, KEY, to, Counter(1)), [ReferencePeripheral(1, KEY.value)]), Trouble)
    assert isinstance(played(move(1, None, to, Counter(1)), [new_reader()]), Trouble)


# ---------------------------------------------------------------- acts that block


@pytest.fixture
def silent_line() -> Generator[Pty, None, None]:
    line = Pty()
    yield line
    line.close()


def test_a_line_on_which_nobody_answers_has_nobody(silent_line: Pty) -> None:
    assert discover(Bench(silent_line.path, 115200, reply_timeout=0.001)) == []


def test_pairing_ends_in_its_time_and_leaves_no_key_behind(silent_line: Pty, tmp_path: Path) -> None:
    bench = Bench(silent_line.path, 115200, reply_timeout=0.001, limit=0.05)
    trouble = pair(bench, 1, tmp_path / "reader.key")
    assert isinstance(trouble, Trouble)
    assert "longer than" in trouble.detail
    nobody = pair(Bench(silent_line.path, 115200), 1, tmp_path / "reader.key", others_allowed=True)
    assert nobody == Trouble("nobody answers at address 1")
    assert list(tmp_path.iterdir()) == []


def test_pairing_does_not_overwrite_a_key_and_needs_its_port(silent_line: Pty, tmp_path: Path) -> None:
    (tmp_path / "old.key").write_bytes(DEFAULT_KEY.hex().encode())
    refused = pair(Bench(silent_line.path), 1, tmp_path / "old.key", others_allowed=True)
    assert isinstance(refused, Trouble)
    assert "old.key" in refused.detail
    assert isinstance(discover(Bench(str(tmp_path / "nowhere"))), Trouble)


def test_a_port_that_cannot_switch_its_driver_is_refused_rather_than_left_talking(silent_line: Pty) -> None:
    with pytest.raises(OSError, match="RS-485"):
        Port(silent_line.path, 9600, rs485=True)
    with Port(silent_line.path, 9600):
        pass
