"""Where a model lies, and how it is opened: a folder, a server, or the newest pushed version of a recipe."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tfx_ocr.data import pretrained
from tfx_ocr.data.registry import load_named
from tfx_ocr.data.samples import SAMPLES, format_run
from tfx_ocr.serving import versions
from tfx_ocr.serving.model import Model
from tfx_ocr.serving.runtimes import PORTABLE, RUNTIMES, SAVED_MODEL, TFLITE, open_folder
from tfx_ocr.serving.settings import PREFIX, Settings, load

if TYPE_CHECKING:
    from tfx_ocr.serving.portable.beam import Decoding

SHIPPED = "pretrained"  # version of a model that ships
# In the order in which they are tried; a bare TFLite model is for servers alone
FORMS = tuple(form for form in RUNTIMES if form != TFLITE)
SCHEMES = {"http": "http", "https": "https", "dns": "grpc", "unix": "grpc"}  # to a row of `SERVERS`
# Made by `(server, name, version=None, label="", timeout_s=..., backoff=...)`; runtimes of folders are in `RUNTIMES`.
SERVERS = {
    "grpc": "tfx_ocr.serving.client.grpc:GrpcClient",
    "http": "tfx_ocr.serving.client.rest:RestClient",
    "https": "tfx_ocr.serving.client.rest:RestClient",
}
ADDRESS = re.compile(r"[\w.-]+:\d+|\[[\da-fA-F:]+\]:\d+")  # HOST:PORT


def find_scheme(location: str | os.PathLike[str]) -> str:
    """Return the row of `SERVERS` for a server's address; "" for a folder or a name.

    Raises:
        ValueError: the address has another scheme.
    """
    text = os.fspath(location)
    scheme, separator, _ = text.partition(":")
    if scheme in SCHEMES and separator:
        return SCHEMES[scheme]
    if "://" in text:
        raise ValueError(f"server {text!r}: {scheme} is not known; give http://HOST:PORT, or HOST:PORT for gRPC")
    return "grpc" if ADDRESS.fullmatch(text) else ""


class Location(NamedTuple):
    """Where a version of a model lies.

    Attributes:
        folder: that holds `saved_model.pb`, and `manifest.json` where it was pushed or ships.
        name: of the model.
        version: a number, `pretrained`, or the folder as it was given.
    """

    folder: Path
    name: str
    version: str


def find_folder(
    location: str | os.PathLike[str], settings: Settings | None = None, shipped: str | None = None
) -> Location:
    """Find the folder of the model that `location` stands for.

    Args:
        location: a version's folder; a served model's folder of versions, for the newest; or the name of a recipe, for
            its newest pushed version, or the model that ships with it while nothing was pushed.
        settings: where versions are pushed; None to read them.
        shipped: name in `data/pretrained` of the model that ships; None for that of the recipe's name, "" for none.

    Raises:
        ValueError: no model lies there.
    """
    path = Path(location)
    if isinstance(location, os.PathLike) or path.name != location:
        return _look_into(path)
    settings = settings or load(Settings)
    serving_dir = settings.get_serving_dir(location)
    if (newest := versions.find_newest(serving_dir)) is not None:
        return Location(versions.list_folders(serving_dir)[newest], location, str(newest))
    shipped = location if shipped is None else shipped
    if shipped in pretrained.list_names():
        return Location(pretrained.get_folder(shipped), location, SHIPPED)
    if path.is_dir():
        return _look_into(path)
    raise _make_unknown_error(location, settings)


def list_pushed(settings: Settings | None = None) -> list[str]:
    """List the names of the models of which a version was pushed.

    Args:
        settings: where versions are pushed; None to read them.
    """
    base = Path((settings or load(Settings)).base)
    folders = sorted(base.iterdir()) if base.is_dir() else []
    return [folder.name for folder in folders if folder.is_dir() and versions.find_newest(folder) is not None]


def open_model(
    location: str | os.PathLike[str] | Location,
    name: str = "",
    *,
    whitelist: str | Sequence[str] = "",
    decoding: Decoding | None = None,
    **options: Any,
) -> Model:
    """Open a model, wherever it is.

    Args:
        location: a version's folder, a served model's folder of versions, the name of a recipe (see
            `find_folder`), what `find_folder` found, `HOST:PORT` (gRPC) or `http://HOST:PORT` (REST).
        name: what a server serves the model as; "" for the name found with a folder.
        whitelist: what alone is answered, of classes, syllables or texts: characters, the name of an alphabet, or
            labels; "" for all. Probabilities are those under this restriction; of a server or a SavedModel, which tell
            their best answers alone, see `whitelist.RestrictedModel`.
        decoding: how lines are decoded, by a model in this process that has a portable form; None for the best path.
        options: of the client of a server: see `client.connect`.

    Raises:
        ValueError: no model lies at `location`, it cannot be loaded or decode so, the address is wrong, or the
            whitelist names what the model does not answer.
    """
    if isinstance(location, Location):
        found = location
    elif scheme := find_scheme(location):
        if not name:
            raise ValueError(f"server {os.fspath(location)}: give the name of the model to ask")
        if decoding:
            raise ValueError(
                f"server {os.fspath(location)} answers with the best path: beams and a language model are for a model "
                "in this process"
            )
        model: Model = load_named(SERVERS, scheme, "runtime")(os.fspath(location), name, **options)
        return restrict_model(model, whitelist)
    else:
        found = find_folder(location)
    name = name or found.name
    is_portable = (found.folder / PORTABLE).is_file()
    if decoding and not is_portable:
        raise ValueError(f"{found.folder} has no portable form, by which beams and a language model decode")
    if is_portable and (whitelist or decoding):
        from tfx_ocr.serving.runtimes.runtime import Options

        chosen = Options(whitelist=whitelist, decoding=decoding)
        return open_folder(found.folder, name, found.version, FORMS, chosen)
    return restrict_model(open_folder(found.folder, name, found.version, FORMS), whitelist)


def restrict_model(model: Model, whitelist: str | Sequence[str]) -> Model:
    """Return an open model itself, or held to a whitelist among its best answers."""
    if not whitelist:
        return model
    from tfx_ocr.serving.whitelist import RestrictedModel

    return RestrictedModel(model, whitelist)


def _make_unknown_error(name: str, settings: Settings) -> ValueError:
    """Return the error of a name without a model: how its recipe is run, where there is one, else the known names."""
    if name in SAMPLES or Path(settings.recipes, f"{name}.toml").is_file():
        return ValueError(
            f"no version of {name} in {settings.get_serving_dir(name)}: run `{format_run(name)}`, give the folder of a "
            f"model, or name the folder that holds its runs in {PREFIX}HOME"
        )
    pushed = ", ".join(list_pushed(settings))
    there = f"{pushed}, pushed to {settings.base}" if pushed else f"nothing pushed to {settings.base}"
    return ValueError(
        f"no model {name!r}; known: {', '.join(pretrained.list_names())}, which ship, and {there}; else give the "
        f"folder of a model, or name the folder that holds its runs in {PREFIX}HOME"
    )


def _look_into(path: Path) -> Location:
    if any((path / form).is_file() for form in FORMS):
        return Location(path, path.absolute().parent.name, str(path))
    if (newest := versions.find_newest(path)) is not None:
        return Location(versions.list_folders(path)[newest], path.absolute().name, str(newest))
    raise ValueError(f"no exported model at {path}: give a folder that holds {SAVED_MODEL}")
