"""Receipts and invoices: of words and their boxes, which are the supplier, the number, the date, the total ..."""

from __future__ import annotations

from tfx_ocr.components.recipe import (
    Examples,
    Gate,
    Optimizer,
    Recipe,
    Serving,
    Split,
    Trainer,
    WordAugmentation,
    Words,
)

WORD_ATTENTION = Trainer(
    network="word_attention",
    units=(64,),
    dropout=(0.2,),
    optimizer=Optimizer(
        name="adamw", learning_rate=2e-3, schedule="cosine", warmup_epochs=1.0, weight_decay=1e-2, ema=0.99
    ),
    batch_size=8,
    epochs=16,
    exported="last_epoch",  # eval is some fifty pages of twenty suppliers
    augment=WordAugmentation(misread=0.03, disguised=0.1),
)

INVOICES = Recipe(
    name="invoices",
    input=Words(max_characters=16),
    task="tagging",
    alphabet="entities",
    schema="invoices.pbtxt",
    sample="invoices",
    pretrained="invoices",
    examples=Examples(
        readers=("sroie", "rvl_invoices", "kaggle_invoices", "page_xml", "tfrecord"),
        split=Split(by="group", eval=0.1, test=0.2),  # a supplier, under any spelling, is on one side
        max_rejected=0.15,  # 92 of RVL-CDIP's 704 pages have no fields
    ),
    trainer=WORD_ATTENTION,
    trainers={WORD_ATTENTION.network: WORD_ATTENTION},
    gate=Gate(
        at_least={"micro_f1": 0.4}, at_most_worse={"micro_f1": 0.02}, min_class_examples=0, slices=("group", "length")
    ),
    serving=Serving(trial_requests=4),
)
