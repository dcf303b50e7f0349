"""New rows that differ from the training rows: read by their own notation, told once, refused where too odd."""

import warnings

import numpy as np
import pandas as pd
import pytest

from automl.errors import DataError, OddRowsWarning, RecipeError
from automl.predict.odd_rows import other_brightness

N = 300


@pytest.fixture(scope="module")
def cars():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "Mass": rng.uniform(600, 2400, N).round(1),
            "doors": rng.integers(2, 6, N),
            "share": rng.uniform(0, 1, N).round(3),
            "load": [f"{kg:.0f} kg" for kg in rng.uniform(40, 900, N)],
            "sold": pd.date_range("2016-03-01", periods=N, freq="3D").strftime("%d/%m/%Y"),
            "diesel": rng.choice(["yes", "no"], N),
            "colour": rng.choice(["red", "dark blue", "grey"], N),
            "slope": [f"{p:.0f} %" for p in rng.uniform(3, 98, N)],
        }
    )
    price = 5 * frame["Mass"] + 900 * frame["doors"] + 2000 * frame["share"] + 800 * (frame["diesel"] == "yes")
    return frame.assign(price=price.round(0))


@pytest.fixture(scope="module")
def model(fitted, cars):
    return fitted(cars, "price", "linear")


@pytest.fixture
def new(cars):
    return cars.drop(columns="price").iloc[40:60].reset_index(drop=True)


def findings(model, rows):
    return {finding.check: finding for finding in model.read(rows, "warn").findings}


def predicted(model, rows):
    return model.predict(rows, on_odd="ignore").to_numpy()


