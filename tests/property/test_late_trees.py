"""A tree that is made late is the tree that would have been made at once."""

from hypothesis import given
from hypothesis import strategies as st

from prover.roots import LateTree
from statemachine.merkle.tree import Tree

KEYS = st.sampled_from(
    [bytes((first, second)) for first in (0, 1, 0x80) for second in (0, 7, 0xFF)]
)
WRITES = st.dictionaries(KEYS, st.none() | st.binary(max_size=3), max_size=8)


@given(st.lists(st.tuples(WRITES, st.booleans()), max_size=12), st.data())
def test_a_late_tree_is_the_tree(
    steps: list[tuple[dict[bytes, bytes | None], bool]], data: st.DataObject
) -> None:
    tree = Tree()
    late = LateTree(tree.snapshot())
    trees = [(late, tree.root)]
    for writes, asked in steps:
        tree.update(writes)
        late = late.after(writes)
        late.expect(tree.root)
        trees.append((late, tree.root))
        if asked:
            assert late.snapshot().root == tree.root
            assert late.late_keys == 0
    for made, root in data.draw(st.permutations(trees)):
        taken = made.snapshot()
        assert taken.root == root
        taken.update({b"\xffz": b"later"})  # a snapshot is its taker's
        assert made.snapshot().root == root
