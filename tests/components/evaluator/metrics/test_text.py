"""Lines of text: error rates, exact lines, characters; jiwer is the reference for the rates."""

import jiwer
import numpy as np
import pytest

from tfx_ocr.components.evaluator.metrics import bootstrap, text, text_any_tone_spelling


def metrics(*pairs):
    return bootstrap.compute_metrics(text, pairs)


def test_the_pair_is_the_records_text_and_the_answers():
    assert text.make_pair({"label": ["Số 5".encode()]}, {"label": np.array(b"So 5")}) == ("Số 5", "So 5")


def test_metrics_are_those_worked_out_by_hand():
    # kitten -> sitting: 3 edits of 6 characters, 4 hits, 7 answered; "a b" is exact: 3 of 3
    assert metrics(("kitten", "sitting"), ("a b", "a b")) == pytest.approx(
        {
            "cer": 3 / 9,
            "wer": 1 / 3,
            "tone_mark_errors": 0,
            "digit_errors": 0,
            "exact_lines": 1 / 2,
            "kalapa_score": (1 - 1.5**3 / 6 + 1) / 2,
            "character_precision": 7 / 10,
            "character_recall": 7 / 9,
            "character_f1": 14 / 19,
        }
    )


def test_rates_are_of_all_edits_not_the_mean_of_the_lines():
    found = metrics(("a", "b"), ("abcdefghi", "abcdefghi"))
    assert found["cer"] == pytest.approx(1 / 10)
    assert found["wer"] == pytest.approx(1 / 2)


def test_white_space_and_composition_are_no_errors_but_case_is():
    assert metrics(("Hà  Nội\t", "Ha\u0300 No\u0302\u0323i"))["cer"] == 0
    assert metrics(("Hà Nội", "Ha\u0300 Nội"))["exact_lines"] == 1
    assert metrics(("Hà Nội", "hà nội"))["cer"] == pytest.approx(2 / 6)


def test_an_answer_longer_than_its_text_gives_a_rate_above_1():
    assert metrics(("a", "xyz"))["cer"] == 3


def test_an_empty_reference_costs_what_is_answered_to_it():
    assert metrics(("", "ab"), ("abcd", "abcd"))["cer"] == pytest.approx(2 / 4)
    assert metrics(("", "ab c"))["cer"] == 4  # nothing to divide by
    assert metrics(("", "ab c"))["wer"] == 2
    assert metrics(("", ""))["cer"] == 0
    assert metrics(("", " "))["exact_lines"] == 1


def test_an_empty_answer_loses_every_character():
    found = metrics(("abc d", ""))
    assert (found["cer"], found["wer"]) == (1, 1)
    assert (found["character_precision"], found["character_recall"], found["character_f1"]) == (0, 0, 0)


def test_tone_marks_and_digits_are_counted_alone():
    # ộ for ỗ is of a tone; o for ô is not; 5 for 6 is of a digit; a 1 too many too: 4 edits of 12 characters, 2 digits
    found = metrics(("ngỗ 46 ô nhà", "ngộ 45 o nhà1"))
    assert found["cer"] == pytest.approx(4 / 12)
    assert found["tone_mark_errors"] == pytest.approx(1 / 12)
    assert found["digit_errors"] == pytest.approx(2 / 2)
    assert metrics(("nhà", "nha1"))["digit_errors"] == 1  # nothing to divide by


@pytest.mark.parametrize(
    ("reference", "answer", "score"),
    [
        ("Hà Nội", "Hà Nội", 1),
        ("Hà Nội", "Ha Nội", 1 - 1.5 / 6),
        ("Hà Nội", "Ha Noi", 1 - 2.25 / 6),
        ("Hà Nội", "Ga Noi", 1 - 3.375 / 6),
        ("Hà Nội", "Xin", 0),  # 1.5 ** 6 is more than 6
        ("", "", 1),
        ("", "a", 0),
        ("a", "b" * 3000, 0),
    ],
)
def test_kalapa_score_is_the_challenges(reference, answer, score):
    assert metrics((reference, answer))["kalapa_score"] == pytest.approx(score)


def test_kalapa_score_is_the_mean_of_the_lines():
    assert metrics(("a", "b"), ("abcdefghi", "abcdefghi"))["kalapa_score"] == pytest.approx(1 / 2)


def test_old_and_new_tone_spelling_are_one_where_a_recipe_asks_for_it():
    given = {"label": ["hòa, khỏe".encode()]}, {"label": np.array("hoà, khoẻ".encode())}
    assert metrics(text.make_pair(*given))["cer"] == pytest.approx(4 / 9)
    pair = text_any_tone_spelling.make_pair(*given)
    assert pair == ("hoà, khoẻ", "hoà, khoẻ")
    assert bootstrap.compute_metrics(text_any_tone_spelling, [pair])["cer"] == 0


def test_metrics_equal_jiwers():
    generator = np.random.default_rng(0)
    letters = list("aăâbcdđeê  ")

    def line():
        return " ".join("".join(generator.choice(letters, size=generator.integers(3, 30))).split()) or "a"

    references = [line() for _ in range(200)]
    answers = [each if generator.random() < 0.3 else each[:2] + line()[:4] + each[5:] for each in references]
    answers = [" ".join(each.split()) for each in answers]
    found = metrics(*zip(references, answers, strict=True))
    characters = jiwer.process_characters(references, answers)
    assert found["cer"] == pytest.approx(characters.cer, abs=1e-12)
    assert found["wer"] == pytest.approx(jiwer.wer(references, answers), abs=1e-12)
    assert found["character_recall"] == pytest.approx(characters.hits / sum(map(len, references)), abs=1e-12)
    assert found["character_precision"] == pytest.approx(characters.hits / sum(map(len, answers)), abs=1e-12)


def test_a_text_is_no_class():
    assert text.measure_classes([("a", "b")]) == {}
    assert text.count_confusions([("a", "b")]) == {}
