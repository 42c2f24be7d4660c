"""Handwritten digits, one a picture."""

from __future__ import annotations

from tfx_ocr.components.recipe import (
    Examples,
    Gate,
    Image,
    ImageAugmentation,
    Optimizer,
    Recipe,
    Serving,
    Split,
    Trainer,
)

# Letters but for those that are drawn like a digit: O and o, l and I.
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"
# Shifts, small rotations, shear and zoom: what differs between two people's digits, and no more. Strangers are left to
# `--set trainer.augment.strangers=0.25`: in short trainings they cost accuracy (data/pretrained/digits/CARD.md).
AUGMENT = ImageAugmentation(
    pad=4, rotate_deg=12.0, shear_deg=10.0, scale=0.12, contrast=0.2, foreign=LETTERS, familiar="0123456789"
)

SMALL_CNN = Trainer(
    network="small_cnn",
    units=(128, 64),
    dropout=(0.3, 0.2),
    optimizer=Optimizer(
        name="adamw", learning_rate=2e-3, schedule="cosine", warmup_epochs=1.0, weight_decay=1e-3, ema=0.999
    ),
    batch_size=64,
    epochs=20,
    augment=AUGMENT,
)
MLP = Trainer(
    network="mlp",
    units=(256, 128),
    dropout=(0.3, 0.2),
    optimizer=Optimizer(
        name="adamw", learning_rate=1e-3, schedule="cosine", warmup_epochs=1.0, weight_decay=1e-3, ema=0.999
    ),
    batch_size=64,
    epochs=20,
    augment=AUGMENT,
)
# From scratch. To fine-tune base weights take 1e-4 (docs/operations.md): that rate reached 0.90 here after 6 epochs.
INCEPTION_V3 = Trainer(
    network="inception_v3",
    units=(128, 64),
    dropout=(0.3, 0.2),
    optimizer=Optimizer(name="rmsprop", learning_rate=1e-3, schedule="cosine", warmup_epochs=1.0, ema=0.99),
    batch_size=32,
    epochs=15,
    augment=AUGMENT,
)

DIGITS = Recipe(
    name="digits",
    input=Image(height=75, width=75),  # InceptionV3's smallest input
    task="classification",
    alphabet="digits",
    schema="digits.pbtxt",
    sample="digits",
    pretrained="digits",
    examples=Examples(
        readers=("image_folder", "idx", "tfrecord", "labelled_csv"),
        split=Split(by="record", eval=0.1, test=0.1),
    ),
    trainer=SMALL_CNN,
    trainers={trainer.network: trainer for trainer in (SMALL_CNN, MLP, INCEPTION_V3)},
    gate=Gate(
        at_least={"accuracy": 0.93, "macro_precision": 0.93, "macro_recall": 0.93, "macro_f1": 0.93},
        each_class_at_least={"recall": 0.8, "precision": 0.8},
        at_most_worse={"accuracy": 0.005, "macro_f1": 0.005},
    ),
    serving=Serving(top_n=5, trial_requests=8),
)
