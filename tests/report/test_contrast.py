"""Text of the page stands out by at least 4.5 to 1 (WCAG 2.2, AA): in light, in dark and on paper."""

from __future__ import annotations

import re
from importlib import resources

import pytest

CSS = resources.files("automl.report").joinpath("page.css").read_text(encoding="utf-8")
TEXTS = ("ink", "muted", "deep", "shallow", "blend", "floor", "high", "medium", "low")
LEAST = 4.5
Colour = tuple[float, float, float]


def schemes() -> dict[str, dict[str, str]]:
    """The variables of each ``:root``."""
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.S)
    return dict(
        zip(("light", "dark", "paper"), (dict(re.findall(r"--([a-z]+): ([^;]+);", b)) for b in blocks), strict=True)
    )


def colour(text: str) -> Colour:
    digits = text[1:] if len(text) == 7 else "".join(c * 2 for c in text[1:])
    red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """``color-mix(in srgb, one share, other)``."""
    red, green, blue = (share * a + (1 - share) * b for a, b in zip(one, other, strict=True))
    return red, green, blue


def luminance(c: Colour) -> float:
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in c]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    a, b = luminance(one), luminance(other)
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark", "paper"])
@pytest.mark.parametrize("name", TEXTS)
def test_texts_and_labels(scheme: str, name: str) -> None:
    held = schemes()[scheme]
    for behind in ("paper", "panel"):
        assert contrast(colour(held[name]), colour(held[behind])) >= LEAST, behind


@pytest.mark.parametrize("scheme", ["light", "dark", "paper"])
@pytest.mark.parametrize("side", ["deep", "shallow"])
def test_cells_of_confusions_at_every_share(scheme: str, side: str) -> None:
    held = schemes()[scheme]
    assert f".heat.{side} tbody td {{ background: color-mix(in srgb, var(--{side}) calc(var(--v) * var(--heat))" in CSS
    assert re.search(r"\.heat td \{[^}]*color: var\(--ink\)", CSS) and ".deepest" not in CSS
    most = float(held["heat"].rstrip("%")) / 100
    for step in range(101):
        cell = mix(colour(held[side]), colour(held["panel"]), most * step / 100)
        assert contrast(colour(held["ink"]), cell) >= LEAST


@pytest.mark.parametrize("scheme", ["light", "dark", "paper"])
@pytest.mark.parametrize("tone", ["high", "medium"])
def test_what_must_be_settled(scheme: str, tone: str) -> None:
    held = schemes()[scheme]
    share = int(re.findall(r"var\(--tone\) (\d+)%, var\(--paper\)", CSS)[0]) / 100
    box = mix(colour(held[tone]), colour(held["paper"]), share)
    assert min(contrast(colour(held[name]), box) for name in (tone, "ink", "muted")) >= LEAST
