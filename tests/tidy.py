"""Machine-check the rules a reviewer would otherwise have to remember.

What is checked, and why:

* *purity*: ``statemachine`` knows no clock, socket, disk, randomness, float or global state, so
  that two machines cannot disagree;
* *direction*: imports point one way, so that the rules never learn about what surrounds them,
  and nor does what the follower derives about what the sequencer made; and no module needs,
  by whatever way round, itself;
* *one way*: a balance changes in one place, where a loan cannot be overlooked;
* *size*: a module has one idea, a function fits a screen;
* *honesty*: no ``assert`` in shipped code (it vanishes under ``-O``), no silenced check without a
  reason beside it, nothing postponed in a comment;
* *vocabulary*: modules are nouns of the field.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
SHIPPED: Final = ("statemachine", "prover", "node", "devnet", "sextant", "bench")
FUNCTION_LINES_MAX: Final = 70
MODULE_LINES_MAX: Final = 400
LINE_CHARS_MAX: Final = 100

# What the rules may import: their own package, and what has no state and no surroundings.
PURE_IMPORTS: Final = frozenset(
    {"__future__", "abc", "bisect", "collections", "dataclasses", "enum", "functools", "hashlib"}
    | {"heapq", "itertools", "operator", "statemachine", "struct", "typing"}
    | {"Crypto", "coincurve", "msgpack", "mypy_extensions", "sha3"}
)
FORBIDDEN_CALLS: Final = frozenset(
    {"float", "hash", "id", "round", "open", "input", "print", "exec", "eval", "globals", "setattr"}
)
# Who may import whom.  A package always may import itself.
IMPORTS_ALLOWED: Final = {
    "statemachine": frozenset[str](),
    "prover": frozenset({"statemachine"}),
    "node": frozenset({"statemachine", "prover", "proto"}),
    "devnet": frozenset({"statemachine", "prover", "node", "proto", "sextant"}),
    "sextant": frozenset({"statemachine", "prover", "proto"}),
    "bench": frozenset({"statemachine", "prover", "node", "proto", "sextant", "devnet"}),
}
INTERNAL: Final = frozenset(IMPORTS_ALLOWED) | {"proto"}
# Which folder of the node may import which.  What lies beside them puts them together.
ROOMS_ALLOWED: Final = {
    "l1": frozenset[str](),
    "storage": frozenset[str](),
    "process": frozenset({"settings"}),
    "ledger": frozenset({"l1", "storage"}),
    "sequencing": frozenset({"l1", "storage", "process", "ledger"}),
    "derivation": frozenset({"l1", "storage", "process", "ledger"}),
    "posting": frozenset({"l1", "storage", "process", "ledger", "derivation"}),
    "service": frozenset({"l1", "storage", "process", "ledger", "settings"}),
}
# The only modules that may assign a portfolio's balance: all others credit it.
BALANCE_MODULES: Final = frozenset(
    {"statemachine/records/portfolios.py", "statemachine/risk/balances.py"}
)
VAGUE_NAMES: Final = frozenset({"utils", "util", "helper", "helpers", "manager", "data", "misc"})
POSTPONED: Final = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b")
SILENCED: Final = re.compile(r"#\s*(noqa|type:\s*ignore|pragma)\b(?P<rest>.*)$")
RULE_NAMES: Final = re.compile(r"\b[A-Z]+\d+\b|\[[a-z, -]+\]")
WORDS: Final = re.compile(r"[A-Za-z]{2,}")


def modules_of(package: str) -> list[Path]:
    """Return the modules of ``package``, generated code left out."""
    return sorted(p for p in (ROOT / package).rglob("*.py") if "_pb2" not in p.name)


def imports_of(node: ast.AST) -> list[str]:
    """Return the top-level names of the packages that ``node`` imports."""
    match node:
        case ast.Import(names=names):
            return [name.name.split(".")[0] for name in names]
        case ast.ImportFrom(module=str(module), level=0):
            return [module.split(".")[0]]
        case ast.ImportFrom():
            return ["(relative import)"]
        case _:
            return []


def impurities(node: ast.AST) -> Iterator[str]:
    """Say what could make two machines disagree."""
    for name in imports_of(node):
        if name not in PURE_IMPORTS:
            yield f"imports {name}, which the rules must not know about"
    match node:
        case ast.Constant(value=float()):
            yield "float literal"
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            yield "true division; say div_floor or div_ceil"
        case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_CALLS:
            yield f"calls {name}()"
        case ast.Global() | ast.Nonlocal():
            yield "global or nonlocal state"
        case ast.AsyncFunctionDef() | ast.Await():
            yield "asynchronous code"
        case _:
            pass


def misdirections(package: str, path: Path, node: ast.AST) -> Iterator[str]:
    """Say which import points the wrong way; a ``cli`` module may look anywhere."""
    if path.name == "cli.py" or "cli" in path.relative_to(ROOT).parts[:-1]:
        return
    for name in imports_of(node):
        if name == "(relative import)":
            yield "relative import; name the package"
        elif name in INTERNAL and name != package and name not in IMPORTS_ALLOWED[package]:
            yield f"{package} must not import {name}"


def rooms_of(node: ast.AST) -> list[str]:
    """Return the names right below ``node/`` that a statement imports."""
    match node:
        case ast.ImportFrom(module="node", names=names):
            return [name.name for name in names]
        case ast.ImportFrom(module=str(module)):
            modules = [module]
        case ast.Import(names=names):
            modules = [name.name for name in names]
        case _:
            modules = []
    return [module.split(".")[1] for module in modules if module.startswith("node.")]


def detours(path: Path, node: ast.AST) -> Iterator[str]:
    """Say which import leads from a folder of the node to one that must not be known there."""
    package, room, *_ = path.relative_to(ROOT).parts
    if package != "node" or room not in ROOMS_ALLOWED:
        return
    for name in rooms_of(node):
        if name != room and name not in ROOMS_ALLOWED[room]:
            yield f"node/{room} must not import node.{name}"


def name_of(path: Path) -> str:
    """Return the dotted name of a module; a package's is that of its folder."""
    place = path.relative_to(ROOT)
    return ".".join((place.parent if path.stem == "__init__" else place.with_suffix("")).parts)


