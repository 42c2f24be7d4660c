"""Recipe: one model to train, as values. Frozen, keyword-only, canonical JSON; imports no TensorFlow.

A recipe has the fields that several steps share (what comes in, what an answer is, the alphabet) and one part per step.
`Recipe.dump_part(step)` is what that step may know, as JSON: `graph.py` hands it over in an exec property, so it is the
recipe's share of the step's cache key, and a new threshold does not rerun Transform.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import pydantic

from tfx_ocr.data import features
from tfx_ocr.data.alphabets.inline import Characters, Classes
from tfx_ocr.data.features import MOST_PIXELS


def _between(low: float, high: float) -> Any:
    """Return the range of a field, both ends included."""
    return pydantic.Field(ge=low, le=high)


NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"  # of a folder, a file, a model in an address: no path, no space
Name = Annotated[str, pydantic.Field(pattern=NAME)]
Side = Annotated[int, _between(1, 4096)]  # of a network's input, in pixels
Share = Annotated[float, _between(0, 1)]
Units = Annotated[int, _between(1, 4096)]
Dropout = Annotated[float, _between(0, 0.95)]
Epochs = Annotated[int, _between(1, 10_000)]


class _Values:
    # a misspelt field is an error, in JSON as in Python, and so is a number that is not finite
    __pydantic_config__ = pydantic.ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Picture(_Values):
    SIGNATURE: ClassVar[str] = features.SERVE_IMAGES
    AUGMENTED: ClassVar[str] = "images"

    height: Side
    width: Side
    margin: Share = 0.2
    scaled: tuple[float, float] = (-1.0, 1.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Image(_Picture):
    """A picture of one glyph, as a network sees it.

    Attributes:
        kind: name in `components.inputs.INPUTS`.
        height: pixels.
        width: pixels.
        margin: empty border around the ink, as a share of the longer side of its box, when `crop_to_ink`.
        scaled: range of the network's input, for 0 and 255.
        SIGNATURE: of the exported model, by which a client asks about such an input.
        AUGMENTED: kind of the augmentation that it takes.
        channels: 1 grey, 3 RGB. What is written is `height * width * channels` uint8.
        ink_is_light: invert dark-on-light pictures, so that ink is light (towards 255) on dark (0).
        planes: what the network begins with: the `picture`, or the gradient of a grey one in eight `directions`
            (DirectMap): see `components.networks.directions`.
        crop_to_ink: cut to the ink before resizing, so that any size and margin of the picture gives the same glyph.
    """

    kind: Literal["image"] = "image"
    channels: Literal[1, 3] = 1
    ink_is_light: bool = True
    crop_to_ink: bool = True
    planes: Literal["picture", "directions"] = "picture"


@dataclasses.dataclass(frozen=True, kw_only=True)
class LineImage(_Picture):
    """A grey picture of one line, as a network sees it: cut to its ink, which is light on dark.

    Attributes:
        kind: name in `components.inputs.INPUTS`.
        height: pixels.
        width: pixels; a shorter line has background at its right.
        margin: background above and below the ink, as a share of its height.
        scaled: range of the network's input, for 0 and 255.
    """

    channels: ClassVar[int] = 1
    ink_is_light: ClassVar[bool] = True

    kind: Literal["line_image"] = "line_image"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Words(_Values):
    """The words of a page, as a network sees them.

    Attributes:
        kind: name in `components.inputs.INPUTS`.
        max_characters: of a word; the rest of a longer word is cut.
        SIGNATURE: of the exported model, by which a client asks about such an input.
        AUGMENTED: kind of the augmentation that it takes.
        CHARACTERS: numbers that a character may have: ASCII as it is, all others folded to 128 to 255; 0 is padding.
        PLACES: numbers that say where a word lies, and how it compares with the page's other words: see `inputs.words`.
    """

    SIGNATURE: ClassVar[str] = features.SERVE_WORDS
    AUGMENTED: ClassVar[str] = "words"
    CHARACTERS: ClassVar[int] = 256
    PLACES: ClassVar[int] = 16

    kind: Literal["words"] = "words"
    max_characters: Annotated[int, _between(1, 256)] = 16


@dataclasses.dataclass(frozen=True, kw_only=True)
class PageImage(_Values):
    """A grey picture of a page, as a network sees it: its longer side that of a square frame, at the frame's top left.

    Attributes:
        kind: name in `components.inputs.INPUTS`.
        side: of the frame, in pixels.
        scaled: range of the network's input, for 0 and 255; paper is dark.
        SIGNATURE: of the exported model, by which a client asks about such an input.
        AUGMENTED: kind of the augmentation that it takes.
    """

    SIGNATURE: ClassVar[str] = features.SERVE_PAGES
    AUGMENTED: ClassVar[str] = "page_images"
    channels: ClassVar[int] = 1

    kind: Literal["page_image"] = "page_image"
    side: Side
    scaled: tuple[float, float] = (-1.0, 1.0)

    @property
    def height(self) -> int:
        """Height of the frame in pixels."""
        return self.side

    @property
    def width(self) -> int:
        """Width of the frame in pixels."""
        return self.side


Picture = Image | LineImage
Input = Annotated[Image | LineImage | PageImage | Words, pydantic.Field(discriminator="kind")]


def _choose_alphabet(value: object) -> str:
    """Return the tag of an alphabet, as an object or as JSON has it."""
    if isinstance(value, str):
        return "name"
    return "classes" if isinstance(value, Classes) or (isinstance(value, dict) and "classes" in value) else "characters"


Alphabet = Annotated[
    Annotated[str, pydantic.Tag("name")]
    | Annotated[Classes, pydantic.Tag("classes")]
    | Annotated[Characters, pydantic.Tag("characters")],
    pydantic.Discriminator(_choose_alphabet),
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Split(_Values):
    """Who goes to `train`, `eval` and `test`. A split the data itself names is kept; the rest is divided here.

    Attributes:
        by: what is never cut in two: a `record`, a `file`, or a `group` (writer, font, form, supplier).
        eval: share of what the data does not name, from 0 to 1; what the data calls train is divided too.
        test: likewise; 0 of it is taken where the data names a test split.
        eval_groups: groups by name, or ranges `first..last` (both included, natural order), instead of a share.
        test_groups: likewise.
        seed: of the division by shares; another seed divides otherwise.
        turn: by which share the records are turned before they are divided: `tfx-ocr run --folds` makes each of them a
            test record once.
    """

    by: Literal["record", "file", "group"] = "record"
    eval: Share = 0.1
    test: Share = 0.1
    eval_groups: tuple[str, ...] = ()
    test_groups: tuple[str, ...] = ()
    seed: int = 0
    turn: Share = 0.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Examples(_Values):
    """ExampleGen: which formats are taken, how they are split, what is set aside.

    Attributes:
        readers: names in `data.readers.READERS`, tried in this order until one recognises the data.
        split: who goes where.
        max_pixels: a picture of more pixels than this is set aside before it is decoded (decompression bombs); at most
            `MOST_PIXELS`, which is what a model answers.
        min_side: a picture whose width or height is less is set aside, in pixels.
        max_side: likewise one of which either is more; 0 for any.
        max_rejected: the run stops when more than this share of the records is set aside.
        synthetic: number of drawn lines that are added to train: half of them have texts of train, half the same with
            other letters and digits; in the fonts (.ttf, .otf, .ttc) in the data's folder, else in those that ship.
    """

    readers: tuple[str, ...]
    split: Split = Split()
    max_pixels: Annotated[int, _between(1, MOST_PIXELS)] = MOST_PIXELS
    min_side: Annotated[int, _between(1, MOST_PIXELS)] = 1
    max_side: Annotated[int, _between(0, MOST_PIXELS)] = 0
    max_rejected: Share = 0.05
    synthetic: Annotated[int, _between(0, 1_000_000)] = 0

    @property
    def sizes(self) -> tuple[int, int, int]:
        """`max_pixels`, `min_side`, `max_side`, as `data.images.find_problem` takes them."""
        return self.max_pixels, self.min_side, self.max_side


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageAugmentation(_Values):
    """Changes to training's pictures, drawn anew for each picture and epoch.

    Attributes:
        kind: what is augmented.
        pad: pixels added around (`resize_with_crop_or_pad`) before a random crop back to size: a shift of up to `pad`.
        rotate_deg: rotation of up to so many degrees either way.
        shear_deg: shear of up to so many degrees either way.
        scale: zoom of each axis by up to so much either way (0.1: 0.9 to 1.1).
        refit: whether a glyph's ink is fitted to the size again after these and `elastic`, as the input fits every
            picture: nothing is cut off, and `scale` changes the proportions alone. `pad` still shifts it.
        elastic: amplitude in pixels of a smooth random displacement field; 0 for no displacement. Over a glyph it is
            the sum of three fields, of 3, 5 and 9 knots a side. A line is stretched by it along its direction, with a
            part of the amplitude over shorter distances and across.
        contrast: gain of the ink of up to so much either way (0.2: 0.8 to 1.2).
        erase: side in pixels of a random square painted as background in half of the pictures; 0 for no square.
        strangers: share of the pictures in whose place others come in which nothing can be read: strokes, textures, two
            pictures as one, and `foreign` characters. Their label is -1, and their loss the cross-entropy to equal
            probabilities; against that of the other pictures it weighs share / (1 - share), 0.5 in the source at 1/3.
            Among lines they are strokes, textures and ruled paper alone, and their label is the empty text.
            Source: Hendrycks, Mazeika, Dietterich, "Deep anomaly detection with outlier exposure", 2019.
        foreign: characters that strangers may show, ASCII letters and digits or Vietnamese; none may be a class.
        familiar: the classes' own characters, in their order, which then come among the strangers in the same fonts
            with their labels, so that a font is not what is strange; "" for none.
        cut: share of the lines that lose 8 to 32 % of their height, below or (a quarter of them) above, as lines cut
            out of a form do; 0 for other pictures.
        neighbors: share of the lines into which another line of the batch hangs from above, and likewise from below; 0
            for other pictures.
        wear: share of the pictures that each of these comes to: thicker or thinner strokes, blur, fading along the
            line, noise, three rectangular holes.
        function: `module:function` of one's own that changes a batch after that: (batch, labels, seed, spec) to (batch,
            labels), as `augment` of the input's module; "" for none.
    """

    kind: Literal["images"] = "images"
    pad: Annotated[int, _between(0, 4096)] = 0
    rotate_deg: Annotated[float, _between(0, 180)] = 0.0
    shear_deg: Annotated[float, _between(0, 80)] = 0.0
    scale: Annotated[float, _between(0, 0.9)] = 0.0
    refit: bool = False
    elastic: Annotated[float, _between(0, 4096)] = 0.0
    contrast: Share = 0.0
    erase: Annotated[int, _between(0, 4096)] = 0
    strangers: Share = 0.0
    foreign: str = ""
    familiar: str = ""
    cut: Share = 0.0
    neighbors: Share = 0.0
    wear: Share = 0.0
    function: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordAugmentation(_Values):
    """Changes to training's words, drawn anew for each page and epoch.

    Attributes:
        kind: what is augmented.
        misread: share of the characters that become others.
        disguised: share of the words whose letters and digits all become others of their kind.
        function: `module:function` of one's own that changes a batch after that: (batch, labels, seed, spec) to (batch,
            labels), as `augment` of the input's module; "" for none.
    """

    kind: Literal["words"] = "words"
    misread: Share = 0.0
    disguised: Share = 0.0
    function: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PageAugmentation(_Values):
    """Changes to training's pages and the shapes on them, drawn anew for each page and epoch.

    Attributes:
        kind: what is augmented.
        rotate_deg: rotation of up to so many degrees either way.
        scale: zoom of up to so much either way (0.2: 0.8 to 1.25), about a point by chance.
        contrast: gain of the ink of up to so much either way.
        function: `module:function` of one's own that changes a batch after that: (batch, labels, seed, spec) to (batch,
            labels), as `augment` of the input's module; "" for none.
    """

    kind: Literal["page_images"] = "page_images"
    rotate_deg: Annotated[float, _between(0, 180)] = 0.0
    scale: Annotated[float, _between(0, 0.9)] = 0.0
    contrast: Share = 0.0
    function: str = ""


Augmentation = Annotated[ImageAugmentation | WordAugmentation | PageAugmentation, pydantic.Field(discriminator="kind")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Optimizer(_Values):
    """Optimizer and learning rate.

    Attributes:
        name: as Keras knows it, or `adabound`.
        learning_rate: of the first step, after the warm-up.
        schedule: `constant`, or `cosine` down to 0 at the last step.
        warmup_epochs: linear rise from 0 over so many epochs.
        weight_decay: decoupled, for `adamw`.
        final_rate: of `adabound`: the rate of SGD that its steps end at, as a multiple of `learning_rate`.
        ema: momentum of an average of the weights that is what is judged and exported (0.999); 0 for none.
    """

    name: Literal["rmsprop", "adam", "adamw", "sgd", "adabound"] = "rmsprop"
    learning_rate: Annotated[float, pydantic.Field(gt=0, le=10)] = 1e-4
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_epochs: Annotated[float, _between(0, 10_000)] = 0.0
    weight_decay: Share = 0.0
    final_rate: Annotated[float, pydantic.Field(gt=0, le=10_000)] = 100.0
    ema: Annotated[float, pydantic.Field(ge=0, lt=1)] = 0.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Base(_Values):
    """Fine-tuning of a network that has base weights: a frozen phase, then the upper blocks.

    Attributes:
        weights: `none` (from scratch), `imagenet` (Keras fetches it and checks its hash), or a path to a weights file.
        frozen_epochs: epochs with the whole base frozen and its BatchNorm in inference mode; 0 with no `weights`.
        unfreeze_from: name of the layer from which on the base is trained after that; "" for all of it.
        fine_tune_rate: learning rate after the frozen phase, as a share of the optimizer's.
    """

    weights: str = "none"
    frozen_epochs: Annotated[int, _between(0, 10_000)] = 0
    unfreeze_from: str = ""
    fine_tune_rate: Annotated[float, pydantic.Field(gt=0, le=1)] = 1.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stage(_Values):
    """Epochs of a training with settings of their own, such as those on drawn lines before those on real ones.

    Attributes:
        name: in the console's lines, in the report, and in overrides (`trainer.stages.drawn.epochs=3`).
        epochs: at most, see `trainer.patience`.
        sources: what a record's `source` begins with, to how often an epoch has each such record: 1 once, 2 twice, 0.25
            in one epoch of four, 0 never. The longest beginning that fits counts, "" fits all, and what fits none is
            left out. Drawn lines of `examples.synthetic` begin with `synthetic/`. Empty for every record once.
        learning_rate: in place of the optimizer's, whose schedule spans each stage; 0 for the optimizer's.
        augment: in place of `trainer.augment`; None for that one. `{kind = "images"}` alone changes nothing.
        unfreeze_from: name of the network's layer from which on it is trained, `head` for the head alone; "" for all.
    """

    name: Name
    epochs: Epochs
    sources: Mapping[str, Annotated[float, _between(0, 100)]] = dataclasses.field(default_factory=dict)
    learning_rate: Annotated[float, _between(0, 10)] = 0.0
    augment: Augmentation | None = None
    unfreeze_from: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trainer(_Values):
    """Trainer: network, head, and how they are trained.

    Attributes:
        network: name in `components.networks.NETWORKS`, or a module of one's own such as `my_networks.tiny`.
        pooling: of the network's last map, see `components.networks.pooling`; "" for the network's own.
        units: hidden layers of the head.
        dropout: after each of them.
        optimizer: see there.
        label_smoothing: share of a label's probability that goes to all classes in equal parts: see `tasks.hybrid`.
        centre_loss: weight of the squared distance of the last hidden layer to its class's centre: likewise.
        adversarial: weight of what makes the features of printed and handwritten pictures alike, by what records say in
            `style`; 0.1, or 0 for none. See `tasks.hybrid.add_style`. Nothing of it is in the export.
        refinements: how often the heads of syllables answer again, each knowing what the others answered: see
            `tasks.refinement`; 0 for once.
        drop_weights: share of the weights of each layer that become zero while it is trained, the smallest of them: see
            `components.trainer.drop_weights`. Files stay as large; compressed they are smaller.
        calibrate: whether the export's probabilities are calibrated on eval (`components.calibration`) where the task
            is one of classes; of other tasks they stay as the network gives them.
        every: of how many records of train one is trained on: `tfx-ocr run --curve` trains on each fourth and second.
        batch_size: pictures a step.
        buckets: whether the lines of a batch are about as wide as each other, and their strips are cut to the widest:
            faster where most lines are much shorter than `input.width`. Where train has fewer than some thousand lines,
            the same lines meet again and again. For networks with `WRITTEN`; a training elsewhere does not cut.
        epochs: at most; where there are stages, theirs count.
        stages: of the training, one after the other: each begins with the weights that the one before ended with, and
            with a fresh optimizer. Empty for one stage of `epochs` on all records.
        patience: end the training, or the stage, after so many epochs without a better `eval` loss; 0 never.
        exported: the epoch of the lowest `eval` loss, or the last: where eval is small, a rate that fell to nothing and
            an average of weights say more than its noise.
        augment: changes to training's examples, of the kind that the input takes; None for no change.
        base: see there.
        initial_weights: what the network begins with, and the head as far as it fits: path to a weights file, such as
            one trained on another backend, folder of an exported version, or name of a model that ships or that was
            pushed; "" for the seed's.
        members: of an ensemble: folders of exported versions, or names of models that ship or were pushed, of the same
            input, task and alphabet. They are averaged in the exported graph, and nothing is trained; what the other
            fields say of the network holds for members that do not say it themselves. Empty for one network.
        keep_statistics: whether BatchNorm keeps the statistics and scales of initial weights: better for data like that
            of the weights, worse for other data (20 letters from `digits`: accuracy 0.85 in place of 0.95).
        freeze_epochs: epochs in which only the head is trained, with `initial_weights`.
        precision: Keras dtype policy of the network.
        seed: of initial weights, order, augmentation and dropout.
    """

    network: str
    pooling: Literal["", "average", "max", "weighted", "weighted_output", "mixed"] = ""
    units: tuple[Units, ...] = (64, 64)
    dropout: tuple[Dropout, ...] = (0.2, 0.2)
    optimizer: Optimizer = Optimizer()
    label_smoothing: Annotated[float, _between(0, 0.5)] = 0.0
    centre_loss: Annotated[float, _between(0, 100)] = 0.0
    adversarial: Annotated[float, _between(0, 10)] = 0.0
    refinements: Annotated[int, _between(0, 8)] = 0
    drop_weights: Annotated[float, _between(0, 0.95)] = 0.0
    calibrate: bool = True
    every: Annotated[int, _between(1, 10_000)] = 1
    batch_size: Annotated[int, _between(1, 65_536)] = 64
    buckets: bool = False
    epochs: Epochs = 20
    stages: tuple[Stage, ...] = ()
    patience: Annotated[int, _between(0, 10_000)] = 0
    exported: Literal["best_epoch", "last_epoch"] = "best_epoch"
    augment: Augmentation | None = None
    base: Base = Base()
    initial_weights: str = ""
    members: tuple[str, ...] = ()
    keep_statistics: bool = False
    freeze_epochs: Annotated[int, _between(0, 10_000)] = 0
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    seed: Annotated[int, _between(0, 2**32 - 1)] = 7

    def list_stages(self) -> tuple[Stage, ...]:
        """Return the stages, or the one that stands for none."""
        return self.stages or (Stage(name="all", epochs=self.epochs),)

    def list_augmentations(self) -> list[Augmentation]:
        """Return the changes of the trainer and of its stages."""
        return [augment for augment in (self.augment, *(each.augment for each in self.stages)) if augment]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tuner(_Values):
    """Tuner: KerasTuner over the head, before Trainer.

    Attributes:
        units: choices for each hidden layer, 64 or more.
        dropout: choices, 0.2 or more.
        trials: how many are tried.
        epochs: of each.
    """

    units: tuple[Annotated[Units, pydantic.Field(ge=64)], ...] = (64, 128, 256)
    dropout: tuple[Annotated[Dropout, pydantic.Field(ge=0.2)], ...] = (0.2, 0.3, 0.5)
    trials: Annotated[int, _between(1, 10_000)] = 6
    epochs: Epochs = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gate(_Values):
    """Evaluator: what a model must reach to be blessed, on the split it is judged on.

    Attributes:
        split: `test`, which neither training nor the choice of its best epoch sees.
        metrics: family in `components.evaluator.metrics.METRICS`, or a module of one's own; "" for the task's own.
        at_least: metric to lowest value.
        at_most: metric of which less is better (`cer`) to highest value.
        each_class_at_least: per-class metric (`precision`, `recall`, `f1`) to the lowest value any class may have.
        at_most_worse: metric to how much worse it may be than the served version's on the same examples. What chance
            explains is no worse: see `components.evaluator.gate`.
        corrections_at_most_worse: likewise on the corrections from the review queue in the split, which are then judged
            apart from its other examples; empty judges them together with those.
        min_examples: of the split; a model that is judged on fewer is not blessed, whatever its numbers.
        min_class_examples: of each class of the alphabet, where labels are classes; 0 to only name those never seen.
        slices: record features, or names of `components.evaluator.slices.DERIVED`; metrics are also computed for each
            of their values.
    """

    split: Literal["eval", "test"] = "test"
    metrics: str = ""
    at_least: Mapping[str, float] = dataclasses.field(default_factory=dict)
    at_most: Mapping[str, float] = dataclasses.field(default_factory=dict)
    each_class_at_least: Mapping[str, float] = dataclasses.field(default_factory=dict)
    at_most_worse: Mapping[str, float] = dataclasses.field(default_factory=dict)
    corrections_at_most_worse: Mapping[str, float] = dataclasses.field(default_factory=dict)
    min_examples: Annotated[int, pydantic.Field(ge=0)] = 10
    min_class_examples: Annotated[int, pydantic.Field(ge=0)] = 1
    slices: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drift(_Values):
    """ExampleValidator: how far the data may be from that of the served version, see `example_validator.drift`.

    Attributes:
        at_most: feature of a record to the largest distance, from 0 to 1: of texts the largest difference of any
            value's share (L-infinity), of numbers the Jensen-Shannon divergence; without features that records lack.
        min_examples: of a split; fewer, here or there, are measured and not judged.
        stops: whether a larger distance stops the run, unless `--accept-data` goes on; else the run tells it.
    """

    at_most: Mapping[str, Share] = dataclasses.field(
        default_factory=lambda: dict.fromkeys((features.LABEL, features.ENTITIES, features.SHAPES), 0.05)
    )
    min_examples: Annotated[int, pydantic.Field(ge=1)] = 500
    stops: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Serving(_Values):
    """The exported model: what its answers hold and what it is tried with before the push.

    Attributes:
        top_n: best classes in an answer; at most the number of classes.
        restrict_to: what alone is answered: characters, such as `0123456789`, the name of an alphabet, such as
            `ks_x_1001`, or labels; "" for the whole alphabet. Probabilities are those under this restriction.
        trial_requests: real examples that the export must answer before it is pushed.
        weights: how both forms store the weights; they compute in float32. float16 halves the size, int8 makes it a
            quarter, with a scale for each output channel; the report says what it changes.
    """

    top_n: Annotated[int, _between(1, 100_000)] = 5
    restrict_to: str | tuple[str, ...] = ""
    trial_requests: Annotated[int, _between(1, 1000)] = 8
    weights: Literal["float32", "float16", "int8"] = "float32"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe(_Values):
    """One model to train.

    Attributes:
        name: of the recipe, its pipeline and its served model.
        input: what comes in, and how a network sees it.
        task: name in `components.tasks.TASKS`.
        alphabet: name in `data.alphabets.ALPHABETS`, or the classes or characters themselves.
        schema: file name in `data/schemas/`: the reviewed schema the data is held to; "" for the one that follows from
            `task` and `alphabet`.
        sample: name in `data.samples.SAMPLES`: the data of a run that names none; "" for none.
        pretrained: folder in `data/pretrained/` that answers before anything is trained; "" for none.
        examples: ExampleGen's part.
        trainer: Trainer's part.
        trainers: the parts that `--network NAME` chooses from, by network.
        tuner: Tuner's part; None for a graph without Tuner.
        drift: ExampleValidator's part.
        gate: Evaluator's part.
        serving: of the export.
    """

    name: Name
    input: Input
    task: str
    alphabet: Alphabet
    schema: str = ""
    sample: str = ""
    pretrained: str = ""
    examples: Examples
    trainer: Trainer
    trainers: Mapping[str, Trainer] = dataclasses.field(default_factory=dict)
    tuner: Tuner | None = None
    drift: Drift = Drift()
    gate: Gate = Gate()
    serving: Serving = Serving()

    def dump_part(self, step: str) -> str:
        """Return canonical JSON of what `step` may know: sorted keys, equal text for equal values.

        Raises:
            KeyError: the step is unknown.
        """
        values = _adapter(Recipe).dump_python(self, mode="json")
        return json.dumps({name: values[name] for name in PARTS[step]}, sort_keys=True, ensure_ascii=False)

    def choose_network(self, network: str) -> Recipe:
        """Return the recipe with `network`: with its own trainer part if it has one, else only the name changes."""
        trainer = self.trainers.get(network) or dataclasses.replace(self.trainer, network=network)
        return dataclasses.replace(self, trainer=trainer)


ALIASES = {"image": "input", "words": "input"}  # fields by the names that they had

# What each step may know, by field of Recipe: its share of the recipe, and so of its cache key.
PARTS: dict[str, tuple[str, ...]] = {
    "example_gen": ("name", "task", "alphabet", "examples"),
    "statistics_gen": ("name",),
    "schema": ("name", "task", "alphabet", "schema"),
    "example_validator": ("name", "drift"),
    "transform": ("name", "input", "task", "alphabet"),
    "tuner": ("name", "input", "task", "alphabet", "trainer", "tuner", "serving"),
    "trainer": ("name", "input", "task", "alphabet", "trainer", "serving"),
    "evaluator": ("name", "task", "alphabet", "gate"),
    "infra_validator": ("name", "input", "task", "alphabet", "serving"),
    "pusher": ("name", "input", "task", "alphabet"),
    "report": ("name", "task", "alphabet", "trainer", "gate"),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part(_Values):
    """A step's share of a recipe, read back. Fields the step may not know are None."""

    name: str
    input: Input | None = None
    task: str | None = None
    alphabet: Alphabet | None = None
    schema: str | None = None
    examples: Examples | None = None
    trainer: Trainer | None = None
    tuner: Tuner | None = None
    drift: Drift | None = None
    gate: Gate | None = None
    serving: Serving | None = None

    @classmethod
    def from_json(cls, text: str) -> Part:
        """Read what `Recipe.dump_part` wrote.

        Raises:
            pydantic.ValidationError: a field is unknown or has a value it may not have.
        """
        return _adapter(Part).validate_json(text)

    def change_trainer(self, **values: Any) -> Part:
        """Return the part with other values in its trainer's."""
        assert self.trainer is not None  # of a Trainer's part
        return dataclasses.replace(self, trainer=dataclasses.replace(self.trainer, **values))

    def to_json(self) -> str:
        """Return canonical JSON that `from_json` reads."""
        values = _adapter(Part).dump_python(self, mode="json", exclude_none=True)
        return json.dumps(values, sort_keys=True, ensure_ascii=False)


@functools.cache
def _adapter(kind: type) -> pydantic.TypeAdapter[Any]:
    return pydantic.TypeAdapter(kind)
