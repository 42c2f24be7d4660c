"""Where things live: environment first, then `tfx-ocr.toml` in the current folder, then the defaults below."""

from __future__ import annotations

import dataclasses
import getpass
import json
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from tfx_ocr.pipeline.recipes import DEFAULT
from tfx_ocr.serving import settings as served

PREFIX, FILE = served.PREFIX, served.FILE
OTHERS = ("BARE", "DATA", "FUZZ", "TOKEN")  # of the project's own tests, and the token of `tfx-ocr serve`
OF_STEP = re.compile(r"(\w+)\.(--.*)", re.DOTALL)  # a flag of Beam's for one step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(served.Settings):
    """Where a run reads and writes, and what it runs on. Each field is also `TFX_OCR_<FIELD>` in the environment.

    Attributes:
        recipe: name of the recipe that the runner files run.
        input: folder or address of the data; "" for the recipe's own sample.
        pipeline_root: of the artifacts; "" for `<home>/<recipe>/pipeline`. An object store's address on Kubeflow.
        metadata: ML Metadata: "" for sqlite at `<home>/<recipe>/metadata.sqlite`, or `mysql://user:password@host:port/name`.
        network: one of `components.networks.NETWORKS`; "" for the recipe's.
        overrides: `field=value` pairs that replace values of the recipe, such as `trainer.epochs=5`; shell words.
        beam: Beam's flags, such as `--runner=FlinkRunner`; `Transform.--flag=value` for one step; shell words.
        image: container image that Kubeflow's steps run in.
        resources: of Kubeflow's steps: `memory=4Gi Trainer.gpu=1`; shell words.
        tune: whether a Tuner stands before the Trainer.
        keep_versions: how many of the newest versions stay when a new one is pushed, such as `5`; "" keeps all.
        accept_data: why a run takes data that drifted from that of the served version; "" stops where the recipe does.
        trace: whether an error shows its stack trace.
    """

    recipe: str = DEFAULT
    input: str = ""
    pipeline_root: str = ""
    metadata: str = ""
    network: str = ""
    overrides: str = ""
    # with an image named, TFX does not pack itself for other machines at each step, which takes 0.6 s
    beam: str = "--direct_running_mode=in_memory --direct_num_workers=1 --sdk_container_image=tfx-ocr"
    image: str = "tfx-ocr"
    resources: str = ""
    tune: str = ""
    keep_versions: str = ""
    accept_data: str = ""
    trace: str = ""

    @property
    def folder(self) -> Path:
        """Everything of this recipe."""
        return Path(self.home).absolute() / self.recipe

    @property
    def metadata_file(self) -> Path:
        """ML Metadata's sqlite file, unless `metadata` names a server."""
        return self.folder / "metadata.sqlite"

    @property
    def root(self) -> str:
        """Pipeline root."""
        return self.pipeline_root or str(self.folder / "pipeline")

    @property
    def serving_dir(self) -> str:
        """Folder of this model's versions: TensorFlow Serving's model base path."""
        return self.get_serving_dir(self.recipe)

    @property
    def beam_args(self) -> list[str]:
        """Beam's flags for all steps, one a word."""
        return [word for word in shlex.split(self.beam) if not OF_STEP.fullmatch(word)]

    def list_step_beam_args(self) -> dict[str, list[str]]:
        """List Beam's flags that are for one step, by its name."""
        found: dict[str, list[str]] = {}
        for match in filter(None, map(OF_STEP.fullmatch, shlex.split(self.beam))):
            found.setdefault(match[1], []).append(match[2])
        return found

    @property
    def tfx_home(self) -> Path:
        """Register of `tfx pipeline create`: in the home, so that two clones do not meet in the user's."""
        return Path(self.home).absolute() / "tfx"

    def join_overrides(self, more: Sequence[str]) -> str:
        """Return the overrides, and `field=value` pairs behind them, which come from a command line, as shell words."""
        return " ".join([self.overrides, *map(shlex.quote, more)]).strip()

    def get_keep_versions(self) -> int:
        """Return how many versions stay; 0 for all.

        Raises:
            ValueError: `keep_versions` is not a whole number above 0.
        """
        if not self.keep_versions:
            return 0
        if not self.keep_versions.isascii() or not self.keep_versions.isdigit() or not int(self.keep_versions):
            raise ValueError(f"setting keep_versions is {self.keep_versions!r}; it takes a whole number above 0")
        return int(self.keep_versions)

    def describe_acceptance(self) -> str:
        """Return who accepts the data, by the system's name of the user, and why, as JSON; "" without `accept_data`."""
        if not self.accept_data:
            return ""
        try:
            user = getpass.getuser()
        except (KeyError, OSError):  # a container's user may have no name
            user = f"user {os.getuid()}"
        return json.dumps({"by": user, "why": self.accept_data}, ensure_ascii=False)

    def to_environment(self) -> dict[str, str]:
        """Return these settings as environment variables, for another process."""
        return {f"{PREFIX}{name.upper()}": value for name, value in dataclasses.asdict(self).items()}


def load_for(recipe: str, overrides: Sequence[str] | None = None, **given: str) -> Settings:
    """Read the settings of a command about a recipe.

    Args:
        recipe: name of the recipe.
        overrides: `field=value` pairs of the command line, which come behind those of the settings.
        given: fields that the command line names; "" for one that it does not.

    Raises:
        ValueError: as `load`.
    """
    settings = load()
    named = {field: value for field, value in given.items() if value}
    return dataclasses.replace(settings, recipe=recipe, overrides=settings.join_overrides(overrides or ()), **named)


def load(environment: Mapping[str, str] = os.environ, folder: Path = Path()) -> Settings:
    """Read the settings.

    Raises:
        ValueError: the file is not TOML, or it or a variable names an unknown setting.
    """
    names = [field.name for field in dataclasses.fields(Settings)]
    for name in served.read_file(folder):
        if name not in names:
            raise ValueError(f"{FILE}: no setting {name!r}; known: {', '.join(names)}")
    known = {f"{PREFIX}{name.upper()}" for name in (*names, *OTHERS)}
    for variable in sorted(environment):
        if variable.startswith(PREFIX) and variable not in known:
            said = ", ".join(f"{PREFIX}{name.upper()}" for name in names)
            raise ValueError(f"environment: no setting {variable}; known: {said}")
    return served.load(Settings, environment, folder)
