"""Which extra of the distribution brings a package that a light installation lacks."""

from __future__ import annotations

# Top-level packages by the extra that brings them, as pyproject.toml has them.
EXTRAS = {
    "pipeline": (
        "apache_beam", "fontTools", "jinja2", "keras", "keras_tuner", "kfp", "ml_metadata",
        "sklearn", "tensorflow", "tensorflow_data_validation", "tensorflow_model_analysis", "tensorflow_serving",
        "tensorflow_transform", "tfx",
    ),
    "postgres": ("psycopg",),
    "read": ("cv2", "pypdfium2"),
    "serve": ("grpc_health", "prometheus_client", "starlette", "uvicorn"),
    "web": ("fastapi",),
}  # fmt: skip


def explain_missing(error: ModuleNotFoundError) -> str:
    """Return what is missing and, where an extra brings it, how to install it.

    >>> explain_missing(ModuleNotFoundError("No module named 'tfx'", name="tfx"))
    "tfx is not installed: pip install 'tfx-ocr[pipeline]'"
    """
    package = (error.name or "").partition(".")[0]
    for extra, packages in EXTRAS.items():
        if package in packages:
            return f"{package} is not installed: pip install 'tfx-ocr[{extra}]'"
    return str(error)
