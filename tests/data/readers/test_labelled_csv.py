import os
from collections import Counter
from pathlib import Path

import pytest

from tfx_ocr.data.readers import labelled_csv
from tfx_ocr.data.record import Record, Rejected

REAL = Path(os.environ.get("TFX_OCR_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))


def make(root, tables, pictures=()):
    for name, text in tables.items():
        (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    for path in pictures:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(path.encode())


def everything(root):
    return [record for shard in labelled_csv.list_shards(root) for record in labelled_csv.read(root, shard)]


def test_a_table_with_every_column(tmp_path):
    make(
        tmp_path,
        {"labels.csv": 'image,label,split,group\na.png,"Số 5, ""Hà"" Nội",validation,w07\n'},
        ["images/a.png"],
    )
    assert labelled_csv.is_supported(tmp_path)
    assert everything(tmp_path) == [
        Record(
            features={"image": b"images/a.png", "label": 'Số 5, "Hà" Nội'.encode()},
            source="a.png",
            file="images/a.png",
            group="w07",
            split="eval",
        )
    ]


@pytest.mark.parametrize(
    ("table", "style"),
    [
        ("image,label,style\na.png,x,Handwritten\n", b"handwritten"),
        ("image,label,writer\na.png,x,w1\n", b"handwritten"),
        ("image,label,font\na.png,x,Gaegu\n", b"printed"),
        ("image,label,font,style\na.png,x,Gaegu,handwritten\n", b"handwritten"),
        ("image,label,writer,style\na.png,x,w1,bold\n", None),
        ("image,label,form\na.png,x,f1\n", None),
        ("image,label\na.png,x\n", None),
    ],
)
def test_a_style_is_of_its_column_or_of_the_groups_name(tmp_path, table, style):
    make(tmp_path, {"labels.csv": table}, ["a.png"])
    (record,) = everything(tmp_path)
    assert record.features.get("style") == style


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "\ufeffImage ,Label\r\na.png,x\r\n"),
        ("t.csv", "path;text\na.png;x\n"),
        ("t.tsv", "filename\tlabel\na.png\tx\n"),
        ("t.csv", ",image,label\n0,a.png,x\n"),
        ("t.csv", "image,label\nsub\\..\\a.png, x \n"),
        ("t.csv", "sep=;\r\nimage;label\r\na.png;x\r\n"),
        ("t.csv", '"sep=\t"\r\nimage\tlabel\r\na.png\tx\r\n'),
        ("t.csv", "image|label\na.png|x\n"),
        ("t.csv", "\ufeffimage\tlabel\na.png\tx\n".encode("utf-16-le")),
        ("t.csv", "\ufeffimage,label\na.png,x\n".encode("utf-16-be")),
        ("t.csv", "filename,words\na.png,x\n"),
        ("t.csv", "Image Path,Ground-Truth\na.png,x\n"),
        ("t.csv", "# drawn by hand, 2024\n## v2\nimage,label\na.png,x\n"),
        ("t.csv", "# of a form\nsep=;\nimage;label\na.png;x\n"),
        ("t.csv", "#,image,label\n1,a.png,x\n"),
    ],
    ids=[
        *(
            "bom_crlf_case",
            "semicolons",
            "tabs",
            "index_column",
            "windows_path",
            "sep_line",
            "sep_line_quoted",
            "bars",
            "utf_16_le",
            "utf_16_be",
        ),
        *("words_column", "columns_of_two_words", "comments", "comment_and_sep_line", "numbered_rows"),
    ],
)
def test_tables_as_programs_write_them(tmp_path, name, text):
    make(tmp_path, {name: text}, ["a.png"])
    (record,) = everything(tmp_path)
    assert (record.source, record.features["label"]) == ("a.png", b"x")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "a.png,x\n"),
        ("t.csv", "x;a.png\n"),
        ("labels.txt", "a.png\tx\n"),
        ("labels.txt", "a.png x\r\n"),
        ("gt.txt", '\ufeffa.png, "x"\n'),
        ("metadata.jsonl", '{"file_name": "a.png", "text": "x", "more": null}\n\n'),
        ("labels.json", '{"a.png": "x"}'),
        ("all.json", '[{"image": "a.png", "label": "x"}]'),
        ("t.csv", "image,plate\na.png,x\n"),
        ("t.csv", ",FILENAME,IDENTITY\n0,a.png,x\n"),
        ("t.csv", "photo,reading,width\na.png,x,9\n"),
        ("t.csv", "id,label\na,x\n"),
        ("t.csv", "image,label\n/home/ann/pictures/a.png,x\n"),
    ],
    ids=[
        *("no_header", "no_header_text_first", "list_tabs", "list_spaces", "list_commas", "json_lines", "json_object"),
        *(
            "json_list",
            "another_label",
            "names_of_kaggle",
            "other_names",
            "name_without_ending",
            "path_of_another_machine",
        ),
    ],
)
def test_tables_as_people_write_them(tmp_path, name, text):
    make(tmp_path, {name: text}, ["pictures/a.png"])
    (record,) = everything(tmp_path)
    assert (record.file, record.features["label"]) == ("pictures/a.png", b"x")
    assert record.features["image"] == b"pictures/a.png"


