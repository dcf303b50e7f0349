"""Texts that are empty or in several languages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.audit.texts import empty_texts, language_of, mixed_languages

ENGLISH = [
    "The house on the hill is old and it has a garden",
    "I do not know what he said to them",
    "This was not for you",
]
OTHERS = {
    "German": "Das Haus auf dem Berg ist alt und es hat einen Garten, der nicht groß ist",
    "French": "La maison sur la colline est vieille et elle a un jardin qui est grand pour une ville",
    "Spanish": "La casa en la colina es vieja y tiene un jardín que no es muy grande para los niños",
    "Italian": "La casa sulla collina è vecchia e ha un giardino che non è grande per gli ospiti della città",
    "Russian": "Дом на холме старый, и у него есть сад",
    "Japanese": "丘の上の家は古くて庭があります",
}


def texts(rng, n=400):
    return [f"{ENGLISH[i % 3]} {rng.integers(1000)}" for i in range(n)]


@pytest.mark.parametrize("language", list(OTHERS))
def test_a_sentence_shows_its_language(language):
    assert {"Russian": "Cyrillic"}.get(language, language) == language_of(OTHERS[language])


@pytest.mark.parametrize("text", ["", "12 34 56", "Xq zv klm", "ok i na do to", "Yo no"])
def test_texts_that_show_no_language_have_none(text):
    assert language_of(text) in (None, "English")


@pytest.mark.parametrize("language", ["German", "Russian"])
def test_a_second_language_is_told_with_its_rows(view, rng, language):
    said = texts(rng)
    for row in range(0, 400, 8):
        said[row] = f"{OTHERS[language]} {row}"
    label = pd.Series(rng.choice(["a", "b"], 400))

    found = mixed_languages(view(pd.DataFrame({"t": said}), label, columns={"t": "text"}))

    assert (found.severity, found.columns) == ("medium", ("t",))
    assert all(row % 8 == 0 for row in found.rows)
    assert mixed_languages(view(pd.DataFrame({"t": texts(rng)}), label, columns={"t": "text"})) is None


@pytest.mark.parametrize(("share", "severity"), [(0.0, None), (0.02, "low"), (0.2, "medium")])
def test_empty_texts_are_told_by_how_many(view, rng, share, severity):
    said = np.array(texts(rng), dtype=object)
    said[: int(share * 400)] = ""
    label = pd.Series(rng.choice(["a", "b"], 400))

    found = empty_texts(view(pd.DataFrame({"t": said}), label, columns={"t": "text"}))

    assert severity == (None if found is None else found.severity)
