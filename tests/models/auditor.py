"""The auditor: decode a whole state, and check that everything in it adds up.

It trusts no sum that the state keeps: every one is taken again from the leaves
it sums.  Amounts are compared to the unit; funding in micros << 32, so that
what is not settled yet and what flooring kept back are part of the sum.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from statemachine import keys
from statemachine.actions import FLAG_REDUCE_ONLY
from statemachine.book.resting import NO_CLIENT, hash_client_id
from statemachine.cursor import PHASE_REST, decode_cursor
from statemachine.due import PERIODIC
from statemachine.pricing.funding import FUNDING_SHIFT
from statemachine.pricing.guards import AVERAGE_SHIFT
from statemachine.records import (
    OWNED_ASLEEP,
    OWNED_TWAP,
    PORTFOLIO_LIQUIDATING,
    ROLE_OWNER,
    Market,
    Oracle,
    Order,
    Portfolio,
    Position,
    Record,
    Sleeper,
    decode_account,
    decode_asset,
    decode_client_id,
    decode_due,
    decode_fund,
    decode_group,
    decode_holding,
    decode_ledger,
    decode_market,
    decode_nonces,
    decode_oracle,
    decode_order,
    decode_owned,
    decode_pool,
    decode_portfolio,
    decode_position,
    decode_ramp,
    decode_share,
    decode_signer,
    decode_sleeper,
    decode_stake,
    decode_standing,
    decode_supply,
    decode_twap,
    decode_vault,
    decode_velocity,
    decode_withdrawal,
)
from statemachine.risk.exits import DUE_FUND_EXIT
from statemachine.risk.liquidation import DUE_SLICE
from statemachine.risk.margin import ISOLATED_FROM, margin_of
from statemachine.risk.tiers import leverage_max
from statemachine.risk.vaults import DUE_EXIT, DUE_UNWIND, VAULT_ACCOUNT
from statemachine.rules import NO_GUARDIAN, Rules
from statemachine.state import State
from statemachine.states import STATE_SETTLED
from statemachine.storage import MemoryStore
from statemachine.waiting.grouping import DUE_GROUP
from statemachine.waiting.switch import DUE_SWITCH
from statemachine.waiting.twap import DUE_TWAP
from tests.models.assets import audit_assets
from tests.models.backstops import audit_tail
from tests.models.funds import audit_funds
from tests.models.lending import audit_pool, pool_of
from tests.models.pegs import audit_pegs, place_of
from tests.models.settings import GUARDED, audit_settings
from tests.models.standings import audit_fees

DECODERS: dict[int, Callable[[bytes, bytes], Record]] = {
    keys.TABLE_CURSOR: lambda _, data: decode_cursor(data),
    keys.TABLE_LEDGER: lambda _, data: decode_ledger(data),
    keys.TABLE_SIGNER: decode_signer,
    keys.TABLE_NONCES: decode_nonces,
    keys.TABLE_MARKET: decode_market,
    keys.TABLE_ORACLE: decode_oracle,
    keys.TABLE_RAMP: decode_ramp,
    keys.TABLE_ASSET: decode_asset,
    keys.TABLE_PORTFOLIO: decode_portfolio,
    keys.TABLE_POSITION: decode_position,
    keys.TABLE_HOLDING: decode_holding,
    keys.TABLE_ORDER: decode_order,
    keys.TABLE_PEGGED: decode_order,
    keys.TABLE_SLEEPER: decode_sleeper,
    keys.TABLE_GROUP: decode_group,
    keys.TABLE_TWAP: decode_twap,
    keys.TABLE_STANDING: decode_standing,
    keys.TABLE_VAULT: decode_vault,
    keys.TABLE_SHARE: decode_share,
    keys.TABLE_FUND: decode_fund,
    keys.TABLE_STAKE: decode_stake,
    keys.TABLE_VELOCITY: lambda _, data: decode_velocity(data),
    keys.TABLE_POOL: lambda _, data: decode_pool(data),
    keys.TABLE_SUPPLY: decode_supply,
}
"""Records that are decoded into objects, which encode themselves again."""


class Found(AssertionError):
    """The books do not balance; the message says which entry."""


def check(holds: bool, finding: str) -> None:
    """Raise what the auditor found unless ``holds``."""
    if not holds:
        raise Found(finding)


class Books:
    """A state, decoded, by table."""

    def __init__(self, items: Mapping[bytes, bytes]) -> None:
        self.items = items
        self.cursor = decode_cursor(items[keys.CURSOR_KEY])
        self.ledger = decode_ledger(items[keys.LEDGER_KEY])
        self.markets = {
            int.from_bytes(key[1:], "big"): decode_market(key, data)
            for key, data in self.table(keys.TABLE_MARKET)
        }
        self.portfolios: dict[int, Portfolio] = {
            int.from_bytes(key[1:], "big"): decode_portfolio(key, data)
            for key, data in self.table(keys.TABLE_PORTFOLIO)
        }
        self.positions: dict[tuple[int, int], Position] = {
            (int.from_bytes(key[1:6], "big"), int.from_bytes(key[6:], "big")): decode_position(
                key, data
            )
            for key, data in self.table(keys.TABLE_POSITION)
        }
        self.orders: list[Order] = [
            decode_order(key, data)
            for table in (keys.TABLE_ORDER, keys.TABLE_PEGGED)
            for key, data in self.table(table)
        ]
        self.sleepers = [decode_sleeper(key, data) for key, data in self.table(keys.TABLE_SLEEPER)]
        self.twaps = [decode_twap(key, data) for key, data in self.table(keys.TABLE_TWAP)]
        self.groups = {
            int.from_bytes(key[1:], "big"): decode_group(key, data)
            for key, data in self.table(keys.TABLE_GROUP)
        }

        self.standings = {
            int.from_bytes(key[1:], "big"): decode_standing(key, data)
            for key, data in self.table(keys.TABLE_STANDING)
        }

    def table(self, table: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield the leaves of one table, in order of their keys."""
        for key in sorted(self.items):
            if key[0] == table:
                yield key, self.items[key]


