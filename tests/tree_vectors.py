"""Writes the golden vectors of the state tree: ``python -m tests.tree_vectors``.

They are part of the protocol.  If this changes a file that is committed, then
every root of every chain has changed.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from statemachine.merkle.tree import RecordingTree, Tree

FOLDER = Path(__file__).parent / "vectors" / "tree"
FORMAT = 1


def hexed(items: Mapping[bytes, bytes | None]) -> dict[str, str | None]:
    return {key.hex(): None if value is None else value.hex() for key, value in items.items()}


def spread(count: int) -> dict[bytes, bytes]:
    """Return ``count`` keys of two lengths, near each other and far apart."""
    near = {b"\x20" + i.to_bytes(4, "big"): b"near %d" % i for i in range(count // 2)}
    far = {
        b"\x30" + sha256(b"%d" % i).digest()[:19]: b"far %d" % i for i in range(count - count // 2)
    }
    return near | far


def root_vectors() -> list[dict[str, Any]]:
    """Return states and writes with the roots before and after."""
    cases: list[tuple[str, dict[bytes, bytes], dict[bytes, bytes | None]]] = [
        ("nothing", {}, {}),
        ("one_key", {}, {b"\x01": b""}),
        ("last_key_deleted", {b"\x01": b"one"}, {b"\x01": None}),
        ("differ_in_the_first_bit", {b"\x01\x00": b"a"}, {b"\x80\x00": b"b"}),
        ("differ_in_the_last_bit", {b"\x10\x00": b"a"}, {b"\x10\x01": b"b"}),
        ("same_value_again", {b"\x10\x00": b"a"}, {b"\x10\x00": b"a"}),
        ("delete_of_nothing", {b"\x10\x00": b"a"}, {b"\x10\x01": None}),
        (
            "key_enters_an_edge",
            {b"\x10\x00\x00": b"a", b"\x10\x00\x01": b"b"},
            {b"\x10\x08\x00": b"c", b"\x11\x00": b"d"},
        ),
        ("sibling_moves_up", spread(6), {b"\x20\x00\x00\x00\x00": None}),
        ("whole_side_deleted", spread(6), dict.fromkeys([k for k in spread(6) if k[0] == 32])),
        (
            "many",
            spread(40),
            dict.fromkeys(sorted(spread(40))[::3]) | dict.fromkeys(sorted(spread(60))[1::4], b"n"),
        ),
    ]
    vectors = []
    for name, pre, writes in cases:
        tree = Tree.from_items(sorted(pre.items()))
        vectors.append(
            {
                "name": name,
                "pre": hexed(pre),
                "pre_root": tree.root.hex(),
                "writes": hexed(writes),
                "post_root": tree.update(writes).hex(),
            }
        )
    return vectors


def witness_vectors() -> list[dict[str, Any]]:
    """Return reads and writes on one state, with the one witness of each."""
    state = spread(40)
    order = sorted(state)
    absent = b"\x20\x00\x00\x01\x00"
    far_end = b"\x30" + b"\xff" * 19
    cases: list[tuple[str, list[bytes], list[tuple[bytes, bytes]], dict[bytes, bytes | None]]] = [
        ("nothing_opened", [], [], {}),
        ("inclusion", [order[3]], [], {}),
        ("absence_within_an_edge", [absent], [], {}),
        ("absence_beside_a_leaf", [order[-1][:-1] + bytes([order[-1][-1] ^ 1])], [], {}),
        ("first_of_a_range", [], [(b"\x30", b"\x30")], {}),
        ("first_after", [], [(b"\x20", order[7] + b"\x00")], {}),
        ("range_without_keys", [], [(b"\x25", b"\x25")], {}),
        ("none_after", [], [(b"\x30", far_end)], {}),
        ("value_changes", [], [], {order[5]: b"changed"}),
        ("key_enters_an_edge", [], [], {absent: b"new"}),
        ("key_leaves", [], [], {order[30]: None}),
        (
            "several",
            [order[0], absent],
            [(b"\x20", b"\x20\x00\x00\x00\x05"), (b"\x30", b"\x30\x80")],
            {order[0]: None, order[1]: None, absent: b"new", order[35]: b"changed"},
        ),
    ]
    vectors = []
    for name, gets, seeks, writes in cases:
        tree = Tree.from_items(sorted(state.items()))
        recording = RecordingTree(tree)
        answers: dict[str, Any] = {
            "gets": [[key.hex(), (recording.get(key) or b"").hex() or None] for key in gets],
            "seeks": [
                [prefix.hex(), start.hex(), (recording.seek(prefix, start) or b"").hex() or None]
                for prefix, start in seeks
            ],
        }
        vectors.append(
            {
                "name": name,
                "root": tree.root.hex(),
                **answers,
                "writes": hexed(writes),
                "witness": recording.witness(writes).hex(),
                "post_root": tree.update(writes).hex(),
            }
        )
    return vectors


def refused_vectors() -> list[dict[str, str]]:
    """Return bytes that are no witness, and why."""
    stub = "03" + "aa" * 32
    leaf = "01" + "02" + "1000" + "0001" + "61"
    return [
        {"name": "no_bytes", "witness": ""},
        {"name": "unknown_version", "witness": "02" + leaf},
        {"name": "unknown_tag", "witness": "01" + "04" + "00" * 32},
        {"name": "nothing_at_the_top_then_more", "witness": "0100" + leaf},
        {"name": "bytes_after_the_end", "witness": "01" + leaf + "00"},
        {"name": "ends_in_a_value", "witness": "01" + leaf[:-2]},
        {"name": "ends_in_a_hash", "witness": "01" + stub[:-2]},
        {"name": "empty_key", "witness": "01" + "0100" + "0000"},
        {"name": "key_of_33_bytes", "witness": "01" + "0121" + "00" * 33 + "0000"},
        {"name": "branch_past_the_longest_key", "witness": "01" + "020100" + "00" * 32 + stub * 2},
        {"name": "nothing_below_a_branch", "witness": "01" + "020000" + "00" + stub},
        {"name": "unused_bits_set", "witness": "01" + "020003" + "30" + stub * 2},
        {
            "name": "bits_do_not_increase",
            "witness": "01" + "020003" + "20" + "020003" + "20" + stub * 3,
        },
        {
            "name": "right_child_has_a_zero",
            "witness": "01" + "020000" + stub + "01" + "01" + "10" + "0000",
        },
        {
            "name": "left_child_has_a_one",
            "witness": "01" + "020000" + "01" + "01" + "90" + "0000" + stub,
        },
        {
            "name": "branch_leaves_its_parents_prefix",
            "witness": "01" + "020003" + "20" + "020006" + "40" + stub * 3,
        },
    ]


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, vectors in (
        ("roots", root_vectors()),
        ("witnesses", witness_vectors()),
        ("refused", refused_vectors()),
    ):
        whole: dict[str, Any] = {"format": FORMAT, "vectors": vectors}
        if name == "witnesses":
            whole["state"] = hexed(spread(40))
        (FOLDER / f"{name}.json").write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
