"""The tree against its golden vectors, and the refusals that name a fault."""

import json
from pathlib import Path
from typing import Any

import pytest

from statemachine.errors import InvariantBroken, WitnessIncomplete
from statemachine.merkle.nodes import EMPTY_ROOT
from statemachine.merkle.tree import PartialTree, RecordingTree, Tree
from tests import tree_vectors
from tests.tree_model import model_root

FOLDER = Path(__file__).parent.parent / "vectors" / "tree"
ROOTS: list[dict[str, Any]] = json.loads((FOLDER / "roots.json").read_text())["vectors"]
REFUSED: list[dict[str, Any]] = json.loads((FOLDER / "refused.json").read_text())["vectors"]
WITNESSES: dict[str, Any] = json.loads((FOLDER / "witnesses.json").read_text())


def named(vector: dict[str, Any]) -> str:
    return str(vector["name"])


def unhexed(items: dict[str, str | None]) -> dict[bytes, bytes | None]:
    return {bytes.fromhex(k): None if v is None else bytes.fromhex(v) for k, v in items.items()}


def tree_of(items: dict[str, str | None]) -> Tree:
    return Tree.from_items((k, v) for k, v in sorted(unhexed(items).items()) if v is not None)


def hex_or_none(data: bytes | None) -> str | None:
    return None if data is None else data.hex()


@pytest.mark.parametrize("vector", ROOTS, ids=named)
def test_roots(vector: dict[str, Any]) -> None:
    tree, writes = tree_of(vector["pre"]), unhexed(vector["writes"])
    assert tree.root.hex() == vector["pre_root"]
    assert tree.update(writes).hex() == vector["post_root"]
    assert model_root(dict(tree.items())).hex() == vector["post_root"]


@pytest.mark.parametrize("vector", WITNESSES["vectors"], ids=named)
def test_witnesses(vector: dict[str, Any]) -> None:
    recording = RecordingTree(tree_of(WITNESSES["state"]))
    writes = unhexed(vector["writes"])
    for key, value in vector["gets"]:
        assert hex_or_none(recording.get(bytes.fromhex(key))) == value
    for prefix, start, first in vector["seeks"]:
        found = recording.seek(bytes.fromhex(prefix), bytes.fromhex(start))
        assert hex_or_none(found) == first
    assert recording.witness(writes).hex() == vector["witness"]

    partial = PartialTree.decode(bytes.fromhex(vector["witness"]))
    assert partial.root.hex() == vector["root"]
    for key, value in vector["gets"]:
        assert hex_or_none(partial.get(bytes.fromhex(key))) == value
    for prefix, start, first in vector["seeks"]:
        assert hex_or_none(partial.seek(bytes.fromhex(prefix), bytes.fromhex(start))) == first
    assert partial.update(writes).hex() == vector["post_root"]


@pytest.mark.parametrize("vector", REFUSED, ids=named)
def test_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(WitnessIncomplete):
        PartialTree.decode(bytes.fromhex(vector["witness"]))


def test_vectors_are_as_generated() -> None:
    assert tree_vectors.root_vectors() == ROOTS
    assert tree_vectors.witness_vectors() == WITNESSES["vectors"]
    assert tree_vectors.refused_vectors() == REFUSED


def test_empty_tree() -> None:
    tree = Tree()
    assert tree.root == EMPTY_ROOT == PartialTree.decode(RecordingTree(tree).witness({})).root
    assert tree.get(b"\x01") is None
    assert tree.seek(b"", b"") is None
    assert list(tree.items()) == []


def test_a_witness_of_nothing_refuses_everything() -> None:
    tree = Tree.from_items([(b"\x01a", b"1"), (b"\x02a", b"2")])
    partial = PartialTree.decode(RecordingTree(tree).witness({}))
    assert partial.root == tree.root
    with pytest.raises(WitnessIncomplete):
        partial.get(b"\x01a")
    with pytest.raises(WitnessIncomplete):
        partial.seek(b"\x01", b"\x01")
    with pytest.raises(WitnessIncomplete):
        partial.update({b"\x01a": b"3"})


def test_deleting_beside_a_closed_sibling_needs_only_its_hash() -> None:
    tree = Tree.from_items([(b"\x01a", b"1"), (b"\x02a", b"2"), (b"\x03a", b"3")])
    witness = RecordingTree(tree).witness({b"\x01a": None})
    partial = PartialTree.decode(witness)
    with pytest.raises(WitnessIncomplete):
        partial.get(b"\x03a")
    assert partial.update({b"\x01a": None}) == tree.update({b"\x01a": None})


@pytest.mark.parametrize(
    "items",
    [
        [(b"\x02", b""), (b"\x01", b"")],
        [(b"\x01", b""), (b"\x01", b"")],
        [(b"\x01", b""), (b"\x01\x00", b"")],
        [(b"", b"")],
        [(bytes(33), b"")],
    ],
    ids=["falling", "twice", "prefix", "empty", "too_long"],
)
def test_items_are_sorted_prefix_free_and_short(items: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(InvariantBroken):
        Tree.from_items(items)


@pytest.mark.parametrize(
    ("before", "written"),
    [
        ([], [b"\x01", b"\x01\x02"]),
        ([b"\x01\x02"], [b"\x01"]),
        ([b"\x01"], [b"\x01\x02"]),
        ([b"\x01\x02", b"\x03"], [b"\x01", b"\x04"]),
        ([b"\x01\x02", b"\x01\x03"], [b"\x01"]),
        ([b"\x01\x02", b"\x01\x03"], [b"\x01", b"\x04"]),
        ([b"\x01\x02", b"\x01\x83"], [b"\x01"]),
    ],
)
def test_writes_are_prefix_free(before: list[bytes], written: list[bytes]) -> None:
    tree = Tree.from_items((key, b"") for key in before)
    root = tree.root
    with pytest.raises(InvariantBroken):
        tree.update(dict.fromkeys(written, b"x"))
    assert tree.root == root
