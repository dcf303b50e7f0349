"""Make the pictures of a report that the documents show: ``report.png`` and ``tradeoff.png``, beside this file.

    python docs/screenshots.py                    # runs recipes/quickstart.yaml, with its budget, first
    python docs/screenshots.py --run FOLDER       # of a run that is there

Needs the extra ``dev`` (selenium, Pillow), chromium and chromedriver. ``report.png`` is the page for a manager, from
the top of the page to the end of the first part, at 1,300 pixels in light colours; ``tradeoff.png`` is one section of
the part Trade-off. Look at both before you commit them.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
WIDTH = 1300
MOST_BYTES = 300_000
SECTIONS = ("robustness", "data_need")
"""Sections that ``tradeoff.png`` may show; the first that the page has."""
COLOURS = 255


@contextmanager
def browser() -> Iterator[Any]:
    """A browser without a window, in light colours."""
    from selenium import webdriver

    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver_path = shutil.which("chromedriver")
    if not (binary and driver_path):
        sys.exit("needs a browser: install chromium and chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in ("headless", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "hide-scrollbars"):
        options.add_argument(f"--{flag}")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver_path))
    try:
        light = [{"name": "prefers-color-scheme", "value": "light"}]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": light})
        size = {"width": WIDTH, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        yield driver
    finally:
        driver.quit()


def boxes(driver: Any, *selectors: str) -> list[dict[str, float]]:
    """Left, top, right and bottom of elements, in pixels of the page."""
    script = """return arguments[0].map(s => document.querySelector(s).getBoundingClientRect()).map(b => (
      {left: b.left + scrollX, top: b.top + scrollY, right: b.right + scrollX, bottom: b.bottom + scrollY}))"""
    found: list[dict[str, float]] = driver.execute_script(script, list(selectors))
    return found


def shot(driver: Any, left: float, top: float, right: float, bottom: float) -> bytes:
    """A part of the page as a PNG of few colours."""
    import base64

    from PIL import Image

    clip = {"x": left, "y": top, "width": right - left, "height": bottom - top, "scale": 1}
    options = {"clip": clip, "captureBeyondViewport": True}
    raw = base64.b64decode(driver.execute_cdp_cmd("Page.captureScreenshot", options)["data"])
    file = BytesIO()
    picture = Image.open(BytesIO(raw)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, "png", optimize=True)
    return file.getvalue()


def pictures(page: Path) -> dict[str, bytes]:
    """Both pictures of a report, by the name of their file."""
    with browser() as driver:
        driver.get(page.resolve().as_uri())
        front, body = boxes(driver, ".front", "body")
        made = {"report.png": shot(driver, 0, 0, body["right"], front["bottom"] + 16)}
        there = "return arguments[0].find(name => document.getElementById(name))"
        name = driver.execute_script(there, list(SECTIONS))
        if name is None:
            sys.exit(f"{page} has no section on {' or '.join(SECTIONS)}: give the run more time")
        driver.execute_script("document.getElementById(arguments[0]).closest('details').open = true", name)
        (part,) = boxes(driver, f"details:has(> #{name})")
        made["tradeoff.png"] = shot(driver, part["left"] - 24, part["top"], part["right"] + 24, part["bottom"])
    return made


def main() -> None:
    """Run the contest if no run is given, and write both pictures."""
    parser = argparse.ArgumentParser(description="Make docs/report.png and docs/tradeoff.png.")
    parser.add_argument("--run", type=Path, metavar="FOLDER", help="a run that is there; without it one is made")
    parser.add_argument("--out", type=Path, default=HERE, metavar="FOLDER", help="where the pictures go (docs)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        run = given.run
        if run is None:
            run = Path(temporary) / "run"
            recipe = HERE.parent / "recipes" / "quickstart.yaml"
            command = [sys.executable, "-m", "automl", "run", str(recipe), "--out", str(run)]
            subprocess.run(command, check=True, cwd=HERE.parent)
        for name, content in pictures(run / "report.html").items():
            if len(content) > MOST_BYTES:
                sys.exit(f"{name} takes {len(content):,} bytes, more than {MOST_BYTES:,}")
            (given.out / name).write_bytes(content)
            print(f"{given.out / name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
