import contextlib
import gzip
import io
import json
import re
import threading
import time
import zipfile

import cv2
import grpc
import httpx
import jsonschema
import numpy as np
import pytest
from PIL import Image

from tfx_ocr.data.page.page import Page
from tfx_ocr.serving import messages
from tfx_ocr.serving.model_server import reading, rest
from tfx_ocr.serving.model_server.errors import InvalidArgumentError, ServingError
from tfx_ocr.serving.model_server.monitoring import Monitoring
from tfx_ocr.serving.reader.document import SCHEMA
from tfx_ocr.serving.reader.reader import Reader
from tfx_ocr.serving.tensors import to_proto

LONG = 10  # pages


class Handlers:
    """Serves what is in `served`: a model that reads everything as a 7."""

    def __init__(self):
        self.served: set[str] = set()
        self.asked: list[str] = []

    def get_model_status(self, request):
        if request.model_spec.name not in self.served:
            raise ServingError(grpc.StatusCode.NOT_FOUND, "no such model")
        return messages.GetModelStatusResponse()

    def list_models(self):
        return ["meters"]

    def predict(self, request, timeout_s=None):
        self.asked.append(request.model_spec.name)
        if request.model_spec.name == "lines":
            raise ServingError(grpc.StatusCode.UNAVAILABLE, "it is being unloaded")
        rows = request.inputs["image_bytes"].tensor_shape.dim[0].size
        response = messages.PredictResponse()
        response.outputs["labels"].CopyFrom(to_proto(np.array([[b"7", b"1"]] * rows, object)))
        response.outputs["probabilities"].CopyFrom(to_proto(np.array([[0.999, 0.001]] * rows, np.float32)))
        return response


class Gate:
    """Lets pages be read one by one."""

    def __init__(self):
        self.begun = threading.Semaphore(0)
        self.open = threading.Semaphore(0)

    def read_page(self):
        self.begun.release()
        assert self.open.acquire(timeout=20)
        return Page(size=(1.0, 1.0))


@pytest.fixture
def gate(monkeypatch):
    gate = Gate()
    monkeypatch.setattr(Reader, "read_page", lambda _, image: gate.read_page())
    yield gate
    gate.open.release(100)


@pytest.fixture(scope="module")
def page() -> bytes:
    drawn = np.full((600, 600), 245, np.uint8)
    cv2.putText(drawn, "2075", (100, 300), cv2.FONT_HERSHEY_SIMPLEX, 2.8, (45,), 7, cv2.LINE_AA)
    return cv2.imencode(".png", drawn)[1].tobytes()


@pytest.fixture(scope="module")
def tiff() -> bytes:
    written = io.BytesIO()
    first, *others = (Image.new("L", (40, 40), 255) for _ in range(LONG))
    first.save(written, "TIFF", save_all=True, append_images=others)
    return written.getvalue()


@contextlib.contextmanager
def run(handlers, timeout_ms=30_000):
    server = rest.Server(rest.App(handlers, Monitoring(), threads=2, timeout_ms=timeout_ms), 0)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False, timeout=30) as client:
            yield client
    finally:
        server.stop(1)


@pytest.fixture
def handlers():
    return Handlers()


@pytest.fixture
def client(handlers):
    with run(handlers) as client:
        yield client


def wait(client, job) -> dict:
    """Return a job's state once it is not being read, at most 20 s."""
    for _ in range(400):
        state = client.get(f"/v1/read/{job}").json()
        if state["state"] != "reading":
            return state
        time.sleep(0.05)
    raise AssertionError(state)


def test_a_page_is_answered_as_the_schema_says(client, page):
    answer = client.post("/v1/read", content=page)
    assert answer.status_code == 200
    jsonschema.validate(answer.json(), json.loads(SCHEMA.read_text()))
    assert [each["text"] for each in answer.json()["pages"]] == ["2075"]
    assert client.post("/v1/read?whitelist=02", content=page).json()["pages"][0]["text"].strip("0 2") == ""
    packed = client.post("/v1/read", content=gzip.compress(page), headers={"content-encoding": "gzip"})
    assert packed.json() == answer.json()


