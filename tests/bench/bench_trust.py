"""Kill -9 at random moments of a push, a roll-back, an ingestion and a whole run; faults; versions swapped under load.

After each kill the same command must succeed, every version that is served must be whole, and none may be lost. After
each fault the console must say one sentence and the old version must stay. What was tried is kept in FOLDER, and the
next start goes on from there. Faults, of disk, target and clock, are tried by root, who may mount disks. At last a
version is pushed and rolled back, again and again, while 16 clients ask the server, whose memory must stay flat. Writes
to tests/bench/results/trust.csv.

    python tests/bench/bench_trust.py --push 1000 --rollback 200 --run 50 --ingest 50 --swap 200
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import bench_serving
import bench_soak
import model_server
import results

from tfx_ocr.data import pretrained
from tfx_ocr.serving import versions

CLI = pathlib.Path(sys.executable).with_name("tfx-ocr")
PUSH = """
import sys
from tfx_ocr.serving.versions import Manifest, publish
print(flush=True)
publish(sys.argv[1], sys.argv[2], Manifest(recipe="digits"))
"""
ROLL_BACK = """
import sys
from tfx_ocr.serving.versions import roll_back
print(flush=True)
roll_back(sys.argv[1])
"""
FILES, FILE_BYTES = 40, 1 << 16  # of a model that is pushed: some tenths of a second
OVERRIDES = ("trainer.epochs=1", "gate.at_least={}", "gate.each_class_at_least={}", "gate.at_most_worse={}")
PUSHER = "InfraValidator"  # the step before Pusher
PUSHER_EVERY = 5  # so many runs are killed when Pusher is at work
KEPT = 5  # versions that stay while they are swapped, the served one among them
FULL_MB = 8  # of the disk that is full: a run needs some 14
COUNTED = ("half", "lost", "refused")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of one kill or fault.

    Attributes:
        kind: `push`, `rollback`, `run`, `ingest`, or the fault.
        number: of its kind, from 0.
        half: versions that are served and not whole.
        lost: versions that were served before and are gone.
        refused: 1 where the same command failed after the kill, or more than a sentence was said of a fault.
    """

    kind: str
    number: int
    half: int = 0
    lost: int = 0
    refused: int = 0