def imports_among(paths: Iterable[Path]) -> dict[str, set[str]]:
    """Return which of these modules each of them imports, wherever in it that stands."""
    texts = {name_of(path): path.read_text() for path in paths}
    found: dict[str, set[str]] = {}
    for name, text in texts.items():
        asked: set[str] = set()
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.ImportFrom(module=str(module), names=names):
                    inner = {f"{module}.{alias.name}" for alias in names}
                    asked |= (inner & texts.keys()) | ({module} if inner - texts.keys() else set())
                case ast.Import(names=names):
                    asked |= {alias.name for alias in names}
                case _:
                    pass
        found[name] = asked & texts.keys()
    return found


def circle_in(imports: dict[str, set[str]]) -> list[str]:
    """Return modules that import each other in a circle; none if there is no circle."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def shortcuts(node: ast.AST) -> Iterator[str]:
    """Say where the rules change a balance behind the back of ``credit``."""
    targets: list[ast.expr] = []
    match node:
        case ast.AugAssign(target=target):
            targets = [target]
        case ast.Assign(targets=targets):
            pass
        case _:
            pass
    if any(isinstance(target, ast.Attribute) and target.attr == "balance" for target in targets):
        yield "changes a balance; say credit()"


def oversights(node: ast.AST) -> Iterator[str]:
    """Say what no shipped module may contain."""
    match node:
        case ast.Assert():
            yield "assert vanishes under -O; use invariant()"
        case (
            ast.FunctionDef(lineno=start, end_lineno=int(end))
            | ast.AsyncFunctionDef(lineno=start, end_lineno=int(end))
        ):
            if end - start >= FUNCTION_LINES_MAX:
                yield f"{node.name} is {end - start + 1} lines, over {FUNCTION_LINES_MAX}"
        case _:
            pass


def slips(text: str) -> Iterator[tuple[int, str]]:
    """Say, by line, what a reader should not have to put up with."""
    lines = text.splitlines()
    if len(lines) > MODULE_LINES_MAX:
        yield 1, f"{len(lines)} lines, over {MODULE_LINES_MAX}: more than one idea"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_CHARS_MAX:
            yield number, f"{len(line)} characters, over {LINE_CHARS_MAX}"
        if POSTPONED.search(line):
            yield number, "postponed work belongs in the tracker, not in the code"
        silenced = SILENCED.search(line)
        if silenced and not WORDS.search(RULE_NAMES.sub("", silenced["rest"])):
            yield number, "a silenced check needs its reason beside it"


def problems_in(path: Path) -> list[str]:
    """Return what is wrong with one shipped module, each with its place."""
    package = path.relative_to(ROOT).parts[0]
    text = path.read_text()
    tree = ast.parse(text, str(path))
    found = list(slips(text))
    if not ast.get_docstring(tree):
        found.append((1, "no module docstring"))
    if path.stem in VAGUE_NAMES:
        found.append((1, f"{path.stem} is not a noun of the field"))
    for node in ast.walk(tree):
        place = getattr(node, "lineno", 0)
        found += [(place, problem) for problem in oversights(node)]
        found += [(place, problem) for problem in misdirections(package, path, node)]
        found += [(place, problem) for problem in detours(path, node)]
        if package == "statemachine":
            found += [(place, problem) for problem in impurities(node)]
            if path.relative_to(ROOT).as_posix() not in BALANCE_MODULES:
                found += [(place, problem) for problem in shortcuts(node)]
    name = path.relative_to(ROOT)
    return [f"{name}:{place}: {problem}" for place, problem in sorted(found)]
