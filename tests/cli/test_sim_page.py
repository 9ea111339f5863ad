"""The `/sim` page opens doors: nobody but itself may ask it to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cli.demo import building
from cli.demo.sim.server import ShownCard, make_app
from cli.demo.sim.stage import NotPossibleError, Stage
from cli.demo.sim.words import WORDS
from hardware.bench.hand import Hand
from hardware.bench.process import BenchProcess
from hardware.readers.osdp.key import ReaderKey, write_key

pytestmark = pytest.mark.building

PORT = 4999
OURS = {"Host": f"127.0.0.1:{PORT}"}
CARD = "01" * 20


class Switches:
    """Stands for the supervisor."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bool]] = []

    def is_on(self, agent: str) -> bool:
        return True

    def power(self, agent: str, on: bool) -> None:
        self.asked.append(("power", agent, on))

    def is_cut(self, agent: str) -> bool:
        return False

    def cut(self, agent: str, on: bool) -> None:
        self.asked.append(("cut", agent, on))

    def reset(self, agent: str, door: str) -> str:
        return "the alarm is still there"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[BenchProcess]:
    (tmp_path / "ports").mkdir()
    for door in building.DOORS:
        for point in building.points_of("osdp"):
            if point in door.access_points:
                key = building.osdp_key(tmp_path, door, point)
                key.parent.mkdir(parents=True)
                write_key(key, ReaderKey.new())
    (tmp_path / "bench.toml").write_text(building.fixture(tmp_path), encoding="utf-8")
    with BenchProcess(tmp_path / "bench.toml", tmp_path / "s") as running:
        yield running


@pytest.fixture
def switches() -> Switches:
    return Switches()


@pytest.fixture
def stage(bench: BenchProcess, switches: Switches) -> Iterator[Stage]:
    made = Stage(bench.socket, {"0": dict.fromkeys(building.SOURCES.values(), CARD)}, switches)
    yield made
    made.stop()


@pytest.fixture
def page(stage: Stage) -> FlaskClient:
    return make_app(stage, [ShownCard("0", "Ada")], "http://127.0.0.1:1", lambda: PORT).test_client()


def token(page: FlaskClient) -> str:
    found = re.search(r'name="sim-token" content="([^"]+)"', page.get("/sim", headers=OURS).text)
    assert found is not None
    return found[1]


def do(page: FlaskClient, headers: Mapping[str, str] | None = None, **deed: Any) -> int:
    own = {**OURS, "Origin": f"http://127.0.0.1:{PORT}", "X-Sim-Token": token(page)}
    return page.post("/sim/do", json=deed, headers={**own, **(headers or {})}).status_code


def test_the_page_speaks_english_and_japanese_with_the_same_words() -> None:
    assert WORDS["en"].keys() == WORDS["ja"].keys()


def test_the_page_shows_every_door_and_never_the_bits_of_a_card(page: FlaskClient) -> None:
    shown = page.get("/sim?lang=ja", headers=OURS).text
    for door in building.DOORS:
        assert f'id="door-{door.id}"' in shown
        assert door.name_ja in shown
    assert CARD not in shown


def test_nothing_inline_can_run_and_nothing_may_frame_the_page(page: FlaskClient) -> None:
    answer = page.get("/sim", headers=OURS)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    for script in re.findall(r"<script[^>]*>([^<]*)", answer.text):
        assert not script.strip() or script.lstrip().startswith("{")


def test_another_host_name_is_refused_so_that_rebinding_does_not_help(page: FlaskClient) -> None:
    assert page.get("/sim", headers={"Host": f"evil.example:{PORT}"}).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": ""}, {"X-Sim-Token": ""}, {"X-Sim-Token": "gü"}]
)
def test_a_deed_without_our_origin_and_token_is_refused(page: FlaskClient, headers: dict[str, str]) -> None:
    assert do(page, headers, do="force", at="cedar") == 403


