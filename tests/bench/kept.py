"""Keep what a long measurement has so far, so that one that was killed goes on."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import results

FOLDER = results.ROOT / "work" / "bench"


class Kept:
    """Values of a measurement by their names, a line of JSON each.

    They are of one commit and one set of options: of another, and where files have changed since, it begins anew.
    """

    def __init__(self, path: pathlib.Path, **options: Any):
        """Open the values that are there, or begin.

        Args:
            path: of the file.
            options: what the values hang on besides the code, as JSON has it.
        """
        self._path = path
        commit = results.commit()
        head = [commit, json.loads(json.dumps(options, default=str))]
        there, *lines = _read(path) or [None]
        self._values: dict[str, Any] = dict(lines) if there == head and not commit.endswith("+") else {}
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text("".join(f"{json.dumps(line)}\n" for line in (head, *self._values.items())), encoding="utf-8")
        partial.replace(path)

    def measure(self, name: str, run: Callable[[], Any]) -> Any:
        """Return the value of that name as JSON has it; `run` makes it unless it is there."""
        if name not in self._values:
            line = json.dumps([name, run()])
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
            self._values[name] = json.loads(line)[1]
        return self._values[name]

    def finish(self) -> None:
        """Forget the values: they were written down."""
        self._path.unlink(missing_ok=True)


def _read(path: pathlib.Path) -> list[Any]:
    """The lines of a file that are whole: the last may be cut off."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            lines.append(json.loads(line))
        except ValueError:
            break
    return lines
