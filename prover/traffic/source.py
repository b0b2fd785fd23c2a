"""A seeded source of log entries and inbox items: transactions of every kind."""

from dataclasses import dataclass, replace
from random import Random
from typing import Final, final

from prover.derivation import EntryRecord
from prover.entry import encode_entry
from prover.traffic.compounds import asset_action_of, compound_of, sharing_of, terms_of
from prover.traffic.world import PRICES, PUBLISHERS, STAKED, START_MS, key_of, traffic_rules
from statemachine.actions import (
    ATOMIC_LEGS_MAX,
    FLAG_FOK,
    FLAG_IOC,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    FLAG_SLIDE,
    MARKET_EVERY,
    Action,
    ApproveAgent,
    Bulk,
    Cancel,
    CancelAll,
    Leg,
    Modify,
    OracleMessage,
    OracleUpdate,
    PlaceOrder,
    Poke,
    PoolRedeem,
    PoolSupply,
    RevokeAgent,
    Send,
    Transaction,
    Transfer,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
    encode_transaction,
)
from statemachine.frame import class_of, encode_frame
from statemachine.identity.signing import (
    Domain,
    address_of,
    oracle_digest,
    sign_action,
    sign_digest,
)
from statemachine.inbox import InboxItem, InboxKind
from statemachine.units import Lots, Micros, Millis, Price

LIVE_ORDERS_MAX: Final = 400
AGENT_KINDS: Final = 0b111_1111_1110


@final
@dataclass(frozen=True, slots=True)
class Resting:
    """An order that was placed, and may still be there."""

    trader: int
    sub: int
    market: int
    flags: int
    client_id: bytes


