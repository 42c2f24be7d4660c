from tfx_ocr.components.recipe import Split
from tfx_ocr.data import pretrained
from tfx_ocr.data.images import encode_png


def test_every_shipped_model_has_its_test_sets():
    import bench_forms

    sets = {recipe: bench_forms.list_sets(recipe) for recipe in pretrained.list_names()}
    assert {recipe: len(found) for recipe, found in sets.items()} == {
        "digits": 1, "hangul": 1, "invoices": 2, "lines": 2, "print": 0
    }  # fmt: skip
    for reader, folder, rule in (each for found in sets.values() for each in found):
        assert reader
        assert folder
        assert isinstance(rule, Split)


def test_only_records_of_the_test_are_read(tmp_path):
    import bench_forms

    rows = ["file,label,group"]
    for number, group in enumerate(("a", "b", "b", "c")):
        (tmp_path / f"{number}.png").write_bytes(encode_png(bytes([number] * 64), 8, 8))
        rows.append(f"{number}.png,7,{group}")
    (tmp_path / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    rule = Split(by="group", eval=0, test_groups=("b",))
    assert [record.group for record in bench_forms.read_test("labelled_csv", tmp_path, rule)] == ["b", "b"]
    assert len(list(bench_forms.read_test("labelled_csv", tmp_path, rule, most=1))) == 1
