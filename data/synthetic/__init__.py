"""Labelled pictures drawn from fonts: seeded, resumable, as TFRecords for `data.readers.tfrecord`."""

from __future__ import annotations

KINDS = {"lines": "tfx_ocr.data.synthetic.vietnamese:write"}  # what `tfx-ocr synthetic` draws
