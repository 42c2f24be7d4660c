"""What the Evaluator does: TFMA and every answer from one inference, then the gate, the verdict and the blessing."""

from __future__ import annotations

import collections
import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow_model_analysis as tfma
from tfx import types
from tfx.components.evaluator import constants
from tfx.components.util import tfxio_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, path_utils

from tfx_ocr.components.artifacts import ANSWERS, GATE_FILE, TRAINER_FILE
from tfx_ocr.components.evaluator import answers, baseline, gate, metrics, records
from tfx_ocr.components.evaluator import slices as derived
from tfx_ocr.components.evaluator.metrics import bootstrap
from tfx_ocr.components.progress import say
from tfx_ocr.components.reading import list_splits, read_json, read_lines, read_split
from tfx_ocr.components.recipe import Gate, Part
from tfx_ocr.components.stop import Stop
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import get_alphabet

Artifacts = dict[str, list[types.Artifact]]


class Executor(base_beam_executor.BaseBeamExecutor):
    """Judges one model; a refusal is a verdict, not an error."""

    def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]) -> None:  # noqa: N802
        """Evaluate, judge, bless.

        Args:
            input_dict: `examples`, `model`.
            output_dict: `evaluation` gets TFMA's result, `answers-*.jsonl` and `gate.json`; `blessing` gets
                BLESSED or NOT_BLESSED as TFX writes it, and a copy of `gate.json`.
            exec_properties: `recipe`: `Recipe.dump_part("evaluator")`; `serving_dir`: folder of the served versions.

        Raises:
            ValueError: the gate names a metric that there is not.
            Stop: the gate's split is empty or not there, or the served version cannot be compared with.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        part = Part.from_json(exec_properties["recipe"])
        assert part.task  # both are in PARTS["evaluator"]
        assert part.gate
        chosen = metrics.choose_family(part.task, part.gate)
        family = metrics.get_metrics(chosen)
        gate.refuse_unknown(part.gate, family)
        examples = input_dict[standard_component_specs.EXAMPLES_KEY]
        model = artifact_utils.get_single_instance(input_dict[standard_component_specs.MODEL_KEY])
        evaluation = artifact_utils.get_single_instance(output_dict[standard_component_specs.EVALUATION_KEY])
        blessing = artifact_utils.get_single_instance(output_dict[standard_component_specs.BLESSING_KEY])

        splits, split = list_splits(examples), part.gate.split
        if split not in splits:
            raise Stop(f"the examples have no {split} split to judge by (gate.split); they have {', '.join(splits)}")
        model_path = path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model))
        self._analyse(examples, split, model_path, chosen, part.gate.slices, evaluation.uri)

        answered = read_lines(evaluation.uri, f"{ANSWERS}-*.jsonl")
        held = [each for each in answered if _is_apart(part.gate, each)]
        given = [each for each in answered if not _is_apart(part.gate, each)]
        if not given:
            raise Stop(
                f"the {part.gate.split} split holds no examples, so the model cannot be judged: give the recipe's "
                f"examples.split a share for {part.gate.split}, or judge on another split (gate.split)"
            )
        pairs = _count_pairs(given)
        # metrics of another family are other numbers, whatever their names
        digest = records.combine_digests([*(each["record"] for each in given), *filter(None, [part.gate.metrics])])
        serving_dir = exec_properties["serving_dir"]

        def select(answers: list[dict[str, Any]]) -> tuple[Iterator[bytes], dict[str, str]]:
            mine = {each["record"]: each["answer"] for each in answers}
            return (raw for raw in read_split(examples, split) if records.digest_record(raw) in mine), mine

        def ask(answers: list[dict[str, Any]]) -> gate.Served | None:
            raws, mine = select(answers)
            return baseline.ask_baseline(serving_dir, raws, family, mine)

        served = None
        if part.gate.at_most_worse:
            served = baseline.read_baseline(serving_dir, digest, family)
            if served is None or gate.find_regressions(
                part.gate, family, bootstrap.compute_metrics(family, pairs), served.metrics
            ):
                served = ask(given)
        known = getattr(get_alphabet(part.alphabet), "CLASSES", ())
        corrections = (_count_pairs(held), ask(held)) if held else None
        verdict = gate.judge(part.name, part.gate, family, pairs, served, digest, known, corrections)
        trained_by = read_json(model_path, TRAINER_FILE) or {}
        if members := trained_by.get("trainer", {}).get("members"):
            raws, mine = select(given)
            verdict["members"] = baseline.ask_members(members, list(raws), family, mine)
        sample = records.select_sample(read_split(examples, "train")) if "train" in splits else {}
        verdict["trained_on"] = " ".join(sample)
        verdict["profile"] = records.build_profile(sample.values(), (each["outputs"] for each in given), part.task)

        text = json.dumps(verdict, ensure_ascii=False, indent=1)
        io_utils.write_string_file(os.path.join(evaluation.uri, GATE_FILE), text)
        io_utils.write_string_file(os.path.join(blessing.uri, GATE_FILE), text)
        _bless(blessing, model, verdict["blessed"], exec_properties.get("current_component_id"))
        say(gate.summarize(verdict))

    def _analyse(
        self,
        examples: list[types.Artifact],
        split: str,
        model_path: str,
        family: str,
        slices: Sequence[str],
        output_path: str,
    ) -> None:
        """Run TFMA over a split; every answer is written from the inference that its metrics come from."""
        config = build_eval_config(family, slices)
        shared_model = tfma.default_eval_shared_model(eval_saved_model_path=model_path, eval_config=config)
        tfxio_of = tfxio_utils.get_tfxio_factory_from_artifact(
            examples, telemetry_descriptors=["Evaluator"], raw_record_column_name=tfma.ARROW_INPUT_COLUMN
        )
        patterns = [io_utils.all_files_pattern(uri) for uri in artifact_utils.get_split_uris(examples, split)]
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Read" >> tfxio_of(patterns).BeamSource()
                | "Analyse"
                >> tfma.ExtractEvaluateAndWriteResults(
                    eval_shared_model=shared_model,
                    eval_config=config,
                    output_path=output_path,
                    extractors=derived.insert_extractor(
                        tfma.default_extractors(eval_shared_model=shared_model, eval_config=config), slices
                    ),
                    evaluators=[
                        *tfma.default_evaluators(eval_shared_model=shared_model, eval_config=config),
                        answers.create_evaluator(family),
                    ],
                    writers=[
                        *tfma.default_writers(output_path, eval_shared_model=shared_model, eval_config=config),
                        answers.create_writer(output_path),
                    ],
                )
            )


def _is_apart(rule: Gate, answer: dict[str, Any]) -> bool:
    """Whether an answer is to a correction that the gate judges apart from the other examples."""
    return bool(rule.corrections_at_most_worse) and answer["source"].startswith(features.CORRECTIONS)


def _count_pairs(answers: Sequence[dict[str, Any]]) -> collections.Counter[tuple[str, str]]:
    return collections.Counter((each["reference"], each["answer"]) for each in answers)


def build_eval_config(family: str, slices: Sequence[str]) -> tfma.EvalConfig:
    """Return what TFMA computes: the metrics of a family, over all examples and each value of the features `slices`."""
    return tfma.EvalConfig(
        model_specs=[tfma.ModelSpec(model_type=tfma.TF_GENERIC, signature_name=features.SERVING_DEFAULT)],
        metrics_specs=[
            tfma.MetricsSpec(
                metrics=[
                    tfma.MetricConfig(class_name="ExampleCount"),
                    tfma.MetricConfig(
                        class_name="Judged",
                        module="tfx_ocr.components.evaluator.metrics.tfma_metric",
                        config=json.dumps({"family": family}),
                    ),
                ]
            )
        ],
        slicing_specs=[
            tfma.SlicingSpec(),
            *(tfma.SlicingSpec(feature_keys=[feature]) for feature in slices),
        ],
    )


def _bless(blessing: types.Artifact, model: types.Artifact, blessed: bool, component_id: str | None) -> None:
    """Mark the blessing as TFX's own Evaluator does: one empty file and the properties that the stock Pusher reads."""
    blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, model.uri)
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
    if component_id:
        blessing.set_string_custom_property("component_id", component_id)
    name = constants.BLESSED_FILE_NAME if blessed else constants.NOT_BLESSED_FILE_NAME
    value = constants.BLESSED_VALUE if blessed else constants.NOT_BLESSED_VALUE
    io_utils.write_string_file(os.path.join(blessing.uri, name), "")
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, value)
