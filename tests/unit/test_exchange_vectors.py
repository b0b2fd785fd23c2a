"""Every vector of the exchange: as committed, on its full state, and on its own witness."""

import json
from pathlib import Path
from typing import Any

import pytest

from statemachine.block import Block, judge_frame
from statemachine.cursor import decode_cursor
from statemachine.errors import Code
from statemachine.frame import Frame
from statemachine.identity.signing import Domain, recover_signers
from statemachine.inbox import decode_inbox_item
from statemachine.keys import CURSOR_KEY
from statemachine.merkle.tree import PartialTree, RecordingTree, Tree
from statemachine.receipts import decode_receipt, path_of, root_of, verify_path
from statemachine.rules import Rules, decode_rules
from statemachine.storage import MemoryStore
from statemachine.transition import apply_block, apply_segment
from tests.exchange_vectors import all_scenes
from tests.exchange_vectors.__main__ import FOLDER
from tests.exchange_vectors.vector import FORMAT, hexed, make_vector, pin_of

FILES = sorted(FOLDER.rglob("*.json"))
NO_VECTOR = {
    Code.SIGNER_LIMIT,  # nothing in a block says it: admission counts
}
AGAIN = "python -m tests.exchange_vectors writes them anew; the difference is for a reviewer"


def read(path: Path) -> dict[str, Any]:
    vector: dict[str, Any] = json.loads(path.read_text())
    assert vector["format"] == FORMAT
    return vector


def items_of(rows: dict[str, str | None]) -> dict[bytes, bytes | None]:
    return {
        bytes.fromhex(key): None if value is None else bytes.fromhex(value)
        for key, value in rows.items()
    }


def state_of(vector: dict[str, Any]) -> dict[bytes, bytes]:
    return {key: value for key, value in items_of(vector["pre"]).items() if value is not None}


def block_of(vector: dict[str, Any], rules: Rules) -> Block:
    """Return the block, decoded, judged and with its signers recovered from its bytes."""
    row = vector["block"]
    frame: Frame | None = None
    signers: list[bytes] = []
    if row["frame"] is not None:
        cursor = decode_cursor(state_of(vector)[CURSOR_KEY])
        place = (cursor.height, cursor.time, cursor.inbox_index)
        data = bytes.fromhex(row["frame"])
        frame = judge_frame(rules, *place, data, None, None)
        assert frame is not None, "the frame is valid"
        assert frame.time == row["time"]
        signers = recover_signers(Domain(rules.chain_id, rules.rollup), frame.transactions)
        assert [tx.data.hex() for tx in frame.transactions] == [
            tx["hex"] for tx in vector["transactions"]
        ]
    assert [signer.hex() for signer in signers] == [tx["signer"] for tx in vector["transactions"]]
    inbox = [decode_inbox_item(bytes.fromhex(item)) for item in row["inbox"]]
    return Block(frame, row["time"], signers, inbox, row["inbox_from"])


def test_vectors_are_what_the_generator_writes() -> None:
    made = {f"{s.handler}/{s.file}.json": make_vector(s) for s in all_scenes()}
    found = {path.relative_to(FOLDER).as_posix(): read(path) for path in FILES}
    assert sorted(made) == sorted(found), AGAIN
    changed = [name for name in made if made[name] != found[name]]
    assert not changed, f"{AGAIN}: {changed}"


def test_one_hash_pins_them_all() -> None:
    files = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in FILES}
    assert pin_of(files) == (FOLDER / "PIN").read_text().strip(), AGAIN


def test_every_code_has_a_vector() -> None:
    shown = {row["code"] for path in FILES for row in read(path)["receipts"]}
    assert shown == {int(code) for code in Code} - {int(code) for code in NO_VECTOR}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_vector(path: Path) -> None:
    vector = read(path)
    rules = decode_rules(bytes.fromhex(vector["rules"]))
    pre = state_of(vector)
    block = block_of(vector, rules)

    result = apply_block(MemoryStore(pre.items()), rules, block)

    receipts = [receipt.encode().hex() for receipt in result.receipts]
    assert receipts == [row["hex"] for row in vector["receipts"]]
    assert [hexed(writes) for writes in result.segments] == [
        row["writes"] for row in vector["segments"]
    ]
    leaves = [decode_receipt(bytes.fromhex(row["hex"])).leaf() for row in vector["receipts"]]
    root, count = root_of(result.cursor.frontier), len(leaves)
    for index, leaf in enumerate(leaves):
        assert verify_path(root, leaf, index, count, path_of(leaves, index))

    tree = Tree.from_items(sorted(pre.items()))
    assert tree.root.hex() == vector["pre_root"]
    for row in vector["segments"]:
        recording = RecordingTree(tree)
        segment = apply_segment(recording, rules, block)
        witness = recording.witness(segment.writes)
        # A verdict has nothing but the witness, and comes to the same.
        partial = PartialTree.decode(witness)
        assert partial.root == tree.root
        judged = apply_segment(partial, rules, block)
        assert judged.writes == segment.writes == items_of(row["writes"])
        assert (judged.steps, judged.cost) == (row["steps"], row["cost"])
        assert partial.update(judged.writes) == tree.update(segment.writes)
        assert tree.root.hex() == row["root"]
    assert judged.ended
