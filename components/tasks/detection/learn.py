"""Head and loss of maps of shapes: probability, threshold, and the binary map that both give."""

from __future__ import annotations

import keras
from keras import ops

from tfx_ocr.components.recipe import Trainer
from tfx_ocr.components.tasks.hidden import add_hidden_layers
from tfx_ocr.data.alphabets import Alphabet

FULL, UNKNOWN = 250.0, 255.0  # in a target: a pixel of a shape as a whole; the page does not say
STEEP = 50.0  # of the step from 0 to 1 in the binary map
OF_THRESHOLDS = 10.0  # weight of the thresholds in the loss, as in the source; probabilities and binary maps have 1
NEGATIVES = 3.0  # pixels of no shape that count for each of one: those that are most wrong
FEWEST = 64.0  # such pixels that count in any case


def build_head(of: keras.KerasTensor, trainer: Trainer, alphabet: Alphabet) -> keras.KerasTensor:
    """Build hidden layers per pixel, then logits: of each kind's probability, then of each kind's threshold.

    [batch, height, width, channels] to [batch, height, width, 2 * kinds] float32.
    """
    return keras.layers.Dense(2 * len(alphabet.CLASSES), dtype="float32", name="logits")(add_hidden_layers(of, trainer))


def build_loss() -> keras.losses.Loss:
    """Return the mean over the kinds that a page says of cross-entropy, dice loss and distance of thresholds.

    Cross-entropy is that of the probability over the pixels of shapes and the `NEGATIVES` times as many others that
    are most wrong; dice loss is 1 - 2 |A and B| / (|A| + |B|) of the binary map 1 / (1 + exp(-STEEP (p - t))); the
    distance is that of the threshold from its target around shapes' edges, by its absolute value.

    Source: Liao, Wan, Yao, Chen, Bai, "Real-time Scene Text Detection with Differentiable Binarization", 2020.
    """
    return _Loss(name="detection")


class _Loss(keras.losses.Loss):
    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """[batch, height, width, 2 * kinds] as `data.page.maps.draw_targets` has it; logits of the same; to [batch]."""
        count, height, width, both = ops.shape(y_pred)

        def flatten(maps: keras.KerasTensor) -> keras.KerasTensor:  # to [batch, kinds, pixels]
            flat = ops.reshape(ops.cast(maps, "float32"), (count, height * width, both))
            return ops.transpose(flat, (0, 2, 1))

        target, edge = ops.split(flatten(y_true), 2, 1)
        logits, thresholds = ops.split(flatten(y_pred), 2, 1)
        known = ops.cast(target[..., 0] != UNKNOWN, "float32")  # [batch, kinds]
        target = ops.where(target == UNKNOWN, 0.0, target / FULL)
        loss = _compare_hardest(target, logits)
        levels = ops.sigmoid(thresholds)
        binary = ops.sigmoid(STEEP * (ops.sigmoid(logits) - levels))
        both_sums = ops.sum(binary, -1) + ops.sum(target, -1)
        loss += 1.0 - (2.0 * ops.sum(binary * target, -1) + 1.0) / (both_sums + 1.0)
        near = ops.cast(edge > 0.0, "float32")
        apart = ops.sum(ops.abs(levels - edge / 255.0) * near, -1) / ops.maximum(ops.sum(near, -1), 1.0)
        loss += OF_THRESHOLDS * apart
        return ops.sum(loss * known, -1) / ops.maximum(ops.sum(known, -1), 1.0)


def _compare_hardest(target: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Return the cross-entropy of [..., pixels] over pixels of shapes and the others that are most wrong: [...]."""
    each = ops.softplus(logits) - target * logits
    of_shapes = ops.sum(target, -1)
    wrong = -ops.sort(-each * (1.0 - target), -1)  # the most wrong first
    counted = ops.maximum(NEGATIVES * of_shapes, FEWEST)
    place = ops.cast(ops.arange(ops.shape(logits)[-1]), "float32")
    hardest = ops.sum(ops.where(place < counted[..., None], wrong, 0.0), -1)
    return (ops.sum(each * target, -1) + hardest) / (of_shapes + counted)


def build_metrics() -> list[keras.metrics.Metric]:
    """Return no metric: the learning curves show the loss, shapes are found in the export's maps, and judged there."""
    return []
