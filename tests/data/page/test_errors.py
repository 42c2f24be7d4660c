import pytest

from tfx_ocr.data.page.errors import Errors, add_errors, count_errors


def test_what_is_read_right_has_no_errors():
    errors = count_errors(["AB", "C"], ["AB", "C"])
    assert errors == Errors(characters=4, letters=3, words=2, answered=2, edits=0, word_edits=0, free_edits=0, hits=2)
    assert errors.compute_rates() == {
        "cer": 0, "wer": 0, "cer_without_order": 0, "wer_without_order": 0, "words_f1": 1,
    }  # fmt: skip


def test_columns_in_the_wrong_order_are_errors_only_where_order_counts():
    rates = count_errors(["aa", "bb", "cc", "dd"], ["cc", "dd", "aa", "bb"]).compute_rates()
    assert rates["cer"] > 0.5
    assert rates["wer"] == 1.0  # two words moved: two deletions and two insertions, or four others
    assert (rates["cer_without_order"], rates["wer_without_order"], rates["words_f1"]) == (0, 0, 1)


def test_without_order_a_misread_word_stands_for_the_one_that_saves_most():
    # "tota1" for "total" is 1 edit; then "x" is left for "cash": 4 edits
    errors = count_errors(["cash", "total"], ["tota1", "x"])
    assert (errors.free_edits, errors.hits) == (5, 0)


@pytest.mark.parametrize(
    ("reference", "answer", "free_edits", "rates"),
    [
        (["ab", "c"], [], 3, {"cer": 1.0, "wer": 1.0, "cer_without_order": 1.0, "wer_without_order": 1.0}),
        ([], ["ab"], 2, {"cer": 2.0, "wer": 1.0, "cer_without_order": 2.0, "wer_without_order": 1.0}),
        ([], [], 0, {"cer": 0, "wer": 0, "cer_without_order": 0, "wer_without_order": 0, "words_f1": 1.0}),
        # a word twice in the answer is an insertion: " a" of three characters, one word of two
        (["a", "b"], ["a", "a", "b"], 1, {"cer": 2 / 3, "wer": 0.5, "wer_without_order": 0.5, "words_f1": 0.8}),
    ],
    ids=["nothing_read", "nothing_written", "neither", "twice"],
)
def test_missing_and_additional_words(reference, answer, free_edits, rates):
    errors = count_errors(reference, answer)
    assert errors.free_edits == free_edits
    found = errors.compute_rates()
    assert {name: found[name] for name in rates} == pytest.approx(rates)


def test_rates_of_several_pages_are_of_their_sums():
    # 1 edit in 1 character and none in 9
    pages = [count_errors(["a"], ["b"]), count_errors(["abcdefghi"], ["abcdefghi"])]
    assert add_errors(pages).compute_rates()["cer"] == pytest.approx(0.1)
    with pytest.raises(ValueError, match="pages is empty"):
        add_errors([])