def test_a_served_model_of_the_recognizers_name_is_used(handlers, client, page):
    handlers.served = {"digits"}
    assert client.post("/v1/read?recognizer=digits", content=page).json()["pages"][0]["text"] == "7777"
    assert set(handlers.asked) == {"digits"}


def test_fields_are_of_the_served_taggers_or_the_one_that_ships(handlers, client, page):
    drawn = np.full((300, 900), 245, np.uint8)
    for number, text in enumerate(("Date: 12/03/2018", "TOTAL RM 9.00")):
        cv2.putText(drawn, text, (60, 100 + 120 * number), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (45,), 3, cv2.LINE_AA)
    receipt = cv2.imencode(".png", drawn)[1].tobytes()
    answer = client.post("/v1/read?fields=1", content=receipt).json()
    jsonschema.validate(answer, json.loads(SCHEMA.read_text()))
    assert answer["pages"][0]["fields"][-1]["values"] == ["9.00"]
    assert "fields" not in client.post("/v1/read?recognizer=print", content=receipt).json()["pages"][0]
    handlers.served = {"invoices"}
    client.post("/v1/read?fields=1", content=receipt)
    assert handlers.asked == ["invoices"]


def test_what_the_model_is_refused_with_is_answered(handlers, client, page):
    handlers.served = {"lines"}
    answer = client.post("/v1/read?recognizer=lines", content=page)
    assert (answer.status_code, answer.json()) == (503, {"error": "it is being unloaded"})


