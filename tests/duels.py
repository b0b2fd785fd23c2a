"""Duels: the engine and the model run the same blocks, and must agree on everything.

A ``Duel`` keeps both states.  Traders with whims, good and bad ones, fill its
blocks with every kind of transaction; who chooses (a seed, or hypothesis) is a
``Chooser``.  After each block receipts and whole states are compared, and the
engine's state is audited.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any, Protocol, TypeVar

from statemachine.actions import (
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
    RevokeAgent,
    Transaction,
    Transfer,
    Withdraw,
    encode_transaction,
)
from statemachine.block import Block
from statemachine.events import Liquidated
from statemachine.identity.signing import address_of, oracle_digest, sign_digest
from statemachine.inbox import InboxItem, InboxKind
from statemachine.rules import FLAG_CLASS_ORDER, MarketRules, Rules
from statemachine.transition import apply_block as run_engine
from statemachine.units import Lots, Micros, Millis, Price
from tests.models.auditor import audit
from tests.models.exchange import Exchange, apply_block
from tests.models.exchange.comparison import compare
from tests.worlds import PUBLISHER_KEYS, USDC, World, market_rules, trader_key, world_rules

TRADERS = 5
STRANGER = trader_key(50)
AGENTS = tuple(bytes([0x60 + number]) * 32 for number in range(3))
MID = 6_000_000
SECOND = 1_000
HOUR = 3_600_000
Item = TypeVar("Item")


class Chooser(Protocol):
    """Somebody who decides what happens next."""

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of ``items``."""
        ...

    def number(self, low: int, high: int) -> int:
        """Return a number from ``low`` to ``high``."""
        ...


