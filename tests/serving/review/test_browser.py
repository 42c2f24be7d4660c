"""The reviewer's page in Debian's Chromium: one keystroke decides one item, by real key presses."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from tfx_ocr.data.page.page import Box, Line
from tfx_ocr.serving.review.pages import format_lines
from tfx_ocr.serving.review.queue import Queue


@pytest.fixture
def queue(tmp_path, hand) -> Queue:
    """Return a queue of six digits and two lines, in that order."""
    queue = Queue(tmp_path / "queue.sqlite", shared=0)
    for label, picture in hand.draw_digits(6, 1):
        runners = [("9", 0.2), ("7", 0.1)]
        queue.offer(picture, "4", 0.6, recipe="digits", version="3", document=f"{label}.png", runners_up=runners)
    for label, picture in hand.draw_digits(2, 2):
        queue.offer(picture, "Ha Noi", 0.6, recipe="lines", version="3", document=label, runners_up=[("Hà Nội", 0.3)])
    return queue


@pytest.fixture
def page(queue, browser, running, ports, tmp_path, monkeypatch) -> Iterator[Page]:
    """Open the page as Ann."""
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path / "home"))
    (port,) = ports(1)
    address = f"http://127.0.0.1:{port}/review"
    command = (Path(sys.executable).with_name("tfx-ocr"), "serve", "digits", "--port", port, "--review", queue.path)
    with running(*command, ready=address):
        page = browser.new_page(viewport={"width": 360, "height": 740})
        said: list[str] = []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: message.type == "error" and said.append(message.text))
        page.goto(address)
        expect(page.get_by_role("button", name="Undo")).to_be_hidden()
        expect(page.get_by_role("status")).to_have_text("Enter your name to begin.")
        page.get_by_label("Your name").fill("ann")
        page.keyboard.press("Enter")
        expect(page.locator("#answer")).to_have_text("4")
        yield page
        page.close()
        assert said == []


def test_one_keystroke_decides_one_item(page, queue):
    def press(key: str, decided: int) -> None:
        page.keyboard.press(key)
        expect(page.locator("#counts")).to_have_text(f"{min(decided, 8)} of 8, {decided} by you")

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert Axe().run(page).response["violations"] == []
    press("Enter", 1)
    press("7", 2)
    press("u", 3)
    page.keyboard.press("Control+z")
    expect(page.locator("#counts")).to_have_text("2 of 8, 2 by you")
    for decided, key in enumerate(("2", "3", "9", "5"), 3):
        press(key, decided)
    expect(page.locator("#answer")).to_have_text("Ha Noi")
    press("1", 7)  # the first of the other readings
    page.keyboard.type("Huế")  # its first key begins a text
    press("Enter", 8)
    expect(page.get_by_role("status")).to_have_text("Nothing is left for you.")
    assert [each.text for each in queue.read_corrections("digits").agreed] == ["4", "7", "2", "3", "9", "5"]
    assert [each.text for each in queue.read_corrections("lines").agreed] == ["Hà Nội", "Huế"]


def test_lines_of_a_page_are_changed_by_mouse_and_keys(page, queue):
    out = io.BytesIO()
    Image.new("L", (400, 200), 255).save(out, "JPEG")
    lines = [Line(text="Ha Noi", box=Box(20, 20, 220, 50)), Line(text="Huế", box=Box(20, 70, 120, 100))]
    lines.append(Line(text="stain", box=Box(300, 150, 340, 170)))
    for number in range(2):  # the second is left as it is
        named = {"recipe": "pages", "version": "3", "document": f"{number}.tif"}
        queue.offer(out.getvalue(), format_lines(lines), 0.6, **named)
    page.set_viewport_size({"width": 900, "height": 800})
    page.get_by_role("link", name="Whole pages").click()
    expect(page.get_by_role("button", name="Line 1: Ha Noi")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    sheet = page.locator("#sheet").bounding_box()
    scale = sheet["width"] / 400

    def place(x: float, y: float) -> tuple[float, float]:
        return sheet["x"] + x * scale, sheet["y"] + y * scale

    def drag(first: tuple[float, float], last: tuple[float, float]) -> None:
        page.mouse.move(*place(*first))
        page.mouse.down()
        page.mouse.move(*place(*last), steps=4)
        page.mouse.up()

    page.mouse.click(*place(100, 35))
    page.keyboard.press("x")  # split at its only blank but one
    expect(page.get_by_role("button", name="Line 4: stain")).to_be_visible()
    page.keyboard.press("Control+z")
    page.keyboard.press("x")
    page.keyboard.press("j")  # and joined again
    expect(page.get_by_role("button", name="Line 1: Ha Noi")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")  # box 30 21 230 52
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("Hà Nội")
    page.keyboard.press("Enter")  # and to the next
    expect(page.get_by_role("button", name="Line 2: Huế")).to_be_focused()
    page.get_by_role("button", name="Line 3: stain").focus()
    page.keyboard.press("Delete")
    drag((200, 110), (300, 140))
    expect(page.get_by_role("button", name="Line 3: without text")).to_be_focused()
    drag((250, 125), (260, 120))  # moved by 10 and -5
    page.keyboard.press("Control+Enter")
    expect(page.locator("#counts")).to_have_text("1 of 2, 1 by you")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("No page is left for you.")
    changed, kept = (json.loads(each.text) for each in queue.read_corrections("pages").agreed)
    assert changed[:2] == [{"text": "Hà Nội", "box": [30, 21, 230, 52]}, {"text": "Huế", "box": [20, 70, 120, 100]}]
    assert changed[2]["text"] == ""
    assert changed[2]["box"] == pytest.approx([210, 105, 310, 135], abs=2)  # pixels of the screen
    assert kept == json.loads(format_lines(lines))


def test_the_start_page_leads_to_it_and_says_what_is_kept(page):
    page.goto(page.url.removesuffix("/review"))
    expect(page.locator("footer")).to_contain_text("those read with doubt are kept for review")
    page.get_by_role("link", name="Review").click()
    expect(page.locator("#answer")).to_have_text("4")
    assert page.url.endswith("/review")
    page.get_by_role("link", name="Status").click()
    page.get_by_role("link", name="Review").click()
    expect(page.locator("#answer")).to_have_text("4")
