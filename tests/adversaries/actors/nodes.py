"""A node that lies to who reads from it: about a balance, a book, the state it speaks of."""

from collections.abc import Callable
from dataclasses import replace

from prover.ranges import KeyRange, RangeItems, read_range
from sextant.client.proofs import StateProof, verify_proof
from sextant.errors import ProofInvalid
from statemachine.keys import account_key, order_range, portfolio_key
from statemachine.merkle.tree import RecordingTree, Tree
from tests.adversaries.library import Outcome, adversary
from tests.adversaries.world import MAKER, MID, SELL, TAKER, Land

ASKS = KeyRange(order_range(0, SELL), 100)


def quoted() -> Land:
    """Return a land with three offers on the book."""
    land = Land()
    land.open(MAKER, TAKER)
    land.post([land.order(MAKER, SELL, 1, MID + 10 * step) for step in range(3)])
    return land


def answer(land: Land, tree: Tree, keys: list[bytes]) -> StateProof:
    """Return what an honest node that has the state of ``tree`` answers."""
    recording = RecordingTree(tree)
    values = tuple((key, recording.get(key)) for key in keys)
    book = read_range(recording, ASKS)
    head = land.honest.head
    return StateProof(
        height=head.height,
        log_index=head.log_index,
        root=tree.root,
        witness=recording.witness({}),
        values=values,
        ranges=((ASKS, book),),
    )


def lied_to(change: Callable[[StateProof], StateProof], keys: list[bytes]) -> Outcome:
    """Play a node whose honest answer is changed before it gets to the reader."""
    land = quoted()
    honest = answer(land, land.honest.tree, keys)
    assert verify_proof(honest, keys).root == land.honest.head.post_root
    told = change(honest)
    try:
        if verify_proof(told, keys).root == land.honest.head.post_root:
            verdict = "believed"
        else:
            verdict = "another root than L1's"
    except ProofInvalid as refused:
        verdict = f"refused {refused.code}"
    land.close()
    return land.outcome(verdict)


@adversary("node that hides an order", "1", "refused RANGE")
def hidden_order() -> Outcome:
    """Leave the best offer out of the book."""

    def hide(proof: StateProof) -> StateProof:
        [(wanted, items)] = proof.ranges
        return replace(proof, ranges=((wanted, RangeItems(items.items[1:], items.next)),))

    return lied_to(hide, [])


@adversary("node that cuts a list short", "1", "refused RANGE")
def short_list() -> Outcome:
    """Say that the book ends after its first offer."""

    def cut(proof: StateProof) -> StateProof:
        [(wanted, items)] = proof.ranges
        return replace(proof, ranges=((wanted, RangeItems(items.items[:1])),))

    return lied_to(cut, [])


@adversary("node that changes a balance", "1", "refused VALUE")
def changed_balance() -> Outcome:
    """Tell a balance that is one bit off."""

    def enrich(proof: StateProof) -> StateProof:
        [(key, value)] = proof.values
        assert value is not None
        return replace(proof, values=((key, bytes([*value[:12], value[12] ^ 1, *value[13:]])),))

    return lied_to(enrich, [portfolio_key(1 << 8)])


@adversary("node that denies an account", "1", "refused WITNESS")
def denied_account() -> Outcome:
    """Answer that there is no such account, with a proof that does not look there."""

    def deny(proof: StateProof) -> StateProof:
        recording = RecordingTree(quoted().honest.tree)
        read_range(recording, ASKS)
        return replace(proof, witness=recording.witness({}), values=((account_key(1), None),))

    return lied_to(deny, [account_key(1)])


@adversary("node that lives in the past", "1", "another root than L1's")
def old_state() -> Outcome:
    """Prove everything, in a state from before the last batch."""

    def grow_old(proof: StateProof) -> StateProof:
        land = quoted()
        return replace(answer(land, land.derived[-1].before, [account_key(1)]), height=proof.height)

    return lied_to(grow_old, [account_key(1)])
