"""Modules of users' own: found without importing them, and what fails is one sentence with file and line."""

import sys

import pytest

from tfx_ocr.data.own_code import check_source, find_source, is_own, list_imports, load_code


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)

    def write(**modules):
        for name, text in modules.items():
            path = tmp_path.joinpath(*name.split("__")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_source_is_found_without_importing_its_parents(folder):
    root = folder(odd_one="raise RuntimeError", pack__inner="x = 1")
    assert find_source("odd_one") == root / "odd_one.py"
    assert find_source("pack.inner") == root / "pack/inner.py"
    assert find_source("json") == find_source("json.decoder").with_name("__init__.py")
    assert [find_source(name) for name in ("nowhere", "pack.nowhere", "", "a b", "../odd_one")] == [None] * 5
    assert is_own(root / "odd_one.py")
    assert not is_own(find_source("json"))
    assert "odd_one" not in sys.modules


def test_imports_are_listed_with_their_lines(folder):
    root = folder(odd_one="import os.path\n\ndef f():\n    from json import decoder\n")
    assert list(list_imports(root / "odd_one.py")) == [("os.path", 1), ("json", 4), ("json.decoder", 4)]
    assert list(list_imports(root / "odd_one.py", at_once=True)) == [("os.path", 1)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\ndef f(:\n", r"'odd_one' cannot be imported: invalid syntax \(.*odd_one.py, line 2\)"),
        ("\nimport nothere.at_all\n", r"cannot be imported: no module named 'nothere' \(.*odd_one.py, line 2\)"),
    ],
    ids=["syntax", "import"],
)  # fmt: skip
def test_what_a_source_shows_is_told_without_importing_it(folder, text, said):
    folder(odd_one=text)
    with pytest.raises(ValueError, match=said):
        check_source("odd_one")
    assert "odd_one" not in sys.modules


def test_imports_inside_functions_may_be_missing(folder):
    folder(odd_one="import odd_two, os\ntry:\n    import nothere\nexcept ImportError:\n    pass\n", odd_two="")
    check_source("odd_one")
    with pytest.raises(ValueError, match="no module 'nothere' in the current folder or installed"):
        check_source("nothere")


def test_what_its_import_raises_is_one_sentence_with_the_line(folder):
    folder(odd_one="import odd_two\n", odd_two="x = 1\n\ny = x / 0\n")
    with pytest.raises(
        ValueError, match=r"'odd_one' cannot be imported: ZeroDivisionError: .* \(.*odd_two.py, line 3\)"
    ):
        load_code("odd_one")


def test_modules_and_functions_are_loaded(folder):
    folder(odd_one="def f():\n    return 7\n")
    assert load_code("odd_one").f() == 7
    assert load_code("odd_one:f")() == 7
    with pytest.raises(ValueError, match="'odd_one' has no function 'g'"):
        load_code("odd_one:g")