def test_a_text_may_hold_spaces_and_commas_in_a_list(tmp_path):
    make(tmp_path, {"train.txt": "a.png Straße 7, Köln\nb c.png  2\nnothing\n"}, ["a.png", "b c.png"])
    first, second, aside = everything(tmp_path)
    assert (first.features["label"].decode(), first.split) == ("Straße 7, Köln", "train")
    assert (second.source, second.features["label"]) == ("b c.png", b"2")
    assert aside == Rejected(
        source="train.txt:3", reason="not a row: line 3 does not begin with a picture's name"
    )  # fmt: skip


def test_a_line_of_json_that_is_wrong_costs_itself_only(tmp_path):
    rows = ['{"image": "a.png", "label": "1"}', "{", "[1]", '{"label": "2"}', '{"image": "b.png", "label": 3}']
    make(tmp_path, {"l.jsonl": "\n".join(rows)}, ["a.png", "b.png"])
    found = everything(tmp_path)
    assert [record.features["label"] for record in found if isinstance(record, Record)] == [b"1", b"3"]
    assert [(record.source, record.reason) for record in found if isinstance(record, Rejected)] == [
        ("l.jsonl:2", "not a row: entry 2 is not an object"),
        ("l.jsonl:3", "not a row: entry 3 is not an object"),
        ("l.jsonl:4", "no image: the row names none"),
    ]


def test_a_picture_elsewhere_is_found_by_a_name_that_only_it_has(tmp_path):
    make(tmp_path, {"l.csv": "image,label\n1.png,1\n2.png,2\n"}, ["x/1.png", "x/2.png", "y/2.png"])
    good, aside, *left = everything(tmp_path)
    assert good.features["image"] == b"x/1.png"
    assert aside == Rejected(source="l.csv:3", reason="no image: 2.png is not in the folder")
    assert [each.source for each in left] == ["x/2.png", "y/2.png"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.txt", "About these pictures"),
        ("classes.txt", "A\nB\n"),
        ("classes.csv", "id,label\n0,A\n1,B\n"),
        ("config.json", '{"name": "x"}'),
        ("broken.json", '{"a.png": "x"'),
        ("coco.json", '{"images": [{"file_name": "a.png"}]}'),
        ("sizes.csv", "image,width,height\na.png,7,8\n"),
        ("results.csv", "image,prediction,confidence\na.png,7,0.8\n"),
        ("empty.txt", ""),
    ],
)
def test_what_is_beside_the_pictures_is_not_taken_for_a_table(tmp_path, name, text):
    make(tmp_path, {name: text}, ["a.png"])
    assert not labelled_csv.is_supported(tmp_path)


def test_of_many_columns_the_first_are_listed(tmp_path):
    make(tmp_path, {"pixels.csv": ",".join(f"p{number}" for number in range(784))})
    assert labelled_csv.list_headers(tmp_path) == {"pixels.csv": [*(f"p{n}" for n in range(8)), "776 more"]}


def test_tsv_has_no_quoting(tmp_path):
    make(tmp_path, {"t.tsv": 'image\tlabel\na.png\t"half quoted, with a comma\n'}, ["a.png"])
    assert everything(tmp_path)[0].features["label"] == b'"half quoted, with a comma'


def test_a_table_named_for_a_split_gives_it(tmp_path):
    make(tmp_path, {"train.csv": "image,label\na.png,1\n", "test.csv": "image,label\nb.png,2\n"}, ["a.png", "b.png"])
    assert [(record.source, record.split) for record in everything(tmp_path)] == [("b.png", "test"), ("a.png", "train")]


