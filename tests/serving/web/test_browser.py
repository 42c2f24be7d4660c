"""The page as people use it: real clicks in Debian's Chromium, against `tfx-ocr serve` in a process of its own."""

from __future__ import annotations

import base64
import io
import re
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, Route, expect

SAMPLES = Path(__file__).resolve().parents[3] / "serving" / "web" / "samples"
ZERO = SAMPLES / "digits" / "digits-1.png"
HOSTILE = '<img src=x onerror="document.title=1">.png'
READING = {"id": "1", "state": "reading", "read": 3, "pages": 60, "ahead": 1}
RECEIPT = """GREEN TREE TRADING SDN BHD
12 Jalan Merah 4
50450 Kuala Lumpur

Invoice No: 10234
Date: 12/03/2018

Paper A4     2 x 12.50   25.00
Pen blue     1 x  3.20     3.20

TOTAL                28.20
CASH                 30.00
CHANGE                1.80"""
ABILITIES = ("reads_pictures", "reads_pages", "reads_lines", "finds_lines", "finds_fields")
SIZES = {"desktop": (1280, 860), "phone": (360, 740)}
PASTE = """async (element, content) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
  element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}"""


@pytest.fixture(scope="module")
def address(running, ports, tmp_path_factory) -> Iterator[str]:
    (port,) = ports(1)
    command = (Path(sys.executable).with_name("tfx-ocr"), "serve", "digits", "lines", "print", "--port", port)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFX_OCR_HOME", str(tmp_path_factory.mktemp("home")))
        with running(*command, ready=f"http://127.0.0.1:{port}/"):
            yield f"http://127.0.0.1:{port}/"


@pytest.fixture(scope="module")
def pdf() -> bytes:
    """Return a PDF of two pages of 600 x 600 pixels: 2075, and 41."""
    pages = []
    for text in ("2075", "41"):
        drawn = np.full((600, 600), 245, np.uint8)
        cv2.putText(drawn, text, (100, 300), cv2.FONT_HERSHEY_SIMPLEX, 2.8, (45,), 7, cv2.LINE_AA)
        pages.append(Image.fromarray(drawn))
    written = io.BytesIO()
    pages[0].save(written, "PDF", save_all=True, append_images=pages[1:], resolution=300)
    return written.getvalue()


@pytest.fixture
def open_page(browser, address):
    """Return `open_page("phone", "dark")`: the page, whose console must stay free of errors."""
    opened, said = [], []

    def open_page(size: str = "desktop", scheme: str = "light") -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=size == "phone"
        )
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: message.type == "error" and said.append(message.text))
        page.goto(address)
        expect(page.locator("#models .chip")).to_have_count(4)
        return page

    yield open_page
    for context in opened:
        context.close()
    # a refused request is logged by the browser itself
    assert [each for each in said if not each.startswith("Failed to load resource")] == []


def predict(page: Page, count: int = 1) -> None:
    page.get_by_role("button", name="Predict").click()
    expect(page.locator(".answer")).to_have_count(count)
    expect(page.locator(".answer[aria-busy]")).to_have_count(0)


def draw(page: Page, *strokes: list[tuple[float, float]]) -> None:
    """Draw strokes on the sheet, each through points given as shares of its width and height."""
    box = page.locator(".sheet").bounding_box()
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=5)
        page.mouse.up()


def draw_receipt() -> bytes:
    """Return a receipt as PNG, printed with the font that OpenCV brings."""
    sheet = np.full((900, 700), 250, np.uint8)
    for place, line in enumerate(RECEIPT.splitlines()):
        cv2.putText(sheet, line, (50, 80 + 60 * place), cv2.FONT_HERSHEY_DUPLEX, 1.0, (30,), 1, cv2.LINE_AA)
    return cv2.imencode(".png", sheet)[1].tobytes()


