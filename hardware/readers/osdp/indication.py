"""What a reader's lights and buzzer do for each thing shown. Sans-I/O.

The law: green is only ever a grant, and passes by itself; a reader is not asked for what it does not have.
"""

from collections.abc import Mapping
from typing import Final

from hardware.readers.osdp.capabilities import Capabilities, Function
from hardware.readers.osdp.command import Blink, Code, Colour, Command, beeps, passing_light, steady_light
from hardware.readers.reader import Shown

_COMMANDS: Final[Mapping[Shown, tuple[Command, ...]]] = {
    Shown.IDLE: (steady_light(Colour.RED),),
    Shown.GRANTED: (passing_light(Blink(1, 0, Colour.GREEN), tenths=30), beeps(1, on=2)),
    Shown.DENIED: (passing_light(Blink(2, 2, Colour.RED), tenths=20), beeps(3)),
    Shown.WAITING: (passing_light(Blink(5, 5, Colour.AMBER), tenths=100),),
    Shown.PIN: (passing_light(Blink(2, 2, Colour.AMBER), tenths=1200), beeps(1)),
    Shown.ERROR: (passing_light(Blink(2, 2, Colour.RED, Colour.AMBER), tenths=30), beeps(2, on=5)),
}

_NEEDS: Final[Mapping[Code, Function]] = {
    Code.LED: Function.LIGHTS,
    Code.BUZ: Function.SOUND,
    Code.TEXT: Function.TEXT,
    Code.OUT: Function.OUTPUTS,
    Code.ISTAT: Function.CONTACTS,
    Code.OSTAT: Function.OUTPUTS,
}


def indication(shown: Shown, capabilities: Capabilities) -> tuple[Command, ...]:
    """The commands that show this on a reader of these capabilities, in order."""
    return tuple(command for command in _COMMANDS[shown] if offered(command, capabilities))


def offered(command: Command, capabilities: Capabilities) -> bool:
    """Does a reader of these capabilities know this command?"""
    need = _NEEDS.get(command.code)
    return need is None or capabilities.level(need) > 0
