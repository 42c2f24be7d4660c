from __future__ import annotations

import ast

import pytest


def changes(source: str) -> list[tuple[str, str]]:
    """Return (before, after) of every mutant of a source."""
    import mutants

    return [(mutant.before, mutant.after) for mutant in mutants.find_mutants("a.py", source)]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("x = a < b", [("a < b", "a <= b"), ("a < b", "a >= b")]),
        ("x = a == b", [("a == b", "a != b")]),
        ("x = a in b is c", [("a in b is c", "a not in b is c"), ("a in b is c", "a in b is not c")]),
        ("x = a and b", [("a and b", "a or b")]),
        ("x = a % b", [("a % b", "a // b")]),
        ("x += a", [("x += a", "x -= a")]),
        ("x = not a", [("not a", "a")]),
        ("x = -a", [("-a", "a")]),
        ("x = 3", [("3", "4"), ("3", "2")]),
        ("x = 0.5", [("0.5", "1.5"), ("0.5", "-0.5")]),
        ("x = True", [("True", "False")]),
        ("if a: x", [("if a: ...", "if not a: ...")]),
        ("x = a if b else c", [("a if b else c", "a if not b else c")]),
        ("[x for x in y if x]", [("for x in y if x", "for x in y if not x")]),
        ("for x in y: z", [("for x in y: ...", "for x in []: ...")]),
        ("while a:\n  break", [("while a: ...", "while not a: ..."), ("break", "continue")]),
        ("f()", [("f()", "pass")]),
        ("raise a", [("raise a", "pass")]),
        ("try: x\nexcept a: y", [("except a: ...", "except GeneratorExit: ...")]),
        ("'text'\nx = 'text'\nx: a | b\ndef f(x: a | b) -> a | b: '''text'''", []),
        ("if TYPE_CHECKING:\n  f(1)", []),
    ],
)
def test_every_kind_of_change(source, found):
    assert changes(source) == found


SOURCE = """
class A:
    n: int = 1

    @cache
    def f(self, x,
          y=2):
        if (x and
                y):
            return x
        return y
"""


def test_a_mutant_knows_its_function_and_its_statements_lines():
    import mutants

    found = mutants.find_mutants("a.py", SOURCE)
    assert [(mutant.before, mutant.function, mutant.first, mutant.last) for mutant in found] == [
        ("1", "A", 3, 3),
        ("1", "A", 3, 3),
        ("2", "A.f", 5, 7),
        ("2", "A.f", 5, 7),
        ("x and y", "A.f", 8, 9),
    ]
    assert [mutant.number for mutant in found] == [0, 1, 2, 3, 4]


def test_a_mutant_is_one_change_of_the_file():
    import mutants

    found = mutants.find_mutants("a.py", SOURCE)
    assert ast.unparse(mutants.mutate(SOURCE, found[4])) == ast.unparse(ast.parse(SOURCE.replace("and", "or")))
    assert ast.unparse(mutants.mutate(SOURCE, found[0])) == ast.unparse(ast.parse(SOURCE.replace("= 1", "= 2")))
    compile(mutants.mutate(SOURCE, found[1]), "a.py", "exec")


def test_the_seed_draws():
    import mutants

    found = mutants.find_mutants("a.py", "\n".join(f"x = {number}" for number in range(500)))
    drawn = mutants.draw(found, 300, 0)
    assert len(drawn) == len(set(drawn)) == 300
    assert drawn == mutants.draw(found, 300, 0) == sorted(drawn, key=lambda mutant: mutant.number)
    assert drawn != mutants.draw(found, 300, 1)
    assert mutants.draw(found[:5], 300, 0) == found[:5]


def test_a_change_elsewhere_leaves_the_others_drawn():
    import mutants

    lines = [f"x = {number}" for number in range(500)]
    before, after = (
        {(mutant.before, mutant.after) for mutant in mutants.draw(mutants.find_mutants("a.py", source), 300, 0)}
        for source in ("\n".join(lines), "\n".join(["y = -1.5", "x = 7", *lines[1:]]))
    )
    assert len(before & after) >= 295
