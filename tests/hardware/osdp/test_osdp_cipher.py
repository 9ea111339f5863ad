"""The Secure Channel's arithmetic against what was published and against a slow second writing."""

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.readers.osdp.cipher import SessionKeys, pad, unpad
from tests.hardware.osdp import slow_reference as slow

SIXTEEN = st.binary(min_size=16, max_size=16)
EIGHT = st.binary(min_size=8, max_size=8)


def test_the_published_session_comes_out(vectors: Path) -> None:
    published = json.loads((vectors / "osdp.json").read_text())["secure_channel"]
    known = {name: bytes.fromhex(value) for name, value in published.items()}
    keys = SessionKeys.derive(known["scbk"], known["cp_random"])
    assert (keys.encryption, keys.mac_chain, keys.mac_end) == (known["s_enc"], known["s_mac1"], known["s_mac2"])
    assert keys.client_cryptogram(known["cp_random"], known["pd_random"]) == known["pd_cryptogram"]
    assert keys.server_cryptogram(known["cp_random"], known["pd_random"]) == known["cp_cryptogram"]
    assert keys.initial_mac(known["cp_cryptogram"]) == known["r_mac_i"]


def test_the_slow_reference_is_the_cipher_of_the_standard() -> None:
    # FIPS 197, appendix C.1.
    key, plain = bytes(range(16)), bytes.fromhex("00112233445566778899aabbccddeeff")
    sealed = bytes.fromhex("69c4e0d86a7b0430d8cdb78070b4c55a")
    assert slow.encrypt_block(key, plain) == sealed
    assert slow.decrypt_block(key, sealed) == plain


@settings(max_examples=25)
@given(SIXTEEN, EIGHT, EIGHT, SIXTEEN, st.binary(min_size=1, max_size=70))
def test_every_step_is_that_of_the_slow_reference(
    key: bytes, ours: bytes, theirs: bytes, last: bytes, data: bytes
) -> None:
    keys = SessionKeys.derive(key, ours)
    s_enc, s_mac1, s_mac2 = slow.session_keys(key, ours)
    assert (keys.encryption, keys.mac_chain, keys.mac_end) == (s_enc, s_mac1, s_mac2)
    assert keys.client_cryptogram(ours, theirs) == slow.encrypt_block(s_enc, ours + theirs)
    assert keys.server_cryptogram(ours, theirs) == slow.encrypt_block(s_enc, theirs + ours)
    assert keys.mac(data, last) == slow.mac(s_mac1, s_mac2, last, data)
    assert keys.encrypt(data, last) == slow.encrypt(s_enc, last, data)
    assert keys.decrypt(slow.encrypt(s_enc, last, data), last) == data


@given(st.binary(max_size=100))
def test_padding_comes_off_as_it_went_on(data: bytes) -> None:
    assert unpad(pad(data)) == data
    assert len(pad(data)) % 16 == 0


@given(st.binary(max_size=64))
def test_what_has_no_padding_has_none_taken_off(data: bytes) -> None:
    bare = unpad(data)
    assert bare is None or pad(bare) == data


def test_data_of_half_a_block_does_not_decrypt() -> None:
    keys = SessionKeys.derive(bytes(range(1, 17)), bytes(8))
    assert keys.decrypt(b"", bytes(16)) is None
    assert keys.decrypt(bytes(15), bytes(16)) is None
