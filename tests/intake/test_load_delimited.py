"""Delimited text: what is read as what, and what is said about it."""

import bz2
import gzip
import lzma
import zipfile

import numpy as np
import pandas as pd
import pytest

from automl.errors import DataError
from automl.intake import delimited, load
from automl.intake.raw import Hints
from automl.records import Recipe


def read(path, target=(), **more):
    return load(Recipe(data=str(path), target=target, **more))


def write(tmp_path, content, name="cars.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def checks(dataset):
    return [finding.check for finding in dataset.findings]


PLAIN = "make,price,km\nfiat,100,1.5\nford,200,\nseat,300,3.5\n"


def test_a_csv_is_read_with_its_types_and_its_target_parted_off(tmp_path):
    dataset = read(write(tmp_path, PLAIN), ("price",))
    assert list(dataset.inputs.columns) == ["make", "km"]
    assert dataset.target["price"].tolist() == [100, 200, 300]
    np.testing.assert_array_equal(dataset.inputs["km"], [1.5, np.nan, 3.5])
    assert (dataset.name, dataset.root) == ("cars", str(tmp_path))
    assert dataset.row_numbers.tolist() == [0, 1, 2]
    assert dataset.findings == ()


@pytest.mark.parametrize(
    ("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)], ids=["gz", "bz2", "xz"]
)
def test_compressed_files_read_like_plain_ones(tmp_path, ending, pack):
    plain = read(write(tmp_path, PLAIN))
    packed = read(write(tmp_path, pack(PLAIN.encode()), f"cars.csv.{ending}"))
    assert packed.fingerprint == plain.fingerprint
    assert packed.name == "cars"


def test_a_zip_of_one_table_is_read_and_one_of_several_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("inner/cars.csv", PLAIN)
        archive.writestr("__MACOSX/cars.csv", "junk")
    assert read(tmp_path / "one.zip").inputs.shape == (3, 3)
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", PLAIN)
        archive.writestr("b.csv", PLAIN)
    with pytest.raises(DataError, match=r"archive of 2 files.*'a.csv'.*unpack"):
        read(tmp_path / "two.zip")


def test_a_truncated_gzip_is_named_as_damaged(tmp_path):
    packed = gzip.compress(PLAIN.encode() * 100)
    with pytest.raises(DataError, match=r"cars.csv.gz is a damaged compressed file"):
        read(write(tmp_path, packed[:-20], "cars.csv.gz"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["cars.csv", "cars.tsv", "cars.txt", "cars"])
def test_the_delimiter_is_found_whatever_the_file_is_called(tmp_path, delimiter, name):
    text = "make,says,km\nfiat,a b c,1\nford,d e: f,2\nseat,-,3\n".replace(",", delimiter)
    dataset = read(write(tmp_path, text, name))
    assert list(dataset.inputs.columns) == ["make", "says", "km"]
    assert dataset.inputs["km"].tolist() == [1, 2, 3]


def test_commas_in_the_text_of_a_tsv_do_not_split_it(tmp_path):
    text = "label\ttext\nham\tHello, you, there\nspam\tWin, now\nham\tno commas\n"
    assert read(write(tmp_path, text, "sms.txt")).inputs["text"].tolist() == [
        "Hello, you, there",
        "Win, now",
        "no commas",
    ]


def test_columns_parted_by_blanks_are_read(tmp_path):
    dataset = read(write(tmp_path, "a  b   c\n1  2.5 3\n 4   5  6\n7 8 9\n", "table.dat"))
    assert dataset.inputs["b"].tolist() == [2.5, 5.0, 8.0]


def test_the_separator_line_of_excel_is_skipped(tmp_path):
    assert list(read(write(tmp_path, "sep=;\na;b\n1;2\n3;4\n")).inputs.columns) == ["a", "b"]


def test_quoted_line_ends_and_delimiters_stay_in_their_cell(tmp_path):
    dataset = read(write(tmp_path, 'id,text\n1,"two\nlines, ""quoted"""\n2,plain\n'))
    assert dataset.inputs["text"].tolist() == ['two\nlines, "quoted"', "plain"]


def test_stray_quotes_do_not_swallow_rows(tmp_path):
    dataset = read(write(tmp_path, 'label\ttext\nham\t"never closed\nspam\tplain\nham\tend" here\nham\tlast\n'))
    assert dataset.n_rows == 4
    assert dataset.inputs["text"].tolist()[0] == '"never closed'


def test_a_quote_that_is_never_closed_does_not_end_the_file(tmp_path):
    dataset = read(write(tmp_path, 'a,b\n"x,1\ny,2\nz,3\n'))
    assert dataset.inputs["a"].tolist() == ['"x', "y", "z"] and dataset.inputs["b"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_unicode_encodings_are_told_apart_without_a_word(tmp_path, encoding):
    text = "name,n\nJosé 🎉,1\nZoë,2\nplain and rather longer text,3\n"
    dataset = read(write(tmp_path, text, encoding=encoding))
    assert dataset.inputs["name"].tolist()[:2] == ["José 🎉", "Zoë"]
    assert list(dataset.inputs.columns) == ["name", "n"]
    assert dataset.findings == ()


def test_windows_text_is_read_and_reported(tmp_path):
    dataset = read(write(tmp_path, "name,n\nJosé – “x”,1\nZoë €,2\n", encoding="cp1252"))
    assert dataset.inputs["name"].tolist() == ["José – “x”", "Zoë €"]
    assert checks(dataset) == ["encoding"]
    assert "cp1252" in dataset.findings[0].message and "line 2" in dataset.findings[0].message


def test_bytes_unknown_to_windows_are_read_as_latin_1(tmp_path):
    dataset = read(write(tmp_path, b"name,n\nJos\xe9 \x81,1\nb,2\n"))
    assert dataset.inputs["name"][0] == "José \x81"
    assert "latin-1" in dataset.findings[0].message


def test_one_damaged_byte_does_not_spoil_all_other_letters(tmp_path):
    good = "".join(f"Zoë{i},1\n" for i in range(50)).encode()
    dataset = read(write(tmp_path, b"name,n\n" + good + b"bad\xff,2\n"))
    assert dataset.inputs["name"][0] == "Zoë0"
    assert dataset.findings[0].check == "encoding" and dataset.findings[0].count == 1


def test_nuls_are_removed_and_counted_and_emoji_kept(tmp_path):
    dataset = read(write(tmp_path, "text,n\nnul\0 here,1\nparty 🎉👩‍👩‍👧,2\n"))
    assert dataset.inputs["text"].tolist() == ["nul here", "party 🎉👩‍👩‍👧"]
    assert checks(dataset) == ["nul_characters"] and dataset.findings[0].count == 1


def test_a_decimal_comma_is_read_behind_semicolons(tmp_path):
    dataset = read(write(tmp_path, "a;b;c;d\n1,5;x;1.234,5;7\n-0,25;y;12;8\n;z;2.000.000,75;9\n"))
    np.testing.assert_array_equal(dataset.inputs["a"], [1.5, -0.25, np.nan])
    assert dataset.inputs["c"].tolist() == [1234.5, 12.0, 2000000.75]
    assert dataset.inputs["d"].tolist() == [7, 8, 9]
    assert checks(dataset) == ["decimal_comma"] and dataset.findings[0].columns == ("a", "c")


def test_commas_are_left_alone_where_points_are_decimals(tmp_path):
    dataset = read(write(tmp_path, "a;b\n1,200;3.5\n2,300;4.5\n"))
    assert dataset.inputs["a"].tolist() == ["1,200", "2,300"]
    assert dataset.inputs["b"].tolist() == [3.5, 4.5]


def test_leading_zeros_long_digits_and_phone_numbers_stay_text(tmp_path):
    text = "plz,long,phone,n\n00123,12345678901234567890,+49123,1\n98765,12345678901234567891,+49124,2\n"
    inputs = read(write(tmp_path, text)).inputs
    assert inputs["plz"].tolist() == ["00123", "98765"]
    assert inputs["long"].tolist() == ["12345678901234567890", "12345678901234567891"]
    assert inputs["n"].tolist() == [1, 2]


def test_long_whole_numbers_with_gaps_are_not_rounded(tmp_path):
    inputs = read(write(tmp_path, "id,n\n9007199254740993,1\n,2\n")).inputs
    assert inputs["id"][0] == "9007199254740993"


def test_words_for_missing_among_numbers_are_missing_and_reported(tmp_path):
    dataset = read(write(tmp_path, "a,b\n1,x\nNA,y\n-,z\n 4,w\n"))
    np.testing.assert_array_equal(dataset.inputs["a"], [1, np.nan, np.nan, 4])
    assert [f.message.split("'")[1] for f in dataset.findings] == ["NA", "-"]


def test_na_is_a_country_among_country_codes(tmp_path):
    codes = ["DE", "FR", "NA", "ZA", "BW", "AO", "NA"]
    dataset = read(write(tmp_path, "country,n\n" + "".join(f"{code},{i}\n" for i, code in enumerate(codes))))
    assert dataset.inputs["country"].tolist() == codes
    assert checks(dataset) == ["kept_words"] and dataset.findings[0].columns == ("country",)


def test_na_is_missing_among_words_and_none_is_a_category(tmp_path):
    dataset = read(write(tmp_path, "alley,plan\nGrvl,basic\nNA,None\nPave,gold\n"))
    assert dataset.inputs["alley"].isna().tolist() == [False, True, False]
    assert dataset.inputs["plan"].tolist() == ["basic", "None", "gold"]
    assert sorted(checks(dataset)) == ["kept_words", "missing_words"]


def test_none_is_missing_among_dates_and_answers(tmp_path):
    dataset = read(write(tmp_path, "day,ok\n2020-01-01,True\nNone,None\n2020-01-03,False\n"))
    assert dataset.inputs.isna().sum().tolist() == [1, 1]


def test_mixed_cells_are_kept_as_text(tmp_path):
    assert read(write(tmp_path, "a,b\n1,1\ntwo,2\n3.0,3\n")).inputs["a"].tolist() == ["1", "two", "3.0"]


def test_a_late_word_keeps_the_whole_column_as_text(tmp_path):
    rows = [str(i) for i in range(5000)]
    rows[4321] = "4321 km"
    dataset = read(write(tmp_path, "a,b\n" + "".join(f"{row},0\n" for row in rows)))
    assert dataset.inputs["a"].tolist() == rows


def test_repeated_names_are_numbered_and_reported(tmp_path):
    dataset = read(write(tmp_path, "a,a,b,a.1,a\n1,2,3,4,5\n6,7,8,9,0\n"))
    assert list(dataset.inputs.columns) == ["a", "a.2", "b", "a.1", "a.3"]
    assert dataset.inputs.iloc[0].tolist() == [1, 2, 3, 4, 5]
    assert dataset.findings[0].check == "duplicate_columns" and dataset.findings[0].columns == ("a",)


def test_a_repeated_target_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"'price' is the name of several columns of cars.csv"):
        read(write(tmp_path, "price,km,price\n1,2,3\n4,5,6\n"), ("price",))


def test_short_rows_are_filled_and_long_ones_left_out_with_their_place(tmp_path):
    dataset = read(write(tmp_path, "a,b\n1,2\n3\n4,5,6\n7,8\n9,10,\n"))
    np.testing.assert_array_equal(dataset.inputs["b"], [2, np.nan, 8, 10])
    assert dataset.row_numbers.tolist() == [0, 1, 3, 4]
    ragged = next(finding for finding in dataset.findings if finding.check == "ragged_rows")
    assert (ragged.rows, ragged.count) == ((2,), 1)


def test_row_names_without_a_heading_become_a_column(tmp_path):
    dataset = read(write(tmp_path, "mpg,cyl\nMazda,21,6\nDatsun,22.8,4\nHornet,21.4,6\n"))
    assert list(dataset.inputs.columns) == ["row_name", "mpg", "cyl"]
    assert dataset.inputs["row_name"].tolist() == ["Mazda", "Datsun", "Hornet"]


def test_a_file_of_numbers_without_header_keeps_its_first_row(tmp_path):
    dataset = read(write(tmp_path, "1.5,2.5,3\n4,5,6\n7,8,9\n"))
    assert list(dataset.inputs.columns) == ["x0", "x1", "x2"] and dataset.n_rows == 3
    assert checks(dataset) == ["no_header"]


def test_a_header_of_years_is_a_header(tmp_path):
    assert list(read(write(tmp_path, "2019,2020,2021\n1,2,3\n4,5,6\n")).inputs.columns) == ["2019", "2020", "2021"]


def test_cells_after_comma_and_blank_lose_that_blank(tmp_path):
    dataset = read(write(tmp_path, "age, work, income\n39, State-gov, <=50K\n50, ?, >50K\n"), ("income",))
    assert dataset.target["income"].tolist() == ["<=50K", ">50K"]
    assert dataset.inputs["work"].isna().tolist() == [False, True]


def test_an_empty_column_is_all_missing(tmp_path):
    assert read(write(tmp_path, "a,b\n1,\n2,\n")).inputs["b"].isna().all()


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_file_says_so(tmp_path, content):
    with pytest.raises(DataError, match=r"cars.csv is empty: expected a table"):
        read(write(tmp_path, content))


def test_a_header_alone_says_so(tmp_path):
    with pytest.raises(DataError, match=r"cars.csv holds a header and no rows"):
        read(write(tmp_path, "a,b,c\n"))


def test_one_row_says_so(tmp_path):
    with pytest.raises(DataError, match=r"cars.csv holds one row: expected at least two"):
        read(write(tmp_path, "a,b\n1,2\n"))


def test_one_column_that_is_the_target_leaves_no_input(tmp_path):
    with pytest.raises(DataError, match=r"no input column is left in cars.csv"):
        read(write(tmp_path, "price\n1\n2\n3\n"), ("price",))


def test_a_missing_file_names_its_neighbours(tmp_path):
    write(tmp_path, PLAIN, "cars_2024.csv")
    with pytest.raises(DataError, match=r"no file 'cars_2042.csv' in the folder .*did you mean 'cars_2024.csv'"):
        read(tmp_path / "cars_2042.csv")
    with pytest.raises(DataError, match=r"the folder .*nowhere.* does not exist"):
        read(tmp_path / "nowhere" / "cars.csv")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n123", "a PNG image"),
        (b"\xd0\xcf\x11\xe0rest", "an old Excel or Word file"),
        (b"SQLite format 3\0rest", "an SQLite database"),
        (bytes(range(256)) * 20, "a binary file"),
    ],
)
def test_a_binary_file_is_named_for_what_it_is(tmp_path, content, words):
    with pytest.raises(DataError, match=rf"cars.csv is {words}.*expected CSV"):
        read(write(tmp_path, content))


def test_an_address_is_refused():
    with pytest.raises(DataError, match="download it first"):
        read("https://example.org/cars.csv")


@pytest.mark.parametrize("long", ["x" * 300, '"' + "line\n" * 60 + '"'])
def test_a_record_longer_than_a_block_is_read_like_any_other(tmp_path, monkeypatch, long):
    content = "a,b\n" + "1,x\n" * 50 + f"2,{long}\n" + "3,y\n" * 50
    whole = read(write(tmp_path, content))
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 100)
    monkeypatch.setattr(delimited, "_slow", None)
    by_blocks = read(write(tmp_path, content))
    assert whole.fingerprint == by_blocks.fingerprint and len(by_blocks.inputs["b"][50]) >= 299


def test_many_cells_are_read_in_seconds(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"n{i}": rng.normal(size=20_000).round(4) for i in range(25)})
    frame = frame.assign(**{f"s{i}": rng.choice(["red", "green", "dark blue"], 20_000) for i in range(25)})
    frame.to_csv(tmp_path / "big.csv", index=False)
    dataset = read(tmp_path / "big.csv")
    assert dataset.fingerprint == load(Recipe(data=frame)).fingerprint


@pytest.mark.parametrize(("text", "cell"), [(b'a,b\n",', '"'), (b'a,b\n"x",y', "x")])
def test_a_quote_that_is_never_closed_in_a_file_of_two_lines_is_a_character(text, cell):
    frame = delimited.read(text, "t.csv", Hints()).frame
    assert (len(frame), frame["a"][0]) == (1, cell)