def audit(items: Mapping[bytes, bytes], rules: Rules) -> None:
    """Check a whole state between two blocks; raise :class:`Found` if it does not hold."""
    books = Books(items)
    check(books.cursor.phase == PHASE_REST, "the cursor is not at rest")
    check(set(books.markets) == {m.market for m in rules.markets}, "markets are not the rules'")
    audit_encodings(books)
    audit_money(books)
    audit_markets(books)
    audit_pegs(books, rules, check)
    audit_limits(books, rules)
    audit_orders(books, rules)
    audit_portfolios(books)
    audit_margins(books, rules)
    audit_signers(books)
    audit_due(books, rules)
    audit_tail(books, rules, check)
    audit_funds(books, rules, check)
    audit_pool(books, check)
    audit_settings(books, rules, check)
    audit_assets(books, rules, check)
    audit_fees(books, rules, check)


def audit_encodings(books: Books) -> None:
    """Every leaf is of a known table, and is what its own decoder would encode."""
    blobs = {
        keys.TABLE_ACCOUNT,
        keys.TABLE_BUILDER,
        keys.TABLE_OWNED,
        keys.TABLE_CLIENT_ID,
        keys.TABLE_DUE,
        keys.TABLE_WITHDRAWAL,
        keys.TABLE_RANK,
    }
    for key, data in books.items.items():
        decoder = DECODERS.get(key[0])
        check(decoder is not None or key[0] in blobs, f"unknown table of {key.hex()}")
        if decoder is not None:
            check(decoder(key, data).encode() == data, f"{key.hex()} is not canonical")


