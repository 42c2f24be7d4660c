"""Whether this machine can run the pipeline: each check says in one sentence what it found and, if need be, the fix."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import platform
import re
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tfx_ocr.data import samples
from tfx_ocr.pipeline.disk import RUN_MB, find_existing, measure_free
from tfx_ocr.pipeline.metadata_lock import refuse_locked
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.serving import versions

OK, WARNING, PROBLEM = "ok", "warning", "PROBLEM"  # a run cannot succeed with a problem

PYTHONS = ((3, 11), (3, 13))  # oldest and newest supported
GLIBC = (2, 35)  # oldest that TFX's wheels run on
MEMORY_MB = 2500  # free, for a run of a shipped recipe's sample
PORTS = (8500, 8501)  # of the model server: gRPC and REST
PROGRAMS = {"docker": "build and run the images", "xdg-open": "open a report by `tfx-ocr report --open`"}
CLOCK_S = 60  # that a version may be ahead of the clock
LOCKS = Path(__file__).resolve().parents[1] / "requirements"  # in a checkout
FONTS = Path(samples.__file__).parent / "fonts"
PIN = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+) *\\?$", re.M)  # without an environment marker


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        level: `OK`, `WARNING` (something else may fail) or `PROBLEM` (a run would fail).
        sentence: what was found and, if it is not `OK`, what to do.
    """

    level: str
    sentence: str


def check_python(settings: Settings) -> Finding:
    """Look at the interpreter and whether TFX is installed."""
    version = f"Python {platform.python_version()}"
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        return Finding(PROBLEM, f"{version} is not supported: make an environment with Python 3.11, 3.12 or 3.13")
    try:
        return Finding(OK, f"{version}, TFX {importlib.metadata.version('tfx')}")
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            PROBLEM, f"{version} without TFX: models can be used but not trained; pip install 'tfx-ocr[pipeline]'"
        )


