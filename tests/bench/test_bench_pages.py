import pytest

CORNERS = [(10, 10), (110, 10), (110, 30), (10, 30)]
LOWER = [(10, 50), (110, 50), (110, 70), (10, 70)]


def test_lines_are_hits_of_half_their_union_and_words_are_counted_over_all_pages(tmp_path):
    import bench_pages
    import kept

    written = [
        bench_pages.Written(b"a", bench_pages.build_page([(CORNERS, "Total 9.00"), (LOWER, "Cash")])),
        bench_pages.Written(b"b", bench_pages.build_page([(CORNERS, "One")])),
    ]
    found = [[10, 10, 110, 10, 110, 25, 10, 25], [300, 50, 400, 50, 400, 70, 300, 70]]  # one by 0.75, one elsewhere
    answers = [bench_pages.Answer(["Total", "9.00", "Cash"], found), bench_pages.Answer(["one"], [])]
    readers = {"ours": lambda pictures: [answers["ab".index(picture.decode())] for picture in pictures]}
    done = kept.Kept(tmp_path / "pages")
    measured = bench_pages.measure("pages", written, readers, "python bench.py", done)
    rows = {row.measure: row.value for row in measured}
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
    receipts = bench_pages.measure("SROIE", written, readers, "python bench.py", done)
    assert {row.measure: row.value for row in receipts}["SROIE: CER, ours"] == 0  # in capitals


def test_words_of_a_line_are_divided_and_its_corners_are_kept():
    import bench_pages

    answer = bench_pages.build_answer(bench_pages.build_page([(CORNERS, "Total 9.00")]))
    assert answer.words == ["Total", "9.00"]
    [line] = answer.lines
    assert sorted(zip(line[::2], line[1::2], strict=True)) == sorted(CORNERS)


def test_a_detector_is_trained_on_receipts_by_split_and_drawn_pages_of_train_and_eval(tmp_path, monkeypatch):
    import bench_pages

    from tfx_ocr.data.page.shapes import LINE, Shape, build_features
    from tfx_ocr.data.readers import tfrecord
    from tfx_ocr.data.record import Record

    def list_receipts(split):
        shapes = [Shape(LINE, ((0.0, 0.0), (9.0, 0.0), (9.0, 3.0), (0.0, 3.0)))]
        return [Record(features=build_features(shapes, (9, 9), b"picture"), source=f"receipt/{split}", group=split)]

    monkeypatch.setattr(bench_pages, "list_receipts", list_receipts)
    monkeypatch.setattr(bench_pages, "DRAWN", 1)
    monkeypatch.setattr(bench_pages.bench_print, "HELD_OUT", ())
    fonts = [bench_pages.results.ROOT / "data" / "samples" / "fonts" / "lines" / "Mali.ttf"]
    bench_pages.write(tmp_path / "data", fonts, 2)
    data = tmp_path / "data"
    records = [record for shard in tfrecord.list_shards(data) for record in tfrecord.read(data, shard)]
    assert sorted(record.split for record in records) == ["eval", "eval", "test", "train", "train", "train"]
    assert {record.source for record in records if record.split == "test"} == {"receipt/test"}