def audit_money(books: Books) -> None:
    """I1 and I7: what was paid in is all there, to the unit, and no fund is below zero."""
    ledger = books.ledger
    scaled = 0
    for portfolio in books.portfolios.values():
        scaled += portfolio.balance << FUNDING_SHIFT
    for (_, number), position in books.positions.items():
        market = books.markets[number]
        scaled -= position.cost << FUNDING_SHIFT
        scaled -= position.size * (market.funding_index - position.funding_index)
    for market in books.markets.values():
        scaled += market.funding_dust - (market.deficit << FUNDING_SHIFT)
        check(market.funding_dust >= 0, f"I3: market {market.market}: funding dust below zero")
        check(market.deficit >= 0, f"I7: market {market.market}: deficit below zero")
    funds = ledger.insurance + ledger.fees + ledger.dust + pool_of(books).supplied
    scaled += funds << FUNDING_SHIFT
    paid_in = (ledger.deposits - ledger.withdrawals) << FUNDING_SHIFT
    check(
        scaled == paid_in,
        f"I1: {scaled - paid_in} micros << {FUNDING_SHIFT} too much: "
        f"deposits {ledger.deposits}, withdrawals {ledger.withdrawals}",
    )
    check(ledger.insurance >= 0, f"I7: insurance is {ledger.insurance}")
    check(ledger.fees >= 0, f"I7: fees are {ledger.fees}")
    check(ledger.dust >= 0, f"I7: dust is {ledger.dust}")
    withdrawals = [decode_withdrawal(data) for _, data in books.table(keys.TABLE_WITHDRAWAL)]
    check(len(withdrawals) == ledger.next_withdrawal, "withdrawals are not numbered from 0")
    check(
        sum(amount for _, amount, _, asset in withdrawals if not asset) == ledger.withdrawals,
        "withdrawals do not sum to the ledger's",
    )
    check(all(amount > 0 for _, amount, *_ in withdrawals), "a withdrawal of nothing")


def audit_markets(books: Books) -> None:
    """I2 and I4: sizes cancel, open interest is the sum of longs, no book is crossed."""
    sizes: Counter[int] = Counter()
    longs: Counter[int] = Counter()
    for (_, number), position in books.positions.items():
        sizes[number] += position.size
        longs[number] += max(0, position.size)
    best: dict[tuple[int, int], int] = {}
    for order in books.orders:
        number, side, price, _ = keys.order_place(order.key)
        if not order.limit:
            best.setdefault((number, side), price)
    for number, market in books.markets.items():
        check(sizes[number] == 0, f"I2: market {number}: sizes sum to {sizes[number]}")
        check(
            longs[number] == market.open_interest,
            f"I2: market {number}: open interest {market.open_interest}, longs {longs[number]}",
        )
        bid = best.get((number, keys.BUY), 0)
        ask = best.get((number, keys.SELL), 1 << 64)
        check(bid < ask, f"I4: market {number}: crossed, {bid} >= {ask}")
        check((market.index > 0) == (market.state > 0), f"market {number}: active without price")
        check((market.index > 0) == (market.mark > 0), f"market {number}: index without mark")


def audit_average(market: Market, oracle: Oracle, rules: Rules, now: int, label: str) -> None:
    """Hold a fresh index to the average, by as much as that can have moved since.

    With factor f, window W and an index admitted at most A ago: it was no more than
    f times the average then, which has since lost at most a share (1 - 1/f) A/W; nor
    less than 1/f of it, which has since grown by a factor of at most exp((f - 1) A/W)
    <= 1 / (1 - (f - 1) A/W).  Refused prices move the average away from an index that is
    no longer heard of, so a stale one is not held to this.
    """
    age, window = rules.oracle_age_ms_max, rules.average_window_ms
    factor = rules.average_factor_max
    if now - market.index_time > age or (factor - 1) * age >= window:
        return
    index, average = market.index << AVERAGE_SHIFT, oracle.average + 1  # it was truncated
    most = factor * factor * window * average
    reach = factor * index * window
    check(
        index * (factor * window - (factor - 1) * age) <= most,
        f"{label}: index {market.index} far above its average",
    )
    check(
        (average - 2) * (window - (factor - 1) * age) <= reach,
        f"{label}: index {market.index} far below its average",
    )


