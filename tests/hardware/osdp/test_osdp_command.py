"""What we say to readers, byte for byte."""

import pytest

from hardware.readers.osdp import command
from hardware.readers.osdp.capabilities import Capabilities
from hardware.readers.osdp.command import Blink, Code, Colour
from hardware.readers.osdp.indication import indication
from hardware.readers.reader import Shown

EVERYTHING = Capabilities(tuple((function, 1, 1) for function in range(1, 17)))


def test_a_light_is_set_steady_and_whatever_passes_is_ended() -> None:
    said = command.steady_light(Colour.RED)
    assert said.payload.hex(" ") == "69 00 00 01 00 00 00 00 00 00 01 01 00 01 00"


def test_a_light_passes_by_itself() -> None:
    said = command.passing_light(Blink(2, 3, Colour.GREEN), 300)
    assert said.payload.hex(" ") == "69 00 00 02 02 03 02 00 2c 01 00 00 00 00 00"


def test_beeps_text_outputs_and_the_line_are_written_as_the_standard_wants() -> None:
    assert command.beeps(3).payload.hex(" ") == "6a 00 02 01 01 03"
    assert command.text("hi", 5).payload.hex(" ") == "6b 00 04 05 01 01 02 68 69"
    assert command.output(0, on=True, tenths=30).payload.hex(" ") == "68 00 05 1e 00"
    assert command.output(1, on=False).payload.hex(" ") == "68 01 01 00 00"
    assert command.communication(2, 115200).payload.hex(" ") == "6e 02 00 c2 01 00"
    assert command.set_key(bytes(range(16))).payload.hex() == "750110" + bytes(range(16)).hex()


def test_what_is_no_ascii_is_shown_as_a_question_mark_and_what_is_too_long_is_cut() -> None:
    assert command.text("駅 ok", 5).data.endswith(b"? ok")
    assert len(command.text("x" * 1000, 5).data) <= command.PAYLOAD_LIMIT


def test_an_address_or_a_key_that_is_none_is_not_said() -> None:
    with pytest.raises(ValueError, match="0 to 126"):
        command.communication(127, 9600)
    with pytest.raises(ValueError, match="16 bytes"):
        command.set_key(b"short")


def test_a_command_does_not_show_the_key_in_it() -> None:
    assert "2a2a" not in repr(command.set_key(b"*" * 16))
    assert "*" not in repr(command.set_key(b"*" * 16))


def test_only_a_grant_is_green() -> None:
    for shown in Shown:
        lights = [said.data for said in indication(shown, EVERYTHING) if said.code is Code.LED]
        assert len(lights) == 1
        colours = {lights[0][5], lights[0][6], lights[0][12], lights[0][13]}
        assert (Colour.GREEN in colours) == (shown is Shown.GRANTED)


def test_a_reader_without_lights_or_buzzer_is_not_asked_for_them() -> None:
    assert indication(Shown.GRANTED, Capabilities(())) == ()
    mute = Capabilities(((4, 1, 1),))
    assert [said.code for said in indication(Shown.DENIED, mute)] == [Code.LED]
