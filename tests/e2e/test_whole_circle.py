"""The whole circle by the real command line: files, `tfx pipeline create`, `tfx run create`, a served version, answers.

One home for all tests of the module, in this order: each run is what the one before left to do.
"""

import csv
import fcntl
import json
import os
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tfx_ocr.pipeline import last_run
from tfx_ocr.pipeline.cli.run import LOCK
from tfx_ocr.serving import versions
from tfx_ocr.serving.review.queue import Queue

pytestmark = pytest.mark.e2e

RUNNER = str(Path(__file__).resolve().parents[2] / "pipeline" / "local_runner.py")
JUDGED = ["Evaluator", "Pusher", "Report"]


def test_the_default_run_ends_with_a_served_version_and_a_report(home):
    assert len(home.printed.splitlines()) < 80
    assert home.last["status"] == "pushed"
    assert home.versions() == [int(home.last["version"])]
    assert home.last["verdict"]["blessed"]
    assert home.last["verdict"]["n"] == 382
    assert f"version {home.last['version']}" in Path(home.last["report"]).read_text(encoding="utf-8")
    assert "gate passed: accuracy 0.9" in home.printed
    assert not (home.folder / "user" / "tfx").exists()


def test_the_evaluation_is_loaded_by_tfma(home):
    import tensorflow_model_analysis as tfma

    [evaluation] = (home.settings.folder / "pipeline" / "Evaluator" / "evaluation").iterdir()
    [(_, metrics)] = tfma.load_eval_result(str(evaluation)).slicing_metrics
    assert metrics[""][""]["accuracy"]["doubleValue"] == pytest.approx(home.last["verdict"]["metrics"]["accuracy"])


def test_the_same_again_executes_nothing_and_makes_nothing(home):
    artifacts, before = home.metadata()
    version = home.last["version"]
    printed = home.run("run", "digits")
    assert home.executed() == []
    now, after = home.metadata()
    assert now == artifacts
    assert after == before  # nothing changed: TFX is not even started
    assert "$ tfx" not in printed
    assert home.last["version"] == version
    assert home.versions() == [int(version)]
    assert "gate passed" in printed
    assert "0 of 10 steps ran" in printed


def test_without_a_memory_of_the_last_run_the_cache_says_the_same_and_a_damaged_register_is_made_anew(home, rerun):
    artifacts, before = home.metadata()
    version = home.last["version"]
    (home.settings.folder / last_run.FILE).write_text("", encoding="utf-8")
    (home.settings.tfx_home / "digits" / "pipeline_args.json").unlink()
    printed = rerun()
    assert "$ tfx pipeline create" in printed
    assert home.executed() == []
    now, after = home.metadata()
    assert now == artifacts
    assert after - before == Counter({5: len(home.last["steps"])})  # all of them cached
    assert home.last["version"] == version


def test_a_pack_holds_the_records_that_the_run_trained_on_and_executes_nothing(home, capfd):
    from tfx_ocr.components.trainer.pack import read_pack
    from tfx_ocr.pipeline import cli

    artifacts, _ = home.metadata()
    with home.entered():
        cli.app()(["pack", "digits", "--out", "digits.pack"], standalone_mode=False)
    assert "[ 5/5] Transform          unchanged" in (printed := capfd.readouterr().out)
    assert home.metadata()[0] == artifacts
    pack = read_pack(home.folder / "digits.pack")
    assert f"packed: train {pack.records['train']:,}, eval {pack.records['eval']:,} records" in printed
    [transformed] = (home.settings.folder / "pipeline" / "Transform" / "transformed_examples").iterdir()
    for split, count in pack.records.items():
        files = sorted((transformed / f"Split-{split}").iterdir())
        packed = sorted((pack.folder / split).iterdir())
        assert [file.read_bytes() for file in packed] == [file.read_bytes() for file in files]
        assert sum(1 for _ in pack.read_split(split)) == count


def test_a_damaged_served_version_is_pushed_again(home, rerun):
    [version] = home.versions()
    served = Path(home.settings.serving_dir) / str(version) / "saved_model.pb"
    served.write_bytes(served.read_bytes()[:-1])
    rerun()
    assert home.executed() == ["Pusher", "Report"]
    assert home.versions() == [version, int(home.last["version"])]
    shutil.rmtree(served.parent)


def test_evaluate_gives_the_gates_numbers_on_the_same_data(home):
    data = str(Path(home.settings.home) / "samples" / "digits")
    printed = home.run("evaluate", "digits", "--data", data, "--json", "numbers.json")
    numbers = json.loads((home.folder / "numbers.json").read_text(encoding="utf-8"))
    judged = home.last["verdict"]
    assert numbers["metrics"] == pytest.approx(judged["metrics"])
    assert (numbers["n"], numbers["split"], numbers["model"]["version"]) == (382, "test", home.last["version"])
    assert "gate passed" in printed