def test_the_folder_of_a_picture_names_its_split_where_the_table_does_not(tmp_path):
    make(
        tmp_path,
        {"l.csv": "image,label,split\ntrain/a.png,1,\ntest_set/b.png,2,val\n"},
        ["train/a.png", "test_set/b.png"],
    )
    assert [(record.source, record.split) for record in everything(tmp_path)] == [
        ("train/a.png", "train"),
        ("test_set/b.png", "eval"),
    ]


def test_what_is_wrong_is_set_aside_by_row_or_by_picture(tmp_path):
    rows = ["gone.png,1,", "a.png,,", ",1,", "../x.png,1,", "/etc/passwd,1,", "a.png,1,fold", "a.png,1,,2,3", "a.png,1"]
    make(tmp_path, {"l.csv": "\n".join(["image,label,split", *rows])}, ["a.png", "left/over.png"])
    *rejected, good, over = everything(tmp_path)
    assert [(record.source, record.reason.split(":")[0]) for record in rejected] == [
        ("l.csv:2", "no image"),
        ("l.csv:3", "no label"),
        ("l.csv:4", "no image"),
        ("l.csv:5", "image outside the data"),
        ("l.csv:6", "image outside the data"),
        ("l.csv:7", "unknown split"),
        ("l.csv:8", "too many cells"),
    ]
    assert good.features["label"] == b"1"
    assert over == Rejected(source="left/over.png", reason="no label: no row of the table names this picture")


def test_a_picture_has_one_label(tmp_path):
    make(tmp_path, {"a.csv": "image,label\n1.png,1\n1.png,2\n", "b.csv": "image,label\n1.png,1\n"}, ["1.png"])
    good, *rejected = everything(tmp_path)
    assert (good.source, good.features["label"]) == ("1.png", b"1")
    assert rejected == [
        Rejected(source="a.csv:3", reason="two labels: 1.png has one in a.csv:2 already"),
        Rejected(source="b.csv:2", reason="two labels: 1.png has one in a.csv:2 already"),
    ]


def test_a_name_that_no_file_can_have(tmp_path):
    make(tmp_path, {"l.csv": "image,label\na\0.png,1\n"}, [])
    assert everything(tmp_path) == [Rejected(source="l.csv:2", reason="no image: a\0.png is not in the folder")]


def test_a_quote_left_open_costs_its_own_line_only(tmp_path):
    rows = ["a.png,1", 'b.png,"2', "c.png,3", 'd.png,4"', 'e.png,"5 "6', "f.png," + 131_073 * "7", 'g.png,"8']
    make(tmp_path, {"l.csv": "\n".join(["image,label", *rows]) + "\n"}, [f"{letter}.png" for letter in "abcdefg"])
    found = everything(tmp_path)
    kept = [(record.source, record.features["label"]) for record in found if isinstance(record, Record)]
    assert kept == [("a.png", b"1"), ("c.png", b"3"), ("d.png", b'4"')]
    assert [(record.source, record.reason) for record in found if isinstance(record, Rejected)] == [
        ("l.csv:3", "not a row: a quote is left open, on line 3"),
        ("l.csv:6", "not a row: ',' expected after '\"', on line 6"),
        ("l.csv:7", "not a row: field larger than field limit (131072), on line 7"),
        ("l.csv:8", "not a row: a quote is left open, on line 8"),
        *((f"{letter}.png", "no label: no row of the table names this picture") for letter in "befg"),
    ]


@pytest.mark.parametrize("text", ["1\n2", "1,\n2, 3, 4\n5"])
def test_a_text_of_several_lines_in_quotes_is_one_row(tmp_path, text):
    make(tmp_path, {"l.csv": f'image,label,x\na.png,"{text}",\nb.png,3,\n'}, ["a.png", "b.png"])
    assert [record.features["label"] for record in everything(tmp_path)] == [text.encode(), b"3"]


def test_a_quote_that_is_closed_in_a_later_row_costs_its_own_line_only(tmp_path):
    make(tmp_path, {"l.csv": 'image,label\na.png,"1\nb.png,2"\nc.png,3\n'}, ["a.png", "b.png", "c.png"])
    kept = [record.features["label"] for record in everything(tmp_path) if isinstance(record, Record)]
    assert kept == [b'2"', b"3"]


