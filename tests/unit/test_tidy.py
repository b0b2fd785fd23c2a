"""The repository obeys its own rules, and the rules bite."""

import ast
from pathlib import Path

import pytest

from tests.tidy import (
    ROOMS_ALLOWED,
    ROOT,
    SHIPPED,
    circle_in,
    detours,
    imports_among,
    impurities,
    misdirections,
    modules_of,
    problems_in,
    shortcuts,
    slips,
)

MODULES = [path for package in SHIPPED for path in modules_of(package)]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_is_tidy(path: Path) -> None:
    assert problems_in(path) == []


@pytest.mark.parametrize(
    "code",
    ["import time", "from random import choice", "x = 1.5", "x = a / b", "x = hash(a)", "global x"],
)
def test_impurity_is_found(code: str) -> None:
    tree = ast.parse(f"def f():\n    {code}")
    assert [problem for node in ast.walk(tree) for problem in impurities(node)]


@pytest.mark.parametrize("code", ["p.balance += 1", "p.balance = 0", "a.b.balance -= x"])
def test_a_balance_changed_by_hand_is_found(code: str) -> None:
    assert list(shortcuts(ast.parse(code).body[0]))


@pytest.mark.parametrize(
    ("package", "code"),
    [
        ("statemachine", "import prover"),
        ("prover", "from node.storage.store import Store"),
        ("node", "import devnet"),
        ("sextant", "import node.settings"),
    ],
)
def test_wrong_direction_is_found(package: str, code: str) -> None:
    node = ast.parse(code).body[0]
    assert list(misdirections(package, ROOT / package / "x.py", node))


@pytest.mark.parametrize(
    ("room", "code"),
    [
        ("derivation", "from node.sequencing.chain import ChainStore"),
        ("storage", "from node.ledger import feed"),
        ("ledger", "import node.service.views"),
        ("process", "from node import roles"),
    ],
)
def test_wrong_room_is_found(room: str, code: str) -> None:
    node = ast.parse(code).body[0]
    assert list(detours(ROOT / "node" / room / "x.py", node))
    assert not list(detours(ROOT / "node" / "roles.py", node))


def test_no_module_needs_itself() -> None:
    imports = imports_among(MODULES)
    assert "statemachine.units" in imports["prover.equity"]
    assert circle_in(imports) == []


def test_a_circle_is_found() -> None:
    assert set(circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}
    assert circle_in({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_each_folder_of_the_node_has_its_place() -> None:
    folders = {path.parent.name for path in (ROOT / "node").glob("*/__init__.py")}
    assert folders == set(ROOMS_ALLOWED)


def test_silence_without_a_reason_is_found() -> None:
    bare, reasoned = "x = 1  # noqa: S101", "x = 1  # noqa: S101 - a generated name is longer"
    assert list(slips(bare))
    assert not list(slips(reasoned))


def test_license_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