def find_violations(page: Page) -> list[tuple[str, str]]:
    """Return what axe-core finds serious or critical: the rule, and the first element."""
    found = Axe().run(page).response["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]


def test_a_chosen_file_is_read_by_the_shipped_model(open_page):
    page = open_page()
    page.set_input_files("#files", ZERO)
    predict(page)
    expect(page.locator(".answer .text")).to_have_text("0")
    expect(page.locator(".answer .runners li")).to_have_count(5)
    expect(page.locator(".answer .small-print")).to_contain_text("digits pretrained")


def test_a_picture_is_pasted(open_page):
    page = open_page()
    page.locator("body").evaluate(PASTE, base64.b64encode(ZERO.read_bytes()).decode())
    expect(page.locator(".tray .name")).to_have_text("pasted.png")
    predict(page)
    expect(page.locator(".answer .text")).to_have_text("0")


def test_samples_are_fetched_and_read(open_page):
    page = open_page()
    page.get_by_label("A handwritten line").check()
    page.get_by_role("button", name="Get images").click()
    expect(page.locator(".tray li")).to_have_count(3)
    predict(page, 3)
    expect(page.locator(".answer .text")).to_have_count(3)
    expect(page.locator("#say")).to_have_text("3 read.")


@pytest.mark.parametrize("size", SIZES)
def test_a_seven_that_is_drawn_is_read_as_a_seven(open_page, size):
    page = open_page(size)
    page.get_by_role("button", name="Draw", exact=True).click()
    draw(page, [(0.1, 0.1), (0.9, 0.9)])
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#predict")).to_be_disabled()
    draw(page, [(0.28, 0.22), (0.7, 0.22), (0.45, 0.8)])
    predict(page)
    expect(page.locator(".answer .text")).to_have_text("7")
    expect(page.locator(".answer .small-print")).to_contain_text("drawing-1.png")


def test_a_pdf_is_read_page_by_page(open_page, pdf):
    page = open_page()
    page.set_input_files("#files", {"name": "two.pdf", "mimeType": "application/pdf", "buffer": pdf})
    expect(page.get_by_label("A whole page")).to_be_checked()
    page.get_by_label("Handwritten digits").check()
    predict(page)
    answer = page.locator(".answer")
    expect(answer.locator(".count")).to_have_text("Page 1 of 2")
    expect(answer.locator(".word")).to_have_text("2075")
    expect(answer.locator("polygon.box")).to_have_count(1)
    assert answer.locator(".frame img").evaluate("async (image) => (await image.decode(), image.naturalWidth)") == 600
    answer.locator(".word").hover()
    expect(answer.locator(".about-word")).to_contain_text(re.compile(r"2075 \d"))
    answer.get_by_role("button", name="Next page").click()
    expect(answer.locator(".word")).to_have_text("41")
    with page.expect_download() as download:
        answer.get_by_label("Download as").select_option("text")
    assert download.value.suggested_filename == "two.pdf.txt"
    assert download.value.path().read_text(encoding="utf-8") == "2075\n\f41\n"
    assert find_violations(page) == []


def test_the_fields_of_a_receipt_are_a_form_whose_boxes_are_lit(open_page):
    page = open_page()
    page.get_by_label("A whole page").check()
    page.get_by_label("A receipt or invoice").check()
    page.set_input_files("#files", {"name": "receipt.png", "mimeType": "image/png", "buffer": draw_receipt()})
    predict(page)
    total = page.get_by_label("total")
    expect(total).to_have_value("28.20")
    expect(page.get_by_label("issue date")).to_have_value("2018-03-12")
    expect(page.locator(".box.field.lit")).to_have_count(0)
    total.focus()
    expect(page.locator(".box.field.lit")).to_have_count(1)
    expect(page.locator(".about-word")).to_contain_text("28.20")
    assert find_violations(page) == []


def test_models_of_ones_own_are_offered_for_pages(open_page, pdf):
    page = open_page()
    own = {
        "bills": {"finds_fields": True},
        "marks": {"reads_pictures": True, "reads_pages": True},
        "sheets": {"finds_lines": True},
        "slips": {"reads_pictures": True, "reads_pages": True, "reads_lines": True},
    }

    def add(route: Route) -> None:
        models = route.fetch().json()
        none = {**models[0], **dict.fromkeys(ABILITIES, False)}
        route.fulfill(json=[*models, *({**none, "name": name, **can} for name, can in own.items())])

    asked = []

    def refuse(route: Route) -> None:
        asked.append(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(route.request.url).query)))
        route.fulfill(status=400, json={"error": "not today"})

    page.route("**/api/models", add)
    page.route("**/v1/read?*", refuse)
    page.reload()
    expect(page.locator("#models .chip")).to_have_text(
        ["A digit", "A handwritten line", "A printed line", "marks", "slips", "A whole page"]
    )
    page.set_input_files("#files", {"name": "two.pdf", "mimeType": "application/pdf", "buffer": pdf})
    expect(page.locator("#recognizers .chip")).to_have_text(
        ["Handwritten digits", "Handwriting", "Print", "marks", "slips", "A receipt or invoice", "Fields of bills"]
    )
    expect(page.get_by_label("Print", exact=True)).to_be_checked()
    for label in ("marks", "slips", "Fields of bills"):
        page.locator("#recognizers").get_by_label(label).check()
        expect(page.locator("#detecting")).to_be_visible(visible=label != "marks")
        if label == "slips":
            page.locator("#detectors").get_by_label("sheets").check()
        page.get_by_role("button", name="Predict").click()
        expect(page.locator(".answer .wrong")).to_contain_text("not today")
    assert find_violations(page) == []
    job = {"job": "1"}
    assert asked == [
        {**job, "recognizer": "marks"},
        {**job, "recognizer": "slips", "detector": "sheets"},
        {**job, "recognizer": "print", "fields": "bills", "detector": "sheets"},
    ]