def audit_limits(books: Books, rules: Rules) -> None:
    """Caps hold, isolated portfolios hold one market, averages bound the index, budgets hold."""
    for parameters in rules.markets:
        market = books.markets[parameters.market]
        most = parameters.open_interest_max
        label = f"market {market.market}"
        check(not most or market.open_interest <= most, f"{label}: open interest beyond its cap")
        data = books.items.get(keys.oracle_key(market.market))
        if data is None:
            check(market.index == 0, f"{label}: an index that nobody said")
            continue
        oracle = decode_oracle(keys.oracle_key(market.market), data)
        check((market.index > 0) == (oracle.average > 0), f"{label}: index without average")
        check((oracle.pending > 0) == (oracle.pending_time > 0), f"{label}: pending since never")
        audit_average(market, oracle, rules, books.cursor.time, label)
    for name, portfolio in books.portfolios.items():
        check(
            name & 255 < ISOLATED_FROM or len(portfolio.markets) <= 1,
            f"portfolio {name}: isolated, in markets {portfolio.markets}",
        )
    for place, position in books.positions.items():
        # Rates that move may leave a choice above what one could choose now.
        least = 1 if rules.guardian != NO_GUARDIAN else books.markets[place[1]].initial_ppm
        most = leverage_max(least)
        check(0 <= position.leverage <= most, f"position {place}: leverage {position.leverage}")
    for key, data in books.table(keys.TABLE_SIGNER):
        signer = decode_signer(key, data)
        # Lowered terms may leave a day's use above them.
        check(signer.notional >= 0, f"signer {key.hex()}: notional {signer.notional}")
        check(signer.role != ROLE_OWNER or not signer.notional_max, f"{key.hex()}: no agent")


def audit_orders(books: Books, rules: Rules) -> None:
    """Every order is owned, bound and counted once, and nothing else is."""
    ticks = {m.market: m.tick for m in rules.markets}
    owned: dict[bytes, tuple[int, int]] = {}
    bound: set[bytes] = set()
    for order in books.orders:
        number, side, price, sequence, place = place_of(order)
        name = f"order {sequence} of market {number}"
        check(side in (keys.BUY, keys.SELL), f"{name}: side {side}")
        check(0 < order.remaining <= order.size, f"I4: {name}: {order.remaining} of {order.size}")
        check(price > 0 and price % ticks[number] == 0, f"{name}: price {price} is off the tick")
        check(0 < sequence < books.ledger.next_sequence, f"{name}: a number not yet given")
        owned[keys.owned_key(order.portfolio, number, sequence)] = place
        bound |= bound_by(books, order, number, sequence)
    for sleeper in books.sleepers:
        number, trigger, price, sequence = keys.sleeper_place(sleeper.key)
        name = f"sleeping order {sequence} of market {number}"
        check(sleeper.size > 0 and sleeper.price % ticks[number] == 0, f"{name}: shape")
        place = (OWNED_ASLEEP + trigger, price)
        owned[keys.owned_key(sleeper.portfolio, number, sequence)] = place
        bound |= bound_by(books, sleeper, number, sequence)
        if sleeper.group:
            group = books.groups.get(sleeper.group)
            orders = [] if group is None else [order.sequence for order in group.exits]
            orders += [sleeper.group] if group is not None and not group.armed else []
            check(sequence in orders, f"{name}: no order of bracket {sleeper.group}")
    for plan in books.twaps:
        sequence = int.from_bytes(plan.key[1:], "big")
        check(0 < plan.remaining <= plan.size and plan.slices > 0, f"TWAP {sequence}: is over")
        key = keys.owned_key(plan.portfolio, plan.market, sequence)
        owned[key] = (OWNED_TWAP, plan.price)
    found = dict(books.table(keys.TABLE_OWNED))
    check(set(found) == set(owned), "owned orders are not the orders")
    for key, place in owned.items():
        check(decode_owned(found[key]) == place, f"{key.hex()}: points elsewhere")
    asleep = Counter(keys.sleeper_place(sleeper.key)[0] for sleeper in books.sleepers)
    for number, market in books.markets.items():
        check(market.sleepers == asleep[number], f"market {number}: {market.sleepers} asleep")
    check(books.ledger.sleepers == len(books.sleepers), "the ledger counts other sleepers")
    check(bound == {key for key, _ in books.table(keys.TABLE_CLIENT_ID)}, "stray client ids")


