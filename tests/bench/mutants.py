"""Mutants of Python source: one small change each, drawn by a seed; a test that can fail fails on it.

The changes are those of cosmic-ray: comparisons, `and` and `or`, arithmetic, numbers, truth values, `not`, `break`,
exceptions that are caught, loops that are left out; and of mutmut and others: a call or a `raise` that is left out.
Strings and annotations stay.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import hashlib
from collections.abc import Iterator, Sequence

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitAnd,
}
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A change of one expression or statement.

    Attributes:
        path: of the file, below the project's root.
        function: qualified name of the function or class it is in; "" for a module's top level.
        text: the line that it is on, as it is written.
        before: the expression or statement, as `ast.unparse` writes it.
        after: what stands in its place.
        first: first line of the statement that it is in.
        last: last line of that statement, or of its head where it holds others.
        number: which of the file's changes it is.
    """

    path: str
    function: str
    text: str
    before: str
    after: str
    first: int
    last: int
    number: int


def find_mutants(path: str, source: str) -> list[Mutant]:
    """Return every mutant of a file, in the order of its syntax tree."""
    found, lines = [], source.splitlines()
    for number, (scope, statement, node, changed, _) in enumerate(_find_changes(ast.parse(source))):
        inner = [
            child.lineno for block in BLOCKS for child in getattr(statement, block, []) if hasattr(child, "lineno")
        ]
        last = max(statement.lineno, min(inner) - 1) if inner else statement.end_lineno
        head = min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", []))])
        text = lines[getattr(node, "lineno", statement.lineno) - 1].strip()
        found.append(Mutant(path, scope, text, _show(node), _show(changed), head, last, number))
    return found


def mutate(source: str, mutant: Mutant) -> ast.Module:
    """Return a file's syntax tree with a mutant's change in it."""
    module = ast.parse(source)
    for number, (*_, changed, put) in enumerate(_find_changes(module)):
        if number == mutant.number:
            put(changed)
            return ast.fix_missing_locations(module)
    raise ValueError(f"{mutant.path} has {number + 1} changes; wanted: number {mutant.number}")


def draw(mutants: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """Return `count` of the mutants, each as likely as any other, in their order.

    Each is ranked by the digest of its own text and the seed, so that a change elsewhere leaves the others drawn.
    """
    seen: dict[str, int] = {}
    ranks = []
    for mutant in mutants:
        text = f"{seed} {mutant.path} {mutant.function} {mutant.before} {mutant.after}"
        seen[text] = seen.get(text, 0) + 1
        ranks.append(hashlib.sha256(f"{text} {seen[text]}".encode()).digest())
    chosen = sorted(range(len(mutants)), key=ranks.__getitem__)[:count]
    return [mutants[index] for index in sorted(chosen)]


def _show(node: ast.AST) -> str:
    text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(node)))
    head = text.strip().splitlines()[0]
    return head if head == text.strip() else f"{head} ..."


def _find_changes(module: ast.Module) -> Iterator[tuple]:
    """Yield (scope, statement, node, changed node, function that puts it there) of every change."""
    pending: list[tuple[str, ast.stmt | None, ast.AST]] = [("", None, module)]
    while pending:
        scope, statement, parent = pending.pop()
        children = []
        for field, value in ast.iter_fields(parent):
            if field in ("annotation", "returns", "type_comment"):
                continue
            for index, node in enumerate(value) if isinstance(value, list) else ((None, value),):
                if not isinstance(node, ast.AST) or _is_text(node) or _is_typing(node):
                    continue
                inside = node if isinstance(node, ast.stmt | ast.ExceptHandler) else statement
                for changed in _change(node):
                    yield scope, inside, node, changed, _make_put(parent, field, index)
                named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                children.append((f"{scope}.{node.name}".lstrip(".") if named else scope, inside, node))
        pending += reversed(children)


def _make_put(parent: ast.AST, field: str, index: int | None):
    def put(node: ast.AST) -> None:
        if index is None:
            setattr(parent, field, node)
        else:
            getattr(parent, field)[index] = node

    return put


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _change(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in a node's place."""
    match node:
        case ast.Compare(left=left, ops=operators, comparators=others):
            for place, operator in enumerate(operators):
                for other in COMPARISONS[type(operator)]:
                    yield ast.Compare(left, [*operators[:place], other(), *operators[place + 1 :]], others)
        case ast.BoolOp(op=operator, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATORS:
            yield ast.BinOp(left, OPERATORS[type(operator)](), right)
        case ast.AugAssign(target=target, op=operator, value=value) if type(operator) in OPERATORS:
            yield ast.AugAssign(target, OPERATORS[type(operator)](), value)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.If() | ast.While() | ast.IfExp() if not isinstance(node.test, ast.Compare | ast.UnaryOp | ast.BoolOp):
            changed = copy.copy(node)
            changed.test = ast.UnaryOp(ast.Not(), node.test)
            yield changed
        case ast.comprehension(ifs=[test, *rest]) if not isinstance(test, ast.Compare | ast.UnaryOp | ast.BoolOp):
            yield ast.comprehension(node.target, node.iter, [ast.UnaryOp(ast.Not(), test), *rest], node.is_async)
        case ast.For():
            changed = copy.copy(node)
            changed.iter = ast.List([], ast.Load())
            yield changed
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()
        case ast.Raise() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.ExceptHandler(type=caught) if caught is not None:
            changed = copy.copy(node)
            changed.type = ast.Name("GeneratorExit", ast.Load())
            yield changed
