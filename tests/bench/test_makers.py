from __future__ import annotations

import gzip
from collections import Counter

import pytest

PAGE = (
    "<PcGts><Metadata><Creator>OCR-D/core 3</Creator></Metadata><Page><TextRegion>{}<TextEquiv><Unicode>A B</Unicode>"
    "</TextEquiv></TextRegion></Page></PcGts>"
)
LINE = (
    "<TextLine><Word><TextEquiv><Unicode>A</Unicode></TextEquiv></Word><TextEquiv><Unicode>A C</Unicode></TextEquiv>"
    "</TextLine>"
)
HOCR = (
    "<html><head><title>T</title><meta name='ocr-system' content='tesseract 5.3'/></head><body><div class='ocr_page'>"
    "<span class='ocrx_word'>A<b>B</b></span> C<br/>D</div></body></html>"
)
ALTO = (
    "<alto><Description><softwareName>kraken</softwareName></Description><Layout><Page><String CONTENT='A B'>"
    "<ALTERNATIVE>C</ALTERNATIVE></String><HYP CONTENT='-'/></Page></Layout></alto>"
)


@pytest.mark.parametrize(
    ("content", "maker", "nodes", "words"),
    [
        (PAGE.format(LINE), "OCR-D", 3, ["A", "A C", "A B"]),
        (HOCR, "tesseract", 4, ["AB C D"]),
        (ALTO, "kraken", 3, ["A B- C"]),
        ("<PcGts/>", "unnamed", 0, []),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_texts_and_words_of_a_file_are_counted(tmp_path, content, maker, nodes, words, pack):
    import makers

    path = tmp_path / "folder" / "a.xml"
    path.parent.mkdir()
    path.write_bytes(pack(content.encode()))
    assert makers.find_maker(path) == maker
    assert makers.count_texts(path.read_bytes()) == (nodes, [Counter(level.split()) for level in words])


def test_a_loss_that_a_count_covers_is_none(monkeypatch):
    import bench_makers

    content = HOCR.replace("C<br/>", "").encode()  # without places
    assert bench_makers.count_lost(content) == (3, 0, 2, Counter())
    monkeypatch.setattr(bench_makers, "read_words", lambda page: ([], {"reason": 1}))
    assert bench_makers.count_lost(content) == (3, 0, 1, Counter(["AB", "D"]))


def test_files_that_are_broken_on_purpose_are_not_counted(tmp_path):
    import makers

    for name in ("a.xml", "b/c.xml.gz", "b/d.html", "invalid/e.xml", "f.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in makers.list_files(tmp_path)] == ["a.xml", "c.xml.gz", "d.html"]


def test_nothing_is_lost_of_files_of_six_makers():
    import bench_makers
    import makers

    paths = makers.list_files(makers.FILES)
    assert len({makers.find_maker(path) for path in paths}) >= 6
    lost = {path.name: bench_makers.count_lost(path.read_bytes()) for path in paths}
    assert {name: words for name, (_, _, _, words) in lost.items() if words} == {}
    assert all(nodes and found for nodes, found, _, _ in lost.values())
