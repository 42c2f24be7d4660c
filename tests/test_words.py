"""The house's words: what tests/words.py counts may only get fewer, and that it counts what it should."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Places that remain to be rewritten: lower a number with every file put right, until all are 0.
CEILINGS = {"docstrings": 0, "phrases": 0, "names": 0}


@pytest.fixture
def words(monkeypatch):
    """Import tests/words.py as the script beside this file."""
    monkeypatch.syspath_prepend(str(ROOT / "tests"))
    monkeypatch.delitem(sys.modules, "words", raising=False)
    import words

    yield words
    del sys.modules["words"]


def uncut(text: str) -> str:
    """Return a text without its bars, which keep an example here from being counted itself."""
    return text.replace("|", "")


def test_there_is_less_to_rewrite_than_before(words):
    counts = words.count_places(words.find_places(ROOT))
    assert {kind: count for kind, count in counts.items() if count > CEILINGS[kind]} == {}, (
        "more places than the ceiling allows; python tests/words.py lists them"
    )


def test_verbs_are_sorted_and_there_once():
    verbs = (ROOT / "tests" / "verbs.txt").read_text(encoding="utf-8").split()
    assert verbs == sorted(set(verbs))


@pytest.mark.parametrize(
    "docstring",
    ["Return the page.", "Read, judge and write.", "Count the edits of a line.", "Recognise a line.", "Yield: rows."],
)
def test_an_imperative_is_a_verb(words, docstring):
    assert words.begins_with_verb(docstring)


@pytest.mark.parametrize(
    "docstring",
    [
        "",
        "The page.",
        "Returns the page.",
        "Returned pages.",
        "Returning",
        "Count of edits",
        "Label of a line.",
        "`read`",
    ],
    ids=["empty", "article", "third_person", "participle", "gerund", "noun_of", "noun", "code"],
)
def test_anything_else_is_not(words, docstring):
    assert not words.begins_with_verb(docstring)


@pytest.mark.parametrize(
    "name", ["read", "read_page", "is_tiff", "has_words", "can_serve", "to_png", "from_json", "accuracy", "main", "Do"]
)
def test_a_verb_names_a_function(words, name):
    assert words.is_verb_name(name)


@pytest.mark.parametrize(
    "name",
    ["page", "checked", "chosen_model", "recognises", "split_of", "is", "to", "on_white", "why_not"],
)
def test_a_noun_or_a_participle_does_not(words, name):
    assert not words.is_verb_name(name)


def test_a_callback_is_named_by_its_framework_in_a_class_alone(words):
    assert words.is_verb_name("on_epoch_end", in_class=True)
    assert not words.is_verb_name("on_epoch_end")


@pytest.mark.parametrize(
    "text",
    [
        "there is| no flag --port",
        "bytes that are| no\npicture",
        "'x' is| none of 0 to 9",
        "there are| none",
        "the page has| none",
        "what no|body annotated",
        "Some|body found it",
        "no one| knows",
        "what is| asked about",
        "what it was| told",
        "A line a| step, from the launcher",
        "Yield a record a| page.",
    ],
)
def test_a_paraphrase_is_found(words, text):
    assert len(list(words.find_phrases(uncut(text)))) == 1
    assert list(words.find_phrases(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "None where it is None",
        "which is no longer served",
        "is no more than 2",
        "nobody.png, nobody/ and nobody-2",
        "Nobody Atall Ltd",
        "Không có, no nê",
        "asked for a page",
        "give a page to a reader",
        "one line per step",
    ],
)
def test_ordinary_english_names_and_other_languages_pass(words, text):
    assert list(words.find_phrases(text)) == []


SOURCE = '''"""What the file| is: no|body reads it."""

# one that is|
# no page
NAME = "is| none of these, " "no|body"  # and are| none


class Page:
    """A page; a class may begin so."""

    @property
    def width(self):
        """Width in pixels; a property may, too."""

    @functools.cached_property
    def area(self):
        """Area in pixels."""

    @width.setter
    def width(self, value):
        """Width, set."""

    def lines(self):
        """Lines of the page."""

    def on_epoch_end(self):
        """Count, now."""

        def local():
            """A local function is its own affair."""

    def _hidden(self):
        """So is a private one."""


class _Private:
    def lines(self):
        """And a private class."""


async def read(path):
    """Read, if it is None, no|body."""
    return path is None


def checked(path): ...


def test_reading():
    """What a test shows is its name."""
'''


def test_a_python_file_is_read_for_its_text_alone(words):
    places = sorted(words.check_python("data/page.py", uncut(SOURCE)), key=lambda place: (place.kind, place.line))
    assert [(place.kind, place.line, place.text.split(":")[0]) for place in places if place.kind != "phrases"] == [
        ("docstrings", 24, "lines"),
        ("names", 23, "lines"),
        ("names", 46, "checked"),
    ]
    assert [place.line for place in places if place.kind == "phrases"] == [1, 3, 5, 5, 5, 42]


def test_names_are_judged_where_they_are_an_api(words):
    assert [place.kind for place in words.check_python("tests/test_page.py", "def page(): ...\n")] == []
    assert [place.kind for place in words.check_python("serving/page.py", "def page(): ...\n")] == ["names"]


def test_a_page_is_read_outside_code(words):
    text = uncut("# A page\n\nThere is| no limit.\n\n```console\n$ there is| no flag\n```\n\nThe `is| no` of it\n")
    assert [(place.kind, place.line) for place in words.check_prose("docs/a.md", text)] == [("phrases", 3)]


def test_a_template_is_read_outside_its_tags(words):
    text = uncut("{% if x is| none %}\n<p>There is| none: {{ y or 'no|body' }}</p>\n{% endif %}\n")
    assert [(place.kind, place.line) for place in words.check_prose("a.html.j2", text)] == [("phrases", 2)]


def test_a_tree_is_read_by_file_and_counted(words, tmp_path):
    for path, text in {
        "data/a.py": 'def page():\n    """Page."""\n',
        "tests/test_a.py": "# no|body\n",
        "docs/more/b.md": "there is| no\n",
        "components/report/c.html.j2": "are| none",
        "README.md": "no|body",
        "notes.md": "no|body",
        "work/d.py": "# no|body\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(uncut(text))
    places = words.find_places(tmp_path)
    assert [(place.kind, place.path, place.line) for place in places] == [
        ("docstrings", "data/a.py", 2),
        ("names", "data/a.py", 1),
        ("phrases", "README.md", 1),
        ("phrases", "components/report/c.html.j2", 1),
        ("phrases", "docs/more/b.md", 1),
        ("phrases", "tests/test_a.py", 1),
    ]
    assert words.count_places(places) == {"docstrings": 1, "phrases": 4, "names": 1}
    assert words.count_judged(tmp_path) == {"docstrings": 1, "phrases": 1, "names": 1}


def test_the_command_groups_by_file_and_counts(words, tmp_path, monkeypatch, capsys):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.py").write_text('def page():\n    """Page."""\n')
    monkeypatch.setattr(sys, "argv", ["words.py", "--root", str(tmp_path)])
    words.main()
    assert capsys.readouterr().out == (
        "data/a.py\n  1: names: page\n  2: docstrings: page: Page.\ndocstrings 1, phrases 0, names 1\n"
    )
    monkeypatch.setattr(sys, "argv", ["words.py", "--root", str(tmp_path), "--counts", "--only", "names", "data"])
    words.main()
    assert capsys.readouterr().out == (
        "data/a.py: docstrings 0, phrases 0, names 1\ndocstrings 0, phrases 0, names 1\n"
    )
