"""The bench as a process, driven by real hands over its socket."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from hardware.bench.hand import BenchRefusedError, Hand
from hardware.bench.process import BenchProcess, BenchStartError
from hardware.readers.framing import LineHex, StxEtxHex
from hardware.readers.serial_port import SerialReader
from hardware.signal import CardBits, FaultKind, ReaderFault, Signal

pytestmark = pytest.mark.building

REPOSITORY = Path(__file__).parents[2]
Start = Callable[[Path], BenchProcess]
ADA = f"{0x62E3086CED:040b}"


@contextlib.contextmanager
def reading(bench: BenchProcess, name: str) -> Iterator["SimpleQueue[Signal]"]:
    heard: SimpleQueue[Signal] = SimpleQueue()
    framing = StxEtxHex() if name == "cedar-in" else LineHex()
    reader = SerialReader(name, bench.port(name), framing, heard.put)
    reader.start()
    assert reader.wait_open(5)
    try:
        yield heard
    finally:
        reader.close()


@contextlib.contextmanager
def raw(bench: BenchProcess) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(bench.socket))
        sock.settimeout(5)
        yield sock


def answer(sock: socket.socket, line: bytes) -> dict[str, object]:
    sock.sendall(line + b"\n")
    data = b""
    while not data.endswith(b"\n"):
        data += sock.recv(65536)
    found = json.loads(data)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(("name", "bits"), [("cedar-in", ADA), ("cedar-out", "0000101011110001")])
def test_a_presented_card_arrives_bit_for_bit(bench: BenchProcess, hand: Hand, name: str, bits: str) -> None:
    with reading(bench, name) as heard:
        sent = hand.present(name, bits=bits)
        card = heard.get(timeout=5)
    assert isinstance(card, CardBits)
    assert (card.reader, card.bits) == (name, bits)
    assert abs(card.mono - sent) < 5


def test_raw_bytes_arrive_as_the_wire_would_carry_them(bench: BenchProcess, hand: Hand) -> None:
    with reading(bench, "cedar-in") as heard:
        hand.present("cedar-in", raw=b"\x0262E3086CED09\x03")
        fault = heard.get(timeout=5)
    assert isinstance(fault, ReaderFault)
    assert fault.kind is FaultKind.BAD_CHECKSUM


def test_a_cut_reader_vanishes_and_comes_back_at_the_same_place(bench: BenchProcess, hand: Hand) -> None:
    with reading(bench, "cedar-in") as heard:
        hand.cut("cedar-in", True)
        lost = heard.get(timeout=5)
        assert not Path(bench.port("cedar-in")).is_symlink()
        with pytest.raises(BenchRefusedError, match="cut"):
            hand.present("cedar-in", bits=ADA)
        hand.cut("cedar-in", True)
        hand.cut("cedar-in", False)
        back = heard.get(timeout=5)
        hand.present("cedar-in", bits=ADA)
        assert isinstance(heard.get(timeout=5), CardBits)
    assert isinstance(lost, ReaderFault)
    assert isinstance(back, ReaderFault)
    assert (lost.kind, back.kind) == (FaultKind.LOST, FaultKind.REOPENED)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"nonsense", "no JSON object"),
        (b"[" * 60_000, "no JSON object"),
        (b'{"do":"present","reader":"elm-in","bits":"01"}', "unknown reader"),
        (b'{"do":"present","reader":"cedar-in","bits":"0101"}', "exactly 40 bits"),
        (b'{"do":"present","reader":"cedar-out","bits":"01011"}', "multiple of 4"),
        (b'{"do":"fault","reader":"cedar-in","kind":"bounce","bits":"01"}', "knows no fault"),
        (b'{"do":"set","input":"cedar.strike","value":1}', "unknown input"),
        (b'{"do":"keys","reader":"cedar-in","keys":"1234#"}', "no keypad"),
        (b'{"do":"cut","reader":"\\ud800","on":true}', "unknown reader"),
        (b'{"agent":"elm"}', "unknown agent"),
        (b'{"pin":17,"function":"output","level":1}', "only an agent"),
        (b"x" * 100_000, "longer than"),
    ],
)
def test_a_wrong_line_is_answered_with_an_error_and_the_bench_goes_on(
    bench: BenchProcess, line: bytes, complaint: str
) -> None:
    with raw(bench) as sock:
        assert complaint in str(answer(sock, line)["error"])
        assert answer(sock, b'{"do":"watch"}')["ok"] is True


def test_bytes_that_nobody_reads_are_an_error_and_not_a_standstill(bench: BenchProcess, hand: Hand) -> None:
    def flood() -> None:
        for _ in range(100):
            hand.present("cedar-in", raw=bytes(4096))

    with pytest.raises(BenchRefusedError, match="nobody reads"):
        flood()
    assert hand.set("cedar.contact", 1)


def test_a_hand_that_never_listens_is_dropped_and_others_are_served(bench: BenchProcess, hand: Hand) -> None:
    with raw(bench) as deaf:
        deaf.settimeout(0.5)
        with contextlib.suppress(OSError):  # it is dropped, or its own send stands still
            for _ in range(100):
                deaf.sendall(b'{"do":"describe"}\n' * 1000)
        assert hand.describe()["agents"] == [{"name": "cedar", "connected": False}]


def test_several_hands_see_one_bench(bench: BenchProcess, hand: Hand) -> None:
    with Hand(bench.socket) as other:
        other.set("cedar.contact", True)
        assert hand.value("cedar.contact") == 1
        found = hand.describe()
    assert [entry["id"] for entry in found["readers"]] == ["cedar-in", "cedar-out"]
    assert found["readers"][0]["access_point"] == "cedar-in"
    assert found["outputs"] == [
        {"id": "cedar.strike", "agent": "cedar", "value": 0},
        {"id": "cedar.lamp", "agent": "cedar", "value": 0},
    ]


def test_waiting_for_an_edge_has_an_end(hand: Hand) -> None:
    with pytest.raises(TimeoutError, match=r"cedar\.strike"):
        hand.wait_for("cedar.strike", 1, timeout=0.01)
    assert list(hand.edges(0.01)) == []


AGENT = """
import sys
from gpiozero import Device
from hardware.bench.pins import BenchFactory
from hardware.lock import Maglock, Strike
Device.pin_factory = BenchFactory()
strike, lamp = Strike(17), Maglock(27, active_high=False)
strike.release()
print("up", flush=True)
sys.stdin.read()
"""


def agent(bench: BenchProcess) -> "subprocess.Popen[str]":
    names = {"SEKISHO_BENCH_SOCKET": str(bench.socket), "SEKISHO_BENCH_AGENT": "cedar"}
    command = [sys.executable, "-c", AGENT]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env=os.environ | names
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


@pytest.mark.parametrize("end", [signal.SIGKILL, None])
def test_a_dead_agents_outputs_float_and_the_next_agent_takes_over(
    bench: BenchProcess, hand: Hand, end: signal.Signals | None
) -> None:
    with agent(bench) as first:
        hand.wait_for("cedar.strike", 1)
        hand.wait_for("cedar.lamp", 1)
        first.send_signal(end) if end else first.communicate()
        hand.wait_for("cedar.strike", 0)
        hand.wait_for("cedar.lamp", 0)
    with agent(bench) as second:
        hand.wait_for("cedar.strike", 1)
        second.communicate()


def test_the_socket_is_for_its_owner_only(bench: BenchProcess) -> None:
    assert bench.socket.stat().st_mode & 0o777 == 0o600


def test_an_interrupt_is_for_the_supervisor(bench: BenchProcess, hand: Hand) -> None:
    bench.process.send_signal(signal.SIGINT)
    assert hand.describe()["ok"]


def left_behind(bench: BenchProcess) -> list[str]:
    return [path.name for path in (bench.socket, Path(bench.port("cedar-in"))) if os.path.lexists(path)]


def test_the_end_of_standard_input_ends_the_bench_with_nothing_left(tmp_path: Path, start_bench: Start) -> None:
    bench = start_bench(tmp_path)
    assert left_behind(bench) == ["bench.sock", "cedar-in"]
    assert bench.close() == 0
    assert left_behind(bench) == []


def test_sigterm_ends_the_bench_with_nothing_left(tmp_path: Path, start_bench: Start) -> None:
    bench = start_bench(tmp_path)
    bench.process.terminate()
    assert bench.process.wait(5) == 0
    assert left_behind(bench) == []
    bench.close()


def test_a_killed_benchs_remains_do_not_stop_the_next_one(tmp_path: Path, start_bench: Start) -> None:
    killed = start_bench(tmp_path)
    killed.process.kill()
    killed.process.wait(5)
    killed.close()
    assert left_behind(killed) == ["bench.sock", "cedar-in"]
    bench = start_bench(tmp_path)
    with Hand(bench.socket) as hand, reading(bench, "cedar-in") as heard:
        hand.present("cedar-in", bits=ADA)
        assert isinstance(heard.get(timeout=5), CardBits)
    bench.close()


def run_bench(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "hardware.bench", *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False
    )


def test_a_living_benchs_socket_is_not_taken_from_it(bench: BenchProcess, hand: Hand) -> None:
    second = run_bench("--fixture", str(bench.fixture), "--socket", str(bench.socket))
    assert (second.returncode, "another bench is alive" in second.stderr) == (3, True)
    assert hand.describe()["ok"]
    assert left_behind(bench) == ["bench.sock", "cedar-in"]


def test_a_wrong_fixture_is_exit_two_and_one_line(tmp_path: Path) -> None:
    wrong = tmp_path / "bench.toml"
    wrong.write_text("[[door]]\nname = 1\n", "utf-8")
    found = run_bench("--fixture", str(wrong), "--socket", str(tmp_path / "s"))
    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (2, "", 1)


def test_a_bench_in_a_very_deep_folder_is_reached(tmp_path: Path, start_bench: Start) -> None:
    deep = tmp_path / ("関所 " * 15) / ("d" * 120)
    bench = start_bench(deep)
    with Hand(bench.socket) as hand, agent(bench) as process:
        assert len(os.fsencode(bench.socket)) > 200
        assert hand.value("cedar.strike") == 1
        process.communicate()
    assert bench.close() == 0
    assert left_behind(bench) == []


def test_a_bench_that_cannot_start_says_so_to_its_supervisor(tmp_path: Path) -> None:
    with pytest.raises(BenchStartError, match="before it was ready"):
        BenchProcess(tmp_path / "none.toml", tmp_path / "s")