@pytest.mark.parametrize(
    ("named", "on_disk"),
    [("h\u00e0.png", "ha\u0300.png"), ("ha\u0300.png", "h\u00e0.png"), ("IMG_1.png", "img_1.PNG")],
    ids=["decomposed_on_disk", "decomposed_in_the_table", "case"],
)
def test_a_picture_is_found_under_another_spelling_of_its_name(tmp_path, named, on_disk):
    make(tmp_path, {"l.csv": f"image,label\n{named},7\n"}, [on_disk])
    (record,) = everything(tmp_path)
    assert record.features == {"image": on_disk.encode(), "label": b"7"}


@pytest.mark.parametrize("named", ["file:///d/so%201.png", "https://a.org/so%201.png", "so%201.png"])
def test_a_picture_is_found_by_its_url(tmp_path, named):
    make(tmp_path, {"t.csv": f"image,label\n{named},x\n"}, ["so 1.png"])
    assert [record.file for record in everything(tmp_path)] == ["so 1.png"]


def test_a_name_with_a_percent_sign_is_taken_as_it_is_first(tmp_path):
    make(tmp_path, {"t.csv": "image,label\n5%25.png,x\n5%.png,y\n"}, ["5%25.png", "5%.png"])
    assert {record.file: record.features["label"] for record in everything(tmp_path)} == {
        "5%25.png": b"x",
        "5%.png": b"y",
    }


def test_the_number_of_a_word_in_a_list_is_not_its_text(tmp_path):
    pictures = ["2/7_Alpha_1042.jpg", "2/8_beta_96.jpg", "2/scan_9.jpg"]
    make(
        tmp_path, {"annotation_train.txt": "2/7_Alpha_1042.jpg 1042\n2/8_beta_96.jpg beta\n2/scan_9.jpg 9\n"}, pictures
    )
    rejected, *kept = everything(tmp_path)
    assert rejected.reason == "not a text: 1042 is the number in the picture's name, as in MJSynth's lists of words"
    assert [record.features["label"] for record in kept] == [b"beta", b"9"]


def test_a_name_that_fits_two_files_but_for_case_fits_neither(tmp_path):
    make(tmp_path, {"l.csv": "image,label\nA.png,7\n"}, ["a.png", "a.PNG"])
    assert [record.source for record in everything(tmp_path)] == ["l.csv:2", "a.PNG", "a.png"]
    assert {type(record) for record in everything(tmp_path)} == {Rejected}


def test_a_table_whose_header_cannot_be_read_is_none(tmp_path):
    make(tmp_path, {"l.csv": "image,label" + "x" * 200_000}, ["a.png"])
    assert not labelled_csv.is_supported(tmp_path)


def test_a_table_without_the_two_columns_is_not_recognised(tmp_path):
    make(tmp_path, {"l.csv": "id,price\n1,2\n", "empty.csv": ""}, ["a.png"])
    assert not labelled_csv.is_supported(tmp_path)


def test_rows_that_are_not_utf8_are_set_aside_and_the_others_read(tmp_path):
    make(tmp_path, {"l.csv": "image,label\na.png,Hà\nb.png,Ha\n".encode("latin-1")}, ["a.png", "b.png"])
    aside, good = everything(tmp_path)
    assert aside == Rejected(source="l.csv:2", reason="text is not UTF-8: save the file so")
    assert (good.source, good.features["label"]) == ("b.png", b"Ha")


def test_a_label_that_somebody_doubts_is_set_aside_with_the_note(tmp_path):
    make(
        tmp_path,
        {"l.csv": "image,syllable,writer,note\na.png,묘,w06,looks like 묜\nb.png,가,w06,\n"},
        ["a.png", "b.png"],
    )
    doubtful, good = everything(tmp_path)
    assert doubtful == Rejected(source="l.csv:2", reason="doubtful label: looks like 묜")
    assert (good.features["label"].decode(), good.group) == ("가", "w06")


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no {REAL}: TFX_OCR_DATA names the folder of real data")
def test_handwritten_syllables_are_read_by_their_own_columns():
    read = everything(REAL / "hangul_syllables")
    kept = [record for record in read if isinstance(record, Record)]
    assert (len(read), len(kept)) == (647, 627)
    assert {record.reason.split(":")[0] for record in read if isinstance(record, Rejected)} == {"doubtful label"}
    assert Counter(record.group for record in kept) == {
        "w01": 76, "w02": 76, "w03": 78, "w04": 79, "w06": 79, "w07": 80, "w08": 79, "w10": 80
    }  # fmt: skip
    assert kept[0].source == "images/w01/11.png"
    assert kept[0].features["label"].decode() == "갊"


