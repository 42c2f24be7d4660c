"""The same graph as a Kubeflow Pipelines v2 specification: `tfx-ocr submit` runs this and sends it.

The stock `tfx ... --engine=kubeflow` ends in ImportError in TFX 1.16 and 1.21, so `tfx` has no command for it.
Needs `tfx[kfp]`, which exists for the older stack (Python 3.11) only.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from tfx_ocr.data import pretrained
from tfx_ocr.data.registry import check_known, make_unknown_error
from tfx_ocr.pipeline import settings
from tfx_ocr.pipeline.check import check_recipe, import_code
from tfx_ocr.pipeline.overrides import resolve_recipe

SPECIFICATION = "kubeflow.yaml"  # the one ending the kfp client takes

# [HOST[:PORT]/]PATH with a tag or a digest: without one it means `latest`, which changes
IMAGE = re.compile(r"([\w.-]+(:\d+)?/)?[a-z\d]+([._/-]+[a-z\d]+)*(:\w[\w.-]{0,127}|@sha256:[\da-f]{64})")
# Quantity in the settings to its field in the specification and the values that Kubernetes takes
CPU, MEMORY, COUNT = r"\d+(\.\d+)?m?", r"\d+(\.\d+)?([KMGTPE]i?)?", r"\d+"
QUANTITIES = {
    "cpu": ("resourceCpuLimit", CPU),
    "cpu_request": ("resourceCpuRequest", CPU),
    "memory": ("resourceMemoryLimit", MEMORY),
    "memory_request": ("resourceMemoryRequest", MEMORY),
    "gpu": ("accelerator", COUNT),
}
GPU = "nvidia.com/gpu"


def build_specification(here: settings.Settings) -> dict[str, Any]:
    """Compile the graph of the recipe in `here`.

    Args:
        here: settings whose `input`, `pipeline_root` and `serving` the cluster's steps can reach.

    Returns:
        The PipelineSpec (`components`, `deploymentSpec`, `root` ...), with default values for every parameter.

    Raises:
        ValueError: a setting is missing or cannot be what a cluster needs, or the recipe is not right.
        ImportError: kfp is not installed.
    """
    check_settings(here)
    try:
        import kfp.pipeline_spec  # noqa: F401
    except ImportError:
        raise ImportError("no kfp here: tfx[kfp] needs Python 3.11; compile on the older stack") from None
    import yaml  # comes with kfp
    from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner as stock

    from tfx_ocr.pipeline.graph import build

    recipe = resolve_recipe(here)
    check_recipe(recipe)
    trainer = recipe.trainer
    for field, named in (("initial_weights", (trainer.initial_weights,)), ("members", trainer.members)):
        for weights in named:
            if weights not in ("", *pretrained.list_names()) and "://" not in weights and not weights.startswith("/"):
                raise ValueError(
                    f"recipe {recipe.name}: trainer.{field} has {weights!r}, a path of this machine: give a whole path "
                    "or URL that the cluster's steps reach"
                )
    import_code(recipe)
    target = here.folder / SPECIFICATION
    target.parent.mkdir(parents=True, exist_ok=True)
    config = stock.KubeflowV2DagRunnerConfig(default_image=here.image, use_pipeline_spec_2_1=True)
    job = stock.KubeflowV2DagRunner(config=config).run(build(recipe, here), write_out=False)
    spec = job["pipelineSpec"]
    _set_resources(spec["deploymentSpec"]["executors"], read_resources(here.resources))
    spec["defaultPipelineRoot"] = job["runtimeConfig"]["gcsOutputDirectory"]
    target.write_text(yaml.safe_dump(spec, sort_keys=True), encoding="utf-8")
    return spec


def check_settings(here: settings.Settings) -> None:
    """Check what the cluster's steps need of the settings: addresses, image and resources.

    Raises:
        ValueError: the first that is missing or wrong, with what is allowed.
    """
    for field in ("input", "pipeline_root", "serving"):
        value, variable = getattr(here, field), f"{settings.PREFIX}{field.upper()}"
        if not value:
            raise ValueError(f"setting {field} is empty: name an address that the cluster's steps reach, in {variable}")
        if "://" not in value and not value.startswith("/"):
            raise ValueError(f"setting {field} is {value!r}, a path of this machine: give a whole path or URL")
    if "://" in here.serving:
        raise ValueError(f"setting serving is {here.serving!r}: a push is a rename, so give a volume's path")
    if not IMAGE.fullmatch(here.image):
        raise ValueError(f"setting image is {here.image!r}: give a name with a tag or digest, such as host/tfx-ocr:1")
    read_resources(here.resources)


def read_resources(text: str) -> dict[str, dict[str, Any]]:
    """Read the setting `resources`: `[STEP.]QUANTITY=VALUE`, shell words, without a step for all.

    Returns:
        The `resources` of the specification for each step named, and for all under "".

    Raises:
        ValueError: a word is not of that form, or Kubernetes does not take the value.
    """
    resources: dict[str, dict[str, Any]] = {}
    for word in shlex.split(text):
        name, _, value = word.partition("=")
        step, _, quantity = name.rpartition(".")
        check_known(quantity, QUANTITIES, f"setting resources: {word!r} is not [STEP.]QUANTITY=VALUE")
        field, allowed = QUANTITIES[quantity]
        if not re.fullmatch(allowed, value):
            raise ValueError(f"setting resources: {word!r} is not a quantity such as cpu=2, memory=4Gi or gpu=1")
        is_gpu = quantity == "gpu"
        resources.setdefault(step, {})[field] = {"resourceType": GPU, "resourceCount": value} if is_gpu else value
    return resources


def _set_resources(executors: dict[str, Any], resources: dict[str, dict[str, Any]]) -> None:
    """Put `resources`, as `read_resources` gives them, into the executors' containers.

    Raises:
        ValueError: a step is unknown.
    """
    steps = {name.removesuffix("_executor"): executor["container"] for name, executor in executors.items()}
    for step in resources.keys() - steps - {""}:
        raise make_unknown_error(f"setting resources: no step {step!r}", steps)
    for step, container in steps.items():
        if found := resources.get("", {}) | resources.get(step, {}):
            container["resources"] = found


def main() -> None:
    """Compile and say where it lies."""
    here = settings.load()
    try:
        build_specification(here)
    except (ValueError, ImportError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print(Path(here.folder / SPECIFICATION))


if __name__ == "__main__":
    main()
