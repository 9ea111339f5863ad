"""What an installer says about a bus and its readers. Frozen values; what must not be does not construct.

The law: a reader has a key, or a sentence in writing that says why it may speak in the clear. There is no third way.
"""

from dataclasses import dataclass

from hardware.readers.osdp.capabilities import Capabilities
from hardware.readers.osdp.frame import HIGHEST_ADDRESS
from hardware.readers.osdp.key import ReaderKey

BAUDS = (9600, 19200, 38400, 57600, 115200, 230400)


class SettingsRefused(ValueError):
    """These settings contradict themselves or are unsafe; the sentence says how."""


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """One reader on a bus. `paired` is what it could do when it was paired; None: not compared."""

    id: str
    address: int
    key: ReaderKey | None
    plaintext_sign_off: str = ""
    paired: Capabilities | None = None
    crc: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.address <= HIGHEST_ADDRESS:
            raise SettingsRefused(f"reader {self.id}: an address is 0 to {HIGHEST_ADDRESS}")
        if self.key is None and not self.plaintext_sign_off.strip():
            raise SettingsRefused(f"reader {self.id}: needs a key; without one, the reason in writing why it has none")
        if self.key is not None and self.plaintext_sign_off:
            raise SettingsRefused(f"reader {self.id}: has a key and a reason to have none; take one of them away")


@dataclass(frozen=True, slots=True)
class BusSettings:
    """A port and everything on it. `rs485`: the kernel switches the driver with RTS, for adapters that need it."""

    port: str
    readers: tuple[ReaderSettings, ...]
    baud: int = 9600
    rs485: bool = False

    def __post_init__(self) -> None:
        if self.baud not in BAUDS:
            raise SettingsRefused(f"{self.port}: the speed is one of {', '.join(map(str, BAUDS))}")
        if not self.readers:
            raise SettingsRefused(f"{self.port}: a bus has at least one reader")
        for what in ("id", "address"):
            values = [getattr(reader, what) for reader in self.readers]
            if len(set(values)) != len(values):
                raise SettingsRefused(f"{self.port}: two readers have the same {what}")
        keys = [reader.key.value for reader in self.readers if reader.key is not None]
        if len(set(keys)) != len(keys):
            raise SettingsRefused(f"{self.port}: two readers have the same key; pair each with its own")
