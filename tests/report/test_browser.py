"""The report in a real browser: no errors, no missing pictures, no network, no overflow on a phone."""

from __future__ import annotations

import dataclasses
import shutil

import outcomes
import pytest

from automl import report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs a headless browser: install chromium and chromium-driver"
)
BROKEN = "return [...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.alt)"
LOADED = "return performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith('data:'))"
WIDER = """return [...document.querySelectorAll('main *, header *, footer *')]
  .filter(e => !e.closest('.scroll, pre, svg, h2, .picture') && e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def browser():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in ("headless", "no-sandbox", "disable-gpu", "disable-background-networking", "disable-dev-shm-usage"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    yield driver
    driver.quit()


def look(browser, path, width, scheme="light"):
    """Open a page at a width and in a colour scheme, every detail unfolded."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(path.as_uri())
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")


@pytest.mark.parametrize("name", list(outcomes.MAKERS))
def test_a_phone_shows_the_whole_page_without_sideways_scrolling(browser, written, name):
    look(browser, written(name) / "report.html", 360)
    assert browser.execute_script("return innerWidth") == 360
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    assert browser.execute_script(WIDER) == []


@pytest.mark.parametrize("name", list(outcomes.MAKERS))
def test_nothing_is_broken_and_nothing_is_loaded(browser, written, name):
    browser.get_log("browser")
    browser.get_log("performance")
    look(browser, written(name) / "report.html", 1280)
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    assert browser.execute_script(BROKEN) == []
    assert browser.execute_script(LOADED) == []
    asked = [entry["message"] for entry in browser.get_log("performance") if "requestWillBeSent" in entry["message"]]
    assert [message for message in asked if '"url":"http' in message] == []


def test_letters_in_pictures_can_be_read_on_a_phone(browser, written):
    look(browser, written("forecast") / "report.html", 360)
    sizes = browser.execute_script(
        "return [...document.querySelectorAll('.picture text')].filter(t => t.getBoundingClientRect().width)"
        ".map(t => [t.getScreenCTM(), parseFloat(getComputedStyle(t).fontSize)])"
        ".map(([m, size]) => Math.hypot(m.a, m.b) * size)"
    )
    assert len(sizes) > 20
    assert min(sizes) >= 10


def test_long_names_of_columns_wrap_in_the_profile(browser, tmp_path):
    whole = outcomes.MAKERS["analysed"]()
    found = dict(whole.analyses["profile"])
    name = "monthly_income_after_tax_and_social_insurance_in_euros"
    found["rows"] = [{**row, "column": f"{name}_{i}"} for i, row in enumerate(found["rows"])]
    report.write(dataclasses.replace(whole, analyses={**whole.analyses, "profile": found}), tmp_path)
    look(browser, tmp_path / "report.html", 360)
    width = "return document.querySelector('.profile td').getBoundingClientRect().width"
    assert 90 <= browser.execute_script(width) <= 16 * 11 + 1


def test_numbers_behind_pictures_of_half_a_page_fit_beneath_them(browser, written):
    look(browser, written("analysed") / "report.html", 1000)
    wider = "return [...document.querySelectorAll('figure.half table')].map(t => [t.rows[0].cells.length, t.offsetWidth"
    sizes = browser.execute_script(f"{wider}, t.parentElement.clientWidth])")
    curves = [size for size in sizes if size[0] == 3]  # a side and two axes, whose headings are sentences
    assert len(curves) >= 3 and all(width <= room + 1 for _, width, room in curves)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ink_stands_out_in_both_colour_schemes(browser, written, scheme):
    look(browser, written("binary") / "report.html", 1280, scheme)
    paper = luminance(browser, "document.body", "backgroundColor")
    assert (paper > 0.5) == (scheme == "light")
    for element in ("document.body", "document.querySelector('.answer')", "document.querySelector('.side.shallow')",
                    "document.querySelector('.quiet')", "document.querySelector('.picture text')"):  # fmt: skip
        assert contrast(luminance(browser, element, "color"), paper) >= 4.5


def luminance(browser, element, name):
    """Relative luminance of a computed colour (WCAG 2.2)."""
    text = browser.execute_script(f"return getComputedStyle({element}).{name}")
    channels = [float(part) / 255 for part in text[text.index("(") + 1 : -1].split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def test_on_paper_a_section_may_go_on_and_a_picture_stays_whole(browser, written):
    look(browser, written("binary") / "report.html", 700)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    inside = "return [...new Set([...document.querySelectorAll('{}')].map(e => getComputedStyle(e).breakInside))]"
    assert browser.execute_script(inside.format("section")) == ["auto"]
    assert browser.execute_script(inside.format("main svg, main tr")) == ["avoid"]
    assert browser.execute_script("return getComputedStyle(document.querySelector('nav')).display") == "none"
    for element, name, value in (("pre", "whiteSpace", "pre-wrap"), (".scroll", "overflowX", "visible")):
        assert browser.execute_script(f"return getComputedStyle(document.querySelector('{element}')).{name}") == value
    clipped = "return [...document.querySelectorAll('pre')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    browser.execute_script(
        "document.querySelectorAll('pre').forEach(e => e.textContent = 'automl fit ' + 'x'.repeat(900))"
    )
    assert browser.execute_script(clipped) == 0
    paper = luminance(browser, "document.body", "backgroundColor")
    assert paper > 0.9
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_class_names_are_broken_only_where_they_are_very_long(browser, written):
    look(browser, written("multiclass") / "report.html", 1280)
    cells = browser.execute_script(
        "return [...document.querySelectorAll('.errors td.said span')].map(e => {"
        "  e.textContent = 'Iris-pseudoversicolor'; return e.getClientRects().length + ' ' + e.offsetHeight;})"
    )
    assert len(cells) > 5 and len(set(cells)) == 1 and int(cells[0].split()[1]) < 30


def unfolded(browser, anchor):
    return browser.execute_script(f"return document.getElementById('{anchor}').closest('details').open")


def test_an_anchor_unfolds_its_section(browser, written):
    page = written("binary") / "report.html"
    browser.get("about:blank")
    browser.get(page.as_uri())
    assert not unfolded(browser, "reproduce") and unfolded(browser, "errors")
    browser.get(page.as_uri() + "#reproduce")
    assert unfolded(browser, "reproduce") and not unfolded(browser, "settings")


def test_a_section_is_unfolded_by_the_keyboard(browser, written):
    browser.get("about:blank")
    browser.get((written("binary") / "report.html").as_uri())
    browser.execute_script("document.getElementById('data').closest('details').querySelector('summary').focus()")
    browser.switch_to.active_element.send_keys(" ")
    assert unfolded(browser, "data")


def test_folded_sections_are_printed(browser, written):
    browser.get("about:blank")
    browser.get((written("binary") / "report.html").as_uri())
    shown = "return document.getElementById('reproduce').checkVisibility()"
    assert not unfolded(browser, "reproduce") and not browser.execute_script(shown)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert browser.execute_script(shown)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("name", list(outcomes.MAKERS))
def test_the_first_page_fits_one_sheet(browser, written, name):
    """A4 within margins of 14 and 13 mm: 184 mm by 269 mm."""
    look(browser, written(name) / "report.html", round(184 * 96 / 25.4))
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = false)")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    height = browser.execute_script("return document.querySelector('.front').getBoundingClientRect().bottom")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert height <= 269 * 96 / 25.4
