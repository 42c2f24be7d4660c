"""The wheel in a fresh environment: what asking needs and no more, answers by the weights that ship."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / ("py311.txt" if sys.version_info < (3, 12) else "py312.txt")
MOST_MB = 350
HEAVY = ("tensorflow", "tfx", "apache_beam", "keras", "sklearn", "pandas", "starlette")


def run(*command, cwd, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env={"PATH": "/usr/bin:/bin"}, **options
    )


@pytest.fixture(scope="module")
def light(tmp_path_factory) -> Path:
    """Build the wheel, install it in a fresh environment outside the checkout, and return that one's `bin`."""
    folder = tmp_path_factory.mktemp("light")
    source = folder / "source"
    for name in ("pipeline", "components", "data", "serving"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-c", f"import setuptools.build_meta as b; b.build_wheel({str(folder)!r})"]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    # the lock's versions without its hashes, which the new wheel lacks; pip, unlike uv, minds that the lock's
    # backports.strenum is for older Pythons
    pins = re.findall(r"^(?!backports-strenum)\S+==[^\\\n]+", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    (folder / "pins.txt").write_text("\n".join(pins))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    install(folder, str(next(folder.glob("*.whl"))))
    return folder / "venv/bin"


def install(folder: Path, what: str) -> None:
    pip = [sys.executable, "-m", "pip", "--python", folder / "venv/bin/python", "install", "--quiet", "--no-compile"]
    done = subprocess.run(
        [*pip, "--constraint", folder / "pins.txt", what], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_environment_is_small(light, capsys):
    files = [path for path in light.parent.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files if "__pycache__" not in path.parts) / 2**20
    with capsys.disabled():
        sys.stdout.write(f"\nlight installation: {size:.0f} MB unpacked\n")
    assert size <= MOST_MB
    names = {path.name for path in light.parent.glob("lib/python3*/site-packages/*")}
    assert names.isdisjoint(HEAVY)


def test_the_command_answers(light, digits_sample, tmp_path):
    file = digits_sample / "test/5/1550.png"
    done = run(light / "tfx-ocr", "predict", "digits", file, "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)[0]["label"] == "5"


def test_python_answers_with_every_shipped_model(light, tmp_path):
    code = f"""
import json, sys
sys.path.append({str(ROOT / "tests/serving/golden")!r})
import take
from tfx_ocr.serving import load_model
from tfx_ocr.serving.locations import open_model

for name, expected in json.loads(take.ANSWERS.read_text()).items():
    with open_model(name) as model:
        for raw, answers in zip(take.read(name), expected, strict=True):
            for signature, inputs in take.build_requests(raw):
                found = take.to_json(model.ask(signature, inputs))
                for output in found.keys() & {{"label", "field_values"}}:
                    assert found[output] == answers[output], (name, signature, found[output], answers[output])
pictures = [inputs["image_bytes"][0] for raw in take.read("digits") for _, inputs in list(take.build_requests(raw))[1:]]
print("".join(one.text for one in load_model("digits").predict(pictures)))
"""
    done = run(light / "python", "-c", code, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    expected = json.loads((ROOT / "tests/serving/golden/answers.json").read_text(encoding="utf-8"))["digits"]
    assert done.stdout.strip() == "".join(answers["label"] for answers in expected)


def test_a_model_is_judged(light, digits_sample, tmp_path):
    done = run(light / "tfx-ocr", "evaluate", "digits", "--data", digits_sample, "--split", "test", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[1].startswith("gate REFUSED: accuracy 0.9346, ")  # of the sample's 382 digits


def test_what_needs_tfx_says_how_to_install_it(light, tmp_path):
    done = run(light / "tfx-ocr", "run", "digits", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tfx-ocr: tfx is not installed: pip install 'tfx-ocr[pipeline]'\n"
    assert list(tmp_path.iterdir()) == []


def test_a_server_answers_with_the_extra_that_it_needs(light, digits_sample, ports, tmp_path):
    needs = run(light / "tensorflow_model_server", "--model_name=digits", "--model_base_path=/", cwd=tmp_path)
    assert needs.returncode == 1
    assert "is not installed: pip install 'tfx-ocr[serve]'" in needs.stderr.splitlines()[-1]
    folder = light.parents[1]
    install(folder, f"{next(folder.glob('*.whl'))}[serve]")
    (shipped,) = light.parent.glob("lib/python3*/site-packages/tfx_ocr/data/pretrained/digits/model")
    shutil.copytree(shipped, tmp_path / "digits/1")
    grpc, rest = ports(2)
    command = [light / "tensorflow_model_server", f"--port={grpc}", f"--rest_api_port={rest}", "--model_name=digits"]
    server = subprocess.Popen(
        [*command, f"--model_base_path={tmp_path}/digits"],
        env={"PATH": "/usr/bin:/bin"}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert any("Exporting HTTP/REST API" in line for line in server.stderr)
        file, address = digits_sample / "test/5/1550.png", f"http://127.0.0.1:{rest}"
        done = run(light / "tfx-ocr", "predict", "digits", file, "--json", "--server", address, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)[0]["label"] == "5"
    finally:
        server.terminate()
        server.communicate(timeout=60)
