"""Previews: what an action would do, asked of the state machine itself.

A preview *is* ``apply_block``: one block with the one action in it, over the
state as it stands, whose writes are looked at and thrown away.  So a preview
and the outcome differ only by what happens in between: other people's orders,
and prices.  Nothing is signed; the signer is taken at his word, for nothing
that a preview shows is anybody's secret.
"""

from typing import Final, final

from node.service.errors import Refused
from statemachine.actions import (
    SIGNATURE_SIZE,
    Action,
    Kind,
    Transaction,
    decode_transaction,
    encode_transaction,
)
from statemachine.block import Block, BlockResult, Writes
from statemachine.errors import Code, FrameInvalid
from statemachine.frame import Frame
from statemachine.identity.nonces import NONCE_TIME_SHIFT
from statemachine.keys import portfolio_key
from statemachine.receipts import Receipt
from statemachine.rules import Rules
from statemachine.storage import Store, successor
from statemachine.transition import apply_block
from statemachine.units import Millis

NONCE_TRIES: Final = 4
BLANK_SIGNATURE: Final = bytes(SIGNATURE_SIZE)


@final
class Overlay:
    """A store with some writes on top; for single keys, and for ranges that few writes touch."""

    __slots__ = ("store", "writes")

    def __init__(self, store: Store, writes: Writes) -> None:
        self.store = store
        self.writes = writes

    def get(self, key: bytes) -> bytes | None:
        """Return the value at ``key``, as the writes leave it."""
        return self.writes[key] if key in self.writes else self.store.get(key)

    def seek(self, prefix: bytes, start: bytes) -> bytes | None:
        """Return the first key at or after ``start`` with ``prefix``, as the writes leave it."""
        found = self.store.seek(prefix, start)
        while found is not None and found in self.writes and self.writes[found] is None:
            found = self.store.seek(prefix, successor(found))
        added = [
            key
            for key, value in self.writes.items()
            if value is not None and key.startswith(prefix) and key >= start
        ]
        return min([*added, found] if found is not None else added, default=None)


@final
class Preview:
    """What the block did: its receipts for the action, and the state it would leave."""

    __slots__ = ("action", "receipts", "store")

    def __init__(self, action: Action, receipts: list[Receipt], store: Overlay) -> None:
        self.action = action
        self.receipts = receipts
        self.store = store

    def subs_of(self, account: int) -> list[int]:
        """Return the sub-accounts of ``account`` that the action names, or would change."""
        prefix = portfolio_key(account << 8)[:-1]
        changed = {
            key[-1]
            for key, value in self.store.writes.items()
            if value is not None and key.startswith(prefix)
        }
        named = getattr(self.action, "sub", None)
        return sorted(changed if named is None else changed | {named})


def preview_action(
    store: Store, rules: Rules, signer: bytes, draft: bytes, height: int, now: int
) -> Preview:
    """Run ``draft``, an unsigned transaction, as ``signer``'s, at ``now`` (ms).

    ``height`` is that of the state.  Raises ``Refused`` for bytes that are no
    transaction, or that no one person signs.
    """
    try:
        given = decode_transaction(draft)
    except FrameInvalid as error:
        raise Refused("MALFORMED", str(error)) from error
    if given.kind == Kind.ORACLE:
        raise Refused("ARGUMENT_INVALID", "prices are signed by their publishers, not by a trader")
    for attempt in range(NONCE_TRIES):
        transaction = forge(given, (now << NONCE_TIME_SHIFT) + 1023 - attempt)
        result = run_alone(store, rules, signer, transaction, height, now)
        receipts = [receipt for receipt in result.receipts if receipt.tx_hash == transaction.hash]
        if receipts[0].code not in (Code.NONCE_USED, Code.NONCE_LOW):
            break
    return Preview(given.action, receipts, Overlay(store, result.writes))


def forge(given: Transaction, nonce: int) -> Transaction:
    """Return the draft under a nonce that is free, with a signature that nobody checks."""
    data = encode_transaction(given.action, nonce, 0, BLANK_SIGNATURE)
    return Transaction(given.action, nonce, 0, BLANK_SIGNATURE, data)


def run_alone(
    store: Store, rules: Rules, signer: bytes, transaction: Transaction, height: int, now: int
) -> BlockResult:
    """Apply a block that holds nothing but ``transaction``."""
    frame = Frame(height + 1, Millis(now), 0, (transaction,))
    return apply_block(store, rules, Block(frame, now, [signer]))
