"""Pages: where lines, words and digits that stand alone lie."""

from __future__ import annotations

from tfx_ocr.components.recipe import (
    Examples,
    Gate,
    Optimizer,
    PageAugmentation,
    PageImage,
    Recipe,
    Serving,
    Split,
    Trainer,
)

PAGE_FPN = Trainer(
    network="page_fpn",
    units=(),
    dropout=(),
    optimizer=Optimizer(
        name="adamw", learning_rate=2e-3, schedule="cosine", warmup_epochs=0.5, weight_decay=1e-3, ema=0.98
    ),
    batch_size=2,
    epochs=16,
    exported="last_epoch",  # eval is eight pages
    augment=PageAugmentation(rotate_deg=2.0, scale=0.25, contrast=0.3),
)

PAGES = Recipe(
    name="pages",
    input=PageImage(side=960),
    task="detection",
    alphabet="shapes",
    schema="pages.pbtxt",
    sample="pages",
    examples=Examples(
        readers=("sroie_shapes", "page_shapes", "tfrecord"),
        split=Split(by="group", eval=0.1, test=0.2),  # a supplier or a letterhead is on one side
        max_rejected=0.6,  # SROIE as it is handed on has pictures of a half of its receipts
    ),
    trainer=PAGE_FPN,
    trainers={PAGE_FPN.network: PAGE_FPN},
    # From scratch the sample's 48 pages give H-mean 0.19: 0.53 of lines, 0.08 of words, none of digits. The limit tells
    # a detector that finds something from one that does not; set it to what your pages need.
    gate=Gate(at_least={"h_mean": 0.1}, at_most_worse={"h_mean": 0.02}, min_class_examples=0, slices=("group",)),
    serving=Serving(trial_requests=2),
)
