"""Where things live: environment first, then `tfx-ocr.toml` in the current folder, then the defaults below."""

from __future__ import annotations

import dataclasses
import os
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path

from tfx_ocr.pipeline.recipes import DEFAULT

PREFIX = "TFX_OCR_"
FILE = "tfx-ocr.toml"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Where a run reads and writes, and what it runs on. Each field is also `TFX_OCR_<FIELD>` in the environment.

    Attributes:
        recipe: name of the recipe that the runner files run.
        home: folder of everything a run writes, unless a field below says otherwise.
        input: folder or address of the data; "" for the recipe's own sample.
        pipeline_root: of the artifacts; "" for `<home>/<recipe>/pipeline`. An object store's address on Kubeflow.
        metadata: ML Metadata: "" for sqlite at `<home>/<recipe>/metadata.sqlite`, or `mysql://user:password@host:port/name`.
        serving: folder of all served models; "" for `<home>/serving`.
        network: one of `components.networks.NETWORKS`; "" for the recipe's.
        overrides: `field=value` pairs that replace values of the recipe, such as `trainer.epochs=5`; shell words.
        beam: Beam's flags, such as `--runner=FlinkRunner`; shell words.
        image: container image that Kubeflow's steps run in.
        tune: whether a Tuner stands before the Trainer.
        trace: whether an error shows its stack trace.
    """

    recipe: str = DEFAULT
    home: str = "work"
    input: str = ""
    pipeline_root: str = ""
    metadata: str = ""
    serving: str = ""
    network: str = ""
    overrides: str = ""
    beam: str = "--direct_running_mode=in_memory --direct_num_workers=1"
    image: str = "tfx-ocr"
    tune: str = ""
    trace: str = ""

    @property
    def folder(self) -> Path:
        """Everything of this recipe."""
        return Path(self.home).absolute() / self.recipe

    @property
    def root(self) -> str:
        """Pipeline root."""
        return self.pipeline_root or str(self.folder / "pipeline")

    @property
    def serving_dir(self) -> str:
        """Folder of this model's versions: TensorFlow Serving's model base path."""
        base = self.serving or str(Path(self.home).absolute() / "serving")
        return f"{base.rstrip('/')}/{self.recipe}"

    @property
    def beam_args(self) -> list[str]:
        """Beam's flags, one a word."""
        return shlex.split(self.beam)

    @property
    def tfx_home(self) -> Path:
        """Register of `tfx pipeline create`: in the home, so that two clones do not meet in the user's."""
        return Path(self.home).absolute() / "tfx"

    def environment(self) -> dict[str, str]:
        """These settings as variables, for a process of their own."""
        return {f"{PREFIX}{name.upper()}": value for name, value in dataclasses.asdict(self).items()}


def load(environment: Mapping[str, str] = os.environ, folder: Path = Path()) -> Settings:
    """Read the settings.

    Raises:
        ValueError: the file is not TOML or names a setting there is none of.
    """
    names = [field.name for field in dataclasses.fields(Settings)]
    values: dict[str, str] = {}
    file = folder / FILE
    if file.exists():
        try:
            read = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{FILE} is not TOML: {error}") from None
        for name, value in read.items():
            if name not in names:
                raise ValueError(f"{FILE}: no setting {name!r}; known: {', '.join(names)}")
            values[name] = str(value)
    values |= {name: environment[PREFIX + name.upper()] for name in names if PREFIX + name.upper() in environment}
    return Settings(**values)
