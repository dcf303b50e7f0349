"""Loads data sets included in scikit-learn or automl, by name: ``sklearn:breast_cancer``, ``automl:novels``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from automl.errors import RecipeError
from automl.recipe.words import nearest

__all__ = ["SETS", "Arrays", "Pair", "is_name", "load", "name_of"]

PREFIXES = ("sklearn", "automl")


class Pair(tuple[Any, Any]):
    """An (inputs, target) pair with its name in `attrs`."""

    attrs: dict[str, str]


class Arrays(dict[str, Any]):
    """Arrays by name, as an .npz holds them, with the name of the set in `attrs`."""

    attrs: dict[str, str]


def is_name(data: Any) -> bool:
    """Whether `data` is written like the name of a shipped data set, not like a path."""
    return isinstance(data, str) and data.partition(":")[0] in PREFIXES and ":" in data


def name_of(data: Any) -> str | None:
    """The name under which a data set in memory was loaded; None if it is not one of ours."""
    source = getattr(data, "attrs", {}).get("source")
    return source if isinstance(source, str) and source in SETS else None


def load(name: str) -> tuple[Any, tuple[str, ...]]:
    """Load a shipped data set.

    Args:
        name: ``sklearn:<name>`` or ``automl:<name>``.

    Returns:
        A frame that contains the target columns, a `Pair` of array and labels, or `Arrays` where there is a rate beside
        them; and the names of the target columns (empty for those). All have ``attrs`` with "name" and "source".

    Raises:
        RecipeError: there is no such set; the message gives the nearest name.
    """
    check(name)
    data, target = SETS[name]()
    if isinstance(data, tuple | dict):
        data = Pair(data) if isinstance(data, tuple) else Arrays(data)
        data.attrs = {}
    data.attrs["name"] = name.partition(":")[2]
    data.attrs["source"] = name
    return data, target


def check(name: str) -> None:
    """Check that a shipped data set has this name.

    Raises:
        RecipeError: there is no such set; the message gives the nearest name.
    """
    if name not in SETS:
        raise RecipeError(f"data: there is no set {name[:100]!r}{nearest(name, SETS)}; sets are {', '.join(SETS)}")


def breast_cancer() -> tuple[Any, tuple[str, ...]]:
    """569 tumours with 30 measurements each; target: malignant or benign."""
    import sklearn.datasets

    bunch = sklearn.datasets.load_breast_cancer(as_frame=True)
    return bunch.data.assign(diagnosis=[str(bunch.target_names[code]) for code in bunch.target]), ("diagnosis",)


def iris() -> tuple[Any, tuple[str, ...]]:
    """150 flowers with four lengths each; target: one of three species."""
    import sklearn.datasets

    bunch = sklearn.datasets.load_iris(as_frame=True)
    return bunch.data.assign(species=[str(bunch.target_names[code]) for code in bunch.target]), ("species",)


def wine() -> tuple[Any, tuple[str, ...]]:
    """178 wines with 13 analyses each; target: one of three cultivars."""
    import sklearn.datasets

    bunch = sklearn.datasets.load_wine(as_frame=True)
    return bunch.data.assign(cultivar=[str(bunch.target_names[code]) for code in bunch.target]), ("cultivar",)


def diabetes() -> tuple[Any, tuple[str, ...]]:
    """442 patients with ten measurements each, unscaled; target: progression of diabetes after a year."""
    import sklearn.datasets

    bunch = sklearn.datasets.load_diabetes(as_frame=True, scaled=False)
    return bunch.data.assign(progression=bunch.target), ("progression",)


def linnerud() -> tuple[Any, tuple[str, ...]]:
    """20 men with three exercises each; three targets: weight, waist and pulse."""
    import sklearn.datasets

    bunch = sklearn.datasets.load_linnerud(as_frame=True)
    return bunch.data.join(bunch.target), tuple(bunch.target.columns)


def digits() -> tuple[Any, tuple[str, ...]]:
    """1,797 handwritten digits as 64 columns of grey values; target: the digit."""
    import sklearn.datasets

    bunch = sklearn.datasets.load_digits(as_frame=True)
    return bunch.data.assign(digit=[str(code) for code in bunch.target]), ("digit",)


def digits_images() -> tuple[Any, tuple[str, ...]]:
    """1,797 handwritten digits as images of 8 × 8 pixels, ``(n, 8, 8, 1)`` from 0 to 255; target: the digit."""
    import numpy as np
    import sklearn.datasets

    bunch = sklearn.datasets.load_digits()
    pictures = np.round(bunch.images * (255 / 16)).astype("uint8")[..., None]
    return (pictures, bunch.target.astype(str)), ()


N_LABELS_EACH = 60
"""Pictures of each handwritten digit that keep their label where few do."""


def digits_few_labels() -> tuple[Any, tuple[str, ...]]:
    """The pictures of `digits_images`; the first 60 of each digit have a label, the other 1,197 have none."""
    import numpy as np

    (pictures, digits), _ = digits_images()
    labels = np.full(len(digits), None, dtype=object)
    for digit in np.unique(digits):
        rows = np.flatnonzero(digits == digit)[:N_LABELS_EACH]
        labels[rows] = digit
    return (pictures, labels), ()


def shapes() -> tuple[Any, tuple[str, ...]]:
    """900 noisy series ``(n, 1, 64)`` of three kinds; target: cylinder, bell or funnel."""
    import numpy as np

    with packaged("shapes.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return (arrays["X"], arrays["y"]), ()


def whistles() -> tuple[Any, tuple[str, ...]]:
    """270 short whistles ``(n, 720)`` in noise at 4,000 samples a second; target: steady, rising or falling."""
    import numpy as np

    with packaged("whistles.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return {"X": arrays["X"], "y": arrays["y"], "rate": int(arrays["rate"])}, ()


def occluded() -> tuple[Any, tuple[str, ...]]:
    """64 noisy grey pictures of 48 × 48 pixels, with masks: background, disc or square, some behind bars."""
    import numpy as np

    with packaged("occluded.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return (arrays["X"], arrays["y"]), ()


def table(name: str, target: tuple[str, ...]) -> Callable[[], tuple[Any, tuple[str, ...]]]:
    """A function that loads one of automl's own tables."""

    def read() -> tuple[Any, tuple[str, ...]]:
        import gzip

        import pandas as pd

        with packaged(f"{name}.csv.gz").open("rb") as file, gzip.open(file) as text:
            return pd.read_csv(text), target

    return read


def packaged(name: str) -> Any:
    """A file of ``automl/data``."""
    from importlib import resources

    return resources.files("automl") / "data" / name


SETS: dict[str, Callable[[], tuple[Any, tuple[str, ...]]]] = {
    "sklearn:breast_cancer": breast_cancer,
    "sklearn:iris": iris,
    "sklearn:wine": wine,
    "sklearn:diabetes": diabetes,
    "sklearn:linnerud": linnerud,
    "sklearn:digits": digits,
    "sklearn:digits_images": digits_images,
    "sklearn:digits_few_labels": digits_few_labels,
    "automl:election": table("election", ("vote",)),
    "automl:novels": table("novels", ("novel",)),
    "automl:co2": table("co2", ("co2",)),
    "automl:bakery": table("bakery", ("loaves",)),
    "automl:pump": table("pump", ()),
    "automl:shapes": shapes,
    "automl:whistles": whistles,
    "automl:occluded": occluded,
}
