"""The same graph as a Kubeflow Pipelines v2 specification: `tfx-ocr submit` runs this and sends it.

The stock `tfx ... --engine=kubeflow` ends in ImportError in TFX 1.16 and 1.21, so `tfx` has no command for it.
Needs `tfx[kfp]`, which exists for the older stack (Python 3.11) only.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from tfx_ocr.pipeline import settings
from tfx_ocr.pipeline.check import check_recipe
from tfx_ocr.pipeline.graph import build
from tfx_ocr.pipeline.overrides import resolve_recipe

SPECIFICATION = "kubeflow.yaml"  # the one ending the kfp client takes


def build_specification(here: settings.Settings) -> dict[str, Any]:
    """Compile the graph of the recipe in `here`.

    Args:
        here: settings whose `input`, `pipeline_root` and `serving` the cluster's steps can reach.

    Returns:
        The PipelineSpec (`components`, `deploymentSpec`, `root` ...), with default values for every parameter.

    Raises:
        ValueError: a setting is missing, or the recipe is not right.
        ImportError: kfp is not installed.
    """
    for field in ("input", "pipeline_root", "serving"):
        if not getattr(here, field):
            variable = f"{settings.PREFIX}{field.upper()}"
            raise ValueError(f"setting {field} is empty: name an address that the cluster's steps reach, in {variable}")
    try:
        import kfp.pipeline_spec  # noqa: F401
    except ImportError:
        raise ImportError("no kfp here: tfx[kfp] needs Python 3.11; compile on the older stack") from None
    import yaml  # comes with kfp
    from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner as stock

    recipe = resolve_recipe(here)
    check_recipe(recipe)
    target = here.folder / SPECIFICATION
    target.parent.mkdir(parents=True, exist_ok=True)
    config = stock.KubeflowV2DagRunnerConfig(default_image=here.image, use_pipeline_spec_2_1=True)
    job = stock.KubeflowV2DagRunner(config=config).run(build(recipe, here), write_out=False)
    spec = job["pipelineSpec"]
    spec["defaultPipelineRoot"] = job["runtimeConfig"]["gcsOutputDirectory"]
    target.write_text(yaml.safe_dump(spec, sort_keys=True), encoding="utf-8")
    return spec


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
