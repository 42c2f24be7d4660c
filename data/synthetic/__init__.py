"""Labelled pictures drawn from fonts: seeded, resumable, as TFRecords for `data.readers.tfrecord`."""

from __future__ import annotations

# What `tfx-ocr synthetic` draws.
KINDS = {
    "hangul": "tfx_ocr.data.synthetic.hangul:write_count",
    "lines": "tfx_ocr.data.synthetic.vietnamese:write",
    "pages": "tfx_ocr.data.synthetic.pages:write",
    "print": "tfx_ocr.data.synthetic.print:write",
}
OF_DATA = {"sequence": "tfx_ocr.data.synthetic.of_data:build_drawing"}  # by task, what `examples.synthetic` draws
