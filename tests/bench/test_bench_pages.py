import pytest

CORNERS = [(10, 10), (110, 10), (110, 30), (10, 30)]
LOWER = [(10, 50), (110, 50), (110, 70), (10, 70)]


def test_lines_are_hits_of_half_their_union_and_words_are_counted_over_all_pages():
    import bench_pages

    written = [
        bench_pages.Written(b"a", bench_pages.build_page([(CORNERS, "Total 9.00"), (LOWER, "Cash")])),
        bench_pages.Written(b"b", bench_pages.build_page([(CORNERS, "One")])),
    ]
    found = [[10, 10, 110, 10, 110, 25, 10, 25], [300, 50, 400, 50, 400, 70, 300, 70]]  # one by 0.75, one elsewhere
    answers = [bench_pages.Answer(["Total", "9.00", "Cash"], found), bench_pages.Answer(["one"], [])]
    readers = {"ours": lambda pictures: [answers["ab".index(picture.decode())] for picture in pictures]}
    rows = {row.measure: row.value for row in bench_pages.measure("pages", written, readers, "python bench.py")}
    assert rows == pytest.approx(
        {
            "pages: lines found, precision, ours": 1 / 2,
            "pages: lines found, recall, ours": 1 / 3,
            "pages: lines found, H-mean, ours": 2 / 5,
            "pages: CER, ours": 1 / 18,  # "Total 9.00 Cash" and "One"
            "pages: WER, ours": 1 / 4,
            "pages: CER without order, ours": 1 / 16,
            "pages: WER without order, ours": 1 / 4,
            "pages: words read, F1, ours": 6 / 8,
        }
    )
    receipts = bench_pages.measure("SROIE", written, readers, "python bench.py")
    assert {row.measure: row.value for row in receipts}["SROIE: CER, ours"] == 0  # in capitals


def test_words_of_a_line_are_divided_and_its_corners_are_kept():
    import bench_pages

    answer = bench_pages.build_answer(bench_pages.build_page([(CORNERS, "Total 9.00")]))
    assert answer.words == ["Total", "9.00"]
    [line] = answer.lines
    assert sorted(zip(line[::2], line[1::2], strict=True)) == sorted(CORNERS)