def test_rows_like_those_of_training_raise_nothing(model, cars, new, tmp_path):
    new.to_csv(tmp_path / "new.csv", index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for rows in (
            cars,
            new,
            new.head(1),
            new.iloc[2],
            tmp_path / "new.csv",
            new.astype(object),
            new[new.columns[::-1]],
        ):
            model.predict(rows)


OTHERWISE = {
    "decimal commas": ("share", lambda c: c.map(lambda v: f"{v:.3f}".replace(".", ",")), "with a decimal comma"),
    "thousands by commas": ("Mass", lambda c: c.map(lambda v: f"{v:,.1f}"), None),
    "thousands by points": ("Mass", lambda c: c.round().map(lambda v: f"{v:,.0f}".replace(",", ".")), None),
    "money": ("Mass", lambda c: c.map(lambda v: f"$ {v:.1f}"), "without the unit '$'"),
    "percentages": ("share", lambda c: c.map(lambda v: f"{100 * v:.1f} %"), "as percentages of one"),
    "shares": ("slope", lambda c: c.map(lambda v: float(v[:-2]) / 100), "as shares of one"),
    "another unit": ("load", lambda c: c.map(lambda v: f"{1000 * float(v[:-3]):.0f} g"), "in 'g', turned into 'kg'"),
    "month first": (
        "sold",
        lambda c: pd.to_datetime(c, dayfirst=True).dt.strftime("%m/%d/%Y"),
        "with the month before",
    ),
    "dates": ("sold", lambda c: pd.to_datetime(c, dayfirst=True), None),
    "ISO dates": ("sold", lambda c: pd.to_datetime(c, dayfirst=True).dt.strftime("%Y-%m-%d"), None),
    "ones and zeros": ("diesel", lambda c: (c == "yes").astype(int), None),
    "truths": ("diesel", lambda c: c == "yes", None),
    "capitals": ("colour", lambda c: c.str.upper() + " ", "in another spelling"),
    "two blanks": ("colour", lambda c: c.str.replace(" ", "  "), "in another spelling"),
}


@pytest.mark.parametrize("case", OTHERWISE.values(), ids=OTHERWISE)
def test_cells_in_another_notation_are_read_by_it_and_told(model, new, case):
    name, write, words = case
    told = findings(model, new.assign(**{name: write(new[name])}))
    rounded = new.assign(Mass=new["Mass"].round()) if name == "Mass" and words is None else new
    near = {"rtol": 1e-3} if name in ("share", "Mass") else {}
    np.testing.assert_allclose(
        predicted(model, new.assign(**{name: write(new[name])})), predicted(model, rounded), **near
    )
    assert words is None or (words in told["other_notation"].message and told["other_notation"].columns == (name,))
    assert not {"unreadable_cells", "unknown_levels", "out_of_range"} & told.keys()


def test_a_file_in_another_notation_is_read_as_training_was(model, new, tmp_path):
    comma = new.assign(share=new["share"].map(lambda v: f"{v:.3f}".replace(".", ",")))
    comma.to_csv(tmp_path / "quoted.csv", index=False)
    comma.assign(Mass=new["Mass"].map(lambda v: f"{v:.1f}".replace(".", ","))).to_csv(
        tmp_path / "semicolons.csv", index=False, sep=";"
    )
    points = new.assign(Mass=new["Mass"].round().map(lambda v: f"{v:,.0f}".replace(",", ".")))
    points.to_csv(tmp_path / "points.csv", index=False)
    expected = predicted(model, new)
    for name in ("quoted.csv", "semicolons.csv"):
        np.testing.assert_allclose(predicted(model, tmp_path / name), expected)
    whole = predicted(model, new.assign(Mass=new["Mass"].round()))
    mixed = new["Mass"].round() >= 1000
    np.testing.assert_allclose(predicted(model, tmp_path / "points.csv")[mixed], whole[mixed])


def test_a_model_of_decimal_commas_is_not_told_of_its_own(fitted, cars, new, tmp_path):
    for name, frame in (("cars.csv", cars), ("new.csv", new)):
        frame.to_csv(tmp_path / name, index=False, sep=";", decimal=",")
    model = fitted(str(tmp_path / "cars.csv"), "price", "linear")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = model.predict(tmp_path / "new.csv")
    np.testing.assert_allclose(first, predicted(model, new))
    new.to_csv(tmp_path / "points.csv", index=False)
    assert "with a decimal point" in findings(model, tmp_path / "points.csv")["other_notation"].message
    np.testing.assert_allclose(predicted(model, tmp_path / "points.csv"), first)


@pytest.mark.parametrize("suffix", ["parquet", "json", "jsonl", "xlsx", "feather"])
def test_other_formats_than_that_of_training_give_the_same(model, new, suffix, tmp_path):
    path = tmp_path / f"new.{suffix}"
    match suffix:
        case "json":
            new.to_json(path, orient="records")
        case "jsonl":
            new.to_json(path, orient="records", lines=True)
        case "xlsx":
            new.to_excel(path, index=False)
        case _:
            getattr(new, f"to_{suffix}")(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error", OddRowsWarning)
        np.testing.assert_allclose(model.predict(path), predicted(model, new))


def test_names_in_another_case_or_with_other_blanks_are_matched_and_told(model, new):
    renamed = new.rename(columns={"Mass": "mass ", "share": "Share", "sold": "SOLD"})
    told = findings(model, renamed)
    assert told["respelled_columns"].columns == ("Mass", "share", "sold") and "missing_columns" not in told
    np.testing.assert_allclose(predicted(model, renamed), predicted(model, new))
    both = new.assign(mass=0)
    assert "respelled_columns" not in findings(model, both) and findings(model, both)["extra_columns"].columns == (
        "mass",
    )


def test_cells_that_cannot_be_read_are_told_with_their_rows(model, new):
    new["share"] = new["share"].astype(object)
    new.loc[[3, 7], "share"] = ["some", "none at all"]
    told = findings(model, new)["unreadable_cells"]
    assert told.rows == (3, 7) and told.count == 2 and "'some', 'none at all'" in told.message
    assert (told.severity, told.columns) == ("medium", ("share",))


def test_what_is_quoted_of_a_person_is_its_shape_alone(fitted, cars):
    named = cars.rename(columns={"share": "phone"})
    model = fitted(named, "price", "linear")
    rows = named.drop(columns="price").head(20).astype({"phone": object})
    rows.loc[0, "phone"] = "Mrs Miller"
    message = findings(model, rows)["unreadable_cells"].message
    assert "Miller" not in message and "Aa Aa" in message


def test_gaps_unknown_levels_and_lost_columns_are_told(model, new):
    assert (
        "4 of 20 rows (none in training)"
        in findings(model, new.assign(doors=new["doors"].where(new.index > 3)))["new_gaps"].message
    )
    levels = findings(model, new.assign(colour=["pink"] * 5 + ["red"] * 15))["unknown_levels"]
    assert levels.count == 5 and "'pink'" in levels.message
    assert findings(model, new.drop(columns="doors"))["missing_columns"].columns == ("doors",)


def test_columns_that_were_left_out_or_weigh_rows_are_no_news(fitted, cars):
    frame = cars.assign(w=1.0, note="x")
    model = fitted(frame, "price", "linear", weight="w", drop=["note"])
    assert "extra_columns" not in findings(model, frame.head(5))
    assert findings(model, frame.head(5).assign(more=1))["extra_columns"].columns == ("more",)


def test_levels_that_training_had_rarely_are_no_news_where_they_stay_rare(fitted, cars):
    rare = cars.assign(colour=[f"own {i}" if i % 10 == 0 else c for i, c in enumerate(cars["colour"])])
    model = fitted(rare, "price", "linear")
    new = rare.drop(columns="price").head(40)
    assert "unknown_levels" not in findings(model, new)
    assert "unknown_levels" in findings(model, new.assign(colour=["other"] * 20 + ["red"] * 20))


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("Mass", lambda c: c * 1000, "here: "),
        ("Mass", lambda c: c / 1000, "training: "),
        ("share", lambda c: c + 40, "in 20 of 20 rows"),
        ("sold", lambda c: pd.to_datetime(c, dayfirst=True) + pd.Timedelta(days=36525), "training: 2016 to 2018"),
    ],
    ids=["larger unit", "smaller unit", "shifted", "a century later"],
)
def test_numbers_far_out_of_the_training_range_are_told(model, new, name, change, words):
    told = findings(model, new.assign(**{name: change(new[name])}))["out_of_range"]
    assert told.severity == "high" and words in told.message
    one = new.head(1)
    assert "out_of_range" in findings(model, one.assign(**{name: change(one[name])}))