def main() -> None:
    """Kill, look, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for kind, default in (("push", 1000), ("rollback", 200), ("run", 50), ("ingest", 50)):
        parser.add_argument(f"--{kind}", type=int, default=default, help=f"kills of {kind}")
    parser.add_argument("--swap", type=int, default=200, help="pushes under load, each rolled back; 0 leaves them out")
    parser.add_argument("--requests", type=int, default=100_000, help="of the load, at least")
    parser.add_argument("--faults", nargs="*", default=sorted(FAULTS), choices=sorted(FAULTS))
    parser.add_argument("--folder", type=pathlib.Path, default=results.ROOT / "work" / "trust")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    journal = Journal(options.folder / "trials.jsonl")
    for kind in KILLS:
        for number in journal.list_missing(kind, getattr(options, kind)):
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                journal.add(KILLS[kind](pathlib.Path(folder), number))
    for fault in options.faults if os.getuid() == 0 else []:
        for number in journal.list_missing(fault, 1):
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                journal.add(FAULTS[fault](pathlib.Path(folder), number))
    results.record("trust", rows(journal.trials), options.results)
    if options.swap:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            found = swap(pathlib.Path(folder), options.swap, options.requests)
        results.record("trust", swap_rows(options.swap, found), options.results)


class Journal:
    """The trials so far, one per line of a file."""

    def __init__(self, file: pathlib.Path):
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self.trials = [Trial(**json.loads(line)) for line in lines if line.endswith("}")]  # some are cut off

    def list_missing(self, kind: str, wanted: int) -> list[int]:
        """Return the numbers below `wanted` that were not tried."""
        return sorted(set(range(wanted)) - {trial.number for trial in self.trials if trial.kind == kind})

    def add(self, trial: Trial) -> None:
        """Keep a trial, on disk too."""
        self.trials.append(trial)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"\n{json.dumps(dataclasses.asdict(trial))}")
        print(trial, flush=True)


def kill_push(folder: pathlib.Path, number: int) -> Trial:
    """Kill a push at a random moment after its begin, then push again."""
    draw = random.Random(number)
    serving_dir = folder / "served"
    old, new = (write_model(folder / name, draw) for name in ("old", "new"))
    begin = time.monotonic()
    versions.publish(old, serving_dir, versions.Manifest())
    command = [sys.executable, "-c", PUSH, str(new), str(serving_dir)]
    return kill_script("push", number, command, serving_dir, draw.uniform(0, 1.2 * (time.monotonic() - begin)))


def kill_rollback(folder: pathlib.Path, number: int) -> Trial:
    """Kill a roll-back at a random moment after its begin, then roll back again."""
    draw = random.Random(f"rollback {number}")
    serving_dir = folder / "served"
    for name in ("old", "new"):
        begin = time.monotonic()
        versions.publish(write_model(folder / name, draw), serving_dir, versions.Manifest())
    command = [sys.executable, "-c", ROLL_BACK, str(serving_dir)]
    return kill_script("rollback", number, command, serving_dir, draw.uniform(0, 1.2 * (time.monotonic() - begin)))


def kill_script(kind: str, number: int, command: Sequence[str], serving_dir: pathlib.Path, after_s: float) -> Trial:
    """Kill a command so many seconds after it has written a line, then run it again."""
    before = versions.list_versions(serving_dir)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.readline()  # type: ignore[union-attr]
        time.sleep(after_s)
        process.kill()
    half = count_half(serving_dir)
    again = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    return judge(kind, number, serving_dir, before, half, again.returncode)


def kill_run(folder: pathlib.Path, number: int) -> Trial:
    """Kill a run at a random moment, in every fifth trial while Pusher is at work, then run again."""
    return kill_command("run", folder, number, PUSHER if number % PUSHER_EVERY == 0 else "")


def kill_ingest(folder: pathlib.Path, number: int) -> Trial:
    """Kill a run at a random moment of ExampleGen, then run again."""
    return kill_command("ingest", folder, number, "")


def kill_command(kind: str, folder: pathlib.Path, number: int, after: str) -> Trial:
    """Kill `tfx-ocr run` and run it again.

    Args:
        kind: `run` or `ingest`.
        folder: its home.
        number: of the trial.
        after: step after whose end it is killed, within half a second; "" for any moment of a run that lasts as long as
            the newest whole one did, or until the end of ExampleGen.
    """
    draw = random.Random(f"{kind} {number}")
    lasts_s = measure_run(folder.parent)["ExampleGen" if kind == "ingest" else "Report"]
    begin = time.monotonic()
    with start_run(folder) as (process, seen):
        if after:
            while after not in seen and process.poll() is None:
                time.sleep(0.01)
            time.sleep(draw.uniform(0, 0.5))
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(draw.uniform(0, lasts_s) - (time.monotonic() - begin))
    serving_dir = folder / "serving" / "digits"
    before, half = versions.list_versions(serving_dir), count_half(serving_dir)
    with start_run(folder) as (process, seen):
        process.wait()
    return judge(kind, number, serving_dir, before, half, process.returncode or int("Report" not in seen))


def measure_run(folder: pathlib.Path) -> Mapping[str, float]:
    """Return the seconds from the begin of an undisturbed run to the end of each step, measured once per folder."""
    file = folder / "undisturbed.json"
    if not file.exists():
        with tempfile.TemporaryDirectory(dir=folder) as home, start_run(pathlib.Path(home)) as (process, seen):
            process.wait()
            file.write_text(json.dumps(seen), encoding="utf-8")
    found: dict[str, float] = json.loads(file.read_text(encoding="utf-8"))
    return found


@contextlib.contextmanager
def start_run(
    home: pathlib.Path, *arguments: str, **settings: str
) -> Iterator[tuple[subprocess.Popen[str], dict[str, float]]]:
    """Start a run of digits; yield it with the steps that have ended, by name to seconds; kill it at the end."""
    command = [str(CLI), "run", "digits", *(word for value in OVERRIDES for word in ("--set", value)), *arguments]
    environment = {**os.environ, "TFX_OCR_HOME": str(home), **settings}
    begin, seen = time.monotonic(), {}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )

    def read() -> None:
        for line in process.stdout or ():
            if line.startswith("["):
                seen[line.split("] ")[1].split()[0]] = time.monotonic() - begin
            elif "stopped the run: " in line:
                seen["sentence: " + line.strip()] = time.monotonic() - begin

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield process, seen
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        reader.join()


def meet_fault(kind: str, folder: pathlib.Path, prepare: Callable[[pathlib.Path], object], sentence: str = "") -> Trial:
    """Push a version, bring a fault about, run with another seed: a sentence must be said and the version stay.

    Args:
        kind: the fault.
        folder: to work in; `folder / "served"` is a file system of its own.
        prepare: brings it about, given the folder of served versions.
        sentence: what the console must say; "" where the run must push all the same.
    """
    base = folder / "served"
    with mount(base):
        settings = {"TFX_OCR_SERVING": str(base)}
        with start_run(folder / "home", **settings) as (process, _):
            process.wait()
        before = versions.list_versions(base / "digits")
        prepare(base / "digits")
        with start_run(folder / "home", "--set", "trainer.seed=8", **settings) as (process, seen):
            process.wait()
        said = [line for line in seen if line.startswith("sentence: ") and sentence in line]
        is_right = len(said) == 1 and process.returncode == 3 if sentence else process.returncode == 0
        kept = [] if kind == "target removed" else before
        return judge(kind, 0, base / "digits", kept, 0, int(not is_right or not before))


@contextlib.contextmanager
def mount(folder: pathlib.Path, *options: str) -> Iterator[None]:
    """Keep a file system in memory mounted until the end of the block."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill_disk(folder: pathlib.Path, number: int) -> Trial:
    """Run in a home of 8 MB: one sentence, and the same command in a larger one goes on."""
    home = folder / "home"
    with mount(home, "-o", f"size={FULL_MB}m"):
        with start_run(home) as (process, seen):
            process.wait()
        is_said = any("the disk is full" in line for line in seen) and process.returncode == 3
        subprocess.run(["mount", "-o", "remount,size=2g", str(home)], check=True)
        with start_run(home) as (process, _):
            process.wait()
        return judge("disk full", number, home / "serving" / "digits", [], 0, process.returncode or int(not is_said))