def test_a_file_of_pages_is_cancelled(open_page, pdf):
    page = open_page()
    asked = []

    def tell(route: Route) -> None:
        asked.append(route.request.method)
        route.fulfill(json=READING) if asked[-1] == "GET" else route.continue_()

    page.route("**/v1/read/*", tell)
    page.set_input_files("#files", {"name": "two.pdf", "mimeType": "application/pdf", "buffer": pdf})
    page.get_by_role("button", name="Predict").click()
    expect(page.locator(".answer .small-print")).to_contain_text("3 of 60 pages")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".answer")).to_have_count(0)
    assert asked[-1] == "DELETE"


def test_a_broken_file_is_refused_in_a_sentence_and_a_hostile_name_is_text(open_page):
    page = open_page()
    broken, right = b"PK\x03\x04", ZERO.read_bytes()
    files = {HOSTILE: broken, ZERO.name: right}.items()
    page.set_input_files("#files", [{"name": name, "mimeType": "image/png", "buffer": body} for name, body in files])
    expect(page.locator(".tray .name").first).to_have_text(HOSTILE)
    predict(page, 2)
    expect(page.get_by_role("alert")).to_have_text(re.compile("^not an image: "))
    expect(page.locator(".answer .small-print").first).to_have_text(HOSTILE)
    expect(page.locator(".answer .text")).to_have_text("0")
    expect(page).to_have_title("tfx-ocr")


def test_why_this_answer_is_drawn_beside_it(open_page):
    page = open_page()
    page.set_input_files("#files", ZERO)
    predict(page)
    page.get_by_role("button", name="Why this answer").click()
    drawn = page.locator(".why img")
    expect(drawn).to_be_visible()
    page.wait_for_function("() => document.querySelector('.why img').naturalWidth > 0")
    assert drawn.get_attribute("alt")
    assert find_violations(page) == []


@pytest.mark.parametrize("size", SIZES)
def test_the_status_page_counts_what_was_read(open_page, size):
    page = open_page(size)
    page.set_input_files("#files", ZERO)
    predict(page)
    page.get_by_role("link", name="Status").click()
    digits = page.locator("article", has=page.get_by_role("heading", name="digits"))
    expect(digits.get_by_role("row", name=re.compile("Version"))).to_contain_text("pretrained")
    expect(digits.get_by_role("row", name=re.compile("Requests"))).not_to_contain_text(re.compile(r"Requests0$"))
    expect(page.get_by_role("status")).to_contain_text("Since")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= SIZES[size][0]
    assert find_violations(page) == []


def test_each_page_leads_to_the_others(open_page):
    page = open_page("phone")
    for name, heading in (("Status", "Status"), ("API", "API"), ("Read", "What does it say?")):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        expect(page.locator("nav [aria-current=page]")).to_have_text(name)
        expect(page.get_by_role("link", name="Review")).to_be_hidden()  # no queue is kept
        assert page.evaluate("() => document.documentElement.scrollWidth") <= SIZES["phone"][0]
        assert find_violations(page) == []


@pytest.mark.parametrize(("content", "is_unsure"), [(draw_receipt(), True), (ZERO.read_bytes(), False)])
def test_an_answer_in_doubt_says_so_where_a_phone_shows_it(open_page, content, is_unsure):
    page = open_page("phone")
    page.set_input_files("#files", {"name": "picture.png", "mimeType": "image/png", "buffer": content})
    predict(page)
    expect(page.get_by_text("The model is not sure.")).to_have_count(int(is_unsure))
    expect(page.locator("#say")).to_be_in_viewport()
    expect(page.locator(".answer")).to_be_in_viewport(ratio=0.5)


def test_a_server_that_is_gone_costs_a_click(open_page):
    page = open_page()

    def fail(route: Route) -> None:
        route.abort("connectionrefused")

    page.route("**/predict*", fail)
    page.set_input_files("#files", ZERO)
    predict(page)
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    page.unroute("**/predict*", fail)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".answer .text")).to_have_text("0")


def test_everything_is_reached_by_the_keyboard(open_page):
    page = open_page()
    page.keyboard.press("Tab")  # brand
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("() => document.activeElement.id || document.activeElement.name"))
    assert [each for each in reached if each in ("model", "files", "samples")] == ["model", "files", "samples"]
    page.locator("#samples").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#predict")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".answer .text")).to_have_count(3)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_page_fits_and_axe_finds_nothing_serious(open_page, size, scheme):
    page = open_page(size, scheme)
    page.set_input_files("#files", ZERO)
    predict(page)
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= SIZES[size][0]
    assert find_violations(page) == []
