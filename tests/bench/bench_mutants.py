"""How many small changes of the code the tests notice: 300 mutants drawn by a seed over what runs without TensorFlow.

A mutant is drawn from FILES, from functions that a test enters. It is killed by the tests that run its statement: they
fail, or do not end in time. They run in a fork of a process that has imported the libraries, so that a mutant costs
what its tests cost. Writes to tests/bench/results/house.csv; prints the survivors, and which of them
tests/bench/survivors.csv explains.

    python tests/bench/bench_mutants.py
    python tests/bench/bench_mutants.py --commit 7a4686f    the code and the tests of a commit

Not cosmic-ray, which starts a process per mutant, nor mutmut, which names functions by their file's path: the package
has another name here (docs/decisions/0001-import-names.md).
"""

from __future__ import annotations

import argparse
import collections
import csv
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import math
import multiprocessing
import os
import pathlib
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from types import CodeType, FrameType
from typing import Any

import mutants
import pytest
import results
from bench_house import unpack

FILES = (
    "data/**/*.py",
    "components/evaluator/gate.py",
    "components/evaluator/metrics/*.py",
    "serving/versions.py",
    "serving/client/*.py",
)
TESTS = ("tests/data", "tests/components/evaluator", "tests/serving/test_versions.py", "tests/serving/client")
EXPLAINED = pathlib.Path(__file__).with_name("survivors.csv")
COLUMNS = ("path", "text", "before", "after", "reason")
FORK = multiprocessing.get_context("fork")
PATIENCE_S = 30.0  # and ten times what the tests take
WAITS = 4


class Finder(importlib.abc.MetaPathFinder):
    """Import tfx_ocr from a tree, one of its modules with a change in it."""

    def __init__(self, root: pathlib.Path, mutant: mutants.Mutant | None = None) -> None:
        self.root, self.mutant = root, mutant

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        """Find a module of tfx_ocr in the tree."""
        package, *parts = name.split(".")
        if package != "tfx_ocr":
            return None
        if not parts:
            spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = []
            return spec
        place = self.root.joinpath(*parts)
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if not file.is_file():
            return None
        mutant = self.mutant if self.mutant and file == self.root / self.mutant.path else None
        folders = [str(place)] if place.is_dir() else None
        loader = Loader(name, str(file), mutant)
        return importlib.util.spec_from_file_location(name, file, loader=loader, submodule_search_locations=folders)


class Loader(importlib.machinery.SourceFileLoader):
    """Load a source with a change in it, and never from its compiled form."""

    def __init__(self, name: str, path: str, mutant: mutants.Mutant | None) -> None:
        super().__init__(name, path)
        self.mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source, changed."""
        source = pathlib.Path(self.path).read_text(encoding="utf-8")
        module = mutants.mutate(source, self.mutant) if self.mutant else source
        return compile(module, self.path, "exec", dont_inherit=True)


class Tracer:
    """A pytest plugin that notes which lines of some files each test runs, and how long it takes."""

    def __init__(self, root: pathlib.Path, paths: Iterable[str]) -> None:
        self.files = {str(root / path): path for path in paths}
        self.lines: dict[str, set[tuple[str, int]]] = collections.defaultdict(set)
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        self._into: set[tuple[str, int]] = set()

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Follow the frames of the files alone."""
        path = self.files.get(frame.f_code.co_filename)
        if path is None:
            return None

        def follow(frame: FrameType, event: str, argument: Any) -> Any:
            self._into.add((path, frame.f_lineno))
            return follow

        return follow(frame, event, argument)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Time a test."""
        begin = time.perf_counter()
        yield
        self.seconds[item.nodeid] = time.perf_counter() - begin

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Any:
        """Collect what fixtures run for the whole file: those of a module run once, for the first of its tests."""
        yield from self._note(item.nodeid.partition("::")[0])

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Any:
        """Collect what a test runs."""
        yield from self._note(item.nodeid)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Any:
        """Collect what the ends of fixtures run."""
        yield from self._note(item.nodeid.partition("::")[0])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect a test that fails."""
        if report.failed:
            self.failed.append(report.nodeid)

    def _note(self, key: str) -> Any:
        self._into = self.lines[key]
        threading.settrace(self.trace)
        sys.settrace(self.trace)
        yield
        sys.settrace(None)
        threading.settrace(None)