@pytest.mark.parametrize(
    "deed",
    [
        {"do": "present", "at": "cedar-in", "card": "7"},
        {"do": "present", "at": "nowhere", "card": "0"},
        {"do": "push", "at": "nowhere"},
        {"do": "reader-tamper", "at": "cedar-in", "on": True},
        {"do": "short", "at": "cedar.fire", "on": True},
        {"do": "open", "at": "maple.strike", "on": True},
        {"do": "power", "at": "nowhere", "on": True},
        {"do": "power", "at": "cedar", "on": "yes"},
        {"do": "fly", "at": "cedar"},
        {"do": ["push"], "at": {}},
        {"do": "reset", "at": "cedar"},
    ],
)
def test_a_deed_that_cannot_be_done_is_answered_no(page: FlaskClient, deed: dict[str, Any]) -> None:
    assert do(page, None, **deed) == 409


def test_the_housing_of_an_osdp_reader_is_opened_and_every_kind_of_reader_can_be_cut(
    page: FlaskClient, bench: BenchProcess, stage: Stage
) -> None:
    assert do(page, None, do="reader-tamper", at="maple-out", on=True) == 200
    assert do(page, None, do="present", at="maple-out", card="0") == 200
    for point in ("maple-in", "maple-out", "cedar-in"):
        assert do(page, None, do="cut", at=point, on=True) == 200
        assert do(page, None, do="present", at=point, card="0") == 409
    stage.refresh()
    _version, picture = stage.picture_after(-1, 0.0)
    shown = picture["doors"]["maple"]["points"]["maple-out"]
    assert (shown["cut"], shown["reader-tamper"], shown["green"]) == (1, 1, 0)
    with Hand(bench.socket) as hand:
        assert hand.value("maple-out.tamper") == 1


def test_a_supervised_line_is_cut_and_shorted_and_mended_and_every_input_has_its_words(
    page: FlaskClient, stage: Stage
) -> None:
    def lines() -> dict[str, str]:
        return dict(stage.picture_after(-1, 0.0)[1]["doors"]["maple"]["lines"])

    for deed, on, state in (("open", True, "open"), ("short", True, "short"), ("short", False, "normal")):
        assert do(page, None, do=deed, at="maple.fire", on=on) == 200
        assert (lines()["maple.fire"], lines()["maple.contact"]) == (state, "normal")
    shown = page.get("/sim", headers=OURS).text
    assert [line for line in lines() if f'data-do="open" data-at="{line}"' not in shown] == []
    assert stage.picture_after(-1, 0.0)[1]["doors"]["cedar"]["lines"] == {}
    assert {f"line-{name}" for name in building.INPUTS} <= WORDS["en"].keys()


def test_a_locked_door_does_not_open_when_pushed_and_does_when_forced(page: FlaskClient, bench: BenchProcess) -> None:
    with Hand(bench.socket) as hand:
        assert do(page, None, do="push", at="cedar") == 409
        assert hand.value("cedar.contact") == 0
        assert do(page, None, do="force", at="cedar") == 200
        assert hand.value("cedar.contact") == 1


def test_power_and_network_go_to_the_supervisor(page: FlaskClient, switches: Switches) -> None:
    do(page, None, do="power", at="cedar", on=False)
    do(page, None, do="network", at="cedar-back", on=False)
    assert switches.asked == [("power", "cedar", False), ("cut", "cedar-back", True)]


def test_the_picture_follows_another_hand(stage: Stage, bench: BenchProcess) -> None:
    stage.start()
    version, picture = stage.picture_after(0, 5.0)
    assert picture["doors"]["main"]["fire"] == 0
    with Hand(bench.socket) as hand:
        hand.set("main.fire", 1)
    stage.refresh()
    _, picture = stage.picture_after(version, 5.0)
    assert picture["doors"]["main"]["fire"] == 1


def test_a_bench_that_is_gone_is_said_to_be(stage: Stage, bench: BenchProcess) -> None:
    bench.close()
    with pytest.raises(NotPossibleError, match="no-bench"):
        stage.close("cedar")
