"""The handshake step by step: what a reader must prove, and what it may not get away with."""

import pytest

from hardware.readers.osdp.channel import DEFAULT, OWN, Handshake, PlainChannel, SecureChannel
from hardware.readers.osdp.frame import Frame, decode
from hardware.readers.osdp.key import DEFAULT_KEY
from tests.hardware.osdp import slow_reference as slow
from tests.hardware.osdp.desk import ADA, KEY, OTHER_KEY, Counter
from tests.hardware.osdp.reference_peripheral import ReferencePeripheral, raw

THEIRS = b"\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7"


def answered(peer: ReferencePeripheral, frame: Frame) -> Frame:
    answer = decode(peer.answer(frame.encode()))
    assert isinstance(answer, Frame)
    return answer


def cryptogram(handshake: Handshake, key: bytes, which: int) -> Frame:
    """The reply of a reader that makes its cryptogram with this key and says that it used that one."""
    ours = handshake.says.data
    made = slow.encrypt_block(slow.session_keys(key, ours)[0], ours + THEIRS)
    return Frame(1, True, 1, b"\x76" + bytes(8) + THEIRS + made, bytes((3, 0x12, which)))


def test_a_reader_with_the_key_opens_the_channel() -> None:
    peer, handshake = ReferencePeripheral(1, KEY.value), Handshake(KEY.value, OWN, Counter(1))
    assert handshake.heard(answered(peer, handshake.seal(1, 1))) is None
    assert isinstance(handshake.heard(answered(peer, handshake.seal(1, 2))), SecureChannel)


@pytest.mark.parametrize(
    ("key", "which"), [(OTHER_KEY.value, OWN), (DEFAULT_KEY, OWN), (KEY.value, DEFAULT), (DEFAULT_KEY, DEFAULT)]
)
def test_a_cryptogram_made_with_another_key_proves_nothing(key: bytes, which: int) -> None:
    handshake = Handshake(KEY.value, OWN, Counter(1))
    before = handshake.says
    assert handshake.heard(cryptogram(handshake, key, which)) == "has not proved that it holds this key"
    assert handshake.says == before


def test_our_own_cryptogram_sent_back_proves_nothing() -> None:
    handshake = Handshake(KEY.value, OWN, Counter(1))
    assert handshake.heard(cryptogram(handshake, KEY.value, OWN)) is None
    ours = Frame(1, True, 1, b"\x76" + bytes(8) + THEIRS + handshake.says.data, bytes((3, 0x12, OWN)))
    assert isinstance(Handshake(KEY.value, OWN, Counter(1)).heard(ours), str)


def test_the_second_answer_must_come_as_the_end_of_a_handshake() -> None:
    handshake = Handshake(KEY.value, OWN, Counter(1))
    first = cryptogram(handshake, KEY.value, OWN)
    assert handshake.heard(first) is None
    assert handshake.heard(first) == "has not accepted the Secure Channel"


def test_a_message_of_a_secure_channel_does_not_open_in_the_clear() -> None:
    sealed = Frame(1, True, 1, raw(ADA), b"\x02\x16", bytes(4))
    assert PlainChannel().open(sealed) is None
    assert PlainChannel().open(Frame(1, True, 1, raw(ADA))) == raw(ADA)
