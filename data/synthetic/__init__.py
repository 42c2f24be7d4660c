"""Labelled pictures drawn from fonts: seeded, resumable, as TFRecords for `data.readers.tfrecord`."""

from __future__ import annotations

KINDS = {"lines": "tfx_ocr.data.synthetic.vietnamese:write"}  # what `tfx-ocr synthetic` draws
OF_DATA = {"sequence": "tfx_ocr.data.synthetic.of_data:build_drawing"}  # by task, what `examples.synthetic` draws
