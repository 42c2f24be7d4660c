import json

from tfx_ocr.data import align_report


def test_counts_by_field_and_a_table(tmp_path, capsys):
    lines = "0,0,9,0,9,9,0,9,BOOK SHOP.\n0,20,9,20,9,29,0,29,RM 9.00\n"
    for key, company in (("a", "Book Shop."), ("b", "BOOK-SHOP"), ("c", "Nobody At All")):
        for folder in ("box", "entities"):
            (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / "box" / f"{key}.txt").write_text(lines)
        (tmp_path / "entities" / f"{key}.txt").write_text(json.dumps({"company": company, "total": "RM9.00"}))
    (tmp_path / "box" / "d.txt").write_text(lines)
    fields, pages = align_report.count_aligned(tmp_path)
    assert fields == {
        "supplier": {"exact": 1, "normalised": 1, "not found": 1, "equal": 1, "equal normalised": 2},
        "total": {"normalised": 3, "equal": 0, "equal normalised": 3},
    }
    assert pages == {"pages": 3, "set aside": 1}
    assert align_report.main([str(tmp_path)]) == 0
    head, supplier, total, last = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["field", "pages", "exact", "normalised"]
    assert supplier.split() == ["supplier", "3", "0.333", "0.333", "0.000", "0.000", "0.000", "0.333", "0.333", "0.667"]
    assert total.split()[:4] == ["total", "3", "0.000", "1.000"]
    assert last == "3 pages, 1 set aside"


def test_a_folder_without_pages_is_refused(tmp_path, capsys):
    assert align_report.main([str(tmp_path)]) == 2
    assert "no data of a known format" in capsys.readouterr().err
