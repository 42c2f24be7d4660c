"""`tfx-ocr`: one module per command; what is heavy is imported inside the command, so that `--help` answers at once."""

from __future__ import annotations

import inspect
import logging
import os
import sys
import warnings
from collections.abc import Callable

import typer

from tfx_ocr.data.extras import explain_missing
from tfx_ocr.pipeline.cli import (
    check,
    compare,
    corrections,
    doctor,
    evaluate,
    language_model,
    new,
    pack,
    predict,
    read,
    report,
    retrain,
    rollback,
    run,
    runs,
    serve,
    sheet,
    show,
    submit,
    suspects,
    synthetic,
    trace,
    versions,
)

COMMANDS: dict[str, Callable[..., None]] = {
    "new": new.create,
    "check": check.check,
    "run": run.run,
    "compare": compare.compare,
    "evaluate": evaluate.evaluate,
    "predict": predict.predict,
    "read": read.read,
    "serve": serve.serve,
    "report": report.report,
    "submit": submit.submit,
    "suspects": suspects.list_suspects,
    "corrections": corrections.manage,
    "retrain": retrain.retrain,
    "versions": versions.print_versions,
    "rollback": rollback.roll_back,
    "runs": runs.print_runs,
    "show": show.show,
    "trace": trace.print_trace,
    "synthetic": synthetic.draw,
    "sheet": sheet.make,
    "language-model": language_model.learn,
    "pack": pack.pack,
    "doctor": doctor.diagnose,
}

EPILOG = (
    "Exit status: 0 pushed, passed the gate, or answered; 1 below the gate, or a file not answered; 2 bad use; "
    "3 a step stopped the run. Settings come from TFX_OCR_* variables and tfx-ocr.toml: see docs/operations.md."
)


def app() -> typer.Typer:
    """Build the command line from its commands."""
    commands = typer.Typer(
        help="Train, judge, push and measure OCR models of your own.",
        epilog=EPILOG,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for name, command in COMMANDS.items():
        commands.command(name, help=_format_help(command), no_args_is_help=_needs_arguments(command))(command)
    return commands


def _needs_arguments(command: Callable[..., None]) -> bool:
    parameters = inspect.signature(command).parameters.values()
    return any(parameter.default is parameter.empty for parameter in parameters)


def _format_help(command: Callable[..., None]) -> str:
    """Return a command's docstring with each example on a line of its own, which click would wrap."""
    text, _, rest = inspect.cleandoc(command.__doc__ or "").partition("Examples:\n")
    examples, _, after = rest.partition("\n\nExit status:")
    lines = [line for line in examples.splitlines() if line.strip()]
    return "\n".join([text, "\b", "Examples:", *lines, "", f"Exit status:{after}" if after else ""]).strip()


def main() -> None:
    """Run the command line; an error that a user can act on is one sentence and exit status 2."""
    # TensorFlow's own remarks, and of its packages, are not for whoever asked us; what fails is raised all the same
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\.")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        app()()
    except (ValueError, ImportError, OSError) as error:
        if _wants_trace():
            raise
        print(f"tfx-ocr: {_sentence(error)}", file=sys.stderr)
        sys.exit(2)


def _wants_trace() -> bool:
    from tfx_ocr.pipeline import settings

    try:
        return bool(settings.load().trace)
    except (ValueError, OSError):  # it is the settings that are wrong
        return False


def _sentence(error: Exception) -> str:
    """Return the error as a sentence; of what the system refused, the file and why."""
    if isinstance(error, ModuleNotFoundError):
        return explain_missing(error)
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)
