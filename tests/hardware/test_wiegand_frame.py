"""Wiegand edges become frames by their stamps alone."""

from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.readers.framing import Finding, Flaw, Frame
from hardware.readers.wiegand_frame import FRAME_GAP, GLITCH, LONGEST, SHORTEST, WiegandFrame
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


def test_a_lost_edge_spoils_the_frame_before_it_and_the_frame_after_it() -> None:
    collector = WiegandFrame()
    _, last = send(collector, CARD, 1.0)
    [before] = collector.edge(1, last + 1, after_loss=True)
    _, later = send(collector, CARD[1:], last + 1.002)
    [after] = collector.tick(later + 1)
    assert [flaw.kind for flaw in (before, after) if isinstance(flaw, Flaw)] == [FaultKind.LOST_EDGE] * 2
    _, last = send(collector, CARD, later + 2)
    assert collector.tick(last + 1) == [Frame(CARD, last)]


def test_the_rest_of_a_frame_that_was_closed_too_early_is_no_card() -> None:
    collector = WiegandFrame()
    _, last = send(collector, CARD, 1.0)
    assert collector.tick(last + FRAME_GAP + 1e-6) == [Frame(CARD, last)]
    _, later = send(collector, CARD, last + 0.002)
    [flaw] = collector.tick(later + 1)
    assert isinstance(flaw, Flaw)
    assert flaw.kind is FaultKind.LOST_EDGE


def test_a_frame_at_whose_end_a_line_is_low_is_no_card() -> None:
    collector = WiegandFrame()
    _, last = send(collector, CARD, 1.0)
    [flaw] = collector.tick(last + 1, low={0})
    assert isinstance(flaw, Flaw)
    assert flaw.kind is FaultKind.STUCK


@pytest.mark.parametrize("gap", [0.004, 0.2])
def test_a_gap_that_no_reader_keeps_is_refused(gap: float) -> None:
    with pytest.raises(ValueError, match=r"0\.005"):
        WiegandFrame(gap)


PAUSES = st.sampled_from([0.0, 1e-6, 1.9e-5, 3e-5, 0.0002, 0.002, 0.02, 0.03, 0.5])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), PAUSES), max_size=160), st.booleans())
def test_frames_are_the_runs_of_clean_edges_between_gaps_and_nothing_else(
    edges: list[tuple[int, float]], ticked: bool
) -> None:
    collector, at, found, stamped = WiegandFrame(), 1.0, [], []
    for line, pause in edges:
        if ticked:
            found += collector.tick(at + pause)
        at += pause
        stamped.append((line, at))
        found += collector.edge(line, at)
    found += collector.tick(at + 1)
    assert [one for one in found if isinstance(one, Frame)] == clean_runs(stamped)


def clean_runs(edges: list[tuple[int, float]]) -> list[Frame]:
    """What a reader with a lamp and a ruler would find in the drawing."""
    pulses: list[tuple[int, float, bool]] = []
    for line, at in edges:
        close = bool(pulses) and at - pulses[-1][1] < GLITCH
        if not close or line != pulses[-1][0]:
            pulses.append((line, at, close))
    run = 0
    numbered = []
    for place, (line, at, close) in enumerate(pulses):
        run += bool(place and at - pulses[place - 1][1] >= FRAME_GAP)
        numbered.append((run, line, at, close))
    found = []
    for _, members in groupby(numbered, key=lambda each: each[0]):
        group = list(members)
        if SHORTEST <= len(group) <= LONGEST and not any(close for *_, close in group):
            found.append(Frame("".join(str(line) for _, line, *_ in group), group[-1][2]))
    return found