@final
class Traffic:
    """A seeded source of log entries and inbox items."""

    def __init__(self, seed: int, traders: int = 20) -> None:
        """Start with one deposit for each trader in the inbox."""
        self.random = Random(seed)  # noqa: S311  seeded traffic, no secrets
        self.rules = traffic_rules()
        self.domain = Domain(self.rules.chain_id, self.rules.rollup)
        self.keys = [key_of(f"trader {i}") for i in range(traders)]
        self.agents: list[tuple[int, bytes]] = []
        self.prices = dict(PRICES)
        self.now = START_MS
        self.height = 0
        self.consumed = 0
        self.entries = 0
        self.counter = 0
        self.resting: list[Resting] = []
        self.inbox: list[InboxItem] = []
        for key in self.keys:
            self.queue(InboxKind.DEPOSIT, key, 0, 20_000_000_000)

    # L1

    def queue(self, kind: InboxKind, key: bytes, sub: int, amount: int, asset: int = 0) -> None:
        """Put an item into the inbox."""
        item = InboxItem(kind, address_of(key), sub, Micros(amount), Millis(self.now), asset)
        self.inbox.append(item)

    def queue_any(self) -> None:
        """Put an item of any kind into the inbox."""
        kind, key = self.random.choice(list(InboxKind)), self.random.choice(self.keys)
        sub, other = self.random.randrange(2), address_of(self.random.choice(self.keys))
        if kind in (InboxKind.DEPOSIT, InboxKind.FORCED_WITHDRAW):
            self.queue(kind, key, sub, 50_000_000, self.random.choice((0, STAKED)))
            return
        if kind == InboxKind.FORCED_REVOKE and self.agents:
            trader, agent = self.random.choice(self.agents)
            key, other = self.keys[trader], address_of(agent)
        market = self.random.choice(list(self.prices))
        item = InboxItem(kind, address_of(key), sub, Micros(0), Millis(self.now))
        if kind == InboxKind.ORACLE:
            publisher = self.random.randrange(PUBLISHERS)
            item = replace(item, owner=self.rules.publishers[publisher], publisher=publisher)
            item = replace(item, sub=0, price=self.prices[market], told=self.now)
            other = b""
        self.inbox.append(replace(item, market=market, other=other))

    def make_entry(self, frames: int, transactions: int) -> EntryRecord:
        """Return the next entry: so many frames of about so many transactions.

        Now and then a frame, or the whole entry, is not valid.
        """
        draw = self.random.random()
        if self.entries and draw < 0.04:
            self.now += 25_000
            data = b"" if draw < 0.02 else b"\x01\x00\x02garbage"
            self.note_block(self.now, self.consumed)
        else:
            data = encode_entry([self.make_frame(transactions) for _ in range(frames)])
        self.now += 100
        entry = EntryRecord(self.entries, data, self.now, len(self.inbox))
        self.entries += 1
        return entry

    def make_frame(self, transactions: int) -> bytes:
        """Return the next frame, and take note of what it will consume."""
        draw = self.random.random()
        self.now += 3_700_000 if draw < 0.02 else self.random.randrange(50, 2_500)
        if draw > 0.9:
            self.queue_any()
        until = self.random.randint(self.consumed, len(self.inbox))
        if self.height == 0:
            until = len(self.inbox)
        batch = [self.make_oracle(market) for market in self.prices]
        batch += [self.make_transaction() for _ in range(transactions)]
        batch.sort(key=lambda transaction: class_of(transaction.action))
        if 0.5 < draw < 0.53:
            batch.reverse()
            until = self.consumed
        frame = encode_frame(self.height + 1, self.now, until, batch)
        if 0.53 < draw < 0.55:
            frame = frame[:-1]
            until = self.consumed
        self.note_block(self.now, until)
        return frame

    def note_block(self, time: int, until: int) -> None:
        """Follow what a block at ``time`` consumes, named or overdue."""
        self.height += 1
        self.consumed = max(self.consumed, until)
        while (
            self.consumed < len(self.inbox)
            and self.inbox[self.consumed].time + self.rules.inbox_deadline_ms <= time
        ):
            self.consumed += 1

    # L2

    def make_oracle(self, market: int) -> Transaction:
        """Return every publisher's message about a price that walked on, sometimes jumped."""
        step = self.random.gauss(0, 0.0008)
        if self.random.random() < 0.02:
            step = self.random.choice((-0.06, 0.06))
        price = max(int(self.prices[market] * (1 + step)), 1_000)
        self.prices[market] = price
        messages = []
        for publisher in range(PUBLISHERS):
            shown = price + self.random.randint(-50, 50)
            digest = oracle_digest(self.domain, market, shown, self.now)
            signature = sign_digest(key_of(f"publisher {publisher}"), digest)
            messages.append(OracleMessage(publisher, Price(shown), Millis(self.now), signature))
        update = OracleUpdate(market, tuple(messages))
        return Transaction(update, 0, 0, b"", encode_transaction(update, 0, 0, b""))

    def next_nonce(self) -> int:
        """Return a nonce that no one used."""
        self.counter += 1
        return self.now << 10 | self.counter & 1023

    def make_transaction(self) -> Transaction:
        """Return one signed action of any kind; one in fifty has a bad signature."""
        random = self.random
        trader = random.randrange(len(self.keys))
        draw = random.random()
        if self.resting and draw < 0.22:
            order = random.choice(self.resting[-150:])
            trader, action = order.trader, self.make_change(order)
        else:
            action = self.make_action(trader)
        key = self.keys[trader]
        if self.agents and draw > 0.9:
            trader, key = random.choice(self.agents)
            action = self.make_order(trader)
        nonce = self.next_nonce() if random.random() < 0.98 else self.now << 10
        expires = self.now + random.choice((-1, 5_000)) if random.random() < 0.1 else 0
        transaction = sign_action(self.domain, key, action, nonce, expires)
        if random.random() < 0.02:
            signature = bytes(64) + b"\x05"
            other = sign_action(self.domain, key_of("stranger"), action, nonce, expires)
            signature = random.choice((signature, other.signature))
            return with_signature(transaction, signature)
        return transaction

    def make_action(self, trader: int) -> Action:
        """Return an action drawn by weight."""
        random = self.random
        draw = random.random()
        market = random.choice((1, 2, 3))
        if draw < 0.55:
            return self.make_order(trader)
        if draw < 0.70:
            return compound_of(random, self.now, self.make_order(trader))
        if draw < 0.82:
            count = random.choice((2, 5, 20, 64))
            atomic = count <= ATOMIC_LEGS_MAX and random.random() < 0.5
            return Bulk(0, tuple(self.make_leg(trader) for _ in range(count)), atomic)
        if draw < 0.85:
            return CancelAll(0, random.choice((market, MARKET_EVERY)), random.choice((0, 1, 2, 2)))
        if draw < 0.88:
            return Withdraw(0, Micros(random.choice((1_000_000, 5_000_000, 10**13))))
        if draw < 0.885:
            return VaultDeposit(0, market, Micros(random.choice((10_000_000, 30_000_000, 1))))
        if draw < 0.89:
            return VaultWithdraw(0, market, random.choice((0, 5_000_000)))
        if draw < 0.8925:
            supplied = Micros(random.choice((5_000_000, 50_000_000, 1)))
            return random.choice(
                (PoolSupply(0, supplied), PoolRedeem(0, random.choice((0, 10**6))))
            )
        if draw < 0.895:
            to = address_of(random.choice(self.keys))
            return Send(to, 0, random.choice((0, 1)), Micros(3_000_000))
        if draw < 0.9:
            if random.random() < 0.5:
                return asset_action_of(random, STAKED, self.prices[2])
            return sharing_of(random, len(self.keys))
        if draw < 0.91:
            return Transfer(*random.choice(((0, 1), (1, 0), (0, 0))), Micros(40_000_000))
        if draw < 0.94:
            key = key_of(f"agent {random.randrange(60)}")
            self.agents = [*self.agents[-15:], (trader, key)]
            budgets = (Micros(random.choice((0, 10**9))), Micros(random.choice((0, 10**6))))
            expiry = Millis(self.now + 600_000)
            return ApproveAgent(address_of(key), expiry, AGENT_KINDS, 0, *budgets)
        if draw < 0.95:
            mine = [key for owner, key in self.agents if owner == trader]
            return RevokeAgent(address_of(mine[0] if mine else self.keys[trader]))
        return Poke(random.randrange(1, len(self.keys) + 2), random.randrange(2))

    def make_change(self, order: Resting) -> Action:
        """Return a cancel or a modify of an order that may still rest."""
        if self.random.random() < 0.6:
            return Cancel(order.sub, order.market, order.client_id)
        return self.make_modify(order)

    def make_order(self, trader: int) -> PlaceOrder:
        """Return an order near the price: resting, crossing, or off the rules."""
        random = self.random
        market = random.choice((1, 2, 3))
        side = random.randrange(2)
        draw = random.random()
        flags = side * FLAG_SELL
        away = random.randrange(0, 60)
        if draw < 0.35:
            flags |= random.choice((FLAG_POST_ONLY, FLAG_POST_ONLY | FLAG_SLIDE))
        elif draw < 0.4:
            flags |= FLAG_FOK
        elif draw < 0.6:
            flags |= FLAG_IOC
            away = -random.randrange(0, 80)
        if random.random() < 0.05:
            flags |= FLAG_REDUCE_ONLY
        worse = away if side else -away
        price = self.prices[market] * (10_000 + worse) // 10_000
        price -= price % 10 if random.random() < 0.97 else 0
        size = random.choice((1, 5, 20, 100, 400, 2_000, 20_000))
        self.counter += 1
        client_id = b"" if random.random() < 0.2 else self.counter.to_bytes(16, "big")
        sub = 0 if random.random() < 0.95 else 1
        if client_id and not flags & FLAG_IOC:
            resting = Resting(trader, sub, market, flags, client_id)
            self.resting = [*self.resting[-LIVE_ORDERS_MAX:], resting]
        limit = Price(max(price, 1))
        terms = terms_of(random, self.now, limit)
        return PlaceOrder(sub, market, flags, limit, Lots(size), client_id, terms)

    def make_modify(self, order: Resting) -> Modify:
        """Return a new price and size for an order that may still rest."""
        price = self.prices[order.market] * self.random.randrange(9_950, 10_050) // 10_000
        price -= price % 10
        flags = order.flags & (FLAG_SELL | FLAG_REDUCE_ONLY)
        flags |= self.random.choice((0, 0, FLAG_POST_ONLY, FLAG_IOC | FLAG_SELL))
        size = Lots(self.random.choice((1, 10, 50)))
        return Modify(order.sub, order.market, flags, order.client_id, Price(price), size)

    def make_leg(self, trader: int) -> Leg:
        """Return a leg of a bulk."""
        mine = [order for order in self.resting[-100:] if order.trader == trader]
        if not mine or self.random.random() < 0.6:
            order = self.make_order(trader)
            return PlaceOrder(
                0, order.market, order.flags, order.price, order.size, order.client_id
            )
        target = self.random.choice(mine)
        if self.random.random() < 0.5:
            return Cancel(0, target.market, target.client_id)
        change = self.make_modify(target)
        return Modify(0, change.market, change.flags, change.ref, change.price, change.size)


def with_signature(transaction: Transaction, signature: bytes) -> Transaction:
    """Return the same transaction under another signature."""
    data = encode_transaction(
        transaction.action, transaction.nonce, transaction.expires_at, signature
    )
    return Transaction(
        transaction.action, transaction.nonce, transaction.expires_at, signature, data
    )