def test_evaluate_fails_below_the_gate(home):
    home.environment["TFX_OCR_OVERRIDES"] = "gate.at_least.accuracy=0.9999"
    data = str(Path(home.settings.home) / "samples" / "digits")
    try:
        assert "is below 0.9999" in home.run("evaluate", "digits", "--data", data, expect=1)
    finally:
        del home.environment["TFX_OCR_OVERRIDES"]


def test_a_changed_threshold_reruns_the_evaluator_and_what_follows(home, rerun):
    version = home.last["version"]
    rerun("--set", "gate.at_least.accuracy=0.5")
    assert home.executed() == JUDGED
    assert home.last["verdict"]["checks"][0]["limit"] == 0.5
    assert home.versions() == [int(version)]  # the same files are served already


def test_a_worse_model_is_refused_with_its_numbers_and_a_changed_preprocessing_reruns_transform(home, rerun):
    version = home.last["version"]
    printed = rerun("--set", "image.margin=0.3", "--set", "trainer.epochs=1", expect=1)
    assert home.executed() == ["Transform", "Trainer", "Evaluator", "InfraValidator", "Pusher", "Report"]
    assert home.last["status"] == "refused"
    worse = [check for check in home.last["verdict"]["checks"] if check["rule"] == "at_most_worse"]
    assert worse
    assert all(check["value"] < check["served"] - 0.005 for check in worse)
    assert f"worse than version {version}" in printed
    assert "accuracy" in printed
    assert "is below 0.93" in printed
    assert home.versions() == [int(version)]
    assert "Refused by the gate" in Path(home.last["report"]).read_text(encoding="utf-8")


def changes_of_the_tuned_run():
    any_seed = [f"gate.at_most_worse.{name}=1" for name in ("accuracy", "macro_f1")]  # another is judged elsewhere
    short = ("trainer.epochs=10", "tuner.units=(64,)", "tuner.trials=2", "tuner.epochs=1")
    return [word for pair in ("trainer.seed=8", *short, *any_seed) for word in ("--set", pair)]


