"""Shapes of a page by kind, as maps of where their middles are, by differentiable binarization."""

from __future__ import annotations

from tfx_ocr.components.tasks import Task
from tfx_ocr.data import features

TASK = Task(
    learn="tfx_ocr.components.tasks.detection.learn",
    graph="tfx_ocr.components.tasks.detection.graph",
    needs="map",
    records=(features.IMAGE, features.PAGE_SIZE),
    outputs=(features.KINDS_OUT, features.MAPS_OUT),
    compared=(features.KINDS_OUT, features.MAPS_OUT),
    metrics="shapes",
    labels="CLASSES",
    rounds=2,  # how likely a pixel is of a shape's middle, and from which probability on it counts
    targets="tfx_ocr.components.tasks.detection.graph:draw_targets",
    mistakes="find_wrong_shapes",
    sections=("shapes",),
    picture_px=640,
)
