"""Count what the house's words forbid: docstrings without a verb, paraphrases, functions named by a noun or participle.

    python tests/words.py                        every place, by file, then the three counts
    python tests/words.py --only phrases data    one of the three, in one folder or file
    python tests/words.py --root DIR --counts    another tree: the counts per file, without the places

Only text is read: docstrings, comments and strings of Python files, prose outside code in Markdown and in the report's
templates. Code is not: `x is None` passes. Whether a word is a verb is decided by tests/verbs.txt: a rule cannot tell
"Record a run" from "Record of a run". ruff's D401 knows a few wrong verb forms and lets every noun pass.

Standard library only: `make check` runs it on every file in about a second.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

KINDS = ("docstrings", "phrases", "names")
ROOMS = ("pipeline", "components", "data", "serving")  # whose public functions are an API
TREES = (*ROOMS, "tests")
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")

# The imperatives that a docstring or a function's name may begin with, one per line. Add one that is missing, but not a
# word that is rather a noun (label, line, page, pair, batch, record, sample, number, name, request), a participle or a
# third person.
VERBS = frozenset(Path(__file__).with_name("verbs.txt").read_text(encoding="utf-8").split())
VERBS |= {f"{verb[:-3]}ise" for verb in VERBS if verb.endswith("ize")}  # as the project spells them

# First words after which a name is a question, a conversion or, in a class, a framework's callback.
PREFIXES = frozenset({"is", "has", "can", "to", "from"})
CALLBACK = "on"

# Names that are not verbs and stay: metrics by their name in the literature, and what a framework calls.
STANDARD = frozenset(
    {
        "accuracy",
        "character_error_rate",
        "word_error_rate",
        *("any", "arange", "floor", "max", "maximum", "min", "minimum", "where"),  # NumPy
        "app",  # typer's callback of the command line
        "main",  # the entry point of a script
        "run_fn",  # TFX's Trainer
        "tuner_fn",  # TFX's Tuner
        "preprocessing_fn",  # TensorFlow Transform
        "setup",  # beam.DoFn
        "teardown",  # beam.DoFn
        "call",  # keras.Layer
        "result",  # keras.Metric
        "connection_made",  # asyncio.Protocol
        "connection_lost",  # asyncio.Protocol
        "data_received",  # asyncio.Protocol
        "eof_received",  # asyncio.Protocol
        "service",  # grpc.GenericRpcHandler
        "multi_inference",  # MultiInference of TensorFlow Serving, as its other methods are named
        "Classify",  # and the rest of TensorFlow Serving's gRPC methods
        "GetModelMetadata",
        "GetModelStatus",
        "HandleReloadConfigRequest",
        "MultiInference",
        "Predict",
        "Regress",
        "Do",  # TFX's executors
    }
)

NOUNS = (
    r"batch|call|character|class|column|command|core|day|document|epoch|field|file|font|hour|image|label|limit|"
    r"line|measure|minute|model|module|network|page|part|picture|piece|process|reading|recipe|record|reference|"
    r"request|row|run|sample|second|shard|signature|split|step|syllable|task|test|version|word|writer"
)
# Ordinary English passes ("is no longer", comparisons), and so do file names, proper names and Python's None.
PHRASES = (
    re.compile(
        r"\b(?:is|are|was|were|be)\s+no\b(?!\s+(?:longer|more|less|fewer|later|earlier|sooner|better|worse|larger|"
        r"smaller|greater|higher|lower|older|newer|wider|faster|slower)\b)(?![.\-_]\w)",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:[Ii]s|[Aa]re|[Ww]as|[Ww]ere|[Bb]e|[Hh]as|[Hh]ave|[Hh]ad)\s+none\b(?![.\-_]\w)"),
    re.compile(r"\b(?:[Nn]obody|[Ss]omebody|[Ss]omeone|[Aa]nybody)\b(?!/|[.\-_]\w|\s+[A-Z])"),
    re.compile(
        r"\bno\s+one\s+(?:is|was|has|had|can|could|will|would|else|who|needs?|knows?|reads?|asks?)\b", re.IGNORECASE
    ),
    re.compile(r"\bwhat\s+(?:it\s+|they\s+|he\s+)?(?:is|are|was|were)\s+(?:asked|told)\b", re.IGNORECASE),
    re.compile(rf"\b(?:an?|one)\s+(?:{NOUNS})\s+an?\s+(?:{NOUNS})\b", re.IGNORECASE),
)


@dataclasses.dataclass(frozen=True, order=True)
class Place:
    """One thing to rewrite: of which of KINDS it is, where it stands, and the words."""

    kind: str
    path: str
    line: int
    text: str


def begins_with_verb(docstring: str) -> bool:
    """Return whether a docstring begins with an imperative of VERBS: "Count the edits", but not "Count of edits"."""
    words = docstring.split()
    if not words or words[0].rstrip(",.:").lower() not in VERBS or not words[0][0].isupper():
        return False
    return words[1:2] != ["of"]


def is_verb_name(name: str, in_class: bool = False) -> bool:
    """Return whether a function's name is a verb phrase: `read_page`, `is_tiff`; not `page`, `split_of`, `tagged`.

    Args:
        name: a public function's or method's.
        in_class: whether it is a method, which may be a callback such as `on_epoch_end`.
    """
    if name in STANDARD:
        return True
    first, *rest = name.split("_")
    if first in PREFIXES or (first == CALLBACK and in_class):
        return bool(rest)
    return first in VERBS and rest[:1] != ["of"]


def find_phrases(text: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, words) of every forbidden phrase in a text."""
    for pattern in PHRASES:
        for match in pattern.finditer(text):
            yield match.start(), " ".join(text[max(0, match.start() - 25) : match.end() + 30].split())