def test_a_tuned_run_killed_in_training_goes_on_from_there_by_the_same_command(home, rerun):
    options = ["--tune", *changes_of_the_tuned_run()]
    killed = home.start("run", "digits", *options)
    before = []
    for line in killed.stdout:
        before.append(line)
        if "epoch 3/" in line:
            break
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    with (home.settings.folder / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the last of its processes is gone
    printed = rerun(*options)
    resumed = next(line for line in printed.splitlines() if "resumed after epoch" in line)
    assert int(resumed.split("epoch ")[1].split(" ")[0]) >= 3
    assert "trial 2/2" in "".join(before)
    assert "trial" not in printed
    assert "epoch 1/" not in printed
    assert home.executed()[0] == "Trainer"  # the Tuner's choice is kept
    assert home.last["status"] == "pushed"
    assert home.head() == [(128, 64), (64, 64), (64, 10)]
    assert not list((home.settings.folder / "pipeline" / "Trainer" / "checkpoints").iterdir())


def test_a_version_is_explained_rolled_back_and_not_pushed_again(home, rerun):
    older, newer = home.versions()
    shown = json.loads(home.run("show", str(newer), "--json"))
    assert (shown["version"], shown["status"], shown["compared"]["version"]) == (newer, "pushed", older)
    assert shown["recipe"]["trainer"]["seed"] == 8
    assert shown["data"]["splits"] == {"train": 1157, "eval": 258, "test": 382}
    assert shown["metrics"] == home.last["verdict"]["metrics"]
    statuses = [run["status"] for run in json.loads(home.run("runs", "digits", "--json"))]
    assert Counter(statuses) == {"pushed": 5, "refused": 1, "packed": 1, "unfinished": 1}
    image = min((Path(home.settings.home) / "samples" / "digits" / "test" / "7").iterdir())
    [seen] = json.loads(home.run("trace", str(image), "--json"))
    assert (seen["split"], seen["label"], seen["versions"][-2:]) == ("test", "7", [older, newer])  # one was removed
    assert home.run("trace", "0" * 64, expect=1).startswith("not in the examples of any run")

    assert f"the files of {older} in place of {newer}" in home.run("rollback", "digits", "--why", "crossed sevens")
    restored = home.versions()[-1]
    assert f"restores {older}: crossed sevens" in home.run("versions", "digits").splitlines()[1]
    shown = json.loads(home.run("show", str(restored), "--json"))
    assert (shown["version"], shown["restores"], shown["why"]) == (restored, older, "crossed sevens")
    printed = rerun("--tune", *changes_of_the_tuned_run(), expect=1)
    assert home.executed() == JUDGED  # in comparison with what is served now
    assert f"version {newer}, which is this model, was rolled back" in printed
    assert home.versions() == [older, newer, restored]
    home.run("rollback", "digits", "--to", str(newer))  # as it was, for the tests below


def test_bad_records_are_set_aside_and_too_many_stop_the_run(home):
    data = home.folder / "mine"
    shutil.copytree(Path(home.settings.home) / "samples" / "digits", data)
    every = sorted(data.rglob("*.png"))
    pictures = every[::4]  # few enough to be looked at whole
    for path in set(every) - set(pictures):
        path.unlink()
    for path in pictures[::10]:
        path.write_bytes(b"no picture")
    version = home.versions()
    before = home.last
    printed = home.run("run", "digits", "--data", str(data), expect=2)  # by the look at the data, before any step
    assert "not an image (such as eval/0/" in printed
    assert f"of {len(pictures)} records" in printed
    assert "max_rejected" in printed
    assert home.last == before
    assert home.versions() == version


def test_the_stock_commands_do_what_tfx_documents(home):
    register = home.settings.tfx_home / "digits" / "pipeline_args.json"
    register.write_text("{}", encoding="utf-8")
    assert 'Pipeline "digits" updated successfully.' in home.stock("pipeline", "update", f"--pipeline_path={RUNNER}")
    assert json.loads(register.read_text(encoding="utf-8")) == {
        "pipeline_name": "digits",
        "pipeline_root": home.settings.root,
        "pipeline_dsl_path": RUNNER,
    }
    assert "Pipeline compiled successfully." in home.stock("pipeline", "compile", f"--pipeline_path={RUNNER}")
    assert "digits" in home.stock("pipeline", "list").splitlines()
    assert 'Pipeline "digits" deleted successfully.' in home.stock("pipeline", "delete", "--pipeline_name=digits")
    assert not register.exists()
    assert Path(home.settings.root).exists()  # only the register knows it no more


def test_corrections_of_a_hand_are_learnt_pushed_and_found_again(home, rerun, hand):
    drawn = {f"hand/{number}.png": (label, picture) for number, (label, picture) in enumerate(hand.draw_digits(40, 1))}
    (home.folder / "hand").mkdir()
    for name, (_, picture) in drawn.items():
        (home.folder / name).write_bytes(picture)
    before = home.versions()[-1]
    rerun(*drawn, "--review", "review.sqlite", "--doubt", "1", command="predict")
    queue = Queue(home.folder / "review.sqlite")
    for reviewer in ("ann", "bob"):  # a share is for both
        while item := queue.take(reviewer):
            queue.decide(item.id, reviewer, "corrected", drawn[item.document][0])

    lenient = ("trainer.epochs=4", "gate.at_least={}", "gate.each_class_at_least={}", "gate.at_most_worse.accuracy=0.5")
    options = [word for value in (*lenient, "gate.at_most_worse.macro_f1=0.5") for word in ("--set", value)]
    printed = rerun("--queue", "review.sqlite", *options, command="retrain")
    assert "corrections: 32 to learn from, 8 held for the gate" in printed
    assert home.last["status"] == "pushed"
    verdict = home.last["verdict"]
    assert (verdict["n"], verdict["corrections"]["n"]) == (382, 8)  # the old test split is what it was
    now, then = (verdict["corrections"][name] for name in ("metrics", "served"))
    assert now["accuracy"] > then["accuracy"]
    assert f"on 8 held corrections: accuracy {now['accuracy']:.4f}, was {then['accuracy']:.4f}" in printed

    with (home.settings.folder / "retrain" / "data" / "corrections.csv").open(encoding="utf-8") as table:
        row = next(each for each in csv.DictReader(table) if each["split"] == "train")
    [seen] = json.loads(home.run("trace", row["sha256"], "--json"))  # four copies, one place
    assert seen["source"] == f"corrections/{row['reviewers']}/{row['item']}"
    assert (seen["split"], seen["label"], seen["versions"]) == ("train", row["label"], home.versions()[-1:])
    assert "0 new corrections, where 1 are needed" in rerun("--queue", "review.sqlite", command="retrain", expect=None)
    home.run("rollback", "digits", "--to", str(before))
    first = versions.read_manifest(versions.get_folder(home.settings.serving_dir, before)).restores or before
    assert f"restores {first}" in home.run("versions", "digits").splitlines()[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "digts"], "no recipe 'digts'; known: digits"),
        (["run", "digits", "--data", "nowhere"], "no data at nowhere"),
        (["run", "digits", "--network", "resnet"], "known: efficientnet_v2_b0, "),
        (["run", "digits", "--set", "trainer.epoch=3"], "no field 'epoch'"),
        (["evaluate", "digits", "--data", "nowhere"], "no folder nowhere"),
    ],
    ids=["recipe", "data", "network", "field", "evaluate"],
)
def test_bad_use_is_one_sentence_at_once(make_home, tmp_path, arguments, said):
    home = make_home(tmp_path)
    began = time.monotonic()
    printed = home.run(*arguments, expect=2)
    assert said in printed
    assert len(printed.splitlines()) == 1
    assert time.monotonic() - began < 60
    assert not (tmp_path / "work" / "digits").exists()
