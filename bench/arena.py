"""An exchange in memory, for measuring the rules alone.

Transactions carry no valid signature: who signed is told to ``apply_block``
directly, as signature workers would tell it, so that nothing but the state
transition is timed.
"""

from collections.abc import Sequence
from time import perf_counter
from typing import Final, final

from statemachine.actions import (
    Action,
    OracleMessage,
    OracleUpdate,
    Transaction,
    encode_transaction,
)
from statemachine.block import Block, BlockResult
from statemachine.cursor import decode_cursor
from statemachine.errors import invariant
from statemachine.frame import Frame, class_of
from statemachine.genesis import genesis_state
from statemachine.inbox import InboxItem, InboxKind
from statemachine.keys import CURSOR_KEY, signer_key
from statemachine.records import decode_signer
from statemachine.rules import FLAG_CLASS_ORDER, Rules
from statemachine.storage import MemoryStore
from statemachine.transition import apply_block
from statemachine.units import Micros, Millis, Price
from statemachine.working_set import WorkingSet

GENESIS_MS: Final = 1_700_000_000_000
SIGNATURE: Final = bytes(65)
NO_MESSAGE: Final = b""

Signed = tuple[bytes, Transaction]
"""Who signed, and what."""


def owner_address(number: int) -> bytes:
    """Return the address of owner ``number``."""
    return b"\xb0" * 12 + number.to_bytes(8, "big")


@final
class Arena:
    """State, clock and nonces of one exchange; ``seconds`` is what its blocks took."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.now = GENESIS_MS
        self.store = MemoryStore(genesis_state(rules, self.now).items())
        self.known = WorkingSet()
        self.seconds = 0.0
        self.nonces = 0

    def fund(self, owners: int, amount: int) -> None:
        """Deposit ``amount`` micros for each of ``owners`` owners."""
        items = [
            InboxItem(InboxKind.DEPOSIT, owner_address(number), 0, Micros(amount), Millis(self.now))
            for number in range(owners)
        ]
        for until in range(self.rules.inbox_items_max, owners, self.rules.inbox_items_max):
            self.run([], inbox=items, inbox_until=until)
        self.run([], inbox=items, inbox_until=owners)

    def account_of(self, owner: bytes) -> int:
        """Return the account of a funded owner."""
        key = signer_key(owner)
        data = self.store.get(key)
        invariant(data is not None, f"{owner.hex()} has no account")
        return decode_signer(key, data or b"").account

    def transaction(self, owner: bytes, action: Action) -> Signed:
        """Return ``action`` as if ``owner`` had signed it, with a fresh nonce."""
        self.nonces += 1
        nonce = (self.now << 10) + self.nonces
        data = encode_transaction(action, nonce, 0, SIGNATURE)
        return owner, Transaction(action, nonce, 0, SIGNATURE, data)

    def prices(self, market: int, price: int) -> Signed:
        """Return an oracle update in which every publisher says ``price``."""
        messages = tuple(
            OracleMessage(place, Price(price), Millis(self.now), SIGNATURE)
            for place in range(len(self.rules.publishers))
        )
        update = OracleUpdate(market, messages)
        data = encode_transaction(update, 0, 0, NO_MESSAGE)
        signers = b"".join(self.rules.publishers)
        return signers, Transaction(update, 0, 0, NO_MESSAGE, data)

    def run(
        self,
        signed: Sequence[Signed],
        *,
        advance: int = 50,
        inbox: Sequence[InboxItem] = (),
        inbox_until: int = 0,
    ) -> BlockResult:
        """Make a block, time it, keep its writes.

        The order is that of classes, if the rules have them.
        """
        if self.rules.flags & FLAG_CLASS_ORDER:
            signed = sorted(signed, key=lambda pair: class_of(pair[1].action))
        self.now += advance
        transactions = tuple(transaction for _, transaction in signed)
        frame = Frame(self.height + 1, Millis(self.now), inbox_until, transactions)
        block = Block(frame, self.now, [signer for signer, _ in signed], inbox, 0)
        start = perf_counter()
        result = apply_block(self.store, self.rules, block, self.known)
        self.store.apply(result.writes)
        self.seconds += perf_counter() - start
        return result

    @property
    def height(self) -> int:
        """Blocks so far."""
        data = self.store.get(CURSOR_KEY)
        return 0 if data is None else decode_cursor(data).height
