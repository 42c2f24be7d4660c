"""The page in a browser: seconds to the first answer of a cold server, answers to ten people, paint and weight.

The ten people ask at once, first alone and then while a PDF of 60 receipts is read as a job, which must end too.

Debian's Chromium opens `tfx-ocr serve digits`. A wrong answer ends the bench. Writes to tests/bench/results/page.csv.

    python tests/bench/bench_page.py
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import httpx
import results
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

CLI = pathlib.Path(sys.executable).with_name("tfx-ocr")
SAMPLES = results.ROOT / "serving" / "web" / "samples"
DIGIT = SAMPLES / "digits" / "digits-1.png"
LABEL = "0"
REPEATS = 5
PEOPLE = 10
REQUESTS = 30  # of each
PDF_PAGES = 60
PDF_DPI = 90  # of the sample's receipts, which makes them as wide as A4
POLL_S = 0.2
READ_S = 3600.0  # that the job has to end
COMMAND = "python tests/bench/bench_page.py"
FETCH = """async () => {
  const answer = await fetch("/api/samples/digits");
  window.sample = (await answer.json())[0];
}"""
ASK = """(count) => {
  const body = Uint8Array.from(atob(window.sample.picture), (letter) => letter.charCodeAt(0));
  window.asked = (async () => {
    const times = [];
    for (let request = 0; request < count; request += 1) {
      const began = performance.now();
      const answer = await fetch("/api/models/digits/predict?n=5", { method: "POST", body });
      const { text } = await answer.json();
      times.push(performance.now() - began);
      if (!answer.ok || !text) throw new Error(`answered with ${answer.status}`);
    }
    return times;
  })();
}"""
PAINT = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime))
    .observe({ type: "largest-contentful-paint", buffered: true });
})"""
WEIGHT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .reduce((sum, entry) => sum + entry.transferSize, 0)"""


def main() -> None:
    """Measure, and write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    with open_browser() as browser:
        rows = [measure_first(browser)]
        with serve() as address:
            rows += [
                measure_people(browser, address),
                *measure_beside(browser, address),
                *measure_load(browser, address),
            ]
    results.record("page", rows, options.results)


@contextlib.contextmanager
def open_browser() -> Iterator[Browser]:
    """Yield Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextlib.contextmanager
def serve() -> Iterator[str]:
    """Yield the address of the page over the model of digits that ships."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "TFX_OCR_HOME": home}
        command = [CLI, "serve", "digits", "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as served:
            try:
                yield served.stdout.readline().split()[0]
            finally:
                served.terminate()


def measure_first(browser: Browser, repeats: int = REPEATS) -> results.Row:
    """Return the median of the seconds from the command to an answer that is shown."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        with serve() as address:
            page = browser.new_page()
            page.goto(address)
            page.set_input_files("#files", DIGIT)
            page.click("#predict")
            answer = page.inner_text(".answer .text")
            seconds.append(time.perf_counter() - began)
            page.close()
        check(answer)
    return build_row("first answer of a cold server, from the command to the text", seconds, "s", f"{repeats} runs")


def measure_people(
    browser: Browser, address: str, people: int = PEOPLE, requests: int = REQUESTS, beside: str = ""
) -> results.Row:
    """Return the 95th percentile of the milliseconds to an answer, with the median and the longest as its spread."""
    pages = [browser.new_page() for _ in range(people)]
    for page in pages:
        page.goto(address)
        page.evaluate(FETCH)
    for page in pages:
        page.evaluate(ASK, requests)
    times = sorted(ms for page in pages for ms in page.evaluate("() => window.asked"))
    for page in pages:
        page.close()
    return results.Row(
        measure=f"answer to a digit in the browser, {people} people at once{beside}, 95th percentile (spread: median,"
        " longest)",
        value=statistics.quantiles(times, n=20)[-1],
        unit="ms",
        n=f"{len(times)} requests",
        spread=(statistics.median(times), times[-1]),
        command=COMMAND,
    )


def measure_beside(
    browser: Browser, address: str, pages: int = PDF_PAGES, people: int = PEOPLE, requests: int = REQUESTS
) -> list[results.Row]:
    """Return how long people wait while a PDF is read as a job, and the seconds until that has ended.

    Raises:
        RuntimeError: the job fails, ended before the people did, or did not end in `READ_S`.
    """
    pdf, receipts = io.BytesIO(), [Image.open(file) for file in sorted((SAMPLES / "pages").glob("*.webp"))]
    first, *others = (receipts[number % len(receipts)] for number in range(pages))
    first.save(pdf, "PDF", save_all=True, append_images=others, resolution=PDF_DPI)
    begun = time.perf_counter()
    with httpx.Client(base_url=address) as client:
        answer = client.post("/v1/read", params={"job": 1, "recognizer": "print"}, content=pdf.getvalue())
        job = f"/v1/read/{answer.raise_for_status().json()['id']}"
        waited = measure_people(browser, address, people, requests, f" beside a PDF of {pages} pages that is read")
        read = client.get(job).raise_for_status().json()
        if read["state"] != "reading":
            raise RuntimeError(f"the job was {read['state']} before {people} people had their answers")
        while read["state"] == "reading" and time.perf_counter() - begun < READ_S:
            time.sleep(POLL_S)
            read = client.get(job).raise_for_status().json()
        seconds = time.perf_counter() - begun
    if read["state"] != "done" or len(read["document"]["pages"]) != pages:
        raise RuntimeError(f"the job of {pages} pages was {read['state']} after {seconds:.0f} s")
    return [
        waited,
        build_row(f"PDF of {pages} pages read as a job, {people} people beside it", [seconds], "s", "1 job"),
    ]


def measure_load(browser: Browser, address: str, repeats: int = REPEATS) -> list[results.Row]:
    """Return the largest contentful paint, and what the page weighs over the network, without a cache."""
    paints, weights = [], []
    for _ in range(repeats):
        page = browser.new_context().new_page()
        page.goto(address, wait_until="networkidle")
        paints.append(page.evaluate(PAINT))
        weights.append(page.evaluate(WEIGHT) / 1000)
        page.context.close()
    loads = f"{repeats} loads"
    return [
        build_row("largest contentful paint on this machine", paints, "ms", loads),
        build_row("weight of the page with headers", weights, "kB", loads),
    ]


def build_row(measure: str, values: list[float], unit: str, n: str) -> results.Row:
    """Return the median with its range."""
    spread = (min(values), max(values))
    return results.Row(measure=measure, value=statistics.median(values), unit=unit, n=n, spread=spread, command=COMMAND)


def check(answer: str) -> None:
    """Refuse a wrong answer.

    Raises:
        RuntimeError: it is another than the picture's label.
    """
    if answer != LABEL:
        raise RuntimeError(f"{DIGIT.name} was read as {answer!r}, not as {LABEL!r}")


if __name__ == "__main__":
    sys.exit(main())
