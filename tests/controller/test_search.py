"""People are found by whatever an operator remembers of them, however it is written down, and quickly."""

from __future__ import annotations

import random
import time

import pytest
from sqlalchemy import Engine, insert, text

from controller.database import migrate, open_database, reading, transaction
from controller.people import cardholder, credential, folding, leaver, search
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential
from controller.people.kana import sound
from controller.people.kanji import ROWS
from tests.controller.conftest import NOW, House, of_revision

ACTOR = "operator:1"
MORAE = [
    *(("あ", "a", "a"), ("い", "i", "i"), ("う", "u", "u"), ("え", "e", "e"), ("お", "o", "o")),
    *(("か", "ka", "ka"), ("し", "shi", "si"), ("ち", "chi", "ti"), ("つ", "tsu", "tu"), ("ふ", "fu", "hu")),
    *(("じ", "ji", "zi"), ("ず", "zu", "zu"), ("しゃ", "sha", "sya"), ("しゅ", "shu", "syu"), ("しょ", "sho", "syo")),
    *(("ちゃ", "cha", "tya"), ("ちゅ", "chu", "tyu"), ("ちょ", "cho", "tyo"), ("じゃ", "ja", "zya")),
    *(("じゅ", "ju", "zyu"), ("じょ", "jo", "zyo"), ("きょ", "kyo", "kyo"), ("りゅ", "ryu", "ryu")),
    *(("な", "na", "na"), ("ひ", "hi", "hi"), ("む", "mu", "mu"), ("や", "ya", "ya"), ("ゆ", "yu", "yu")),
    *(("ろ", "ro", "ro"), ("わ", "wa", "wa"), ("が", "ga", "ga"), ("ど", "do", "do"), ("べ", "be", "be")),
    *(("ぽ", "po", "po"), ("ん", "n", "n"), ("ー", "", "")),
]


def test_kana_hepburn_and_kunrei_sound_alike(rng: random.Random) -> None:
    for _ in range(2000):
        name = rng.choices(MORAE, k=rng.randrange(1, 7))
        kana, hepburn, kunrei = ("".join(each[way] for each in name) for way in range(3))
        katakana = "".join(chr(ord(each) + 0x60) if "ぁ" <= each <= "ゖ" else each for each in kana)
        assert {sound(each) for each in (kana, hepburn, kunrei)} == {sound(kana)}, kana
        assert folding.key(katakana) == folding.key(kana)


def test_a_search_finds_with_every_syllable_that_is_typed(rng: random.Random) -> None:
    for _ in range(1000):
        name = rng.choices(MORAE[:-1], k=rng.randrange(1, 7))
        key = folding.key("".join(each[0] for each in name))
        for way in range(3):
            for typed in range(1, len(name) + 1):
                begun = "".join(each[way] for each in name[:typed])
                assert any(spelling in key for spelling in folding.terms(begun)[0]), (begun, key)


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        (("佐藤 太郎", "サトウ タロウ", "1001"), "satou satoh satō SATO さとう ｻﾄｳ サトー taro 佐藤太郎 satotaro たろ"),
        (("渡邊 翔太", "ワタナベ ショウタ", "A-7"), "渡辺 渡邉 渡邊 shota syouta しょうた シヨウタ wata a-7 A7"),
        (("髙橋﨑𠮷", "", "1"), "高橋 髙橋 崎吉 﨑𠮷"),
        (("斎藤", "サイトウ", "1"), "齋藤 齊藤 斉藤 saito saitoh"),
        (("本間 純一", "ホンマ ジュンイチ", "1"), "homma honma junichi jun'ichi zyuniti junniti"),
        (("服部 鶴子", "ハットリ ツルコ", "1"), "hattori hatori turuko tsuruko はっとり"),
        (("大野", "オオノ", "1"), "ohno ono oono ōno おおの オーノ"),
        (("O’Brien Zoë", "", "1"), "o'brien obrien zoe ZOË brien"),
        (("Ｄｕｎｃａｎ", "", "１２３"), "d du duncan 123 １２"),
        (("神谷\U000e0100 🙂", "", "1"), "神谷 神谷 🙂"),
    ],
)  # fmt: skip
def test_names_are_found_however_they_are_written(kept: tuple[str, str, str], typed: str) -> None:
    key = folding.key(*kept)
    for each in typed.split():
        assert all(any(spelling in key for spelling in term) for term in folding.terms(each)), each


def test_a_kanji_has_one_first_form_only() -> None:
    letters = "".join(ROWS)
    assert len(set(letters)) == len(letters)


def test_everything_typed_must_be_found_and_a_card_counts(house: House) -> None:
    def found(text: str) -> list[str]:
        with reading(house.engine) as session:
            return [each.name for each in search.find(session, house.site(session), text)]

    with transaction(house.engine) as session:
        for number, (name, kana) in enumerate((("山田 太郎", "ヤマダ タロウ"), ("山田 花子", "ヤマダ ハナコ"))):
            cardholder.enrol(session, ACTOR, NOW, house.site(session), name, f"70{number}", kana)
    assert found("yamada") == ["山田 太郎", "山田 花子"]
    assert found("花子　ﾔﾏﾀﾞ") == found("yamada 701") == ["山田 花子"]
    assert found("yamada 702") == found("%") == found("_") == found("-") == []
    assert found("1e00000002") == found("Ben’s") == ["Ben"]
    assert found("") == found("  ") == ["Ada", "Ben", "Eve", "山田 太郎", "山田 花子"]