def read_functions(module: ast.Module) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, bool]]:
    """Yield each public function and method, and whether it is a method; not local ones, nor a private class's."""
    pending: list[tuple[ast.AST, bool]] = [(module, False)]
    while pending:
        parent, in_class = pending.pop()
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if not node.name.startswith(("_", "test_")):
                    yield node, in_class
            elif not isinstance(node, ast.ClassDef):
                pending.append((node, in_class))
            elif not node.name.startswith("_"):
                pending.append((node, True))


def is_decorated(function: ast.FunctionDef | ast.AsyncFunctionDef, *names: str) -> bool:
    """Return whether a decorator ends with one of `names`, as `functools.cached_property` and `x.setter` do."""
    decorators = [ast.unparse(decorator).partition("(")[0] for decorator in function.decorator_list]
    return any(decorator.rpartition(".")[2] in names for decorator in decorators)


def read_texts(source: str, module: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of every comment and string in Python source; comments on lines that follow are one text."""
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:  # one word is data
            yield node.lineno, node.value
    block: list[str] = []
    first, last = 0, -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if token.start[0] != last + 1:
            if block:
                yield first, "\n".join(block)
            block, first = [], token.start[0]
        block.append(token.string.lstrip("#").strip())
        last = token.start[0]
    if block:
        yield first, "\n".join(block)


def blank(text: str, *patterns: str) -> str:
    """Return a text with spaces in place of what the patterns match, so that offsets and lines stay."""
    for pattern in patterns:
        text = re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.DOTALL | re.MULTILINE)
    return text


def check_python(path: str, source: str) -> Iterator[Place]:
    """Yield all places of a Python file; names are judged in ROOMS alone, because no one imports a test's helpers."""
    module = ast.parse(source)
    for function, in_class in read_functions(module):
        is_property = is_decorated(function, "property", "cached_property", "setter", "getter", "deleter")
        docstring = ast.get_docstring(function)
        if docstring is not None and not is_property and not begins_with_verb(docstring):
            yield Place("docstrings", path, function.body[0].lineno, f"{function.name}: {docstring.splitlines()[0]}")
        is_public = path.split("/")[0] in ROOMS and not is_property
        if is_public and not is_verb_name(function.name, in_class):
            yield Place("names", path, function.lineno, function.name)
    for line, text in read_texts(source, module):
        yield from _places_of(path, line, text)


def check_prose(path: str, text: str) -> Iterator[Place]:
    """Yield the phrases of a Markdown page or a Jinja template, outside code."""
    if path.endswith(".j2"):
        text = blank(text, r"\{\{.*?\}\}", r"\{%.*?%\}")
    else:
        text = blank(text, r"^\s*```.*?^\s*```", r"`[^`\n]*`")
    yield from _places_of(path, 1, text)


def _places_of(path: str, line: int, text: str) -> Iterator[Place]:
    for offset, words in find_phrases(text):
        yield Place("phrases", path, line + text.count("\n", 0, offset), words)


def find_places(root: Path) -> list[Place]:
    """Return everything to rewrite below a project's root, sorted by kind, file and line."""
    found: list[Place] = []
    for tree in TREES:
        for file in (root / tree).rglob("*.py"):
            found += check_python(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
    pages = [root / page for page in PAGES if (root / page).is_file()]
    for file in [*pages, *(root / "docs").rglob("*.md"), *(root / "components").rglob("*.j2")]:
        found += check_prose(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
    return sorted(set(found))


def count_places(places: Iterable[Place]) -> dict[str, int]:
    """Return how many places there are of each of KINDS."""
    counted = Counter(place.kind for place in places)
    return {kind: counted[kind] for kind in KINDS}


def count_judged(root: Path) -> dict[str, int]:
    """Return how many there are to judge: docstrings of public functions, texts of Python files, public names."""
    docstrings = texts = names = 0
    for tree in TREES:
        for file in (root / tree).rglob("*.py"):
            source = file.read_text(encoding="utf-8")
            module = ast.parse(source)
            functions = [
                function
                for function, _ in read_functions(module)
                if not is_decorated(function, "property", "cached_property", "setter", "getter", "deleter")
            ]
            docstrings += sum(ast.get_docstring(function) is not None for function in functions)
            names += len(functions) if tree in ROOMS else 0
            texts += sum(1 for _ in read_texts(source, module))
    return {"docstrings": docstrings, "phrases": texts, "names": names}


def main() -> None:
    """Print the places, grouped by file, and the three counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", help="files or folders to show, relative to the root; all by default")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1], help="the tree to read")
    parser.add_argument("--only", choices=KINDS, help="one kind alone")
    parser.add_argument("--counts", action="store_true", help="counts per file in place of the places")
    options = parser.parse_args()
    places = find_places(options.root)
    if options.paths:
        wanted = tuple(Path(path).as_posix().rstrip("/") for path in options.paths)
        places = [place for place in places if any(Path(place.path).is_relative_to(path) for path in wanted)]
    if options.only:
        places = [place for place in places if place.kind == options.only]
    for path in sorted({place.path for place in places}):
        inside = [place for place in places if place.path == path]
        if options.counts:
            print(f"{path}: " + ", ".join(f"{kind} {count}" for kind, count in count_places(inside).items()))
            continue
        print(path)
        for place in sorted(inside, key=lambda place: place.line):
            print(f"  {place.line}: {place.kind}: {place.text}")
    print(", ".join(f"{kind} {count}" for kind, count in count_places(places).items()))


if __name__ == "__main__":
    sys.exit(main())
