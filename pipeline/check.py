"""Refuse a bad recipe or missing data before TFX starts: one sentence that names the field and what it may be.

Nothing here imports TensorFlow: what a network gives and a task needs is read from the source.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path

from tfx_ocr.components.evaluator import gate as gates
from tfx_ocr.components.evaluator.metrics import METRICS, choose_family, get_metrics
from tfx_ocr.components.networks import NETWORKS
from tfx_ocr.components.recipe import Augmentation, Image, ImageAugmentation, Recipe, Trainer
from tfx_ocr.components.tasks import TASKS, get_task
from tfx_ocr.data import features, pretrained
from tfx_ocr.data.alphabets import ALPHABETS, get_alphabet, hangul
from tfx_ocr.data.alphabets.restriction import restrict_labels
from tfx_ocr.data.own_code import check_source, find_source, load_code
from tfx_ocr.data.readers import READERS, choose_reader
from tfx_ocr.data.registry import load, make_unknown_error
from tfx_ocr.data.samples import SAMPLES, get_sample
from tfx_ocr.data.schemas import get_schema_path
from tfx_ocr.data.synthetic import OF_DATA
from tfx_ocr.pipeline.recipes import FOLDER, get_file
from tfx_ocr.pipeline.settings import Settings

# Features of records that drift is measured of
COMPARED = (features.LABEL, *features.PAGE, features.SHAPES, features.POLYGONS, features.GROUP)
MOST_ENTITIES = 63  # "" among them: a word's label is a set of them in 64 bits


def check(recipe: Recipe, settings: Settings) -> Settings:
    """Check both; write the recipe's sample where no data is named.

    Returns:
        The settings, with `input` absolute and `recipe` the recipe's name.

    Raises:
        ValueError: the first thing that is wrong.
    """
    check_recipe(recipe, settings.recipes)
    where = settings.input
    if where and "://" not in where:
        path = Path(where).expanduser().absolute()
        if not path.exists():
            otherwise = ", or none for the sample" if recipe.sample else ""
            raise ValueError(f"no data at {where}: give a folder that is there{otherwise}")
        if path.is_file():
            raise ValueError(f"{where} is a file: give the folder it lies in")
        choose_reader(path, recipe.examples.readers)
        where = str(path)
    if not where:
        if not recipe.sample:
            raise ValueError(f"recipe {recipe.name} has no sample: name your data with --data FOLDER")
        where = str(get_sample(recipe.sample)(Path(settings.home).absolute() / "samples" / recipe.sample))
    return dataclasses.replace(settings, input=where, recipe=recipe.name)


def check_recipe(recipe: Recipe, folder: str = FOLDER) -> None:
    """Check that every name is known and the parts fit.

    Args:
        recipe: one that ships, or of one's own.
        folder: of users' own recipes.

    Raises:
        ValueError: the first thing that is wrong.
    """
    _known(recipe, "task", recipe.task, TASKS)
    family = choose_family(recipe.task, recipe.gate)
    _check_code(recipe, "gate.metrics", family, METRICS)
    _check_alphabet(recipe)
    _check_planes(recipe)
    _check_restriction(recipe)
    if recipe.sample:
        _known(recipe, "sample", recipe.sample, SAMPLES)
        if recipe.sample != recipe.name:
            raise ValueError(
                f"recipe {recipe.name}: sample is {recipe.sample!r}, the data of another recipe; leave it out"
            )
    if recipe.schema:
        get_schema_path(recipe.schema)
    for name in recipe.drift.at_most:
        _known(recipe, "drift.at_most", name, COMPARED)
    for name in recipe.examples.readers:
        _known(recipe, "examples.readers", name, READERS)
    if recipe.examples.synthetic and recipe.task not in OF_DATA:
        raise ValueError(
            f"recipe {recipe.name}: examples.synthetic adds drawn lines, for task {', '.join(OF_DATA)} alone; "
            f"its task is {recipe.task!r}"
        )
    for trainer in (recipe.trainer, *recipe.trainers.values()):
        _check_trainer(recipe, trainer)
    try:
        gates.refuse_unknown(recipe.gate, get_metrics(family))
    except ValueError as error:
        file = get_file(recipe.name, folder)
        raise ValueError(f"{file if file.is_file() else f'recipe {recipe.name}'}: {error}") from None


def refuse_elsewhere(recipe: Recipe, settings: Settings) -> None:
    """Refuse what only a run can train: elsewhere has no TensorFlow, no Tuner and none of this machine's files.

    Raises:
        ValueError: the first thing that it has and may not have.
    """
    trainer, kinds = recipe.trainer, ("image", "line_image")
    if recipe.input.kind not in kinds:
        raise ValueError(
            f"recipe {recipe.name}: input {recipe.input.kind!r} is trained by `tfx-ocr run` alone; elsewhere trains "
            f"{' and '.join(kinds)}"
        )
    if recipe.tuner is not None:
        raise ValueError(
            f"recipe {recipe.name}: a tuner is for `tfx-ocr run`; elsewhere trains with trainer.units as it is"
        )
    if trainer.members:
        raise ValueError(f"recipe {recipe.name}: trainer.members trains nothing, so that a pack has nothing to train")
    changes = trainer.list_augmentations()
    if function := next((augment.function for augment in changes if augment.function), ""):
        raise ValueError(
            f"recipe {recipe.name}: trainer.augment.function is {function!r}, which TensorFlow runs; "
            'elsewhere lacks it: leave it ""'
        )
    strange = [augment for augment in changes if isinstance(augment, ImageAugmentation) and augment.strangers]
    if len({(augment.foreign, augment.familiar) for augment in strange}) > 1:
        raise ValueError(
            f"recipe {recipe.name}: a pack has strangers of one kind; give trainer.augment and its stages the same "
            "foreign and familiar"
        )
    if trainer.base.weights not in ("none", "imagenet"):
        raise ValueError(
            f"recipe {recipe.name}: trainer.base.weights is {trainer.base.weights!r}, a file that elsewhere has not; "
            "give none or imagenet, or name the weights in trainer.initial_weights, which are packed"
        )
    for name, address in (("input", settings.input), ("pipeline_root", settings.root)):
        if "://" in address:
            raise ValueError(f"setting {name} is {address!r}: a pack is made of folders of this machine")


def _check_alphabet(recipe: Recipe) -> None:
    """Check that the alphabet has what the task encodes labels by."""
    if isinstance(recipe.alphabet, str):
        _known(recipe, "alphabet", recipe.alphabet, ALPHABETS)
    labels, alphabet = get_task(recipe.task).labels, get_alphabet(recipe.alphabet)
    if not labels and not isinstance(recipe.alphabet, str):
        raise ValueError(f"recipe {recipe.name}: task {recipe.task!r} has labels of its own: name their alphabet")
    if labels and not hasattr(alphabet, labels):
        raise ValueError(f"recipe {recipe.name}: alphabet has no {labels.lower()}, which task {recipe.task!r} needs")
    syllables = alphabet.CLASSES if features.INITIAL_OUT in get_task(recipe.task).outputs else ()
    if reason := next(filter(None, map(hangul.find_problem, syllables)), None):
        raise ValueError(f"recipe {recipe.name}: task {recipe.task!r} needs an alphabet of syllables: {reason}")
    if recipe.input.kind == "words":
        if alphabet.CLASSES[0]:
            raise ValueError(f'recipe {recipe.name}: classes of words begin with "", for a word of no entity')
        if len(alphabet.CLASSES) > MOST_ENTITIES:
            raise ValueError(
                f"recipe {recipe.name}: {len(alphabet.CLASSES) - 1} entities, where {MOST_ENTITIES - 1} are allowed"
            )


def _check_planes(recipe: Recipe) -> None:
    if not isinstance(recipe.input, Image) or recipe.input.planes == "picture":
        return
    if recipe.input.channels != 1:
        raise ValueError(f"recipe {recipe.name}: input.planes are of a grey picture: set input.channels to 1")
    if any(trainer.base.weights == "imagenet" for trainer in (recipe.trainer, *recipe.trainers.values())):
        raise ValueError(f"recipe {recipe.name}: weights of imagenet are of pictures: leave input.planes out")


def _check_restriction(recipe: Recipe) -> None:
    whitelist, task = recipe.serving.restrict_to, get_task(recipe.task)
    if not whitelist:
        return
    if not task.heads and task.labels != "CHARACTERS":
        raise ValueError(
            f"recipe {recipe.name}: serving.restrict_to is for tasks of classes and of texts; this is task "
            f'{recipe.task!r}: leave it ""'
        )
    try:
        allowed = restrict_labels(whitelist, getattr(get_alphabet(recipe.alphabet), task.labels or "CLASSES"))
    except ValueError as error:
        raise ValueError(f"recipe {recipe.name}: serving.restrict_to: {error}") from None
    if len(allowed) < 2:
        raise ValueError(f"recipe {recipe.name}: serving.restrict_to allows {len(allowed)} answer; allow 2 or more")


def _check_trainer(recipe: Recipe, trainer: Trainer) -> None:
    _check_code(recipe, "trainer.network", trainer.network, NETWORKS)
    if len(trainer.units) != len(trainer.dropout):
        raise ValueError(
            f"recipe {recipe.name}: trainer.dropout has {len(trainer.dropout)} values for the {len(trainer.units)} "
            "hidden layers of trainer.units; give one for each"
        )
    for augment in trainer.list_augmentations():
        if augment.function:
            _check_code(recipe, "trainer.augment.function", augment.function, {})
        if augment.kind != recipe.input.AUGMENTED:
            raise ValueError(
                f"recipe {recipe.name}: trainer.augment changes {augment.kind}; "
                f"input {recipe.input.kind!r} takes changes of {recipe.input.AUGMENTED}"
            )
        _check_strangers(recipe, augment)
    _check_stages(recipe, trainer)
    _check_losses(recipe, trainer)
    base = trainer.base.weights
    if base not in ("none", "imagenet") and "://" not in base and not Path(base).is_file():
        raise ValueError(f"recipe {recipe.name}: trainer.base.weights is {base!r}, which does not exist")
    where, shipped = trainer.initial_weights, pretrained.list_names()
    is_there = where in ("", *shipped) or "://" in where or Path(where).is_file()
    if not is_there and not Path(where, "saved_model.pb").is_file():
        raise ValueError(
            f"recipe {recipe.name}: trainer.initial_weights is {where!r}, which does not exist; give a weights file, "
            f"a version's folder, or the name of a model that was pushed or ships ({', '.join(shipped)})"
        )
    _check_members(recipe, trainer)
    gives, needs = _read_value(trainer.network, "GIVES"), get_task(recipe.task).needs
    if gives is None:
        raise ValueError(f"{trainer.network} does not say its GIVES")
    if gives != needs:
        raise ValueError(
            f"recipe {recipe.name}: network {trainer.network!r} gives a {gives}, task {recipe.task!r} needs a {needs}"
        )
    if trainer.pooling and (gives != "vector" or _read_value(trainer.network, "LAST_MAP") is None):
        raise ValueError(
            f"recipe {recipe.name}: trainer.pooling is {trainer.pooling!r}, and network {trainer.network!r} has no "
            'last map to pool: leave it ""'
        )
    if trainer.buckets and _read_value(trainer.network, "WRITTEN") is None:
        raise ValueError(
            f"recipe {recipe.name}: trainer.buckets cuts strips to their text, and network {trainer.network!r} has no "
            "WRITTEN: leave it false"
        )
    if trainer.buckets and any(augment.function for augment in trainer.list_augmentations()):
        raise ValueError(
            f"recipe {recipe.name}: trainer.buckets cuts strips to where the recipe's changes move their text, and "
            "trainer.augment.function may move it farther: leave one of them out"
        )


def _check_members(recipe: Recipe, trainer: Trainer) -> None:
    members = trainer.members
    if not members:
        return
    said = f"recipe {recipe.name}: trainer.members"
    if len(members) < 2 or len(set(members)) < len(members):
        raise ValueError(f"{said} is {', '.join(members)}: give two or more different models")
    if not get_task(recipe.task).averaged:
        known = [name for name in TASKS if get_task(name).averaged]
        raise ValueError(f"{said} makes an ensemble of task {', '.join(known)}; this is task {recipe.task!r}")
    if recipe.tuner:
        raise ValueError(f"{said} trains nothing, so that a tuner has nothing to search: leave one of them out")
    shipped = pretrained.list_names()
    for name in members:
        if name not in shipped and "://" not in name and not Path(name, "saved_model.pb").is_file():
            raise ValueError(
                f"{said} names {name!r}, which does not exist; give the folder of a version, or the name of a model "
                f"that was pushed or ships ({', '.join(shipped)})"
            )


def _check_losses(recipe: Recipe, trainer: Trainer) -> None:
    for field in ("label_smoothing", "centre_loss", "adversarial"):
        if getattr(trainer, field) and not get_task(recipe.task).heads:
            raise ValueError(
                f"recipe {recipe.name}: trainer.{field} is for tasks of classes; this is task {recipe.task!r}: "
                "set it to 0"
            )
    if trainer.drop_weights and (trainer.exported != "last_epoch" or trainer.patience):
        raise ValueError(
            f"recipe {recipe.name}: trainer.drop_weights drops its share by the middle of the training: set "
            "trainer.exported to 'last_epoch' and trainer.patience to 0"
        )
    heads = load(get_task(recipe.task).heads)(get_alphabet(recipe.alphabet)) if get_task(recipe.task).heads else ()
    if trainer.refinements and len(heads) < 2:
        raise ValueError(
            f"recipe {recipe.name}: trainer.refinements is for a task of several heads, such as 'syllables'; this is "
            f"task {recipe.task!r}: set it to 0"
        )
    pictures = [each for each in trainer.list_augmentations() if isinstance(each, ImageAugmentation)]
    if trainer.adversarial and any(each.strangers and each.familiar for each in pictures):
        raise ValueError(
            f"recipe {recipe.name}: trainer.adversarial needs the style of each picture, and augment.familiar "
            "draws some without: leave one of them out"
        )


def _check_stages(recipe: Recipe, trainer: Trainer) -> None:
    said, names = f"recipe {recipe.name}: trainer.stages", [stage.name for stage in trainer.stages]
    if not names:
        return
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise ValueError(f"{said} has {twice!r} twice: give each stage a name of its own")
    if trainer.members:
        raise ValueError(f"{said} and trainer.members: members are not trained, leave one of them out")
    for field, epochs in (("freeze_epochs", trainer.freeze_epochs), ("base.frozen_epochs", trainer.base.frozen_epochs)):
        if epochs:
            raise ValueError(
                f"{said} and trainer.{field}: set it to 0, and begin with a stage whose unfreeze_from is 'head'"
            )


def _check_strangers(recipe: Recipe, augment: Augmentation) -> None:
    if not isinstance(augment, ImageAugmentation):
        return
    is_line = recipe.input.kind == "line_image"
    for name in ("cut", "neighbors"):
        if getattr(augment, name) and not is_line:
            raise ValueError(f"recipe {recipe.name}: trainer.augment.{name} needs input 'line_image': set it to 0")
    if not augment.strangers:
        return
    if get_task(recipe.task).labels != ("CHARACTERS" if is_line else "CLASSES"):
        raise ValueError(
            f"recipe {recipe.name}: trainer.augment.strangers needs input 'image' and a task of classes, or input "
            f"'line_image' and one of texts; this is task {recipe.task!r} of input {recipe.input.kind!r}: set it to 0"
        )
    if is_line and (augment.foreign or augment.familiar):
        raise ValueError(
            f"recipe {recipe.name}: trainer.augment.foreign and familiar are for classes; for texts leave them empty"
        )
    if is_line:
        return
    known = get_alphabet(recipe.alphabet).CLASSES
    if augment.familiar and [*augment.familiar] != [*known]:
        raise ValueError(
            f"recipe {recipe.name}: trainer.augment.familiar is {augment.familiar!r}; it may be empty, or the "
            f"alphabet's classes in their order: {', '.join(known[:20])}"
        )
    if classes := sorted({*augment.foreign} & {*known}):
        raise ValueError(
            f"recipe {recipe.name}: trainer.augment.foreign has {', '.join(classes)} of the alphabet's classes: "
            "leave out what is to be read"
        )


def _known(recipe: Recipe, field: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise make_unknown_error(f"recipe {recipe.name}: {field} is {name!r}", known)


def _read_value(network: str, name: str) -> str | None:
    """Return a value of a network's module, read from its source without importing it; None where it is missing."""
    spec = importlib.util.find_spec(NETWORKS[network].partition(":")[0]) if network in NETWORKS else None
    file = Path(spec.origin) if spec and spec.origin else find_source(network)
    assert file is not None  # checked before
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return ast.literal_eval(node.value)
    return None


def _check_code(recipe: Recipe, field: str, name: str, known: Mapping[str, str]) -> None:
    """Check that a name is registered, or is that of a module of one's own, which is not imported."""
    module = name.partition(":")[0]
    if name in known:
        return
    if find_source(module) is None:
        error = make_unknown_error(f"recipe {recipe.name}: {field} is {name!r}", known or ["module:function"])
        raise ValueError(f"{error}, of a module in the current folder or an installed one")
    try:
        check_source(module)
    except ValueError as error:
        raise ValueError(f"recipe {recipe.name}: {field}: {error}") from None


def import_code(recipe: Recipe) -> None:
    """Import the code of one's own that a recipe names, and with it Keras, so that what fails is told before a run.

    Raises:
        ValueError: its import fails; one sentence with its own error, file and line.
    """
    family = choose_family(recipe.task, recipe.gate)
    functions = [(augment.function, {"": ""}) for augment in recipe.trainer.list_augmentations()]
    named = [(recipe.trainer.network, NETWORKS), (family, METRICS), *functions]
    for name, known in named:
        if name not in known:
            load_code(name)