def refuse_writes(folder: pathlib.Path, number: int) -> Trial:
    """Push to a folder that became read-only."""

    def prepare(serving_dir: pathlib.Path) -> None:
        subprocess.run(["mount", "-o", "remount,ro", str(serving_dir.parent)], check=True)

    return meet_fault("read-only target", folder, prepare, "Read-only file system")


def remove_target(folder: pathlib.Path, number: int) -> Trial:
    """Push to a folder that was removed meanwhile."""
    return meet_fault("target removed", folder, shutil.rmtree)


def set_clock_back(folder: pathlib.Path, number: int) -> Trial:
    """Push after a version whose number lies a day ahead, as it does when the clock was set back."""

    def prepare(serving_dir: pathlib.Path) -> None:
        versions.publish(write_model(folder / "later", random.Random(number)), serving_dir, versions.Manifest())
        newest = versions.find_newest(serving_dir) or 0
        later = versions.get_folder(serving_dir, newest + 86_400)
        versions.get_folder(serving_dir, newest).rename(later)

    return meet_fault("clock set back", folder, prepare)


def swap(folder: pathlib.Path, pushes: int, requests: int) -> bench_serving.Swapped:
    """Push a version and roll it back, so many times, while 16 clients send so many requests or more."""
    serving_dir, pushed = folder / "served", folder / "pushed"
    shipped = pretrained.get_folder("digits")
    versions.publish(shipped, serving_dir, versions.Manifest())
    shutil.copytree(shipped, pushed)
    (pushed / "second.txt").touch()  # the same answers, but another model

    def push() -> None:
        versions.prune(serving_dir, KEPT)
        versions.publish(pushed, serving_dir, versions.Manifest())

    changes = [push, lambda: versions.roll_back(serving_dir)] * pushes
    return bench_serving.swap(serving_dir, model_server.pictures(folder / "sample"), requests, changes)


