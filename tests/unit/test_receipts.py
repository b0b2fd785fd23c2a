"""The receipt tree: a frontier and the paths that belong to it."""

from hashlib import sha256

import pytest

from statemachine.receipts import EMPTY_ROOT, append, path_of, root_of, verify_path


@pytest.mark.parametrize("count", range(1, 35))
def test_every_receipt_has_a_path_to_the_frontiers_root(count: int) -> None:
    leaves = [sha256(bytes([i])).digest() for i in range(count)]
    frontier: list[bytes] = []
    for index, leaf in enumerate(leaves):
        append(frontier, index, leaf)
    assert len(frontier) == count.bit_count()
    root = root_of(frontier)
    for index, leaf in enumerate(leaves):
        path = path_of(leaves, index)
        assert verify_path(root, leaf, index, count, path)
        assert not verify_path(root, sha256(leaf).digest(), index, count, path)
        assert not verify_path(root, leaf, count, count, path)
        assert not verify_path(root, leaf, index, count, [*path, leaf])
        assert not path or not verify_path(root, leaf, index, count, path[:-1])


def test_nothing_has_a_root_of_its_own() -> None:
    assert root_of([]) == EMPTY_ROOT
    assert not verify_path(EMPTY_ROOT, EMPTY_ROOT, 0, 0, [])