@pytest.mark.parametrize(
    ("query", "content", "status", "reason"),
    [
        ("", b"", 400, "empty file: it holds no bytes"),
        ("", b"text", 400, "not a page: none of PDF, PNG"),
        ("", b"%PDF-1.7\n", 400, "damaged PDF"),
        ("?recogniser=digits", b"", 400, "unknown parameter 'recogniser'; known: recognizer, "),
        ("?recognizer=runes", b"", 400, "no model 'runes'; known: digits, hangul, invoices, lines, meters, print"),
        ("?recognizer=../digits", b"", 400, "no model '../digits'; known: digits, "),
        ("?detector=runes", b"", 400, "no model 'runes'; known: digits, "),
        ("?fields=runes", b"", 400, "no model 'runes'; known: digits, "),
        ("?recognizer=hangul", b"", 400, "the model hangul pretrained reads pictures of one syllable, no pages"),
        ("?detector=print", b"", 400, "detector: digits finds what it reads itself"),
        ("?dpi=high", b"", 400, "dpi: 'high' is not allowed"),
        ("?dpi=5", b"", 400, "dpi: 5 is not from 20 to 1200"),
        ("?job=yes", b"", 400, "job: 'yes' is not allowed: give 0 or 1"),
        ("/made-up", b"", 400, "Malformed request: POST /v1/read/made-up"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(client, query, content, status, reason):
    answer = client.post(f"/v1/read{query}", content=content)
    assert answer.status_code == status
    assert answer.json()["error"].startswith(reason)


def test_a_package_that_is_not_installed_is_named(client, page, monkeypatch):
    def fail(*_):
        raise ModuleNotFoundError("No module named 'cv2'", name="cv2")

    monkeypatch.setattr(Reader, "read_page", fail)
    answer = client.post("/v1/read", content=page)
    assert answer.status_code == 501
    assert answer.json() == {"error": "cv2 is not installed: pip install 'tfx-ocr[read]'"}


def test_a_mistake_of_ours_is_no_silence(client, page, monkeypatch):
    monkeypatch.setattr(Reader, "read_page", lambda *_: {}["missing"])
    answer = client.post("/v1/read", content=page)
    assert (answer.status_code, answer.json()) == (500, {"error": "KeyError in the server"})
    job = client.post("/v1/read?job=1", content=page).json()["id"]
    assert wait(client, job)["error"] == "KeyError in the server"


def test_a_jobs_pages_are_drawn_and_its_document_is_written_in_every_form(client, page):
    job = client.post("/v1/read?job=1", content=page).json()["id"]
    assert wait(client, job)["state"] == "done"
    drawn = client.get(f"/v1/read/{job}/pages/1")
    assert (drawn.headers["content-type"], Image.open(io.BytesIO(drawn.content)).size) == ("image/jpeg", (600, 600))
    written = {form: client.get(f"/v1/read/{job}?as={form}") for form in ("text", "page", "alto", "pdf", "image")}
    assert written["text"].text.strip() == "2075"
    begins = [answer.content[:5] for answer in written.values()]
    assert begins == [b"2075\n", b"<?xml", b"<?xml", b"%PDF-", b"\x89PNG\r"]
    for wrong in ("?as=word", "/pages/2", "/pages/0"):
        assert client.get(f"/v1/read/{job}{wrong}").status_code == 400


def test_a_form_with_a_file_per_page_comes_as_a_zip(client, gate, tiff):
    gate.open.release(LONG)
    job = client.post("/v1/read?job=1", content=tiff).json()["id"]
    wait(client, job)
    packed = zipfile.ZipFile(io.BytesIO(client.get(f"/v1/read/{job}?as=page").content))
    assert packed.namelist() == [f"page-{number}.page.xml" for number in range(1, LONG + 1)]


def test_a_job_tells_how_far_it_is_and_what_was_read(client, gate, tiff):
    begun = client.post("/v1/read?job=1", content=tiff)
    assert begun.status_code == 202
    job = begun.json()["id"]
    assert begun.json() == {"id": job, "state": "reading", "read": 0, "pages": None, "ahead": 0}
    gate.open.release(2)
    for _ in range(3):
        assert gate.begun.acquire(timeout=20)
    assert client.get(f"/v1/read/{job}").json() == {"id": job, "state": "reading", "read": 2, "pages": LONG, "ahead": 0}
    gate.open.release(LONG)
    done = wait(client, job)
    assert (done["state"], done["read"], len(done["document"]["pages"])) == ("done", LONG, LONG)
    jsonschema.validate(done["document"], json.loads(SCHEMA.read_text()))
    assert client.delete(f"/v1/read/{job}").json() == {"id": job, "state": "deleted"}
    assert client.get(f"/v1/read/{job}").status_code == 404


def test_a_job_that_fails_says_why(client):
    job = client.post("/v1/read?job=1", content=b"text").json()["id"]
    failed = wait(client, job)
    assert (failed["state"], failed["error"][:10]) == ("failed", "not a page")


def test_a_job_that_is_deleted_is_read_no_further(client, gate, tiff, page):
    job = client.post("/v1/read?job=1", content=tiff).json()["id"]
    assert gate.begun.acquire(timeout=20)
    assert client.delete(f"/v1/read/{job}").status_code == 200
    gate.open.release(2)
    assert client.post("/v1/read", content=page).status_code == 200
    assert not gate.open.acquire(blocking=False)


def test_a_long_file_holds_up_no_short_one_and_no_inference(handlers, client, gate, tiff, page):
    job = client.post("/v1/read?job=1", content=tiff).json()["id"]
    assert gate.begun.acquire(timeout=20)
    assert client.get("/v1/models/digits").status_code == 404  # at once, though a page is being read
    answers = []
    short = threading.Thread(target=lambda: answers.append(client.post("/v1/read", content=page)))
    short.start()
    for _ in range(LONG // 2):
        time.sleep(0.1)
        gate.open.release()
    short.join(20)
    assert [answer.status_code for answer in answers] == [200]
    assert client.get(f"/v1/read/{job}").json()["state"] == "reading"


def test_jobs_are_bounded_in_number_bytes_and_age(client, gate, tiff, monkeypatch):
    monkeypatch.setattr(reading, "MAX_JOBS", 2)
    monkeypatch.setattr(reading, "MAX_JOB_BYTES", 3 * len(tiff))
    monkeypatch.setattr(reading, "KEPT_S", 0.1)
    begun = [client.post("/v1/read?job=1", content=tiff).json()["id"] for _ in range(2)]
    refused = client.post("/v1/read?job=1", content=tiff)
    assert refused.status_code == 429
    assert refused.json()["error"].startswith("2 jobs are being read; 2 of ")
    client.delete(f"/v1/read/{begun[0]}")
    monkeypatch.setattr(reading, "MAX_JOB_BYTES", len(tiff))
    assert client.post("/v1/read?job=1", content=tiff).status_code == 429
    gate.open.release(3 * LONG)
    for _ in range(400):
        if client.get(f"/v1/read/{begun[1]}").status_code == 404:
            return
        time.sleep(0.05)
    raise AssertionError("a result is kept for good")


def test_the_oldest_result_makes_room(client, page, monkeypatch):
    monkeypatch.setattr(reading, "MAX_JOBS", 2)
    jobs = []
    for _ in range(3):
        jobs.append(client.post("/v1/read?job=1", content=page).json()["id"])
        wait(client, jobs[-1])
    assert [client.get(f"/v1/read/{job}").status_code for job in jobs] == [404, 200, 200]


def test_pages_are_bounded(client, tiff, monkeypatch):
    monkeypatch.setattr(reading, "MAX_PAGES", LONG - 1)
    answer = client.post("/v1/read", content=tiff)
    assert (answer.status_code, answer.json()) == (413, {"error": f"{LONG} pages, where {LONG - 1} are allowed"})


def test_a_request_is_given_up_in_time(handlers, gate, tiff):
    gate.open.release(2)
    with run(handlers, timeout_ms=500) as client:
        answer = client.post("/v1/read", content=tiff)
    assert answer.status_code == 504
    assert answer.json()["error"] == "2 pages were read within 0.5 seconds; job=1 reads a long file as a job"


def test_the_api_is_described(client, page):
    described = client.get("/openapi.json").json()
    (read, job) = (described["paths"][path] for path in ("/v1/read", "/v1/read/{id}"))
    assert {each["name"] for each in read["post"]["parameters"]} == set(reading.PARAMETERS)
    assert set(job) == {"parameters", "get", "delete"}
    named = set(re.findall(r'"#/components/(\w+/\w+)"', json.dumps(described)))
    assert all(kind in described["components"] and name in described["components"][kind]
               for kind, name in (each.split("/") for each in named))  # fmt: skip
    states = jsonschema.Draft202012Validator({"$ref": "#/components/schemas/Job", **described})
    states.validate(client.post("/v1/read?job=1", content=page).json())
    done = wait(client, client.post("/v1/read?job=1", content=page).json()["id"])
    states.validate(done)
    with pytest.raises(jsonschema.ValidationError):
        states.validate({**done, "document": {**done["document"], "pages": 1}})


def test_urls_of_others_are_not_of_reading():
    assert reading.parse("GET", "/v1/read") is None
    assert reading.parse("POST", "/v1/reader") is None
    assert reading.parse("GET", "/v1/models/read") is None
    assert reading.parse("DELETE", "/v1/read/a-b").job == "a-b"
    with pytest.raises(InvalidArgumentError, match="min_confidence: '' is not allowed"):
        reading.parse("POST", "/v1/read?min_confidence=")
    assert reading.parse("POST", "/v1/read?whitelist=%2B1&force_ocr=1&job=0").options == {
        "whitelist": "+1", "force_ocr": True, "job": False,
    }  # fmt: skip