def swap_rows(pushes: int, found: bench_serving.Swapped) -> list[results.Row]:
    """Return what must be 0: failed, answered by an unloaded version, and the growth of memory.

    The growth is the slope of the least-squares line through the memory after each change, the first fifth left out.
    """
    changed, command = f"{pushes} versions pushed and rolled back", "python tests/bench/bench_trust.py"
    changes = list(enumerate(found.memory))[len(found.memory) // 5 :]

    def row(of: str, value: float) -> results.Row:
        what = f"{changed} under load: {of}"
        return results.Row(measure=what, value=value, unit="MB", n=f"{2 * pushes:,} changes", command=command)

    return [
        *bench_serving.swap_rows(changed, found, command),
        row("growth of resident memory over 100 changes", 100 * bench_soak.slope(changes)),
        row("resident memory at the end", found.memory[-1]),
    ]


KILLS: dict[str, Callable[[pathlib.Path, int], Trial]] = {
    "push": kill_push,
    "rollback": kill_rollback,
    "run": kill_run,
    "ingest": kill_ingest,
}
FAULTS: dict[str, Callable[[pathlib.Path, int], Trial]] = {
    "clock set back": set_clock_back,
    "disk full": fill_disk,
    "read-only target": refuse_writes,
    "target removed": remove_target,
}


def write_model(folder: pathlib.Path, draw: random.Random) -> pathlib.Path:
    """Write a folder of random files that is pushed as a model; return it."""
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number}.bin").write_bytes(draw.randbytes(FILE_BYTES))
    return folder


def count_half(serving_dir: pathlib.Path) -> int:
    """Return how many of the versions that are served are not as they were pushed."""
    half = 0
    for version in versions.list_versions(serving_dir):
        try:
            versions.verify(versions.get_folder(serving_dir, version))
        except ValueError:
            half += 1
    return half


def judge(kind: str, number: int, serving_dir: pathlib.Path, before: Sequence[int], half: int, status: int) -> Trial:
    """Look at the served versions after the second command.

    Args:
        kind: of the trial.
        number: of the trial.
        serving_dir: the versions.
        before: numbers that were served before it.
        half: versions that were not whole after the kill.
        status: exit status of the second command.
    """
    lost = len(set(before) - set(versions.list_versions(serving_dir)))
    half += count_half(serving_dir)
    return Trial(kind=kind, number=number, half=half, lost=lost, refused=int(status != 0))


def rows(trials: Sequence[Trial]) -> list[results.Row]:
    """Return what was half, lost and refused, for each kind that was tried."""
    kinds = collections.Counter(trial.kind for trial in trials)
    return [
        results.Row(
            measure=f"{f'kill -9 of {kind}' if kind in KILLS else kind}: {of}",
            value=sum(getattr(trial, field) for trial in trials if trial.kind == kind),
            unit=unit,
            n=f"{n:,} trials",
            command="python tests/bench/bench_trust.py",
        )
        for kind, n in kinds.items()
        for field, of, unit in (
            ("half", "half versions served", "versions"),
            ("lost", "versions lost", "versions"),
            ("refused", "refused, or not said in a sentence", "trials"),
        )
    ]


if __name__ == "__main__":
    sys.exit(main())
