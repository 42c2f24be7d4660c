"""Names by which one step finds what another left in its artifacts. Imports nothing, so that any step may use it."""

from __future__ import annotations

SPLITS = ("train", "eval", "test")  # of Examples, in the order of their use

REJECTED_FILE = "rejected.jsonl"  # ExampleGen, in `examples`: an object per line with `source` and `reason`
SUMMARY_FILE = "summary.json"  # likewise: see `example_gen.account.summarize`
TRAINER_FILE = "assets.extra/trainer.json"  # Trainer, in the export: the recipe's trainer part that it was made by
ROUNDING_FILE = "assets.extra/rounding.json"  # likewise: see `trainer.rounding.Rounding`
CALIBRATION_FILE = "assets.extra/calibration.json"  # Trainer, in the export: see `calibration.Calibration`
DRIFT_FILE = "drift.json"  # ExampleValidator, in `anomalies`: see `example_validator.executor`
HISTORY_FILE = "history.csv"  # Trainer, in `model_run`: a row per epoch
ANSWERS = "answers"  # Evaluator, in `evaluation`: `answers-00000-of-00001.jsonl`, see `evaluator.answers`
GATE_FILE = "gate.json"  # Evaluator, in `evaluation` and `blessing`: see `evaluator.gate.judge`
REASON_FILE = "reason.txt"  # InfraValidator, in `blessing`: why the export failed its trial
PORTABLE_FILE = "portable.json"  # likewise: see `infra_validator.parity.Parity`