def test_a_table_whose_first_picture_is_missing_is_read(tmp_path):
    table = "Bild,Inhalt\n" + "".join(f"{name}.png,{name}\n" for name in "abcd")
    make(tmp_path, {"t.csv": table}, ["b.png", "c.png", "d.png"])
    assert labelled_csv.is_supported(tmp_path)
    missing, *read = everything(tmp_path)
    assert missing == Rejected(source="t.csv:2", reason="no image: a.png is not in the folder")
    assert [record.features["label"] for record in read] == [b"b", b"c", b"d"]


def test_a_number_that_happens_to_be_the_name_of_a_picture_makes_no_column_of_pictures(tmp_path):
    make(tmp_path, {"writers.csv": "town,age\nHue,31\nVinh,44\nBonn,23\n"}, ["letters/23.png", "letters/9.png"])
    assert not labelled_csv.is_supported(tmp_path)
    assert labelled_csv.find_unread(tmp_path) == {"writers.csv": ""}


def test_columns_that_are_not_known_are_named(tmp_path):
    must = (
        "it must name the column of the pictures `image` (or file, filename, path, filepath ...) and that of their"
        " texts `label` (or text, syllable, labels, words ...)"
    )
    tables = {
        "three.csv": "Bild,Inhalt,Schreiber\nx.png,ab,w1\na.png,b,w2\n",
        "bare.tsv": "a.png\tone\tw1\nb.png\ttwo\tw2\n",
        "cp1252.csv": "Bild;Schrift;Größe\na.png;x;5\n".encode("cp1252"),
        "towns.csv": "town,people\nHue,455\n",
        "good.csv": "image,label\na.png,x\n",
        "notes.txt": "scans of 1998",
    }
    make(tmp_path, tables, ["a.png", "b.png"])
    assert labelled_csv.find_unread(tmp_path) == {
        "three.csv": f"its first row is Bild, Inhalt, Schreiber: {must}",
        "bare.tsv": f"its first row is a.png, one, w1: {must}",
        "cp1252.csv": "text is not UTF-8: save the file so",
        "towns.csv": "",
    }


@pytest.mark.parametrize(
    ("name", "text", "labels", "wrong"),
    [
        ("l.jsonl", '{"image": "a.png", "label": 12.50}\n{"image": "b.png", "label": 1e2}', ["12.50", "1e2"], []),
        (
            "l.jsonl",
            '{"image": "a.png"}\n{"image": "b.png", "label": "x"}',
            ["x"],
            ["no label: the row is without one"],
        ),
        (
            "l.jsonl",
            '{"image": "a.png", "label": true, "size": [9, 9]}\n{"image": "b.png", "label": "x", "size": [9, 9]}',
            ["x"],
            ["not a text: the label is true"],
        ),
        ("l.json", '[{"image": "a.png", "label": ["x"]}]', [], ['not a text: the label is ["x"]']),
        ("l.json", '{"a.png": "x", "b.png": {"text": "y"}}', ["x"], ['not a text: the label is {"text": "y"}']),
        ("l.jsonl", '{"image": {"path": "a.png"}, "label": "x"}', [], ['not a text: the image is {"path": "a.png"}']),
        ("l.txt", 'a.png\t[{"transcription": "x"}]', [], ['not a text: the label is [{"transcription": "x"}]']),
        ("l.csv", 'image,label\na.png,"{""gt"": ""x""}"\n', [], ['not a text: the label is {"gt": "x"}']),
        ("l.csv", "image,label\na.png,[12]\nb.png,{x}\n", ["[12]", "{x}"], []),
        ("l.csv", 'image,label\na.png,"=""00123"""\nb.png,=A1\n', ["00123", "=A1"], []),
        ("l.csv", "image,label\na.png,true\nb.png,NaN\n", ["true", "NaN"], []),
    ],
    ids=[
        *("numbers", "first_without_a_label", "true", "list", "object", "picture_in_an_object", "list_of_objects"),
        *("object_in_a_cell", "brackets", "text_of_a_spreadsheet", "words"),
    ],
)
def test_a_label_is_a_text_as_it_is_written(tmp_path, name, text, labels, wrong):
    make(tmp_path, {name: text}, ["a.png", "b.png"])
    found = everything(tmp_path)
    assert [record.features["label"].decode() for record in found if isinstance(record, Record)] == labels
    aside = [record for record in found if isinstance(record, Rejected)]
    assert [record.reason for record in aside if not record.source.endswith(".png")] == wrong


