"""A node that lies about what is under a claim's root is found out, however it does it."""

import pytest

from proto.sextant.v1 import query_pb2
from sextant.errors import ProofInvalid
from statemachine import keys
from tests.unit.client.claimed import MID, READS, Distortion, change_value, final, read


def deny_value(proof: query_pb2.Proof) -> None:
    proof.values[-1].present = False
    proof.values[-1].value = b""


def leave_out(proof: query_pb2.Proof) -> None:
    for found in proof.ranges:
        if found.values:
            del found.values[0]


def cut_end(proof: query_pb2.Proof) -> None:
    for found in proof.ranges:
        if found.values:
            del found.values[-1]


def slip_in(proof: query_pb2.Proof) -> None:
    for found in proof.ranges:
        if found.values:
            extra = query_pb2.ProvedValue()
            extra.CopyFrom(found.values[-1])
            extra.key = extra.key[:-1] + bytes([extra.key[-1] ^ 0x40])
            found.values.append(extra)


def hide_rest(proof: query_pb2.Proof) -> None:
    for found in proof.ranges:
        found.next = b"" if found.next else b"\x30more"


def forget_range(proof: query_pb2.Proof) -> None:
    if proof.ranges:
        del proof.ranges[:]
    else:
        del proof.values[:]


def cut_witness(proof: query_pb2.Proof) -> None:
    proof.witness = proof.witness[:-40]


def flip_witness(proof: query_pb2.Proof) -> None:
    middle = len(proof.witness) // 2
    flipped = bytes([proof.witness[middle] ^ 1])
    proof.witness = proof.witness[:middle] + flipped + proof.witness[middle + 1 :]


LIES = (change_value, deny_value, cut_witness, flip_witness)


RANGE_LIES = (leave_out, cut_end, slip_in, hide_rest, forget_range)


@pytest.mark.parametrize("what", READS)
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_node_that_lies_about_a_value_is_found_out(what: str, lie: Distortion) -> None:
    scene = final()
    read(scene, READS[what])
    scene.distort = lie
    with pytest.raises(ProofInvalid):
        read(scene, READS[what])


@pytest.mark.parametrize("lie", RANGE_LIES, ids=lambda lie: lie.__name__)
@pytest.mark.parametrize("what", ["book", "orders"])
def test_a_node_that_leaves_out_or_adds_an_order_is_found_out(what: str, lie: Distortion) -> None:
    scene = final()
    scene.distort = lie
    with pytest.raises(ProofInvalid) as caught:
        read(scene, READS[what])
    assert caught.value.code in {"RANGE", "RANGES", "VALUE"}


@pytest.mark.parametrize("change", ["drop", "add", "older"])
def test_a_node_that_proves_under_a_root_of_its_own_is_found_out(change: str) -> None:
    scene = final()
    tree = scene.trees[1]
    best = tree.seek(keys.order_range(0, keys.SELL), keys.order_range(0, keys.SELL)) or b""
    if change == "drop":
        tree.update({best: None})
    elif change == "add":
        tree.update({keys.order_key(0, keys.SELL, MID - 10, 999): tree.get(best)})
    else:
        scene.trees[1] = scene.trees[0]
    for work in READS.values():
        with pytest.raises(ProofInvalid) as caught:
            read(scene, work)
        assert caught.value.code == "ROOT"