def check_system(settings: Settings) -> Finding:
    """Look at the machine and its C library."""
    name, version = platform.libc_ver()
    system = f"{platform.system()} {platform.machine()}, {name or 'no glibc'} {version}".rstrip()
    fits = name == "glibc" and tuple(map(int, version.split(".")[:2])) >= GLIBC
    if fits and (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        return Finding(OK, system)
    return Finding(
        PROBLEM,
        f"{system}: TFX needs Linux x86_64 with glibc 2.35 or newer, such as Debian 12; use one, or a container",
    )


def check_lock(settings: Settings) -> Finding:
    """Compare what is installed with the lock file of a checkout."""
    lock = LOCKS / ("py311.txt" if sys.version_info[:2] == (3, 11) else "py312.txt")
    if not lock.is_file():
        return Finding(OK, "installed as a package, without a lock file to compare with")
    pins = {_normalize(name): version for name, version in PIN.findall(lock.read_text(encoding="utf-8"))}
    installed = {_normalize(each.name): each.version for each in importlib.metadata.distributions()}
    other = [
        f"{name} {installed.get(name, 'missing')} in place of {version}"
        for name, version in pins.items()
        if installed.get(name) != version
    ]
    if other:
        more = f" and {len(other) - 3} more" if len(other) > 3 else ""
        return Finding(
            WARNING, f"packages differ from requirements/{lock.name}: {', '.join(other[:3])}{more}; run `make setup`"
        )
    return Finding(OK, f"{len(pins)} packages as in requirements/{lock.name}")


def _normalize(name: str) -> str:
    """Return the one spelling of a package's name. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def check_disk(settings: Settings) -> Finding:
    """Compare the free space where a run writes with what it takes."""
    free, place = measure_free(settings)
    sentence = f"{free >> 20} MB are free in {place}"
    if free >> 20 < RUN_MB:
        return Finding(
            PROBLEM,
            f"{sentence}, and a run takes {RUN_MB} MB and more: make room, or set TFX_OCR_HOME to a larger disk",
        )
    return Finding(OK, sentence)


def check_memory(settings: Settings) -> Finding:
    """Compare the free memory, of the machine or its container, with what a run takes."""
    free = read_free_memory()
    if free is None:
        return Finding(OK, "the system does not tell how much memory is free")
    sentence = f"{free >> 20} MB of memory are free"
    if free >> 20 < MEMORY_MB:
        return Finding(
            WARNING, f"{sentence}, and a run takes about {MEMORY_MB} MB: stop other programs, or use a larger machine"
        )
    return Finding(OK, sentence)


def read_free_memory(system: Path = Path("/")) -> int | None:
    """Return the bytes that may still be taken: the lesser of the machine's and the control group's; None if unknown.

    Source: proc(5), MemAvailable; Linux's Control Group v2, memory.max and memory.current.
    """
    try:
        available = re.search(r"^MemAvailable: +(\d+) kB", (system / "proc/meminfo").read_text(encoding="ascii"), re.M)
    except OSError:
        return None
    free = int(available[1]) << 10 if available else None
    try:
        most, taken = (
            (system / f"sys/fs/cgroup/memory.{name}").read_text(encoding="ascii") for name in ("max", "current")
        )
        left = int(most) - int(taken)
    except (OSError, ValueError):  # no control group, or "max": no limit
        return free
    return left if free is None else min(free, left)


def check_folders(settings: Settings) -> Finding:
    """Write and remove a file in each folder that a run writes to."""
    folders = [settings.folder, Path(settings.serving_dir)]
    if "://" not in settings.root:
        folders.append(Path(settings.root))
    for folder in folders:
        there = find_existing(folder)
        try:
            with tempfile.TemporaryFile(dir=there):
                pass
        except OSError as error:
            return Finding(
                PROBLEM,
                f"{there} cannot be written ({error.strerror}): allow it, or set TFX_OCR_HOME, TFX_OCR_SERVING or "
                "TFX_OCR_PIPELINE_ROOT to another folder",
            )
    return Finding(OK, f"{settings.folder.parent} can be written")


def check_clock(settings: Settings) -> Finding:
    """Compare the clock with the numbers of the pushed versions, which are seconds since 1970."""
    base = Path(settings.serving_dir).parent
    models = sorted(folder for folder in base.glob("*") if folder.is_dir())
    for model in models:
        newest = versions.find_newest(model) or 0
        if newest > time.time() + CLOCK_S and newest < versions.LARGEST:
            return Finding(
                WARNING,
                f"the clock ({time.strftime('%Y-%m-%d %H:%M')}) is behind version {newest} of {model.name}: set it, or "
                "times in reports and metadata are wrong",
            )
    return Finding(OK, time.strftime("%Y-%m-%d %H:%M %Z"))


def check_metadata(settings: Settings) -> Finding:
    """Look whether the metadata of each recipe can be written."""
    if settings.metadata:
        from tfx_ocr.pipeline import metadata  # its library is not in a light installation

        try:
            metadata.open_store(settings)
        except ValueError as error:
            return Finding(PROBLEM, str(error))
        return Finding(OK, "kept in a MySQL database, which answers")
    files = sorted(settings.folder.parent.glob(f"*/{settings.metadata_file.name}"))
    for file in files:
        try:
            refuse_locked(dataclasses.replace(settings, recipe=file.parent.name))
        except ValueError as error:
            return Finding(PROBLEM, f"{error}; wait for that process, or restore the file from a backup")
    return Finding(OK, f"runs of {', '.join(file.parent.name for file in files)}" if files else "no runs yet")


def check_ports(settings: Settings) -> Finding:
    """Look whether the model server's ports are free. Taken ports are not a warning: a server may be running."""
    taken = [port for port in PORTS if not _is_free(port)]
    if taken:
        ports = " and ".join(map(str, taken))
        return Finding(OK, f"taken: {ports}; a second model server needs others (--port, --rest_api_port)")
    return Finding(OK, f"{' and '.join(map(str, PORTS))} are free")


def _is_free(port: int) -> bool:
    with socket.socket() as bound:
        try:
            bound.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def check_programs(settings: Settings) -> Finding:
    """Look for the programs that only some commands need."""
    if missing := [f"{name} (to {purpose})" for name, purpose in PROGRAMS.items() if not shutil.which(name)]:
        return Finding(OK, f"not installed, and not needed to train or predict: {', '.join(missing)}")
    return Finding(OK, f"{', '.join(PROGRAMS)} are there")


def check_fonts(settings: Settings) -> Finding:
    """Open the fonts that samples and synthetic lines are drawn with."""
    from PIL import ImageFont

    files = sorted(path for path in FONTS.rglob("*") if path.suffix == ".ttf")
    damaged = []
    for path in files:
        try:
            ImageFont.truetype(path)
        except OSError:
            damaged.append(path.name)
    if damaged or not files:
        what = f"{', '.join(damaged)} cannot be opened" if damaged else f"no fonts in {FONTS}"
        return Finding(WARNING, f"{what}: samples and synthetic pictures cannot be drawn; install the project again")
    return Finding(OK, f"{len(files)} fonts to draw samples with")


CHECKS: dict[str, Callable[[Settings], Finding]] = {
    "python": check_python,
    "system": check_system,
    "packages": check_lock,
    "disk": check_disk,
    "memory": check_memory,
    "folders": check_folders,
    "fonts": check_fonts,
    "clock": check_clock,
    "metadata": check_metadata,
    "ports": check_ports,
    "programs": check_programs,
}


def examine(settings: Settings) -> dict[str, Finding]:
    """Return what each of `CHECKS` found."""
    return {name: check(settings) for name, check in CHECKS.items()}