class Seeded:
    """A chooser that a seed makes."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def pick(self, items: Sequence[Item]) -> Item:
        return self.random.choice(items)

    def number(self, low: int, high: int) -> int:
        return self.random.randint(low, high)


# Rules under which much happens


def markets_of(numbers: Sequence[int], **changes: Any) -> tuple[MarketRules, ...]:
    """Return markets that differ in margins, and in who pays the maker."""
    maker_ppm = (100, -200, 0)
    return tuple(
        market_rules(
            number,
            maker_ppm=maker_ppm[place % 3],
            initial_ppm=40_000 + 10_000 * place,
            maintenance_ppm=20_000 + 10_000 * place,
            **changes,
        )
        for place, number in enumerate(numbers)
    )


SMALL_STEPS = replace(
    world_rules(
        1,
        step_visits_max=2,
        step_continuations_max=4,
        orders_per_portfolio_max=8,
        orders_free_max=3,
        order_equity=150 * USDC,
        reduce_only_per_position_max=2,
        slice_interval_ms=2_000,
        slice_notional_min=10 * USDC,
        poke_reward=USDC // 100,
        # Segments are nothing the model knows of: let them fall everywhere.
        segment_steps_max=5,
    ),
    markets=markets_of((0, 1, 2), notional_min=7 * USDC),
)
"""Two visits a step, four steps a transaction: everything is cut short sometimes."""

BACKLOG = replace(
    world_rules(
        1,
        due_items_max=5,
        inbox_items_max=2,
        inbox_deadline_ms=4_000,
        inbox_deadline_ms_min=1_000,
        inbox_delay_free_ms=500,
        inbox_refill_ppm=100_000,
        step_visits_max=2,
        step_continuations_max=2,
        publishers_min=1,
        basis_window_ms=5_000,
        premium_interval_ms=2_000,
        funding_interval_ms=60_000,
        slice_interval_ms=1_000,
        poke_reward=0,
    ),
    markets=markets_of((1, 4), fill_band_ppm=10_000),
)
"""Due work and inbox never done in one block; markets whose numbers have gaps."""

FREE = replace(
    world_rules(1, flags=0, step_visits_max=5, slice_ppm=500_000, slice_notional_min=USDC),
    markets=markets_of((0, 3), notional_min=1, fill_band_ppm=1_000_000, tick=1),
)
"""No class order, no band, no self-trade prevention; every price is a tick."""

RULES = {"small-steps": SMALL_STEPS, "backlog": BACKLOG, "free": FREE}


class Duel:
    """The engine's state and the model's, block after block."""

    def __init__(self, rules: Rules, chooser: Chooser, amount: int = 1_000 * USDC) -> None:
        """Fund the traders and give every market a price."""
        self.chooser = chooser
        self.world = World(rules)
        self.model = Exchange(rules, self.world.now)
        self.numbers = [market.market for market in rules.markets]
        self.price = dict.fromkeys(self.numbers, MID)
        self.pending: list[Transaction] = []
        self.sent: list[Transaction] = []
        self.steps = 0
        self.codes: Counter[str] = Counter()
        self.stages: Counter[int] = Counter()
        for trader in range(TRADERS):
            self.world.deposit(trader, amount)
        # The first two trade from two sub-accounts.
        for trader in (0, 1):
            self.world.deposit(trader, amount, sub=1)
        while self.model.inbox_index < TRADERS + 2:
            self.wait(100)
            self.pending += [self.world.prices(number, MID) for number in self.numbers]
            self.finish_block()

    # Blocks

    def wait(self, milliseconds: int) -> None:
        """Let time pass."""
        self.world.now += milliseconds

    def finish_block(self, *, valid: bool = True, named: int | None = None) -> None:
        """Run what is pending through both, and compare; ``named`` inbox items are let in."""
        world = self.world
        transactions, self.pending = self.pending, []
        if not world.rules.flags & FLAG_CLASS_ORDER:
            transactions = transactions[::-1]
        block = world.block(transactions, advance=0 if world.now > self.model.now else 1)
        frame = block.frame
        assert frame is not None
        until = len(world.inbox) if named is None else named
        until = min(until, world.cursor.inbox_index + world.rules.inbox_items_max)
        frame = replace(frame, inbox_until=until) if valid else None
        block = Block(frame, block.time, block.signers, world.inbox, 0)

        result = run_engine(world.store, world.rules, block)
        world.store.apply(result.writes)
        receipts = apply_block(self.model, block)

        compare(result.receipts, world.store.values, receipts, self.model)
        audit(world.store.values, world.rules)
        self.steps += len(receipts)
        self.codes.update(receipt.name for receipt in result.receipts)
        for event in result.events:
            if isinstance(event, Liquidated):
                self.stages[event.stage] += 1

    # Whims

    def account(self) -> int:
        """Return some account, seldom one that does not exist."""
        account: int = self.chooser.pick([*range(1, TRADERS + 1), 99])
        return account

    def price_near(self, number: int) -> Price:
        """Return a price near the index, mostly a tick."""
        base = self.price[number]
        away = self.chooser.number(-12, 12)
        price = (base + away * base // 1_000) // 10 * 10
        return Price(self.chooser.pick((*[price] * 24, price + 1, price * 11 // 10, 0)))

    def size(self) -> Lots:
        """Return a size, mostly of use."""
        sizes = (1, 5, 30, 100, 400, 400, 1_500, 1_500, 4_000)
        return Lots(self.chooser.pick((*sizes, *sizes, *sizes, 0, 2**53)))

    def market(self) -> int:
        """Return a market, seldom one that does not exist."""
        return self.chooser.pick([*self.numbers * 12, 9])

    def client_id(self, trader: int) -> bytes:
        """Return one of a trader's few client ids."""
        return bytes([trader, self.chooser.number(0, 5)]) * 8

    def reference(self, trader: int, market: int) -> int | bytes:
        """Return how a trader would name one of his orders, or what he thinks is one."""
        found = self.model.orders_of(trader + 1 << 8, market)
        numbers = [order.number for order in found]
        references: list[int | bytes] = [*numbers, *numbers, self.client_id(trader), 1]
        return self.chooser.pick(references)

    def order(self, trader: int) -> PlaceOrder:
        """Return an order of any kind."""
        flags = self.chooser.pick((*[0, 1] * 9, *[2, 3, 4, 5] * 2, 6, 8, 9, 10, 11, 12, 13))
        client_id = self.client_id(trader) if self.chooser.number(0, 3) == 0 else b""
        market = self.market()
        price = self.price_near(market if market in self.price else self.numbers[0])
        sub = self.chooser.pick((*[0] * 20, *[1] * (10 if trader < 2 else 1)))
        order = PlaceOrder(sub, market, flags, price, self.size(), client_id)
        return self.pegged(order) if self.chooser.number(0, 5) == 0 else order

    def pegged(self, order: PlaceOrder) -> PlaceOrder:
        """Return an order that follows the index, mostly as far as its limit lets it."""
        side = order.flags & 1
        flags = side | self.chooser.pick((*[132] * 8, *[164] * 3, 140, 128, 4))
        base = self.price[order.market if order.market in self.price else self.numbers[0]]
        away = self.chooser.pick((9, 9, 20))
        limit = Price(base * (1_000 - away if side else 1_000 + away) // 10_000 * 10)
        limit = self.chooser.pick((limit, limit, limit, order.price))
        terms = replace(order.terms, offset=self.offset(base))
        return replace(order, flags=flags, price=limit, terms=terms)

    def offset(self, base: int) -> int:
        """Return an offset from the index, mostly of ticks."""
        away = self.chooser.number(-12, 12) * base // 2_000 // 10 * 10
        return self.chooser.pick((*[away] * 20, 0, -10, 10, away + 1))

    def leg(self, trader: int) -> Leg:
        """Return an order, a cancel or a modify."""
        kind = self.chooser.number(0, 9)
        if kind < 7:
            return replace(self.order(trader), sub=0)
        market = self.market()
        ref = self.reference(trader, market)
        if kind == 7:
            return Cancel(0, market, ref)
        side, base = self.chooser.number(0, 1), self.price[self.numbers[0]]
        price, size = Price(base), self.size()
        known = self.model.orders.get(ref) if isinstance(ref, int) else None
        if known is not None:
            side = known.side
            price = self.chooser.pick((Price(known.price), self.price_near(known.market)))
            size = self.chooser.pick((Lots(known.remaining), Lots(known.remaining // 2), size))
        flags = self.chooser.pick((0, 0, 4, 8, 2, 1)) ^ side
        return Modify(0, market, flags, ref, price, size)

    def amount(self) -> Micros:
        """Return an amount of money."""
        return Micros(self.chooser.pick((0, 1, USDC, 100 * USDC, 700 * USDC, 2**63)))

    def errand(self) -> Action:
        """Return anything that is not trading."""
        agent = address_of(self.chooser.pick((*AGENTS, trader_key(0), STRANGER)))
        sub = self.chooser.pick((0, 0, 0, 1))
        kind = self.chooser.number(0, 5)
        if kind == 0:
            expiry = Millis(self.world.now + self.chooser.pick((0, 5 * SECOND, HOUR, 9 * HOUR)))
            kinds = self.chooser.pick((62, 62, 2, 1, 0, 1 << 16))
            mask = self.chooser.pick((0, 0, 1 << self.numbers[0], 1 << 60))
            return ApproveAgent(agent, expiry, kinds, mask)
        if kind == 1:
            return RevokeAgent(agent)
        if kind == 2:
            return Withdraw(sub, self.amount())
        if kind == 3:
            return Transfer(sub, self.chooser.number(0, 2), self.amount())
        if kind == 4:
            return CancelAll(0, self.chooser.pick((*self.numbers, MARKET_EVERY, 9)))
        return Poke(self.account(), sub)

    def send(self, trader: int, action: Action) -> None:
        """Sign an action, mostly as one should, and let it wait for the block."""
        world, pick = self.world, self.chooser.pick
        # Times that share buckets, so that windows fill up and nonces meet again.
        crowded = (world.now - 1_024 * self.chooser.number(0, 2_000)) // 16 << 14
        nonce = pick((*[world.nonce()] * 6, crowded | self.chooser.number(0, 1)))
        nonce = pick((*[nonce] * 50, nonce - (8_000_000 << 10), nonce + (61_000 << 10)))
        expires_at = pick((*[0] * 40, world.now - 1, world.now, world.now + SECOND))
        own = trader_key(trader)
        agents = [key for key in AGENTS if address_of(key) in self.model.signers]
        key = pick((*[own] * 40, *agents * 3, STRANGER))
        transaction = world.sign(key, action, nonce=nonce, expires_at=expires_at)
        if self.chooser.number(0, 40) == 0:
            data = encode_transaction(action, nonce, expires_at, bytes(65))
            transaction = Transaction(action, nonce, expires_at, bytes(65), data)
        self.pending.append(transaction)
        self.sent = [*self.sent[-20:], transaction]

    def crowd_nonces(self, trader: int) -> None:
        """Send more than a bucket of nonces holds, in no order."""
        for _ in range(20):
            time = (self.world.now - 1_024 * self.chooser.number(0, 100)) // 16 * 16
            action = CancelAll(1, self.numbers[0])
            self.pending.append(self.world.sign(trader, action, nonce=time << 10))

    def repeat(self) -> None:
        """Send something that was sent before."""
        if self.sent:
            self.pending.append(self.chooser.pick(self.sent))

    def publish(self, number: int, permille: int) -> None:
        """Move a market's price, with one publisher a little late, wrong or silent."""
        world, chooser = self.world, self.chooser
        base = max(1_000, self.price[number] * (1_000 + permille) // 1_000)
        self.price[number] = base
        messages = []
        for publisher in chooser.pick(((0, 1, 2), (0, 1, 2), (2, 0), (1,), (1, 1, 0))):
            price = base * (1_000 + chooser.pick((0, 0, 0, 1, -1))) // 1_000
            price = chooser.pick((*[price] * 30, 0, 2**46))
            time = world.now - chooser.pick((0, 0, 0, 0, 1, 30_000, 61_000, -15_000, -15_001))
            digest = oracle_digest(world.domain, number, price, time)
            key = PUBLISHER_KEYS[chooser.pick((*[publisher] * 20, 0))]
            signature = sign_digest(key, digest)
            number_said = chooser.pick((*[publisher] * 30, 7))
            messages.append(OracleMessage(number_said, Price(price), Millis(time), signature))
        update = OracleUpdate(number, tuple(messages))
        self.pending.append(Transaction(update, 0, 0, b"", encode_transaction(update, 0, 0, b"")))

    def queue_on_l1(self) -> None:
        """Queue a deposit or something forced on L1."""
        chooser = self.chooser
        keys = (*(trader_key(trader) for trader in range(TRADERS)), AGENTS[0], STRANGER)
        addresses = [address_of(key) for key in keys]
        owner = chooser.pick(addresses)
        kind = chooser.pick((*InboxKind, InboxKind.FORCED_CLOSE, InboxKind.FORCED_CLOSE))
        sub = chooser.pick((0, 0, 1))
        item = InboxItem(kind, owner, sub, Micros(0), Millis(self.world.now))
        if kind in (InboxKind.DEPOSIT, InboxKind.FORCED_WITHDRAW):
            amount = Micros(chooser.pick((0, 1, 100 * USDC, 100 * USDC, 2**62, 2**63 - 1)))
            item = replace(item, amount=amount)
        elif kind == InboxKind.FORCED_CLOSE:
            number = chooser.pick((*[chooser.pick(self.numbers)] * 20, 9))
            mark = self.world.market(number).mark if number in self.numbers else MID
            price = mark * (1_000 + chooser.pick((-100, -10, -1, 0, 1, 10, 100))) // 1_000
            item = replace(item, market=number, price=chooser.pick((0, 0, 0, price)))
        elif kind == InboxKind.ORACLE:
            item = self.message_on_l1(item)
        elif kind == InboxKind.FORCED_REVOKE:
            item = replace(item, other=address_of(AGENTS[0]))
        elif kind == InboxKind.FORCED_POKE:
            item = replace(item, other=chooser.pick(addresses))
        self.world.inbox.append(item)

    def message_on_l1(self, item: InboxItem) -> InboxItem:
        """Return a publisher's message, as L1 would have it, or nearly."""
        chooser, publishers = self.chooser, self.world.rules.publishers
        number = chooser.pick((*[chooser.pick(self.numbers)] * 20, 9))
        publisher = chooser.number(0, len(publishers) - 1)
        price = self.price.get(number, MID) * (1_000 + chooser.pick((0, 0, 1, -1, 10))) // 1_000
        return replace(
            item,
            owner=publishers[chooser.pick((*[publisher] * 20, 0))],
            sub=0,
            market=number,
            price=chooser.pick((*[price] * 20, 0, 2**46)),
            publisher=chooser.pick((*[publisher] * 20, 7)),
            told=self.world.now - chooser.pick((0, 0, 1, 30_000, 61_000, -15_000)),
        )

    # A block of everything

    def random_block(self) -> None:
        """Let something happen, then finish the block."""
        chooser = self.chooser
        self.wait(chooser.pick((*[50] * 5, *[SECOND] * 6, *[2_000] * 3, 6_000, 61_000, HOUR)))
        for number in self.numbers:
            if chooser.number(0, 9):
                self.publish(number, chooser.pick((0, 0, 1, -1, 4, -4, 10, -10, 30, -30)))
        for _ in range(chooser.number(0, 16)):
            trader = chooser.number(0, TRADERS - 1)
            kind = chooser.number(0, 19)
            if kind < 11:
                self.send(trader, self.leg(trader))
            elif kind < 14:
                legs = tuple(self.leg(trader) for _ in range(chooser.number(1, 6)))
                self.send(trader, Bulk(0, legs, atomic=chooser.number(0, 2) == 0))
            elif kind < 16:
                self.send(trader, Poke(self.account(), 0))
            elif kind < 19:
                self.send(trader, self.errand())
            elif chooser.number(0, 9):
                self.repeat()
            else:
                self.crowd_nonces(trader)
        if chooser.number(0, 9) == 0:
            self.queue_on_l1()
        named = None if chooser.number(0, 3) else 0
        self.finish_block(valid=chooser.number(0, 19) != 0, named=named)