class Only:
    """A pytest plugin that keeps some tests, in the order of their names here."""

    def __init__(self, names: Sequence[str]) -> None:
        self.order = {name: number for number, name in enumerate(names)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Drop the others."""
        items[:] = sorted(
            (item for item in items if item.nodeid in self.order), key=lambda item: self.order[item.nodeid]
        )


def run_tests(root: pathlib.Path, places: Sequence[str], plugin: Any, mutant: mutants.Mutant | None = None) -> int:
    """Run tests of a tree in this process, which is a fork that ends with it; return pytest's exit status."""
    os.chdir(root)
    sys.meta_path.insert(0, Finder(root, mutant))
    for name in [name for name in sys.modules if name.split(".")[0] in ("tfx_ocr", "tests", "conftest")]:
        del sys.modules[name]  # of the tree that this bench itself lies in
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
        sys.stdout = sys.stderr = nothing
        options = ["-q", "-x", "-m", "not tfx and not e2e", "-p", "no:cacheprovider", f"--basetemp={folder}/t"]
        return int(pytest.main([f"--rootdir={root}", *options, *places], plugins=[plugin]))


def fork(function: Any, timeout_s: float) -> Any:
    """Run a function in a fork of this process; return what it returns, None or 1 where it did not end in time.

    That is `timeout_s` of processor time, which other processes do not take, or WAITS times as long where it sleeps.
    """

    def work(sender: Any) -> None:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(timeout_s), math.ceil(timeout_s)))
        sender.send(function())
        sender.close()
        os._exit(0)  # without what libraries do at exit

    receiver, sender = FORK.Pipe(duplex=False)
    process = FORK.Process(target=work, args=(sender,))
    process.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(WAITS * timeout_s) else None
    except EOFError:
        return 1  # it died: of a signal, or of what the mutant called
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)  # the children of tests too
        except ProcessLookupError:
            process.kill()
        process.join()


def survey(root: pathlib.Path, paths: Sequence[str]) -> dict[str, Any]:
    """Run the tests once, unchanged; return their lines and seconds and the libraries they import.

    Raises:
        RuntimeError: a test fails as it is.
    """

    def run() -> dict[str, Any]:
        tracer = Tracer(root, paths)
        status = run_tests(root, TESTS, tracer)
        ours = ("tfx_ocr", "tests", "conftest", "_pytest", "pytest", "__")
        libraries = [name for name in sys.modules if not name.startswith(ours)]
        return {
            "status": status,
            "failed": tracer.failed,
            "lines": dict(tracer.lines),
            "seconds": tracer.seconds,
            "libraries": libraries,
        }

    found = fork(run, 3600.0)
    if found["status"] != 0:
        raise RuntimeError(f"the tests end with {found['status']} without a mutant: {', '.join(found['failed'])}")
    return found


def select_tests(mutant: mutants.Mutant, lines: Mapping[str, set[tuple[str, int]]], names: Iterable[str]) -> list[str]:
    """Return the tests that run a mutant's statement, those of the file named after its own first.

    What runs in a fixture is run for every test of its file; what runs at import, for every test of a file that comes
    to the module.
    """
    own = f"test_{pathlib.PurePath(mutant.path).stem}.py"
    inside = {(mutant.path, line) for line in range(mutant.first, mutant.last + 1)}

    if _is_top(mutant.function):
        wanted = {key.partition("::")[0] for key, hit in lines.items() if any(path == mutant.path for path, _ in hit)}
    else:
        wanted = {key for key, hit in lines.items() if not hit.isdisjoint(inside)}
    chosen = [name for name in names if name in wanted or name.partition("::")[0] in wanted]
    return sorted(chosen, key=lambda name: pathlib.PurePath(name.partition("::")[0]).name != own)


def find_reached(found: Sequence[mutants.Mutant], lines: Iterable[tuple[str, int]]) -> list[mutants.Mutant]:
    """Return the mutants of files and functions that tests run: what needs TensorFlow is not entered."""
    ran = set(lines)
    files = {path for path, _ in ran}
    entered = {
        (mutant.path, mutant.function)
        for mutant in found
        if any((mutant.path, line) in ran for line in range(mutant.first, mutant.last + 1))
    }
    return [
        mutant
        for mutant in found
        if mutant.path in files and ((mutant.path, mutant.function) in entered or _is_top(mutant.function))
    ]


def _is_top(function: str) -> bool:
    return function == "" or function.rpartition(".")[2][:1].isupper()  # a module or a class: run at import


