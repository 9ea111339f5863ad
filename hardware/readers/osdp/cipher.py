"""AES as the Secure Channel uses it: session keys, cryptograms, MACs and padding (SIA OSDP v2.2, Annex D). Sans-I/O.

The law: the standard fixes what is done here; nothing is chosen, and nothing is compared but in constant time.
"""

from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final, Self

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

BLOCK_BYTES: Final = 16
RANDOM_BYTES: Final = 8
PAD: Final = 0x80


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """Derived anew from the reader's key and our random number for every session (Annex D)."""

    encryption: bytes = field(repr=False)
    mac_chain: bytes = field(repr=False)
    mac_end: bytes = field(repr=False)

    @classmethod
    def derive(cls, key: bytes, our_random: bytes) -> Self:
        """S-ENC, S-MAC1 and S-MAC2."""
        salt = our_random[:6] + bytes(8)
        return cls(*(_block(key, bytes((1, number)) + salt) for number in (0x82, 0x01, 0x02)))

    def client_cryptogram(self, our_random: bytes, their_random: bytes) -> bytes:
        """What only a reader with the key can answer to our challenge."""
        return _block(self.encryption, our_random + their_random)

    def server_cryptogram(self, our_random: bytes, their_random: bytes) -> bytes:
        """What only we can answer to the reader's."""
        return _block(self.encryption, their_random + our_random)

    def initial_mac(self, server_cryptogram: bytes) -> bytes:
        """R-MAC-I, with which the chain of MACs begins."""
        return _block(self.mac_end, _block(self.mac_chain, server_cryptogram))

    def mac(self, covered: bytes, previous: bytes) -> bytes:
        """The 16 bytes of a MAC; the first 4 travel. `previous` is the last MAC of the other side."""
        padded = covered if len(covered) % BLOCK_BYTES == 0 else pad(covered)
        *head, last = (padded[at : at + BLOCK_BYTES] for at in range(0, len(padded), BLOCK_BYTES))
        if head:
            previous = _encrypt(self.mac_chain, CBC(previous), b"".join(head))[-BLOCK_BYTES:]
        return _encrypt(self.mac_end, CBC(previous), last)

    def encrypt(self, data: bytes, last_mac: bytes) -> bytes:
        """Data of a message, padded and encrypted under the inverse of the other side's last MAC."""
        return _encrypt(self.encryption, CBC(_inverse(last_mac)), pad(data))

    def decrypt(self, data: bytes, last_mac: bytes) -> bytes | None:
        """The data again, or None if it is not whole blocks with a proper padding."""
        if not data or len(data) % BLOCK_BYTES:
            return None
        decryptor = Cipher(AES(self.encryption), CBC(_inverse(last_mac))).decryptor()
        return unpad(decryptor.update(data) + decryptor.finalize())


def pad(data: bytes) -> bytes:
    """Append 0x80 and as many zeros as fill a block."""
    return data + bytes((PAD,)) + bytes(-(len(data) + 1) % BLOCK_BYTES)


def unpad(data: bytes) -> bytes | None:
    """Take the padding off, or None if there is no proper one within the last block."""
    bare = data.rstrip(b"\x00")
    proper = bare.endswith(bytes((PAD,))) and len(data) - len(bare) < BLOCK_BYTES
    return bare[:-1] if proper else None


def same(one: bytes, other: bytes) -> bool:
    """Are they equal? Takes as long for any difference."""
    return compare_digest(one, other)


def _inverse(mac: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in mac)


def _block(key: bytes, block: bytes) -> bytes:
    return _encrypt(key, ECB(), block)  # noqa: S305 - single blocks, as Annex D derives keys and cryptograms


def _encrypt(key: bytes, mode: ECB | CBC, data: bytes) -> bytes:
    encryptor = Cipher(AES(key), mode).encryptor()
    return encryptor.update(data) + encryptor.finalize()