def test_the_extremes_of_training_are_not_far_out(model, cars):
    new = cars.drop(columns="price")
    assert "out_of_range" not in findings(model, new.sort_values("Mass").head(10))
    assert "out_of_range" not in findings(
        model, new.sort_values("Mass").tail(10).assign(Mass=lambda f: f["Mass"] * 1.2)
    )


def test_one_warning_at_the_line_of_the_caller_tells_all(model, new):
    odd = new.assign(colour="pink", extra=1, Mass=new["Mass"] * 1000)
    with pytest.warns(OddRowsWarning) as caught:
        model.predict(odd)
    assert len(caught) == 1 and caught[0].filename == __file__
    for words in ("'pink'", "'extra'", "'Mass'"):
        assert str(caught[0].message).count(words) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(odd, on_odd="ignore")
        model.predict(model.read(odd))


def test_a_column_that_is_unreadable_is_refused_unless_a_warning_is_enough(model, new):
    words = new.assign(share=[f"oops{i}" for i in range(20)])
    for asked in (model.predict, model.read):
        with pytest.raises(
            DataError, match=r"20 of 20 cells of 'share' cannot be read as numbers.* \(such as 'oops0'\)"
        ):
            asked(words)
    with pytest.warns(OddRowsWarning, match="in 20 of 20 rows"):
        assert np.isfinite(model.predict(words, on_odd="warn")).all()
    assert np.isfinite(model.predict(words, on_odd="ignore")).all()
    few = new.assign(share=["oops"] * 4 + [0.5] * 16)
    with pytest.warns(OddRowsWarning, match="in 4 of 20 rows"):
        model.predict(few)
    one = new.head(1).assign(share="oops")
    with pytest.warns(OddRowsWarning, match="in 1 of 1 rows"):
        model.predict(one)


def test_refuse_refuses_what_is_told_but_for_what_is_low(model, new):
    with pytest.warns(OddRowsWarning, match="'extra'"):
        model.predict(new.assign(extra=1), on_odd="refuse")
    for odd in (
        new.assign(Mass=new["Mass"] * 1000),
        new.drop(columns="doors"),
        new.assign(colour=new["colour"].str.upper()),
    ):
        with pytest.raises(DataError, match="on_odd is 'refuse'"):
            model.predict(odd, on_odd="refuse")


def test_another_word_is_refused(model, new):
    with pytest.raises(RecipeError, match="expected one of warn, ignore, refuse, got 'raise'"):
        model.predict(new, on_odd="raise")


def test_a_model_of_before_knows_nothing_of_training_and_tells_what_the_cells_show(model, new):
    from dataclasses import replace

    task = replace(model.task, columns=tuple(replace(c, seen={}) for c in model.task.columns))
    old = replace(model, task=task)
    odd = new.assign(
        Mass=new["Mass"] * 1000, colour="pink", share=new["share"].map(lambda v: f"{v:.2f}".replace(".", ","))
    )
    assert set(findings(old, odd)) == {"other_notation"}


def test_a_history_in_another_notation_is_read_by_it(tmp_path):
    from automl import recipe
    from automl.flow.prepare import prepare
    from automl.predict.rows import read_rows

    days = pd.date_range("2024-01-01", periods=90)
    sales = np.arange(90) % 7 * 1.5 + 20
    told = pd.DataFrame({"day": days.strftime("%Y-%m-%d"), "sales": sales})
    task = prepare(recipe.make(data=told, target="sales", goal="forecast", horizon=7, time_column="day")).task
    comma = told.assign(sales=[f"{v:.2f}".replace(".", ",") for v in sales])
    read = read_rows(comma, task)
    np.testing.assert_allclose(read.target["sales"], sales)
    assert [f.check for f in read.findings if f.severity == "medium"] == ["other_notation"]


@pytest.mark.parametrize(
    ("limits", "images", "is_odd"),
    [
        ((0.0, 1.0), np.full((2, 4, 4), 200.0), True),
        ((0.0, 255.0), np.full((2, 4, 4), 0.5), True),
        ((0.0, 255.0), np.zeros((2, 4, 4), np.uint8), False),
        ((0.0, 255.0), np.full((2, 4, 4), 3.0), False),
        ((0.0, 1.0), np.full((2, 4, 4), 1.5), False),
        (None, np.full((2, 4, 4), 200.0), False),
    ],
)
def test_images_on_another_scale_are_told(limits, images, is_odd):
    assert [f.check for f in other_brightness(images, limits)] == ["out_of_range"] * is_odd
