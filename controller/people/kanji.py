"""Kanji that people write for one another in names: old forms, and shapes that family registers and fonts keep.

The law: this only widens a search. Two writings of one row find each other and are never said to be the same; a name is
kept and shown as it was given. Compatibility characters that NFKC folds by itself are not repeated here.
"""

from __future__ import annotations

from typing import Final

_TABLE: Final = """
斎斉齋齊 高髙 崎﨑嵜碕 辺邊邉 沢澤 浜濱濵 広廣 島嶋嶌 吉𠮷 富冨 峰峯 渕淵渊
館舘 曽曾 桑桒 柳栁 昇曻 桜櫻 国國 真眞 恵惠 栄榮 竜龍 滝瀧 寿壽 万萬
関關 円圓 条條 蔵藏 浅淺 鉄鐵 塩鹽 徳德 弥彌 岳嶽 学學 実實 静靜 礼禮
来來 豊豐 与與 誉譽 寛寬 増增 黒黑 青靑 清淸 槙槇 桧檜 秋穐 松枩 船舩
蛍螢 亀龜 県縣 団團 聡聰 総總 釈釋 芦蘆 灯燈 恒恆 悦悅 巌巖 涼凉 凛凜
晃晄 暁曉 朗郞 為爲 瑶瑤 祢禰 禄祿 稲稻 穂穗 糸絲 経經 緑綠 縄繩 茎莖
薫薰 衛衞 覚覺 頼賴 顕顯 鶏鷄 麦麥 黄黃 尭堯 遥遙 鴎鷗 姫姬 沖冲
"""

ROWS: Final = tuple(_TABLE.split())
"""The first of each row is the form that a search compares."""

VARIANTS: Final = str.maketrans({other: row[0] for row in ROWS for other in row[1:]})
