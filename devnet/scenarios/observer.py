"""A replica of the exchange in this process: its state and its events, block by block.

The sequencer's own frames are executed again, as a follower would, with the signers
recovered from the signatures.  So a keeper sees every margin, and the report every
event, without ten thousand queries a second.  At the end the root of this state is
compared with the one that the node itself arrived at: what is said about the one
holds for the other.
"""

from collections.abc import Mapping
from typing import final

from devnet.genesis import GENESIS_TIME_MS
from proto.sextant.v1 import query_pb2
from statemachine import keys
from statemachine.block import Block, BlockResult
from statemachine.cursor import decode_cursor
from statemachine.errors import StorageCorrupt
from statemachine.frame import decode_frame
from statemachine.genesis import genesis_state
from statemachine.identity.signing import Domain, recover_signer
from statemachine.inbox import decode_inbox_item
from statemachine.merkle.tree import Tree
from statemachine.records import Portfolio, decode_signer
from statemachine.risk.margin import Margin, margin_of
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.storage import MemoryStore
from statemachine.transition import apply_block
from statemachine.working_set import WorkingSet


@final
class Observer:
    """State and events of the exchange after each of its blocks."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.domain = Domain(rules.chain_id, rules.rollup)
        self.store = MemoryStore(genesis_state(rules, GENESIS_TIME_MS).items())
        self.known = WorkingSet()
        self.height = 0
        self.view = State(self.store, rules, self.known)

    def follow(self, message: query_pb2.Block) -> BlockResult:
        """Execute the node's next block; return what it did.

        Raises
        ------
        StorageCorrupt
            It is not the next one, or does not lead to the node's own cursor.
        """
        header = message.header
        if header.height != self.height + 1:
            raise StorageCorrupt(f"block {header.height} does not follow {self.height}")
        frame = decode_frame(message.frame)
        signers = [recover_signer(self.domain, one) for one in frame.transactions]
        items = [decode_inbox_item(data) for data in message.inbox]
        block = Block(frame, frame.time, signers, items, message.inbox_from)
        result = apply_block(self.store, self.rules, block, self.known)
        self.store.apply(result.writes)
        self.height = header.height
        if result.cursor.hash != header.cursor_hash:
            raise StorageCorrupt(f"block {self.height}: its cursor is not the node's")
        self.view = State(self.store, self.rules, self.known)
        return result

    @property
    def items(self) -> Mapping[bytes, bytes]:
        """Every leaf of the state."""
        return self.store.values

    @property
    def time(self) -> int:
        """Chain time of the last block, in ms."""
        return decode_cursor(self.store.values[keys.CURSOR_KEY]).time

    def root(self) -> bytes:
        """Return the root of the whole state, built anew."""
        return Tree.from_items(sorted(self.store.values.items())).root

    def account_of(self, address: bytes) -> int:
        """Return the account of an address, 0 if it has none."""
        key = keys.signer_key(address)
        data = self.store.get(key)
        return 0 if data is None else decode_signer(key, data).account

    def portfolio(self, number: int) -> Portfolio | None:
        """Return a portfolio, which is not to be changed."""
        return self.view.portfolio(number)

    def margin(self, portfolio: Portfolio) -> Margin:
        """Return what a portfolio is worth, and what it must keep."""
        return margin_of(self.view, portfolio)
