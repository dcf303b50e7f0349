"""Which encoding a text has that is not UTF-8."""

import pytest

from automl.errors import DataError
from automl.intake import load
from automl.intake.encodings import as_utf8, guess, wide
from automl.records import Recipe

TEXTS = {
    "cp1252": ["José,1", "Köln, Málaga", "Größe;Maß", "prix élevé à côté", "São Paulo", "10 °C", "“so” – we said", "£5",
               "così più è perché", "señor, mañana", "Þór Jónsson", "1 m²", "«oui»", "maçã, limões"],
    "cp1250": ["Łódź,Kraków,Gdańsk", "České Budějovice", "cena mieszkań, łazienka", "győr, őszi", "žlutý kůň"],
    "cp1251": ["Москва", "цена,город", "Это очень хороший дом", "Київ, Львів", "да\nнет"],
    "koi8-r": ["Москва", "цена,город", "Это очень хороший дом", "да\nнет"],
    "cp866": ["Москва", "цена,город"],
    "cp1253": ["Αθήνα,Πάτρα", "τιμή", "ναι,όχι"],
    "cp932": ["価格", "東京", "都市,価格", "アイウエオ", "とても静かな家", "はい\nいいえ", "男,女", "ソフト,表,能"],
    "euc_jp": ["価格", "東京", "カタカナのテスト", "とても静かな家", "男,女"],
    "gb18030": ["价格", "北京,上海", "城市,面积,房间数", "离地铁站很近，安静", "是,否"],
    "big5": ["價格", "臺北", "台北,高雄", "離捷運站很近，安靜"],
    "cp949": ["서울,부산", "가격", "예,아니오"],
}  # fmt: skip


@pytest.mark.parametrize(("codec", "text"), [(codec, text) for codec, texts in TEXTS.items() for text in texts])
def test_a_few_words_tell_their_encoding(codec, text):
    data = text.encode(codec)
    assert data.decode(guess(data).codec) == text


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["name,n\nJosé,1\n", "都市,面積\n東京,1\n大阪,2\n", "город;цена\nТула;3\n"])
def test_wide_text_without_a_mark_is_known_by_its_nuls(codec, text):
    assert wide(text.encode(codec)) == codec
    assert wide(text.encode("utf-8")) is None and wide(b"a,b\n1,nul\0here\n" * 20) is None


def test_a_name_that_is_wanted_decides_between_encodings():
    data = "М,Ж\n".encode("cp1251")  # two capitals that are letters in many encodings
    assert guess(data, wanted=("М",)).codec == "cp1251"
    assert guess(data, usual="koi8-r").codec == "koi8-r"


def test_a_damaged_byte_does_not_change_the_encoding_and_is_counted():
    data = "東京,とても静かな家です\n".encode("euc_jp") * 100
    text, findings, codec = as_utf8(data[:1100] + b"\xff" + data[1100:], "t.csv")
    assert codec == "euc_jp" and text.decode().count("東京") >= 99
    assert findings[0].severity == "medium" and findings[0].count >= 1 and "'\ufffd'" in findings[0].message


def test_two_encodings_that_fit_are_both_told():
    _, findings, codec = as_utf8("ДА,НЕТ\n".encode("cp1251"), "t.csv")
    assert codec == "cp1251" and "koi8-r (Cyrillic) would fit as well" in findings[0].message


def test_a_long_line_without_other_letters_is_looked_through_once():
    assert guess(b"a" * 2_000_000 + b"\n" + "José".encode("cp1252") + b"\n").codec == "cp1252"


def test_a_target_in_another_encoding_is_found(tmp_path):
    rows = "".join(f"{i},{i % 3},{'はい' if i % 2 else 'いいえ'}\n" for i in range(20))
    (tmp_path / "t.csv").write_bytes(f"面積,部屋,売却\n{rows}".encode("cp932"))
    dataset = load(Recipe(data=tmp_path / "t.csv", target=("売却",)))
    assert set(dataset.target["売却"]) == {"はい", "いいえ"} and dataset.encoding == "cp932"


@pytest.mark.parametrize(
    ("name", "codec", "words"),
    [("Größe", "cp1252", "read in the encoding cp1252"), ("\x89¿\x8ai", "utf-8", "in a wrong encoding before"),
     ("GrÃ¶ÃŸe", "utf-8", "in a wrong encoding before")],
)  # fmt: skip
def test_a_column_that_is_not_found_among_odd_names_is_told_with_the_encoding(tmp_path, name, codec, words):
    (tmp_path / "t.csv").write_bytes(f"area,{name}\n1,2\n3,4\n".encode(codec))
    with pytest.raises(DataError, match=rf"target '価格' is not a column of t.csv.*{words}.*UTF-8"):
        load(Recipe(data=tmp_path / "t.csv", target=("価格",)))