@pytest.mark.parametrize(
    ("table", "splits"),
    [
        ("pixels,image,label,Usage\n1,a.png,x,Training\n2,b.png,y,PublicTest\n", ["train", "test"]),
        ("image,reading,set\na.png,x,train\nb.png,y,val\n", ["train", "eval"]),
        ("image,label,remark\na.png,x,test page\nb.png,y,\n", ["", ""]),
        ("image,reading\na.png,train\nb.png,test\n", ["", ""]),
    ],
    ids=["usage", "set", "remark", "texts_that_are_splits"],
)
def test_a_column_that_names_a_split_in_every_row_states_it(tmp_path, table, splits):
    make(tmp_path, {"l.csv": table}, ["a.png", "b.png"])
    assert [record.split for record in everything(tmp_path)] == splits


def test_a_split_in_a_later_row_that_is_none_costs_that_row_only(tmp_path):
    rows = [f"{number}.png,x,train" for number in range(30)] + ["30.png,x,extra"]
    make(tmp_path, {"l.csv": "\n".join(["image,label,usage", *rows])}, [f"{number}.png" for number in range(31)])
    *kept, aside = everything(tmp_path)
    assert {record.split for record in kept} == {"train"}
    assert aside.reason.startswith("unknown split: 'extra'")


def test_of_pictures_of_one_name_that_in_the_folder_of_the_split_counts(tmp_path):
    tables = {"train.csv": "image,label\n1.png,x\n2.png,y\n", "test.csv": "id,label\n1,z\n"}
    make(tmp_path, tables, ["train/1.png", "test/1.png", "test/2.png", "train/2.png", "2/2.png"])
    found = [(record.file, record.features["label"], record.split) for record in everything(tmp_path)[:3]]
    assert found == [("test/1.png", b"z", "test"), ("train/1.png", b"x", "train"), ("train/2.png", b"y", "train")]


def test_two_rows_of_a_picture_that_is_missing_have_no_image(tmp_path):
    make(tmp_path, {"l.csv": "image,label\ngone.png,1\ngone.png,2\n"})
    assert {record.reason for record in everything(tmp_path)} == {"no image: gone.png is not in the folder"}


def test_empty_cells_behind_a_row_are_a_spreadsheets(tmp_path):
    make(tmp_path, {"l.csv": "image,label\na.png,x,,\nb.png,y,z,\n"}, ["a.png", "b.png"])
    good, aside = everything(tmp_path)
    assert good.features["label"] == b"x"
    assert aside.reason == "too many cells: 4 under a header of 2; quote a text with commas"


def test_a_table_of_boxes_labels_pictures_of_one_box_only(tmp_path):
    rows = ["a.png,7,1,1,9,9", "a.png,4,20,1,29,9", "b.png,4,1,1,9,9", "gone.png,4,1,1,9,9", "gone.png,4,1,1,9,9"]
    table = "\n".join(["filename,class,xmin,ymin,xmax,ymax", *rows])
    make(tmp_path, {"_annotations.csv": table}, ["a.png", "b.png"])
    first, second, good, *missing = everything(tmp_path)
    said = "several boxes: the table labels parts of a.png, not all of it"
    assert [first.reason, second.reason, good.features["label"]] == [said, said, b"4"]
    assert {record.reason for record in missing} == {"no image: gone.png is not in the folder"}


def test_kaggles_sample_of_answers_is_no_table_of_labels(tmp_path):
    tables = {"train.csv": "image,label\n1.png,x\n", "sample_submission.csv": "image,label\n2.png,0\n"}
    make(tmp_path, tables, ["train/1.png", "test/2.png"])
    good, aside = everything(tmp_path)
    assert (good.features["label"], aside.reason) == (b"x", "no label: no row of the table names this picture")


def test_rows_with_pictures_past_a_short_header_are_set_aside(tmp_path):
    make(tmp_path, {"labels.csv": "label\nA,a.png\nB,b.png\n"}, ["a.png", "b.png"])
    reasons = [record.reason for record in everything(tmp_path)]
    assert reasons[:2] == ["too many cells: 2 under a header of 1; quote a text with commas"] * 2
