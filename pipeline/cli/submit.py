"""`tfx-ocr submit`: the recipe's graph to a Kubeflow Pipelines endpoint."""

from __future__ import annotations

import socket
from typing import Annotated
from urllib.parse import urlsplit

import typer

from tfx_ocr.pipeline import settings as settings_of

PATIENCE_S = 10.0


def submit(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe.")],
    endpoint: Annotated[str, typer.Option(help="Address of the Kubeflow Pipelines API.")],
    experiment: Annotated[str, typer.Option(help="Experiment the run belongs to.")] = "tfx-ocr",
) -> None:
    """Compile RECIPE's graph for Kubeflow Pipelines and run it there.

    The stock `tfx run create --engine=kubeflow` ends in ImportError in every TFX; this takes its place. TFX_OCR_INPUT,
    TFX_OCR_PIPELINE_ROOT and TFX_OCR_SERVING name addresses the cluster reaches, TFX_OCR_IMAGE the steps' image
    (serving/docker/), TFX_OCR_RESOURCES what each step may take. All are checked before anything is sent. Needs Python
    3.11 (tfx[kfp]).

    Examples:
      tfx-ocr submit digits --endpoint URL
    """
    settings = settings_of.load_for(recipe)
    from tfx_ocr.pipeline import kubeflow_runner

    kubeflow_runner.check_settings(settings)
    _refuse_unreachable(endpoint)
    kubeflow_runner.build_specification(settings)
    import kfp

    client = kfp.Client(host=endpoint)
    made = client.create_run_from_pipeline_package(
        str(settings.folder / kubeflow_runner.SPECIFICATION),
        run_name=f"{recipe} {settings.image}",
        experiment_name=experiment,
        enable_caching=True,
    )
    print(f"submitted: run {made.run_id}")


def _refuse_unreachable(endpoint: str) -> None:
    """Refuse an endpoint that does not answer, before half a minute of compiling.

    Raises:
        ValueError: it is not the address of a server, or nothing listens there.
    """
    address = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}")
    try:
        port = address.port or {"https": 443}.get(address.scheme, 80)
        socket.create_connection((address.hostname or "", port), timeout=PATIENCE_S).close()
    except (OSError, ValueError) as error:
        raise ValueError(f"endpoint {endpoint}: {error}") from None