def bound_by(books: Books, order: Order | Sleeper, number: int, sequence: int) -> set[bytes]:
    """Check an order's client id, if it has one; return the key that holds it."""
    if order.client_hash == NO_CLIENT:
        return set()
    key = keys.client_id_key(order.portfolio, order.client_hash)
    data = books.items.get(key)
    check(data is not None, f"order {sequence}: its client id is not bound")
    client_id, *place = decode_client_id(data or b"")
    check(place == [number, sequence], f"order {sequence}: its client id is bound to {place}")
    check(hash_client_id(client_id) == order.client_hash, f"order {sequence}: another client id")
    return {key}


def audit_portfolios(books: Books) -> None:
    """Positions sum their orders, portfolios list their positions and count their orders."""
    sums: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0] * 6)
    for order in books.orders:
        number, side, price, *_ = place_of(order)
        total = sums[order.portfolio, number]
        total[4] += 1
        if order.flags & FLAG_REDUCE_ONLY:
            total[5] += 1
        else:
            total[2 * side] += order.remaining
            total[2 * side + 1] += order.remaining * price
    for sleeper in books.sleepers:
        sums[sleeper.portfolio, keys.sleeper_place(sleeper.key)[0]][4] += 1
    for plan in books.twaps:
        sums[plan.portfolio, plan.market][4] += 1
    listed: set[tuple[int, int]] = set()
    for name, portfolio in books.portfolios.items():
        check(portfolio.markets == sorted(set(portfolio.markets)), f"portfolio {name}: markets")
        listed.update((name, number) for number in portfolio.markets)
        orders = sum(sums[name, number][4] for number in portfolio.markets)
        check(orders == portfolio.open_orders, f"portfolio {name}: {orders} open orders")
        check(
            (portfolio.flags & PORTFOLIO_LIQUIDATING != 0) == (portfolio.flagged_at != 0),
            f"portfolio {name}: flagged without a time, or the reverse",
        )
    check(listed == set(books.positions), "positions are not those that portfolios list")
    for place, position in books.positions.items():
        kept = [
            position.bids,
            position.bids_value,
            position.asks,
            position.asks_value,
            position.orders,
            position.reduce_only,
        ]
        check(kept == sums[place], f"position {place}: keeps {kept}, orders sum to {sums[place]}")
        needed = position.size != 0 or position.orders != 0 or position.leverage != 0
        check(needed, f"position {place}: empty, but kept")
        check(position.size != 0 or position.cost == 0, f"position {place}: flat at a cost")
    check(set(sums) <= set(books.positions), "orders without a position")


def audit_margins(books: Books, rules: Rules) -> None:
    """I6: initial >= maintenance >= close-out >= 0, for everybody."""
    state = State(MemoryStore(books.items.items()), rules)
    for name in books.portfolios:
        portfolio = state.portfolio(name)
        check(portfolio is not None, f"portfolio {name} is gone")
        if portfolio is not None:
            margin = margin_of(state, portfolio)
            ladder = (margin.initial, margin.maintenance, margin.closeout, 0)
            check(list(ladder) == sorted(ladder, reverse=True), f"I6: portfolio {name}: {ladder}")
            check(margin.equity_initial <= margin.equity, f"portfolio {name}: E_im above E_mm")


