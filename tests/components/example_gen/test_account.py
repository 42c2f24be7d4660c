import pytest

from tfx_ocr.components.example_gen import account
from tfx_ocr.components.recipe import Examples, Split
from tfx_ocr.data.alphabets import digits, latin
from tfx_ocr.data.alphabets.inline import Characters

COUNTS = [(("train", "0"), 5), (("train", "1"), 3), (("eval", "1"), 1), (("train", "0"), 2), (("test", "0"), 1)]
SURVEY = [
    *[(("left_out", "margin"), 2), (("left_out", "no box"), 1), (("left_out", "no box"), 2)],
    *[(("given", '["test", "testing"]'), 4), (("given", '["train", ""]'), 4), (("given", '["test", "testing"]'), 1)],
    (("changed", "turned"), 3),
]
REJECTED = [
    ("a.png", "not an image: none of PNG, JPEG"),
    ("b.png", "unknown label: 'x' is not among 0 to 1"),
    ("c.png", "unknown label: 'y' is not among 0 to 1"),
]
RULE = Examples(readers=("image_folder",), max_rejected=0.2, split=Split(by="group"))


def made(counts=COUNTS, rejected=REJECTED):
    return account.summarize("image_folder", counts, rejected, ("0", "1"))


def test_the_summary_adds_up():
    assert made(COUNTS + SURVEY) == {
        "reader": "image_folder",
        "records": 15,
        "splits": {"train": 10, "eval": 1, "test": 1},
        "labels": {"train": {"0": 7, "1": 3}, "eval": {"0": 0, "1": 1}, "test": {"0": 1, "1": 0}},
        "rejected": {"unknown label": 2, "not an image": 1},
        "left_out": {"no box": 3, "margin": 2},
        "changed": {"turned": 3},
        "synthetic": 0,
        "given": {"train": [""], "test": ["testing"]},
    }
    assert list(made()["rejected"]) == ["unknown label", "not an image"]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "splits: train, eval, test drawn"),
        (
            {"train": ["training"], "test": ["testing"]},
            "splits: train from training, test from testing, eval drawn from train",
        ),
        ({"test": ["a", "b", "c", "d", "e"]}, "splits: test from a, b, c and 2 more, train, eval drawn"),
        ({"eval": [""]}, "splits: eval from a column, train, test drawn"),
    ],
)
def test_a_line_says_which_splits_were_taken_from_where(given, line):
    assert account.describe_splits({**made(), "given": given}) == line


def test_the_line_says_what_was_changed():
    assert account.describe_splits(made(COUNTS + SURVEY)).endswith("eval drawn from train; turned (3 pictures)")


def test_the_line_says_what_was_added():
    summary = account.summarize("tfrecord", COUNTS, [], (), 2000)
    assert account.describe_splits(summary) == (
        "splits: train, eval, test drawn; 2,000 synthetic lines added to train"
    )  # fmt: skip


def test_labels_that_are_no_classes_are_not_listed():
    assert account.summarize("tfrecord", COUNTS, [], ())["labels"] == {}


def test_the_limit_itself_is_allowed():
    assert account.explain_refusal(made(), REJECTED, RULE, "data", "list", "digits") is None  # 3 of 15 is 0.2


def test_too_many_set_aside_stop_the_run_in_one_sentence():
    rejected = [*REJECTED, ("d.png", "empty file: it holds no bytes"), ("e.png", "too large: 9 x 9 pixels")]
    assert account.explain_refusal(
        made(rejected=rejected), rejected, RULE, "data", "root/rejected/7.jsonl", "digits"
    ) == (
        "5 of 17 records in data are set aside, 29.4% where at most 20.0% are allowed: 2 unknown label (such as "
        "b.png), 1 not an image (such as a.png), 1 empty file (such as d.png), and more; outside the alphabet: 'x' in "
        "1, 'y' in 1; all are listed in root/rejected/7.jsonl: mend or remove them, or raise examples.max_rejected in "
        "the recipe, or make a recipe whose alphabet has them: tfx-ocr new NAME --data data"
    )


def reject(find_problem, *labels):
    return [(f"{place}.png", find_problem(label)) for place, label in enumerate(labels)]


def test_letters_outside_the_alphabet_are_counted_by_the_labels_that_have_them():
    rejected = [
        *reject(latin.find_problem, "Москва", "око", '5\' "к"'),
        *reject(digits.find_problem, "A", "A", "AB"),
        ("e.png", "empty file: it holds no bytes"),
    ]
    counts = account.count_unknown(rejected)
    assert counts == {"о": 2, "к": 3, "М": 1, "с": 1, "в": 1, "а": 1, "A": 2, "AB": 1}
    quotes = reject(Characters(characters="abc").find_problem, "a'", 'b"', "c'\"\\\n")
    assert account.count_unknown(quotes) == {"'": 2, '"': 2, "\\": 1, "\n": 1}


def test_the_commonest_letters_outside_the_alphabet_are_named():
    rejected = reject(latin.find_problem, *"абвгдежзийкл", "л")
    named = account.describe_unknown(rejected)
    assert named.startswith("'л' in 2, 'а' in 1, ")
    assert named.endswith("'и' in 1 and 2 more")
    assert account.describe_unknown(REJECTED[:1]) == ""


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (
            [(("train", "0"), 9)],
            "no records for eval and test in data (9 for train, 0 for eval, 0 for test; split by group)",
        ),
        (
            [(("train", "0"), 9), (("eval", "0"), 1)],
            "no records for test in data (9 for train, 1 for eval, 0 for test;",
        ),
    ],
)
def test_an_empty_split_stops_the_run(counts, sentence):
    assert account.explain_refusal(made(counts, []), [], RULE, "data", "list", "digits").startswith(sentence)


def test_no_records_at_all_stop_the_run():
    assert account.explain_refusal(made([], []), [], RULE, "data", "list", "digits").startswith(
        "no records in data, which looks like"
    )


@pytest.mark.parametrize(
    ("rejected", "sentence"),
    [
        (
            [(f"{label}.png", f"unknown label: '{label}' is not one of 0 to 9") for label in "ABBCD"],
            "5 of 5 labels are not in the alphabet of `digits` ('B' in 2, 'A' in 1, 'C' in 1, 'D' in 1): "
            "make a recipe of your own: tfx-ocr new NAME --data data",
        ),
        (
            [("a.png", "not an image: none of PNG"), ("b.png", "not an image: none of PNG")],
            "all 2 records in data are set aside: 2 not an image (such as a.png): give other data",
        ),
    ],
    ids=["labels", "pictures"],
)
def test_where_everything_is_wrong_no_limit_is_to_be_raised(rejected, sentence):
    assert account.explain_refusal(made([], rejected), rejected, RULE, "data", "list", "digits") == sentence
