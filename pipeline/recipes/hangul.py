"""Hangul syllables, printed and handwritten, one a picture: initial, medial and final predicted separately."""

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

# A hand slants, stretches and bends a syllable; a printed one is only moved.
AUGMENT = ImageAugmentation(pad=3, rotate_deg=6.0, shear_deg=10.0, scale=0.15, elastic=1.5, contrast=0.3)
ADAMW = Optimizer(name="adamw", learning_rate=2e-3, schedule="cosine", warmup_epochs=0.5, weight_decay=1e-3, ema=0.999)

RESIDUAL_CNN = Trainer(
    network="residual_cnn", units=(256,), dropout=(0.2,), optimizer=ADAMW, batch_size=64, epochs=12, augment=AUGMENT
)
SMALL_CNN = Trainer(
    network="small_cnn", units=(256,), dropout=(0.2,), optimizer=ADAMW, batch_size=64, epochs=12, augment=AUGMENT
)
MLP = Trainer(network="mlp", units=(512,), dropout=(0.2,), optimizer=ADAMW, batch_size=64, epochs=12, augment=AUGMENT)

HANGUL = Recipe(
    name="hangul",
    input=Image(height=64, width=64, margin=0.08),
    task="syllables",
    alphabet="hangul",
    schema="hangul.pbtxt",
    sample="hangul",
    pretrained="hangul",
    examples=Examples(
        readers=("labelled_csv", "image_folder", "tfrecord"),
        split=Split(by="group", eval=0.1, test=0.2),  # a writer or a font is on one side
    ),
    trainer=RESIDUAL_CNN,
    trainers={trainer.network: trainer for trainer in (RESIDUAL_CNN, SMALL_CNN, MLP)},
    gate=Gate(
        at_least={"accuracy": 0.6},
        at_most_worse={"accuracy": 0.01},
        min_class_examples=0,
        slices=("group", "style"),
    ),
    serving=Serving(top_n=5, trial_requests=8, weights="int8"),
)
