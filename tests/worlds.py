"""Small worlds for tests: rules, keys, signed transactions, blocks on a store.

A ``World`` is an exchange in memory: it signs for its traders, makes blocks
through ``apply_block`` alone, and keeps the state, so that a test reads as a
story of who did what.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from statemachine import keys
from statemachine.actions import (
    Action,
    OracleMessage,
    OracleUpdate,
    Transaction,
    encode_transaction,
)
from statemachine.block import Block, BlockResult
from statemachine.cursor import Cursor, decode_cursor
from statemachine.frame import Frame, class_of
from statemachine.genesis import genesis_state
from statemachine.identity.signing import (
    Domain,
    address_of,
    oracle_digest,
    recover_signers,
    sign_action,
    sign_digest,
)
from statemachine.inbox import InboxItem, InboxKind
from statemachine.records import Market, Portfolio, Position, decode_market
from statemachine.rules import MarketRules, Rules
from statemachine.state import State
from statemachine.storage import MemoryStore
from statemachine.transition import apply_block
from statemachine.units import Micros, Millis, Price

GENESIS_MS = 1_700_000_000_000
USDC = 1_000_000
PUBLISHER_KEYS = tuple(bytes([0xA0 + i]) * 32 for i in range(3))


def trader_key(number: int) -> bytes:
    """Return the private key of trader ``number``."""
    return (0x5E << 240 | number + 1).to_bytes(32, "big")


def trader_address(number: int) -> bytes:
    """Return the address of trader ``number``, who owns an account."""
    return address_of(trader_key(number))


def market_rules(market: int, **changes: Any) -> MarketRules:
    """Return a market like BTC: lots of 0.0001, tick 0.1 USD, 20x, 0.05% taker."""
    base = MarketRules(
        market=market,
        symbol=b"M%d" % market,
        lot_decimals=4,
        tick=10,
        initial_ppm=50_000,
        maintenance_ppm=30_000,
        maker_ppm=100,
        taker_ppm=500,
        fill_band_ppm=30_000,
        notional_min=USDC,
    )
    return replace(base, **changes)


def world_rules(markets: int = 2, **changes: Any) -> Rules:
    """Return rules for ``markets`` markets and three publishers, two of them needed."""
    base = Rules(
        chain_id=7777,
        rollup=b"\x11" * 20,
        publishers=tuple(address_of(key) for key in PUBLISHER_KEYS),
        publishers_min=2,
        markets=tuple(market_rules(i) for i in range(markets)),
    )
    return replace(base, **changes)


FREE_LOANS: dict[str, Any] = {
    "loan_rate_base_ppm": 0,
    "loan_slope_below_ppm": 0,
    "loan_slope_above_ppm": 0,
}
"""Changes of the rules: a debt stays what it is."""


@dataclass
class World:
    """An exchange in memory; see the module's docstring."""

    rules: Rules = field(default_factory=world_rules)
    now: int = GENESIS_MS
    inbox: list[InboxItem] = field(default_factory=list)
    counter: int = 0

    def __post_init__(self) -> None:
        """Start at genesis."""
        self.domain = Domain(self.rules.chain_id, self.rules.rollup)
        self.store = MemoryStore(genesis_state(self.rules, self.now).items())
        self.last: BlockResult | None = None

    # Making blocks

    def nonce(self) -> int:
        """Return a fresh nonce near the next block's time."""
        self.counter += 1
        return (self.now + self.counter // 1024) << 10 | self.counter % 1024

    def sign(self, trader: int | bytes, action: Action, **options: Any) -> Transaction:
        """Return ``action`` signed by trader number ``trader``, or by a raw key."""
        key = trader if isinstance(trader, bytes) else trader_key(trader)
        nonce = options.pop("nonce", None)
        nonce = self.nonce() if nonce is None else nonce
        return sign_action(self.domain, key, action, nonce, **options)

    def prices(self, market: int, price: int, publishers: Sequence[int] = (0, 1, 2)) -> Transaction:
        """Return an oracle update in which every publisher says ``price``."""
        digest = oracle_digest(self.domain, market, price, self.now)
        messages = tuple(
            OracleMessage(p, Price(price), Millis(self.now), sign_digest(PUBLISHER_KEYS[p], digest))
            for p in publishers
        )
        update = OracleUpdate(market, messages)
        return Transaction(update, 0, 0, b"", encode_transaction(update, 0, 0, b""))

    def block(self, transactions: Sequence[Transaction] = (), *, advance: int = 100) -> Block:
        """Return the next block: these transactions in class order, and all of the inbox."""
        self.now += advance
        cursor = self.cursor
        ordered = tuple(sorted(transactions, key=lambda t: class_of(t.action)))
        frame = Frame(cursor.height + 1, Millis(self.now), len(self.inbox), ordered)
        signers = recover_signers(self.domain, ordered)
        return Block(frame, self.now, signers, self.inbox, 0)

    def run(self, *transactions: Transaction, advance: int = 100) -> BlockResult:
        """Make the next block of ``transactions`` and keep its writes."""
        result = apply_block(self.store, self.rules, self.block(transactions, advance=advance))
        self.store.apply(result.writes)
        self.last = result
        return result

    def codes(self, *transactions: Transaction, advance: int = 100) -> list[str]:
        """Make the next block and return the names of its receipts' codes, inbox aside."""
        result = self.run(*transactions, advance=advance)
        return [receipt.name for receipt in result.receipts if receipt.leg != 255]

    def act(self, trader: int | bytes, action: Action, **options: Any) -> str:
        """Run one signed action in a block of its own; return its code's name."""
        return self.codes(self.sign(trader, action, **options))[0]

    # Stories' first lines

    def deposit(self, trader: int, amount: int, sub: int = 0) -> None:
        """Queue a deposit on L1; the next block takes it."""
        owner = address_of(trader_key(trader))
        item = InboxItem(InboxKind.DEPOSIT, owner, sub, Micros(amount), Millis(self.now))
        self.inbox.append(item)

    def open(self, traders: int = 2, price: int = 6_000_000, amount: int = 100_000 * USDC) -> None:
        """Fund traders 0.. and give every market an index price."""
        for trader in range(traders):
            self.deposit(trader, amount)
        self.run(*(self.prices(m.market, price) for m in self.rules.markets))

    def insure(self, amount: int) -> None:
        """Put ``amount`` more into the insurance fund, from nowhere."""
        ledger = self.state.ledger()
        ledger.insurance += amount
        ledger.deposits += amount
        self.store.apply({ledger.key: ledger.encode()})

    def lose(self, amount: int, market: int = 0) -> None:
        """Let ``amount`` have been lost in a market by somebody who is gone."""
        ledger, record = self.state.ledger(), self.market(market)
        ledger.deposits -= amount
        ledger.deficits += amount
        record.deficit += amount
        self.store.apply({ledger.key: ledger.encode(), record.key: record.encode()})

    # Looking

    @property
    def cursor(self) -> Cursor:
        """Return the cursor as stored."""
        data = self.store.get(keys.CURSOR_KEY)
        assert data is not None
        return decode_cursor(data)

    @property
    def state(self) -> State:
        """Return a fresh view of the state."""
        return State(self.store, self.rules)

    def market(self, market: int = 0) -> Market:
        """Return a market as stored."""
        key = keys.market_key(market)
        data = self.store.get(key)
        assert data is not None
        return decode_market(key, data)

    def account(self, trader: int) -> int:
        """Return the account index of trader ``trader``."""
        signer = self.state.signer(address_of(trader_key(trader)))
        assert signer is not None
        return signer.account

    def portfolio(self, trader: int, sub: int = 0) -> Portfolio:
        """Return a trader's portfolio as stored."""
        portfolio = self.state.portfolio(self.account(trader) << 8 | sub)
        assert portfolio is not None
        return portfolio

    def position(self, trader: int, market: int = 0, sub: int = 0) -> Position | None:
        """Return a trader's position as stored, if any."""
        state = self.state
        portfolio = state.portfolio(self.account(trader) << 8 | sub)
        assert portfolio is not None
        return state.find_position(portfolio, market)

    def book(self, market: int = 0) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return (bids, asks) as lists of (price, remaining), best first."""
        sides = []
        for side in (keys.BUY, keys.SELL):
            found = self.store.ranges.get(keys.order_range(market, side), [])
            state = self.state
            orders = [(keys.order_place(key)[2], state.order(key)) for key in found]
            sides.append([(price, order.remaining) for price, order in orders if order])
        return sides[0], sides[1]
