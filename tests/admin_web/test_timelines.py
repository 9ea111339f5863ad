"""Timelines and charts: what is drawn is what is listed, for the days that the address names."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from admin_web import drawing
from admin_web.drawing import Line
from controller.database import reading, transaction
from controller.people import permission
from controller.people.permission import Wish
from controller.premises.site import Site as SiteRow
from controller.record import person_timeline
from door_agent.events import Level
from tests.admin_web.conftest import BASE, signed_in, token
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site, visited

DAY = "since=2026-11-24&until=2026-11-24"
REASON = {"reason": "for the drill"}


@pytest.fixture
def site(house: House) -> Site:
    """After Ada came, Ben was refused, and the door was forced; by then the other agent was not heard any more."""
    made = visited(house)
    made.doors["cedar"].mono += 60
    made.doors["cedar"].feed(Level("cedar", "contact", True))
    made.doors["cedar"].feed(Level("cedar", "contact", False))
    made.talk()
    return made


def text(client: FlaskClient, path: str, language: str = "en") -> str:
    answer = client.get(path, base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def marks(page: str, lane: str) -> int:
    found = re.search(rf'class="lane lane-{lane}".*?</svg>', page)
    assert found is not None
    return found[0].count("<text")


def changed(client: FlaskClient, house: House) -> None:
    """A rule of the Cedar room and the posture of the site are changed, five days later by the clock of the pages."""
    kim = token(house, "kim")
    for path, body in (
        ("areas/3/rules", {"set": {"passback.entry": "hard"}, **REASON}),
        ("posture", {"threat": 1, **REASON}),
    ):
        answer = client.post(f"/api/v1/{path}", json=body, base_url=BASE, headers=kim)
        assert answer.status_code == 200, answer.get_data(as_text=True)


def test_who_was_inside_and_what_happened_are_drawn_and_listed(client: FlaskClient, site: Site) -> None:
    signed_in(client, "olu")
    page = text(client, f"/rooms/cedar-room/timeline?{DAY}")
    assert page.count('<rect class="bar-open" x="') == 2  # Ada, and the key of the drawing
    assert {lane: marks(page, lane) for lane in ("passage", "refusal", "alarm", "door", "change")} == {
        "passage": 1, "refusal": 1, "alarm": 1, "door": 0, "change": 0,
    }  # fmt: skip
    assert re.search(r"What happened \(4\)", page)
    for said in ("Ada", "Ben", "No permission here", "Door forced open", "Another agent of the room is not heard"):
        assert said in page
    assert "在室中" in text(client, f"/rooms/cedar-room/timeline?{DAY}", "ja")
    other = text(client, "/rooms/cedar-room/timeline?since=2026-11-20&until=2026-11-23")
    assert "Nothing happened at the doors of this room in this time." in other
    assert "Ada" not in other


def test_changes_of_rules_and_posture_stand_among_what_happened(client: FlaskClient, house: House, site: Site) -> None:
    changed(client, house)
    signed_in(client, "olu")
    page = text(client, "/rooms/cedar-room/timeline?since=2026-11-29&until=2026-11-29")
    assert marks(page, "change") == 1  # both in one minute of the day
    assert 'aria-label="Rules and posture changed: 2"' in page
    assert re.search(r"What happened \(2\)", page)
    for said in ("Rules changed", "Posture ordered", "threat level 1", "the whole site", "for the drill", "Kim"):
        assert said in page
    assert "Rules changed" not in text(client, "/rooms/maple-room/timeline?since=2026-11-29&until=2026-11-29")


def test_a_long_timeline_is_cut_and_says_so_and_its_list_goes_on(
    client: FlaskClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(client, "olu")
    page = text(client, "/rooms/cedar-room/timeline?since=2026-11-01&until=2026-12-31")
    assert "it shows the first 31 days" in page
    monkeypatch.setattr("admin_web.pages.timelines._PAGE", 2)
    page = text(client, f"/rooms/cedar-room/timeline?{DAY}")
    more = re.search(r'href="([^"]*further=2[^"]*)"', page)
    assert more is not None
    assert "Door forced open" not in page
    assert "Door forced open" in text(client, more[1].replace("&amp;", "&"))
    monkeypatch.setattr("admin_web.pages.timelines.MOST_MARKS", 2)
    assert "More happened than one page can show." in text(client, f"/rooms/cedar-room/timeline?{DAY}")


def test_every_number_of_the_charts_stands_in_their_tables(client: FlaskClient, site: Site) -> None:
    signed_in(client, "olu")
    page = text(client, f"/charts?area=3&{DAY}")
    hours = re.search(r'class="figures".*?</table>', page, re.DOTALL)
    assert hours is not None
    rows = re.findall(r"<tr><td>(.*?)</td>((?:<td class=\"number\">\d+</td>)+)</tr>", hours[0])
    assert [label for label, _ in rows] == [f"{hour:02}:00" for hour in range(24)]
    numbers = {label: [int(each) for each in re.findall(r">(\d+)<", cells)] for label, cells in rows}
    assert (numbers["11:00"], numbers["12:00"], numbers["13:00"]) == ([0, 0, 0, 0], [1, 1, 1, 0], [1, 1, 0, 0])
    assert page.count('<rect class="bar-measured" x="') == 2 + 12 + 1 - 1  # a key, twelve hours inside, one of entries
    assert re.search(r"<th>12</th><td class=\"number\">1\.00 <small>\(1\)", page)
    assert 'class="number heat-4">1.00' in page
    days = text(client, "/charts?area=3&since=2026-11-20&until=2026-11-29")
    assert "<td>11-24</td>" in days


def test_the_api_says_what_the_pages_draw(client: FlaskClient, house: House, site: Site) -> None:
    olu = token(house, "olu")
    period = "since=2026-11-23T15:00:00Z&until=2026-11-24T15:00:00Z"
    found = client.get(f"/api/v1/areas/3/timeline?{period}", base_url=BASE, headers=olu).get_json()
    assert [each["how"] for each in found["stays"]] == ["open"]
    assert [(each["lane"], each["alarms"]) for each in found["happened"]] == [
        ("passage", []), ("refusal", []), ("alarm", ["FORCED_OPEN"]), ("alarm", ["PEER_LOST"]),
    ]  # fmt: skip
    changed(client, house)
    found = client.get("/api/v1/areas/3/timeline", base_url=BASE, headers=olu).get_json()
    assert [each["change"] and each["change"]["reason"] for each in found["happened"]] == ["for the drill"] * 2
    figures = client.get(f"/api/v1/areas/3/attendance?{period}", base_url=BASE, headers=olu).get_json()
    assert [each["entries"] for each in figures["slots"]] == [0] * 12 + [1] + [0] * 11
    assert {(each["weekday"], each["hour"], each["mean"]) for each in figures["by_hour"] if each["entries"]} == {
        (1, 12, 1.0)
    }
    for path, status in (
        ("areas/99/timeline", 404),
        ("areas/1/attendance", 404),  # outside: nobody badges in
        ("areas/3/timeline?since=2026-01-01T00:00:00Z&until=2026-03-01T00:00:00Z", 422),
        ("areas/3/attendance?since=2026-11-24T00:00:00Z&until=2026-11-24T00:00:00Z", 422),
        ("areas/3/timeline?since=2026-11-24", 422),
    ):
        assert client.get(f"/api/v1/{path}", base_url=BASE, headers=olu).status_code == status, path


def test_on_a_day_whose_clock_is_changed_each_hour_is_named_apart(
    client: FlaskClient, house: House, site: Site
) -> None:
    with transaction(house.engine) as session:
        session.get_one(SiteRow, 1).zone = "Europe/Berlin"
    signed_in(client, "olu")
    page = text(client, "/charts?area=3&since=2026-10-25&until=2026-10-25")
    assert page.count("<td>02:00 CES") == 1
    assert page.count("<td>02:00 CET") == 1
    assert len(re.findall(r"<td>\d\d:\d\d CES?T</td>", page)) == 25
    page = text(client, "/charts?area=3&since=2026-03-29&until=2026-03-29")
    assert "<td>02:00" not in page
    assert len(re.findall(r"<td>\d\d:\d\d CES?T</td>", page)) == 23


def test_geometry_stays_within_the_drawing() -> None:
    line = Line(NOW, NOW + timedelta(hours=24))
    assert line.at(NOW - timedelta(days=9)) == 0
    assert line.at(NOW + timedelta(days=9)) == 100
    bar = line.bar(NOW + timedelta(hours=6), NOW + timedelta(hours=12))
    assert (bar.x, bar.width) == (25, 25)
    assert line.bar(NOW + timedelta(hours=18), None).width == 25
    zone, begins = ZoneInfo("Asia/Tokyo"), datetime(2026, 11, 23, 15, tzinfo=UTC)
    ticks = drawing.ticks(zone, Line(begins, begins + timedelta(days=1)))
    assert [each.text for each in ticks] == [f"{hour:02}:00" for hour in range(0, 24, 3)]
    assert [drawing.top_of(each) for each in (0, 1, 3, 5, 11, 41, 250)] == [1, 1, 4, 10, 20, 100, 400]
    assert drawing.bars([(1, 2)], 2)[0].height == drawing.HEIGHT / 2


def test_a_person_was_somewhere_gained_and_lost_and_was_given_a_card(
    client: FlaskClient, house: House, site: Site
) -> None:
    olu, kim = token(house, "olu"), token(house, "kim")
    for path, body in (
        ("grants/1/revoke", {"reason": "moved to another floor"}),
        ("credentials/1/lost", {"reason": "on the train"}),
    ):
        assert client.post(f"/api/v1/{path}", json=body, base_url=BASE, headers=kim).status_code == 200
    signed_in(client, "olu")
    page = text(client, "/cardholders/1/timeline")
    assert {lane: marks(page, lane) for lane in ("passage", "refusal", "change", "card")} == {
        "passage": 1, "refusal": 0, "change": 2, "card": 2,
    }  # fmt: skip
    for said in ("Permission in force", "works there", "Permission revoked", "moved to another floor", "Card given"):
        assert said in page
    assert page.index("Permission in force") < page.index("Passage</div>") < page.index("Permission revoked")
    assert 'href="/cardholders/1/timeline"' in text(client, "/cardholders/1")
    refused = text(client, f"/cardholders/2/timeline?{DAY}")
    assert marks(refused, "refusal") == 1
    assert "No permission here" in refused
    found = client.get("/api/v1/cardholders/1/timeline", base_url=BASE, headers=olu).get_json()
    assert [each["kind"] for each in found["events"]] == ["PASSAGE"]
    assert {each["step"] for each in found["changes"][:2]} == {"issued", "gained"}  # at the same moment
    assert [each["step"] for each in found["changes"][2:]] == ["revoked", "ended"]
    assert [each["reason"] for each in found["changes"][2:]] == ["moved to another floor", "on the train"]
    assert client.get("/api/v1/cardholders/99/timeline", base_url=BASE, headers=olu).status_code == 404


def test_a_permission_that_was_never_in_force_is_not_gained_and_one_to_come_is_not_there_yet(house: House) -> None:
    with transaction(house.engine) as session:
        ada, kim, mia = house.holder(session, "Ada"), house.operator(session, "kim"), house.operator(session, "mia")
        day, asked = timedelta(days=1), []
        for begins, ends in ((NOW + 5 * day, NOW + 9 * day), (NOW + 20 * day, NOW + 30 * day)):
            wish = Wish(ada, house.cedar(session), begins, ends, "a project")
            grant = permission.request(session, kim, NOW, wish)
            permission.approve(session, mia, NOW, grant, lambda *_: None)
            asked.append(grant)
            if len(asked) == 1:
                permission.revoke(session, kim, NOW + day, grant, "cancelled")
    with reading(house.engine) as session:
        ada = house.holder(session, "Ada")
        steps = [each.step for each in person_timeline.changes(session, ada, NOW + timedelta(hours=1), NOW + 60 * day)]
        assert steps == ["revoked", "gained", "run-out"]
        steps = [each.step for each in person_timeline.changes(session, ada, NOW + timedelta(hours=1), NOW + 10 * day)]
        assert steps == ["revoked"]
