"""The command line that the sets drawn from fonts share."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tfx_ocr.data.synthetic import fonts


def build_parser(module: str, description: str | None, name: str) -> argparse.ArgumentParser:
    """Return a parser of what every set takes; add the rest under the names of the writer's arguments.

    Args:
        module: of the command, such as `hangul`.
        description: of the set.
        name: of the set, where the command line does not say.
    """
    parser = argparse.ArgumentParser(prog=f"python -m tfx_ocr.data.synthetic.{module}", description=description)
    parser.add_argument("--fonts", type=Path, nargs="+", required=True, metavar="PATH", help="font files, or folders")
    parser.add_argument("--without", nargs="+", default=[], metavar="FAMILY", help="fonts to leave out, for testing")
    parser.add_argument("--only", nargs="+", default=[], metavar="FAMILY", help="fonts to take, and no others")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the TFRecords")
    parser.add_argument("--name", default=name, help="of the set; train, eval or test is that split")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    return parser


def run(parser: argparse.ArgumentParser, write: Callable[..., int], arguments: Sequence[str] | None) -> int:
    """Run a command: call `write(out, files, **the rest)`.

    Returns:
        0 when the set is there, 2 for bad use.
    """
    options = vars(parser.parse_args(arguments))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow writes the TFRecords, and talks
    try:
        files = fonts.list_fonts(options.pop("fonts"))
        files = fonts.choose_fonts(files, options.pop("only"), options.pop("without"))
        write(options.pop("out"), files, **options)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0
