"""The bench's fixture file and the wires it makes."""

import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from hardware.bench.fixture import BenchPin, Fixture, FixtureError, Role, parse_fixture, read_fixture
from hardware.bench.fixture_readers import SerialOnBench
from hardware.bench.wiring import Edge, Wiring

HERE = Path("/bench")
CEDAR = Path(__file__).with_name("cedar.toml").read_text("utf-8")


def cedar() -> Fixture:
    return parse_fixture(tomllib.loads(CEDAR), HERE)


def test_the_fixture_says_which_agents_doors_readers_and_pins_there_are() -> None:
    fixture = cedar()
    assert (fixture.agents, fixture.doors) == (("cedar",), ("cedar",))
    assert [(reader.id, reader.port) for reader in fixture.readers if isinstance(reader, SerialOnBench)] == [
        ("cedar-in", HERE / "ports/cedar-in"),
        ("cedar-out", HERE / "ports/cedar-out"),
    ]
    assert [pin.id for pin in fixture.pins if pin.role is Role.INPUT] == ["cedar.contact", "cedar.fire"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("number = 27", "number = 17", "GPIO cedar 17 is there twice"),
        ("cedar.lamp", "cedar.strike", "pin cedar.strike is there twice"),
        ('id = "cedar-out"', 'id = "cedar-in"', "reader cedar-in is there twice"),
        ("ports/cedar-out", "ports/cedar-in", "is there twice"),
        ("idle = 0", "idel = 0", "unknown key idel in a pin"),
        ("idle = 0", "idle = true", "idle is 0 or 1"),
        ("number = 27", "number = 28", "number is a GPIO"),
        ('"output"', '"both"', "role is"),
        ('"line-hex"', '"morse"', "framing is"),
        ('"serial"', '"telepathy"', "kind is"),
        ('id = "cedar.strike"', "id = 5", "id is a text"),
        ("[[reader]]", "[[raeder]]", "unknown key raeder"),
    ],
)
def test_a_wrong_fixture_is_refused_by_name(old: str, new: str, complaint: str) -> None:
    with pytest.raises(FixtureError, match=complaint):
        parse_fixture(tomllib.loads(CEDAR.replace(old, new)), HERE)


def test_a_file_that_is_no_toml_is_refused_with_its_name(tmp_path: Path) -> None:
    wrong = tmp_path / "bench.toml"
    wrong.write_bytes(b"\xff = [")
    with pytest.raises(FixtureError, match=r"bench\.toml"):
        read_fixture(wrong)


def test_values_are_seen_against_the_idle_level() -> None:
    wiring = Wiring(cedar())
    assert wiring.snapshot("cedar") == {5: 0, 6: 1}
    fire = wiring.input_named("cedar.fire")
    assert isinstance(fire, BenchPin)
    assert wiring.set_input(fire, 1) == 0
    assert wiring.snapshot("cedar") == {5: 0, 6: 0}
    assert wiring.agent_drives("cedar", 27, "output", 0, 1.5) == [Edge(1.5, "cedar.lamp", 1)]


def test_only_changes_are_edges_and_a_dead_agents_outputs_float_to_nothing() -> None:
    wiring = Wiring(cedar())
    assert wiring.agent_drives("cedar", 17, "output", 1, 1.0) == [Edge(1.0, "cedar.strike", 1)]
    assert wiring.agent_drives("cedar", 17, "output", 1, 1.1) == []
    assert wiring.agent_drives("cedar", 17, "input", 1, 1.2) == [Edge(1.2, "cedar.strike", 0)]
    assert wiring.agent_drives("cedar", 5, "output", 1, 1.3) == []
    wiring.agent_drives("cedar", 17, "output", 1, 2.0)
    assert wiring.agent_gone("cedar", 3.0) == [Edge(3.0, "cedar.strike", 0)]


def test_the_entry_point_in_pyproject_names_the_bench_factory() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    module, name = project["entry-points"]["gpiozero_pin_factories"]["bench"].split(":")
    assert issubclass(getattr(import_module(module), name), MockFactory)
