"""A list that cannot be kept is refused, not believed for as long as the power lasts; a damaged one is not believed."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime, timedelta
from mmap import mmap
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.authorisation import BadList, Content, Version, build
from contract.envelope import Kind, seal, signed
from contract.policy import Policy
from contract.site_time import SiteTime
from contract.situation import Moment
from contract.topic import Address
from door_agent.keys import Keys
from door_agent.lists import Lists, ListStore

CEDAR = Address("tokyo", "cedar")
CONTROLLER, SEALING = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
KEYS = Keys(Ed25519PrivateKey.generate(), SEALING, bytes(32), CONTROLLER.public_key(), SEALING.public_key())
NOW = Moment(datetime(2026, 11, 24, tzinfo=UTC), timedelta(0), 100.0, trusted=True)


def message() -> bytes:
    policy = Policy("tokyo", "cedar", SiteTime("UTC", ((0, 0),), 4_102_444_800), {}, {}, {})
    made = build(Content(policy, {}), Version(1, 1), NOW.wall, CONTROLLER)
    sealed = seal(SEALING.public_key(), made, b"list:tokyo/cedar", X25519PrivateKey.generate())
    return signed(Kind.LIST, sealed, CONTROLLER)


class FullDisk(ListStore):
    """A disk on which nothing can be written any more."""

    def write(self, data: bytes) -> mmap:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_list_that_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    lists = Lists(CEDAR, KEYS, FullDisk(tmp_path), os.urandom)
    with pytest.raises(BadList, match="it cannot be kept: No space left"):
        lists.take(message())
    assert lists.carried is None


@pytest.mark.parametrize("damage", [b"", b"x", bytes(4096)])
def test_a_damaged_list_file_is_said_and_not_believed(tmp_path: Path, damage: bytes) -> None:
    store = ListStore(tmp_path)
    taken = Lists(CEDAR, KEYS, store, os.urandom)
    assert taken.take(message()) is not None
    (tmp_path / "authorisation.list").write_bytes(damage)
    again = Lists(CEDAR, KEYS, store, os.urandom)
    wrong = again.restore(NOW, None)
    assert again.carried is None
    assert (wrong is None) == (damage == b"")


def test_a_list_file_that_cannot_be_opened_is_said_and_not_believed(tmp_path: Path) -> None:
    (tmp_path / "authorisation.list").mkdir()
    lists = Lists(CEDAR, KEYS, ListStore(tmp_path), os.urandom)
    assert lists.restore(NOW, None) == "the stored list cannot be read: Is a directory"
    assert lists.carried is None
