"""Install tfx-ocr: the four folders become the packages tfx_ocr.pipeline, .components, .data and .serving.

Bare `data` or `serving` would sit in everyone's site-packages, so the folders are mapped under one namespace
(docs/decisions/0001-import-names.md). All else is in pyproject.toml; what is needed to run is locked in requirements/.
"""

from setuptools import find_packages, setup

ROOMS = ("pipeline", "components", "data", "serving")

setup(
    packages=[
        package
        for room in ROOMS
        for package in (f"tfx_ocr.{room}", *(f"tfx_ocr.{room}.{inner}" for inner in find_packages(room)))
    ],
    package_dir={f"tfx_ocr.{room}": room for room in ROOMS},
    package_data={f"tfx_ocr.{room}": ["**/*"] for room in ROOMS},  # schemas, templates, alphabets, samples, weights
    exclude_package_data={"tfx_ocr.serving": ["docker/*", "kubernetes/*", "monitoring/*"]},
)
