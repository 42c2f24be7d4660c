"""Take the picture of the page for README: `python docs/images/page.py`, with Debian's Chromium."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

OUT = Path(__file__).with_name("page.webp")
SAMPLES = Path(__file__).resolve().parents[2] / "serving" / "web" / "samples" / "digits"
SIZE = {"width": 1120, "height": 1130}
SEVEN = ((0.28, 0.22), (0.7, 0.22), (0.45, 0.8))  # shares of the sheet's width and height


def take(address: str) -> bytes:
    """Return the page as PNG with two samples and a drawing read."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        page.goto(address)
        page.set_input_files("#files", [SAMPLES / "digits-10.png", SAMPLES / "digits-7.png"])
        page.click("#draw")
        box = page.locator("canvas").bounding_box()
        for number, (x, y) in enumerate(SEVEN):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=5)
            if not number:
                page.mouse.down()
        page.mouse.up()
        page.click("#predict")
        page.locator(".answer .text").nth(2).wait_for()
        page.click("#draw")
        page.mouse.move(0, 0)
        return page.screenshot()


def main() -> None:
    """Serve the shipped models, and write the picture."""
    command = [Path(sys.executable).with_name("tfx-ocr"), "serve", "--port", "0"]
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "TFX_OCR_HOME": home}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as served:
            try:
                png = take(served.stdout.readline().split()[0])
            finally:
                served.terminate()
    Image.open(io.BytesIO(png)).save(OUT, quality=80)


if __name__ == "__main__":
    main()
