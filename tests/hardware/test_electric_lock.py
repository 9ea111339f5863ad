"""Strikes and maglocks: secure from the start, and a latch that nothing overrides."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from gpiozero.pins.mock import MockFactory

from hardware.lock import ElectricLock, Maglock, Strike


def eventually(holds: Callable[[], bool], within: float = 5.0) -> bool:
    """Wait for another thread to make it so."""
    until = time.monotonic() + within
    while not holds() and time.monotonic() < until:
        time.sleep(0.001)
    return holds()


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.close()


def power(factory: MockFactory) -> bool:
    return bool(factory.pin(17).state)


@pytest.mark.parametrize(("kind", "power_when_released"), [(Strike, True), (Maglock, False)])
def test_a_lock_is_secure_from_the_start_and_released_on_demand(
    factory: MockFactory, kind: type[ElectricLock], power_when_released: bool
) -> None:
    lock = kind(17, factory)
    assert (lock.released, power(factory)) == (False, not power_when_released)
    lock.release()
    assert (lock.released, power(factory)) == (True, power_when_released)
    assert lock.secure()
    assert (lock.released, power(factory)) == (False, not power_when_released)
    lock.close()


@pytest.mark.parametrize("kind", [Strike, Maglock])
def test_a_latched_lock_ignores_every_secure_until_it_is_reset(factory: MockFactory, kind: type[ElectricLock]) -> None:
    lock = kind(17, factory)
    lock.latch_released("fire")
    lock.latch_released("break-glass")
    lock.latch_released("fire")
    assert not lock.secure()
    assert (lock.released, lock.latched, lock.causes) == (True, True, ("fire", "break-glass"))
    lock.reset_latch()
    assert (lock.released, lock.latched) == (True, False)
    assert lock.secure()
    assert not lock.released
    lock.close()


@pytest.mark.parametrize(("kind", "free"), [(Strike, False), (Maglock, True)])
def test_closing_cuts_the_power_and_later_calls_do_nothing(
    factory: MockFactory, kind: type[ElectricLock], free: bool
) -> None:
    lock = kind(17, factory)
    pin = factory.pin(17)
    lock.release()
    lock.close()
    assert [state.state for state in pin.states][-1] is False
    lock.latch_released("fire")
    lock.release()
    lock.secure()
    lock.close()
    assert pin.function == "input"
    assert lock.released is free


def test_an_active_low_maglock_is_energised_by_a_low_pin(factory: MockFactory) -> None:
    lock = Maglock(17, factory, active_high=False)
    assert power(factory) is False
    lock.release()
    assert power(factory) is True
    lock.close()


def test_no_thread_can_secure_a_door_after_the_fire_latch(factory: MockFactory) -> None:
    lock = Strike(17, factory)
    begun, stop = threading.Event(), threading.Event()

    def meddle() -> None:
        while not stop.is_set():
            lock.secure()
            lock.release()
            begun.set()

    threads = [threading.Thread(target=meddle) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert begun.wait(5)
    lock.latch_released("fire")
    seen = [power(factory) for _ in range(200)]
    stop.set()
    for thread in threads:
        thread.join(5)
    assert all(seen)
    assert lock.released
    lock.close()


@pytest.mark.parametrize("kind", [Strike, Maglock])
def test_a_release_ends_by_itself_when_its_caller_never_secures(factory: MockFactory, kind: type[ElectricLock]) -> None:
    now = [0.0]
    lock = kind(17, factory, longest_release=10.0, clock=lambda: now[0])
    lock.release()
    now[0] = 9.9
    lock.expire()
    assert lock.released
    lock.release()  # a second card begins anew
    now[0] = 19.8
    lock.expire()
    assert lock.released
    now[0] = 19.9
    lock.expire()
    assert eventually(lambda: not lock.released)
    lock.close()


def test_the_locks_own_thread_ends_a_release_that_is_overdue(factory: MockFactory) -> None:
    lock = Strike(17, factory, longest_release=0.0)
    lock.release()
    assert eventually(lambda: not lock.released)
    lock.close()


def test_a_held_release_outlasts_the_cap_and_ends_with_its_cause(factory: MockFactory) -> None:
    now = [0.0]
    lock = Strike(17, factory, longest_release=10.0, clock=lambda: now[0])
    lock.release()
    lock.latch_released("reader-lost")
    lock.latch_released("fire")
    now[0] = 99.0
    lock.expire()
    lock.lift("reader-lost")
    assert (lock.released, lock.causes) == (True, ("fire",))
    lock.lift("fire")
    assert eventually(lambda: not lock.released)
    lock.close()


@pytest.mark.parametrize("kind", [Strike, Maglock])
def test_a_reset_lifts_nothing_while_what_latched_the_lock_still_stands(
    factory: MockFactory, kind: type[ElectricLock]
) -> None:
    lock, standing = kind(17, factory), [True]
    lock.latch_released("fire")
    assert not lock.reset_latch(lambda: standing[0])
    assert not lock.secure()
    assert (lock.released, lock.causes) == (True, ("fire",))
    standing[0] = False
    assert lock.reset_latch(lambda: standing[0])
    assert lock.secure()
    lock.close()
