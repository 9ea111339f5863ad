"""Wiegand edges become frames by their stamps alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.readers.framing import Finding, Flaw, Frame
from hardware.readers.wiegand_frame import WiegandFrame
from hardware.signal import FaultKind

CARD = "10110011100011110000111110"


def send(collector: WiegandFrame, bits: str, at: float, spacing: float = 0.002) -> tuple[list[Finding], float]:
    found: list[Finding] = []
    for bit in bits:
        found += collector.edge(int(bit), at)
        at += spacing
    return found, at - spacing


def test_twenty_six_pulses_and_a_gap_are_one_frame_stamped_with_its_last_edge() -> None:
    collector = WiegandFrame()
    found, last = send(collector, CARD, 100.0)
    assert found == []
    assert collector.tick(last + 0.01) == []
    assert collector.tick(last + 0.03) == [Frame(CARD, last)]
    assert not collector.pending


def test_a_late_reader_of_the_stamps_still_sees_two_frames() -> None:
    collector = WiegandFrame()
    _, last = send(collector, CARD, 5.0)
    found, later = send(collector, CARD[::-1], last + 0.5)
    assert found == [Frame(CARD, last)]
    assert collector.tick(later + 1) == [Frame(CARD[::-1], later)]


def test_ringing_on_one_line_is_one_pulse() -> None:
    collector = WiegandFrame()
    _, last = send(collector, CARD, 1.0)
    collector.edge(int(CARD[-1]), last + 5e-6)
    assert collector.tick(last + 1) == [Frame(CARD, last)]


def test_both_lines_at_once_spoil_the_whole_frame() -> None:
    collector = WiegandFrame()
    _, last = send(collector, CARD, 1.0)
    collector.edge(1 - int(CARD[-1]), last + 5e-6)
    [flaw] = collector.tick(last + 1)
    assert isinstance(flaw, Flaw)
    assert flaw.kind is FaultKind.GARBAGE


def test_too_many_bits_are_overlong_and_the_next_frame_is_read() -> None:
    collector = WiegandFrame(longest=32)
    found, last = send(collector, "01" * 100, 1.0)
    assert [flaw.kind for flaw in found if isinstance(flaw, Flaw)] == [FaultKind.OVERLONG]
    found, later = send(collector, CARD, last + 1)
    assert found == []
    assert collector.tick(later + 1) == [Frame(CARD, later)]


def test_a_single_stray_pulse_is_no_card() -> None:
    collector = WiegandFrame()
    collector.edge(0, 1.0)
    [flaw] = collector.tick(2.0)
    assert isinstance(flaw, Flaw)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.floats(-1, 1, allow_nan=False)), max_size=200))
def test_no_edges_raise_or_are_kept_beyond_a_frame(edges: list[tuple[int, float]]) -> None:
    collector = WiegandFrame(longest=64)
    for line, stamp in edges:
        collector.edge(line, stamp)
        assert len(collector._bits) <= 64
