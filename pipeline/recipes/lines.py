"""Lines of Vietnamese handwriting: addresses, names, dates and numbers."""

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
        name="adamw", learning_rate=5e-4, schedule="cosine", warmup_epochs=0.5, weight_decay=1e-3, ema=0.995
    ),
    batch_size=16,
    epochs=4,
    augment=ImageAugmentation(pad=2, rotate_deg=0.7, shear_deg=12.0, scale=0.06, contrast=0.3),
    initial_weights="lines",  # who reads one hand is nearer to another than who reads none
    keep_statistics=True,
)

LINES = Recipe(
    name="lines",
    input=LineImage(height=32, width=640, margin=0.05),
    task="sequence",
    alphabet="vietnamese",
    schema="lines.pbtxt",
    sample="lines",
    pretrained="lines",
    examples=Examples(
        readers=("kalapa", "cinnamon", "labelled_csv", "tfrecord"),
        min_side=8,
        max_side=8000,
        split=Split(by="group", eval=0.1, test=0.2),  # a form, a writer or a font is on one side
    ),
    trainer=LINE_CNN,
    trainers={LINE_CNN.network: LINE_CNN},
    gate=Gate(at_most={"cer": 0.25}, at_most_worse={"cer": 0.02}, slices=("group", "length")),
    serving=Serving(trial_requests=4, weights="int8"),
)
