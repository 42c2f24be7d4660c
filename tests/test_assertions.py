"""Tests can fail: an assertion that is always true, or that is never reached, proves nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*.py"))
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
LOOPS = ast.For | ast.AsyncFor


def is_always_true(node: ast.expr) -> bool:
    """Return whether an expression is true, or true in one of its branches, whatever the code under test does."""
    match node:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return any(not isinstance(part, ast.Starred) for part in parts)
        case ast.Dict(keys=keys):
            return any(key is not None for key in keys)
        case ast.Lambda() | ast.GeneratorExp() | ast.JoinedStr():
            return True
        case ast.BoolOp(op=ast.Or(), values=parts):
            return any(map(is_always_true, parts))
        case ast.BoolOp(values=parts):
            return all(map(is_always_true, parts))
        case ast.IfExp(body=first, orelse=second):
            return is_always_true(first) or is_always_true(second)
        case ast.Compare(left=left, comparators=[right]) if not _has_call(left):
            return ast.dump(left) == ast.dump(right)  # nan and whatever a call returns anew may differ from itself
    return False


def _has_call(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Call | ast.Await | ast.NamedExpr) for part in ast.walk(node))


def find_always_true(module: ast.Module) -> Iterator[int]:
    """Yield the line of every assertion that is always true."""
    for node in ast.walk(module):
        if isinstance(node, ast.Assert) and is_always_true(node.test):
            yield node.lineno


def find_long_raises(module: ast.Module) -> Iterator[int]:
    """Yield the line of every `pytest.raises` around several statements: any of them may be what raises."""
    for node in ast.walk(module):
        if isinstance(node, ast.With | ast.AsyncWith) and len(node.body) > 1:
            yield from (node.lineno for item in node.items if _is_raises(item.context_expr))


def find_unchecked(module: ast.Module) -> Iterator[int]:
    """Yield the line of every test that asserts nothing: itself, by `numpy.testing` or in a function of its file."""
    for test, checks in _find_tests(module):
        if not checks:
            yield test.lineno


def find_unreached(module: ast.Module) -> Iterator[int]:
    """Yield the line of every test whose checks all stand in loops over what may be empty.

    A literal, a range and a constant (in capitals) are not empty; what a function returns may be.
    """
    for test, checks in _find_tests(module):
        loops = [node for node in ast.walk(test) if isinstance(node, LOOPS) and not _is_filled(node.iter)]
        inside = {id(node) for loop in loops for statement in loop.body for node in ast.walk(statement)}
        if checks and all(id(check) in inside for check in checks):
            yield test.lineno


def _find_tests(module: ast.Module) -> Iterator[tuple[FUNCTION, list[ast.AST]]]:
    functions = [node for node in ast.walk(module) if isinstance(node, FUNCTION)]
    checking = {function.name for function in functions if any(map(_is_check, ast.walk(function)))}
    for function in functions:
        if function.name.startswith("test_"):
            nodes = list(ast.walk(function))
            calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
            yield function, [*filter(_is_check, nodes), *(call for call in calls if call.func.id in checking)]


def _is_raises(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("pytest.raises", "pytest.warns")


def _is_check(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _is_raises(node) or node.func.attr.startswith("assert_")
    return isinstance(node, ast.Assert)


def _is_filled(node: ast.expr) -> bool:
    match node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return bool(parts)
        case ast.Dict(keys=keys):
            return bool(keys)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.isupper()
        case ast.Subscript(value=value):
            return _is_filled(value)
        case ast.Call(func=ast.Name(id="range")):
            return True
        case ast.Call(func=ast.Name(id="enumerate" | "sorted" | "reversed"), args=[part, *_]):
            return _is_filled(part)
        case ast.Call(func=ast.Name(id="zip"), args=parts, keywords=strict):
            return (any if strict else all)(map(_is_filled, parts))
        case ast.Call(func=ast.Attribute(value=value, attr="items" | "values" | "keys")):
            return _is_filled(value)
    return False


@pytest.mark.parametrize("find", [find_always_true, find_long_raises, find_unchecked, find_unreached])
def test_every_test_can_fail(find):
    found = {path: list(find(ast.parse((ROOT / path).read_text(encoding="utf-8")))) for path in FILES}
    assert [f"{path}:{line}" for path, lines in found.items() for line in lines] == []


@pytest.mark.parametrize(
    "test",
    ["(x, 5)", "[x]", "{1}", "{'a': x}", "1", "'text'", "f'{x}'", "lambda: x", "(y for y in x)", "x or True", "x == x",
     "x == [] if ok else ['a']", "[1] if ok else x", "1 and [x]", "x.y <= x.y"],
)  # fmt: skip
def test_an_assertion_that_is_always_true_is_found(test):
    assert list(find_always_true(ast.parse(f"\nassert {test}"))) == [2]


@pytest.mark.parametrize(
    "test",
    ["x", "x == 5", "x == []", "()", "[]", "{}", "0", "[*x]", "{**x}", "x and True", "x == (y if ok else [1])",
     "x != y", "f(x) == f(x)", "x.f() == x.f()", "not x"],
)  # fmt: skip
def test_an_assertion_that_may_be_false_is_not(test):
    assert list(find_always_true(ast.parse(f"assert {test}"))) == []


def test_raises_holds_what_raises_alone():
    one = "with pytest.raises(ValueError):\n    f()\n"
    assert list(find_long_raises(ast.parse(f"{one}with open(x):\n    f()\n    g()\n"))) == []
    assert list(find_long_raises(ast.parse(f"{one}    g()\n"))) == [1]
    assert list(find_long_raises(ast.parse("with a, pytest.raises(ValueError) as b:\n    f()\n    g()\n"))) == [1]


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("f()", [1]),
        ("for x in y:\n        f(x)", [1]),
        ("assert f()", []),
        ("np.testing.assert_array_equal(x, y)", []),
        ("with pytest.raises(ValueError):\n        f()", []),
        ("check(x)\n\ndef check(x):\n    assert x", []),
        ("check(x)\n\ndef check(x):\n    return x", [1]),
    ],
)
def test_a_test_without_a_check_is_found(body, lines):
    assert list(find_unchecked(ast.parse(f"def test_it():\n    {body}\n"))) == lines


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("for x in f():\n        assert x", [1]),
        ("for x in f().items():\n        for y in (1, 2):\n            assert x", [1]),
        ("for x in zip(A, f()):\n        assert x", [1]),
        ("for x in zip(A, f(), strict=True):\n        assert x", []),
        ("for x in f(check()):\n        assert x\n\ndef check():\n    assert x", []),
        ("for x in f():\n        assert x\n    assert f()", []),
        ("for x in (1, 2):\n        assert x", []),
        ("for x in range(3):\n        assert x", []),
        ("for x, y in enumerate(NAMES):\n        assert x", []),
        ("for x in module.NAMES['a'].items():\n        assert x", []),
        ("while f():\n        assert x", []),
        ("f()", []),
    ],
)
def test_checks_that_may_never_be_reached_are_found(body, lines):
    assert list(find_unreached(ast.parse(f"def test_it():\n    {body}\n"))) == lines