def audit_signers(books: Books) -> None:
    """Accounts and their owners are one to one; agents belong to accounts that exist."""
    accounts = {
        int.from_bytes(key[1:], "big"): decode_account(data)
        for key, data in books.table(keys.TABLE_ACCOUNT)
    }
    check(set(accounts) == set(range(1, books.ledger.next_account)), "accounts are not 1..n")
    owners = {}
    for key, data in books.table(keys.TABLE_SIGNER):
        signer = decode_signer(key, data)
        check(signer.account in accounts, f"signer {key.hex()}: account {signer.account}")
        if signer.role == ROLE_OWNER:
            owners[signer.account] = key[1:]
    check(owners == accounts, "accounts and owners differ")
    strays = {name >> 8 for name in books.portfolios} - set(accounts) - {VAULT_ACCOUNT}
    check(not strays, f"portfolios of no account: {strays}")
    for _, data in books.table(keys.TABLE_WITHDRAWAL):
        owner = decode_withdrawal(data)[0]
        check(owner in accounts.values(), f"a withdrawal to {owner.hex()}, who owns nothing")


EXITS: Final = (DUE_EXIT, DUE_FUND_EXIT)
"""Due work that may come more than once for one account: what is over finds nothing to do."""


def audit_due(books: Books, rules: Rules) -> None:
    """Each market has its periodic items, each flagged portfolio one slice; nothing else waits."""
    waiting: Counter[tuple[int, int, int]] = Counter()
    waited: set[tuple[int, int]] = set()
    numbered: dict[tuple[int, int], tuple[int, ...]] = {}
    for key, data in books.table(keys.TABLE_DUE):
        _, _, _, sequence = keys.DUE.unpack(key)
        check(0 < sequence < books.ledger.next_due, f"due work {key.hex()}: a number not given")
        kind, market, portfolio, reference = decode_due(data)
        if key[1] == keys.LANE_USER:
            about = reference if kind != DUE_SWITCH else portfolio
            check((kind, about) not in waited or kind in EXITS, f"due work {key.hex()}: twice")
            waited.add((kind, about))
            numbered[kind, about] = keys.DUE.unpack(key)[2:]
            continue
        if kind != DUE_UNWIND and kind not in GUARDED:
            waiting[kind, 0 if kind == DUE_SLICE else market, portfolio] += 1
    # A settled market's clocks stop the next time they are looked at.
    settled = {m.market for m in books.markets.values() if m.state == STATE_SETTLED}
    for kind in PERIODIC:
        for number in settled:
            check(waiting.pop((kind, number, 0), 0) <= 1, f"market {number}: clocks run twice")
    live = [m.market for m in rules.markets if m.market not in settled]
    expected = {(kind, number, 0): 1 for kind in PERIODIC for number in live}
    for name, record in books.portfolios.items():
        if record.flags & PORTFOLIO_LIQUIDATING:
            expected[DUE_SLICE, 0, name] = 1
    for name, record in books.portfolios.items():
        set_at = (record.cancel_at, record.cancel_item)
        found = numbered.get((DUE_SWITCH, name), (0, 0))
        check(set_at == found, f"portfolio {name}: a switch set for {set_at}, due {found}")
    for key, data in books.table(keys.TABLE_GROUP):
        number = int.from_bytes(key[1:], "big")
        item = decode_group(key, data).item
        found = numbered.get((DUE_GROUP, number), (0, 0))
        check(item == found[1], f"bracket {number}: asked for {item}, due {found[1]}")
    for plan in books.twaps:
        number = int.from_bytes(plan.key[1:], "big")
        found = numbered.get((DUE_TWAP, number), (0, 0))
        check((plan.next_at, plan.item) == found, f"TWAP {number}: its slice is due {found}")
    check(waiting == expected, f"due work: {dict(waiting - Counter(expected))} too much")