def test_who_is_renamed_is_found_by_the_new_name_only(house: House) -> None:
    with transaction(house.engine) as session:
        own, ben = house.site(session), house.holder(session, "Ben")
        cardholder.rename(session, ACTOR, NOW, ben, "高木 勉", "タカギ ベン")
        assert search.find(session, own, "takagi") == [ben]
        assert search.find(session, own, "Ben 高木") == [ben]
        cardholder.rename(session, ACTOR, NOW, ben, "Zoe")
        assert search.find(session, own, "takagi") == []


def test_people_and_cards_of_before_are_found_after_the_migration(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    if engine.dialect.name == "postgresql":
        old = open_database(request.getfixturevalue("postgresql_database"))
    else:
        old = open_database(f"sqlite:///{request.getfixturevalue('tmp_path') / 'old.sqlite'}")
    with of_revision(old, "0012") as connection:
        for statement in (
            "INSERT INTO site (id, key, name, name_ja, zone) VALUES (1, 'tokyo', 'Tokyo', '東京', 'Asia/Tokyo')",
            "INSERT INTO cardholder (id, site_id, handle, name, name_kana, number, created_at, extended, forgiven)"
            " VALUES (1, 1, :handle, '髙木', 'タカギ', 'E-1', '2026-11-24T03:00:00.000000Z', :no, 0)",
            "INSERT INTO credential (id, cardholder_id, label, state, issued_at, reason, issue_level, active_since)"
            " VALUES (1, 1, 'Blue 17', 'active', '2026-11-24T03:00:00.000000Z', '', 1, '2026-11-24T03:00:00.000000Z')",
            "INSERT INTO identity (id, site_id, credential_id, text) VALUES (1, 1, 1, 'serial-hex:40:1e00000001')",
        ):
            connection.execute(text(statement), {"handle": b"h", "no": False} if ":handle" in statement else {})
    migrate(old)
    with reading(old) as session:
        holder, card = session.get_one(Cardholder, 1), session.get_one(Credential, 1)
        assert holder.folded == folding.key("髙木", "タカギ", "E-1")
        assert card.folded == credential.folded("Blue 17", ["serial-hex:40:1e00000001"])
        assert holder.leaves_at is None
    old.dispose()


def test_a_search_among_ten_thousand_people_takes_less_than_100_ms(house: House, rng: random.Random) -> None:
    families = [
        ("佐藤", "サトウ"),
        ("鈴木", "スズキ"),
        ("渡邊", "ワタナベ"),
        ("髙橋", "タカハシ"),
        ("小林", "コバヤシ"),
    ]
    given = [("翔太", "ショウタ"), ("結衣", "ユイ"), ("純一", "ジュンイチ"), ("陽子", "ヨウコ"), ("健", "ケン")]
    people, cards = list[dict[str, object]](), list[dict[str, object]]()
    for number in range(1000, 11000):
        (family, f_kana), (first, g_kana) = rng.choice(families), rng.choice(given)
        name, kana = f"{family} {first}{number}", f"{f_kana} {g_kana}"
        row = {"id": number, "site_id": 1, "handle": rng.randbytes(16), "name": name, "name_kana": kana}
        folded = folding.key(name, kana, f"E{number}")
        people.append({**row, "number": f"E{number}", "created_at": NOW, "forgiven": 0, "folded": folded})
        folded = credential.folded(f"Card {number}", [f"serial-hex:40:{number:010x}"])
        label = {"cardholder_id": number, "label": f"Card {number}", "state": "active", "folded": folded}
        cards.append({**label, "issued_at": NOW, "active_since": NOW})
    with transaction(house.engine) as session:
        for start in range(0, len(people), 1000):
            session.execute(insert(Cardholder), people[start : start + 1000])
            session.execute(insert(Credential), cards[start : start + 1000])
    for typed, count in (("sato", 50), ("e10500", 1), ("nobody at all", 0), ("card 10777", 1), ("kobayasi yui", 50)):
        took = list[float]()
        for _ in range(5):
            with reading(house.engine) as session:
                begun = time.perf_counter()
                found = search.find(session, house.site(session), typed)
                credential.states_now(session, found, NOW)
                took.append(time.perf_counter() - begun)
                assert len(found) == count, typed
        assert min(took) < 0.1, (typed, took)


def test_states_of_many_are_the_states_of_each(house: House) -> None:
    with transaction(house.engine) as session:
        eve = house.holder(session, "Eve")
        credential.report_lost(session, ACTOR, NOW, credential.of_cardholder(session, eve)[0], "left on a train")
        leaver.deactivate(session, ACTOR, NOW, house.holder(session, "Ben"), "left")
        people = cardholder.of_site(session, house.site(session))
        alone = {
            each.id: [credential.state_now(session, card, NOW) for card in credential.of_cardholder(session, each)]
            for each in people
        }
        assert credential.states_now(session, people, NOW) == alone
