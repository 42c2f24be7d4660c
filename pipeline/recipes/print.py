"""Lines of Latin print: receipts, invoices, letters, clean or poor."""

from __future__ import annotations

from tfx_ocr.components.recipe import (
    Examples,
    Gate,
    ImageAugmentation,
    LineImage,
    Optimizer,
    Recipe,
    Serving,
    Split,
    Trainer,
)

LINE_CNN = Trainer(
    network="line_cnn",
    units=(),
    dropout=(),
    optimizer=Optimizer(
        name="adamw", learning_rate=1e-3, schedule="cosine", warmup_epochs=0.2, weight_decay=1e-3, ema=0.995
    ),
    batch_size=16,
    epochs=4,
    augment=ImageAugmentation(pad=2, rotate_deg=0.3, shear_deg=4.0, scale=0.06, contrast=0.3),
    initial_weights="print",
)

PRINT = Recipe(
    name="print",
    input=LineImage(height=32, width=640, margin=0.05),
    task="sequence",
    alphabet="latin",
    schema="lines.pbtxt",
    sample="print",
    pretrained="print",
    examples=Examples(
        readers=("page_lines", "labelled_csv", "tfrecord"),
        min_side=4,
        max_side=8000,
        split=Split(by="group", eval=0.1, test=0.2),  # a font, a document or a supplier is on one side
    ),
    trainer=LINE_CNN,
    trainers={LINE_CNN.network: LINE_CNN},
    gate=Gate(at_most={"cer": 0.25}, at_most_worse={"cer": 0.02}, slices=("group", "length")),
    serving=Serving(trial_requests=4, weights="int8"),
)