def read_explained(path: pathlib.Path = EXPLAINED) -> dict[tuple[str, ...], str]:
    """Return why a mutant that survives does not show a gap in the tests, by path, line, before and after."""
    with path.open(newline="", encoding="utf-8") as file:
        return {tuple(row[column] for column in COLUMNS[:-1]): row["reason"] for row in csv.DictReader(file)}


def main() -> None:
    """Draw, run, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--commit", help="measure the code and the tests of a commit in place of this tree's")
    parser.add_argument(
        "--log", type=pathlib.Path, help="where each mutant's fate is kept, so that a next call goes on"
    )
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a fork loses its parent's threads
    with tempfile.TemporaryDirectory() as folder:
        root = results.ROOT
        if options.commit:
            root = pathlib.Path(folder).resolve()
            unpack(options.commit, root)
        fates = measure(root, options.count, options.seed, options.log)
    report(fates, options)


def measure(root: pathlib.Path, count: int, seed: int, log: pathlib.Path | None) -> dict[mutants.Mutant, bool]:
    """Return, for each mutant drawn, whether the tests killed it."""
    paths = sorted({path.relative_to(root).as_posix() for pattern in FILES for path in root.glob(pattern)})
    surveyed = survey(root, paths)
    for name in surveyed["libraries"]:
        try:
            importlib.import_module(name)
        except Exception:
            print(f"not imported ahead: {name}")
    every = [
        mutant for path in paths for mutant in mutants.find_mutants(path, (root / path).read_text(encoding="utf-8"))
    ]
    lines: dict[str, set[tuple[str, int]]] = surveyed["lines"]
    reached = find_reached(every, (line for ran in lines.values() for line in ran))
    print(f"{len(every)} mutants of {len(paths)} files, {len(reached)} where tests come without TensorFlow", flush=True)
    known = [json.loads(line) for line in log.read_text().splitlines()] if log and log.exists() else []
    fates = {mutants.Mutant(**{k: v for k, v in row.items() if k != "killed"}): row["killed"] for row in known}
    for mutant in mutants.draw(reached, count, seed):
        if mutant not in fates:
            fates[mutant] = is_killed(root, mutant, lines, surveyed["seconds"])
            if log:
                with log.open("a") as file:
                    file.write(json.dumps({**mutant.__dict__, "killed": fates[mutant]}) + "\n")
    return {mutant: fates[mutant] for mutant in mutants.draw(reached, count, seed)}


def is_killed(
    root: pathlib.Path,
    mutant: mutants.Mutant,
    lines: Mapping[str, set[tuple[str, int]]],
    seconds: Mapping[str, float],
) -> bool:
    """Return whether a test fails, or does not end, with a mutant in its file."""
    chosen = select_tests(mutant, lines, seconds)
    if not chosen:
        return False
    files = list(dict.fromkeys(name.partition("::")[0] for name in chosen))
    patience = PATIENCE_S + 10 * sum(seconds[name] for name in chosen)
    return fork(lambda: run_tests(root, files, Only(chosen), mutant), patience) != 0


def report(fates: Mapping[mutants.Mutant, bool], options: argparse.Namespace) -> None:
    """Print the survivors and write the score down."""
    explained = read_explained()
    survivors = [mutant for mutant, killed in fates.items() if not killed]
    reasons = {mutant: explained.get((mutant.path, mutant.text, mutant.before, mutant.after)) for mutant in survivors}
    for mutant, reason in reasons.items():
        place = f"{mutant.path}:{mutant.first} {mutant.function}"
        print(f"{place}: {mutant.before}  ->  {mutant.after}: {reason or 'NOT EXPLAINED'}")
    print(f"{len(survivors)} of {len(fates)} survived, {sum(map(bool, reasons.values()))} of them explained")
    command = f"python tests/bench/bench_mutants.py --seed {options.seed}"
    when = f", at {options.commit}" if options.commit else ""
    command += f" --commit {options.commit}" if options.commit else ""
    n = f"{len(fates)} mutants drawn by seed {options.seed}"
    rows = [
        ("mutants that survived", len(survivors)),
        ("mutants that survived and are not explained", sum(not reason for reason in reasons.values())),
    ]
    results.record(
        "house",
        [
            results.Row(measure=measure + when, value=value, unit="mutants", n=n, command=command)
            for measure, value in rows
        ],
        options.results,
    )


if __name__ == "__main__":
    sys.exit(main())
