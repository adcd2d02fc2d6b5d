"""Rules of the house that a linter does not know."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from marketplace.kernel.lifecycle import Aggregate
from marketplace.wiring import CLOCKS

ROOT = Path(__file__).parents[2] / "marketplace"
SOURCES = {str(path.relative_to(ROOT)): path.read_text() for path in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(source) for name, source in SOURCES.items()}
AGGREGATES = {clock.model.__name__ for clock in CLOCKS}

LINES_MAX = 400
FUNCTION_LINES_MAX = 60
MOVER = "kernel/lifecycle.py"
CLOCK = "kernel/clock.py"
INDEX_WRITERS = {"writer.commit", "self._writer.commit"}
NOW = {"datetime.now", "datetime.utcnow", "date.today", "time.time"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|NotImplementedError)\b")
SETS_STATE = re.compile(r"\bUPDATE\b.*\bSET\b[^;]*?\bstate\s*=", re.DOTALL | re.IGNORECASE)

Function = ast.FunctionDef | ast.AsyncFunctionDef
Import = ast.Import | ast.ImportFrom


def every_node() -> Iterator[tuple[str, ast.AST]]:
    return ((name, node) for name, tree in TREES.items() for node in ast.walk(tree))


def places(breaks: Callable[[str, ast.AST], bool]) -> list[str]:
    """Where a rule is broken, for people to find it."""
    return [
        f"{name}:{getattr(node, 'lineno', 1)}: {ast.unparse(node)[:80]}"
        for name, node in every_node()
        if breaks(name, node)
    ]


def called(node: ast.AST) -> str:
    """What a call calls, as it is written; nothing for any other node."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def test_the_files_are_found() -> None:
    assert {MOVER, CLOCK, "app.py", "deals/lifecycle.py"} <= SOURCES.keys()
    assert all(issubclass(clock.model, Aggregate) for clock in CLOCKS)


def test_a_file_is_one_concept() -> None:
    sizes = {name: len(source.splitlines()) for name, source in SOURCES.items()}
    assert {name: size for name, size in sizes.items() if size > LINES_MAX} == {}


def test_a_function_fits_a_screen() -> None:
    def too_long(_: str, node: ast.AST) -> bool:
        return isinstance(node, Function) and node.end_lineno - node.lineno >= FUNCTION_LINES_MAX

    assert places(too_long) == []


def test_imports_stand_at_the_top() -> None:
    def holds_an_import(_: str, node: ast.AST) -> bool:
        inner = ast.walk(node) if isinstance(node, Function) else ()
        return any(isinstance(found, Import) for found in inner)

    assert places(holds_an_import) == []


def test_nothing_is_left_for_later() -> None:
    found = {name: UNFINISHED.findall(source) for name, source in SOURCES.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_only_the_kernel_commits() -> None:
    """The writer of the search index is no database."""

    def commits(name: str, node: ast.AST) -> bool:
        outside = not name.startswith("kernel/")
        return outside and called(node).endswith(".commit") and called(node) not in INDEX_WRITERS

    assert places(commits) == []


def test_only_a_move_changes_a_state() -> None:
    def writes(name: str, node: ast.AST) -> bool:
        return name != MOVER and (_assigns_state(node) or _passes_state(node) or _says_state(node))

    assert places(writes) == []


def _assigns_state(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "state" and not isinstance(node.ctx, ast.Load)
    return called(node) == "setattr" and "'state'" in ast.unparse(node)


def _passes_state(node: ast.AST) -> bool:
    """`Deal(state=…)`: a new aggregate is always in its initial state; or `update().values()`."""
    taken = called(node) in AGGREGATES or called(node).endswith(".values")
    given = node.keywords if isinstance(node, ast.Call) else ()
    return taken and any(keyword.arg == "state" for keyword in given)


def _says_state(node: ast.AST) -> bool:
    """In SQL."""
    text = node.value if isinstance(node, ast.Constant) else None
    return isinstance(text, str) and SETS_STATE.search(text) is not None


def test_time_comes_from_the_clock() -> None:
    assert places(lambda name, node: name != CLOCK and called(node) in NOW) == []
