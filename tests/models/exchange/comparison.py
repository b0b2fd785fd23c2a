"""An engine's state and a model's, as plain values that must be equal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Any

from statemachine import keys
from statemachine.receipts import Receipt
from statemachine.records import (
    PORTFOLIO_EXITING,
    PORTFOLIO_FUND,
    PORTFOLIO_LIQUIDATING,
    decode_account,
    decode_asset,
    decode_builder,
    decode_client_id,
    decode_due,
    decode_fund,
    decode_group,
    decode_holding,
    decode_nonces,
    decode_oracle,
    decode_order,
    decode_ramp,
    decode_share,
    decode_signer,
    decode_sleeper,
    decode_stake,
    decode_supply,
    decode_twap,
    decode_vault,
    decode_velocity,
    decode_withdrawal,
)
from statemachine.records import (
    Market as StoredMarket,
)
from statemachine.records import (
    Stake as StoredStake,
)
from statemachine.risk.margin import margin_of, withdrawable
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.storage import MemoryStore
from tests.models.auditor import Books
from tests.models.exchange.authority import BUCKETS, floor_of
from tests.models.exchange.fees import DAYS, last_of
from tests.models.exchange.margin import Claim, claims_of
from tests.models.exchange.margin import margin_of as model_margin_of
from tests.models.exchange.margin import withdrawable as model_withdrawable
from tests.models.exchange.pegs import fixed_side, pegged_side
from tests.models.exchange.pricing import AVERAGE_PARTS, BASIS_PARTS, FUNDING_PARTS
from tests.models.exchange.settlement import CLEARING_FROM
from tests.models.exchange.state import (
    BUY,
    INTEREST_PARTS,
    MILLION,
    SELL,
    Exchange,
    Market,
    Outcome,
)
from tests.models.exchange.tail import rank_of
from tests.models.lending import pool_of

Plain = dict[str, Any]
ROLES = ("owner", "agent", "revoked")


def whole(value: Fraction) -> int:
    """Return a fraction that has to be an integer."""
    assert value.denominator == 1, f"{value} is not whole"
    return value.numerator


# Receipts


def plain_receipt(receipt: Receipt | Outcome) -> tuple[Any, ...]:
    """Return what a receipt says, by either of the two."""
    amounts = (receipt.order_id, receipt.filled, receipt.notional, receipt.fee)
    return (receipt.index, receipt.leg, int(receipt.code), tuple(receipt.args), *amounts)


# The engine's state


def engine_state(items: Mapping[bytes, bytes], rules: Rules) -> Plain:
    """Return a stored state as plain values, and the margins that it amounts to."""
    books = Books(items)
    cursor, ledger = books.cursor, books.ledger
    oracles = [(key, decode_oracle(key, data)) for key, data in books.table(keys.TABLE_ORACLE)]
    velocity = items.get(keys.VELOCITY_KEY)
    capacity = None if velocity is None else decode_velocity(velocity)
    return {
        "time": (cursor.height, cursor.time, cursor.inbox_index, cursor.framed_at),
        "delay": (cursor.inbox_spent, cursor.inbox_counted),
        "money": (ledger.insurance, ledger.fees, ledger.dust, ledger.deposits),
        "withdrawn": ledger.withdrawals,
        "sums": (ledger.settled, ledger.deficits, ledger.sleepers),
        "capacity": (capacity.capacity, capacity.time) if capacity else (0, 0),
        "averages": {
            int.from_bytes(key[1:], "big"): (o.average, o.average_time, o.pending, o.pending_time)
            for key, o in oracles
            if o.average
        },
        "asleep": {
            number: (market, trigger, price, *sleeping_terms(s))
            for key, data in books.table(keys.TABLE_SLEEPER)
            for market, trigger, price, number in [keys.sleeper_place(key)]
            for s in [decode_sleeper(key, data)]
        },
        "brackets": {
            int.from_bytes(key[1:], "big"): bracket_terms(decode_group(key, data))
            for key, data in books.table(keys.TABLE_GROUP)
        },
        "twaps": {
            int.from_bytes(key[1:], "big"): twap_terms(decode_twap(key, data))
            for key, data in books.table(keys.TABLE_TWAP)
        },
        "ramps": {
            int.from_bytes(key[1:], "big"): ramp_terms(decode_ramp(key, data))
            for key, data in books.table(keys.TABLE_RAMP)
        },
        "vaults": {
            int.from_bytes(key[1:], "big"): vault_terms(v)
            for key, data in books.table(keys.TABLE_VAULT)
            for v in [decode_vault(key, data)]
        },
        "shares": {
            (int.from_bytes(key[1:3], "big"), int.from_bytes(key[3:7], "big")): share_terms(share)
            for key, data in books.table(keys.TABLE_SHARE)
            for share in [decode_share(key, data)]
        },
        **engine_funds(books),
        "pool": pool_terms(pool_of(books), pool_of(books).lent, pool_of(books).interest),
        "supplies": {
            int.from_bytes(key[1:], "big"): (s.epoch, s.shares)
            for key, data in books.table(keys.TABLE_SUPPLY)
            for s in [decode_supply(key, data)]
        },
        "loans": {n: p.loan_index for n, p in books.portfolios.items() if p.balance < 0},
        "borrowed": {n: p.borrowed for n, p in books.portfolios.items() if p.borrowed},
        "leverage": {place: p.leverage for place, p in books.positions.items() if p.leverage},
        "holdings": {
            (account << 8 | sub, asset): decode_holding(key, data).amount
            for key, data in books.table(keys.TABLE_HOLDING)
            for _, account, sub, asset in [keys.HOLDING.unpack(key)]
        },
        "counted": {n: p.assets for n, p in books.portfolios.items() if p.assets},
        "assets": {
            key[1]: (sums.deposits, sums.withdrawals)
            for key, data in books.table(keys.TABLE_ASSET)
            for sums in [decode_asset(key, data)]
        },
        "numbers": (ledger.next_account, ledger.next_sequence, ledger.next_due),
        "signers": {
            key[1:]: (ROLES[s.role], *signer_terms(s))
            for key, data in books.table(keys.TABLE_SIGNER)
            for s in [decode_signer(key, data)]
        },
        "owners": {
            int.from_bytes(key[1:], "big"): decode_account(data)
            for key, data in books.table(keys.TABLE_ACCOUNT)
        },
        "nonces": {
            (key[1:21], key[21]): (bucket.floor, bucket.burnt())
            for key, data in books.table(keys.TABLE_NONCES)
            for bucket in [decode_nonces(key, data)]
        },
        "heard": {
            (int.from_bytes(key[1:], "big"), publisher): (oracle.prices[publisher], time)
            for key, oracle in oracles
            for publisher, time in enumerate(oracle.times)
            if time
        },
        "markets": {number: engine_market(market) for number, market in books.markets.items()},
        "portfolios": {
            number: (
                p.balance,
                p.flags & PORTFOLIO_LIQUIDATING,
                p.flagged_at,
                p.open_orders,
                p.moved,
                p.cancel_at,
                p.flags & PORTFOLIO_FUND > 0,
                p.flags & PORTFOLIO_EXITING > 0,
            )
            for number, p in books.portfolios.items()
        },
        "fees of portfolios": {
            n: (p.traded_day, p.traded, p.fee_tier, p.referrer) for n, p in books.portfolios.items()
        },
        "volumes": {
            (account, s.day - 1 - back): volume
            for account, s in books.standings.items()
            for back, volume in enumerate(s.volumes)
            if volume
        },
        "referrers": {account: s.referrer for account, s in books.standings.items() if s.referrer},
        "builders": {
            (int.from_bytes(key[1:5], "big"), int.from_bytes(key[5:9], "big")): decode_builder(data)
            for key, data in books.table(keys.TABLE_BUILDER)
        },
        "markets of portfolios": {n: p.markets for n, p in books.portfolios.items()},
        "margins": engine_margins(State(MemoryStore(items.items()), rules), books.portfolios),
        "positions": {
            place: (p.size, p.cost, p.funding_index, p.rank)
            for place, p in books.positions.items()
            if p.size
        },
        "claims": {
            place: (p.bids, p.bids_value, p.asks, p.asks_value, p.orders, p.reduce_only)
            for place, p in books.positions.items()
        },
        "books": engine_books(books),
        "pegs": engine_pegs(books),
        "client ids": {
            (int.from_bytes(key[1:6], "big"), client_id): (market, sequence)
            for key, data in books.table(keys.TABLE_CLIENT_ID)
            for client_id, market, sequence in [decode_client_id(data)]
        },
        "due": [
            (*keys.DUE.unpack(key)[1:], *decode_due(data))
            for key, data in books.table(keys.TABLE_DUE)
        ],
        "paid out": [decode_withdrawal(data) for _, data in books.table(keys.TABLE_WITHDRAWAL)],
    }


def engine_margins(state: State, portfolios: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Return equity, requirements and what may leave, of each portfolio."""
    margins: dict[int, tuple[int, ...]] = {}
    for number in portfolios:
        portfolio = state.portfolio(number)
        assert portfolio is not None
        margin = margin_of(state, portfolio)
        ladder = (margin.equity, margin.equity_initial, margin.initial, margin.maintenance)
        margins[number] = (*ladder, withdrawable(state, portfolio))
    return margins


def engine_market(market: StoredMarket) -> Plain:
    """Return a market's record as plain values."""
    names = "index index_time mark last basis sample_time funding_rate funding_index"
    names += " funding_time funding_dust open_interest deficit premium_count"
    names += " state resumed_at updates sleepers pegs stable initial_ppm maintenance_ppm jumped_at"
    values = {name: getattr(market, name) for name in names.split()}
    return values | {"premiums": market.premium_sum}


def engine_books(books: Books) -> dict[tuple[int, int], list[tuple[int, ...]]]:
    """Return the orders of each side of each book, in order of their keys."""
    found: dict[tuple[int, int], list[tuple[int, ...]]] = {}
    for key, data in books.table(keys.TABLE_ORDER):
        market, side, price, number = keys.order_place(key)
        o = decode_order(key, data)
        order = (price, number, *resting_terms(o))
        found.setdefault((market, side), []).append(order)
    return found


def engine_pegs(books: Books) -> dict[tuple[int, int], list[tuple[int, ...]]]:
    """Return the pegged orders of each side of each book, in order of their keys."""
    found: dict[tuple[int, int], list[tuple[int, ...]]] = {}
    for key, data in books.table(keys.TABLE_PEGGED):
        market, side, offset, number = keys.pegged_place(key)
        o = decode_order(key, data)
        order = (offset, o.limit, number, *resting_terms(o))
        found.setdefault((market, side), []).append(order)
    return found


# What both have, by the same names


def signer_terms(signer: Any) -> tuple[int, ...]:
    """Return what a signer may do, and what it has used of its budgets."""
    s = signer
    budgets = (s.notional_max, s.loss_max, s.day, s.sub, s.notional, s.start)
    return (s.account, s.expires_at, s.kinds, s.markets, *budgets)


def resting_terms(order: Any) -> tuple[int, ...]:
    """Return what a resting order is, but for its place."""
    o = order
    return (o.portfolio, o.flags, o.size, o.remaining, o.time, o.expires_at, o.group)


def sleeping_terms(sleeper: Any) -> tuple[int, ...]:
    """Return what a sleeping order is, but for its place."""
    s = sleeper
    terms = (s.expires_at, s.group, s.self_trade, s.max_fee_ppm, s.builder, s.builder_ppm)
    return (s.portfolio, s.flags, s.price, s.size, s.time, *terms)


def bracket_terms(group: Any) -> tuple[Any, ...]:
    """Return what a bracket is, but for its number and its exits' numbers."""
    exits = [(e.flags, e.price, e.size, e.trigger, e.trigger_price) for e in group.exits]
    return (group.portfolio, group.market, int(group.armed), group.filled, exits)


def ramp_terms(ramp: Any) -> tuple[Any, ...]:
    """Return margin rates on their way."""
    return (ramp.source, ramp.target, ramp.start, ramp.end)


def vault_terms(vault: Any) -> tuple[int, ...]:
    """Return what a vault is, and what insurance paid for its market."""
    v = vault
    return (v.shares, v.epoch, int(v.unwinding), v.insured_day, v.insured)


def share_terms(share: Any) -> tuple[int, ...]:
    """Return what an account has in a vault."""
    return (share.epoch, share.held, share.notice)


def pool_terms(pool: Any, lent: int, interest: int | Fraction) -> tuple[int | Fraction, ...]:
    """Return what the lending pool is, and what loans owe since each was settled."""
    p = pool
    sums = (p.supplied, lent, interest, p.unowned)
    return (p.epoch, p.shares, *sums, p.index, p.time)


def twap_terms(plan: Any) -> tuple[int, ...]:
    """Return what a TWAP is, but for its number."""
    p = plan
    progress = (p.size, p.remaining, p.slice_size, p.slices, p.interval)
    return (p.portfolio, p.market, p.flags, p.price, *progress)


# Funds


def engine_funds(books: Books) -> Plain:
    """Return the stored funds, and the stakes of their present epochs."""
    funds = {
        int.from_bytes(key[1:], "big"): decode_fund(key, data)
        for key, data in books.table(keys.TABLE_FUND)
    }
    stakes = {
        (account << 8 | sub, holder): decode_stake(key, data)
        for key, data in books.table(keys.TABLE_STAKE)
        for _, account, sub, holder in [keys.STAKE.unpack(key)]
    }
    return {
        "funds": {
            number: (f.profit_ppm, f.lock_ms, f.shares, f.leaving, f.epoch, f.overdue, f.sold_at)
            for number, f in funds.items()
        },
        "stakes": {
            place: (s.shares, s.basis, s.locked_until, s.leaving, *leaving_terms(s))
            for place, s in stakes.items()
            if s.epoch == funds[place[0]].epoch
        },
    }


def leaving_terms(stake: StoredStake) -> tuple[int, ...]:
    """Return what is known of shares that wait to be paid, if any do."""
    if not stake.leaving:
        return ()
    return (stake.sub, stake.asked_at, stake.retry_at, stake.overdue)


def model_funds(exchange: Exchange) -> Plain:
    """Return a model's funds and stakes."""
    return {
        "funds": {
            number: (
                whole(f.profit * MILLION),
                f.lock_ms,
                f.shares,
                f.leaving,
                f.epoch,
                f.overdue,
                f.sold_at,
            )
            for number, f in exchange.funds.items()
        },
        "stakes": {
            (number, account): (
                s.shares,
                s.basis,
                s.locked_until,
                s.leaving_shares,
                *(
                    [s.leaving.sub, s.leaving.asked_at, s.leaving.retry_at, s.leaving.overdue]
                    if s.leaving
                    else []
                ),
            )
            for number, f in exchange.funds.items()
            for account, s in f.stakes.items()
        },
    }


# The model's state


def model_state(exchange: Exchange) -> Plain:
    """Return a model's state as plain values."""
    withdrawn = sum(amount for _, amount, _, asset in exchange.paid_out if not asset)
    due = sorted(exchange.due, key=lambda item: (item.lane, item.time, item.number))
    first = exchange.rules.markets[0].market
    touched = {
        (portfolio, market)
        for portfolio in exchange.balances
        for market in exchange.markets_of(portfolio)
    }
    return {
        "time": (exchange.height, exchange.now, exchange.inbox_index, exchange.framed_at),
        "delay": (exchange.spent, exchange.counted_inbox),
        "money": (exchange.insurance, exchange.fees, 0, exchange.deposits),
        "withdrawn": withdrawn,
        "sums": (
            sum(exchange.balances.values()),
            sum(market.deficit for market in exchange.markets.values()),
            len(exchange.sleepers),
        ),
        "capacity": (exchange.capacity, exchange.capacity_time),
        "averages": {
            number: (
                whole(market.average * AVERAGE_PARTS),
                market.average_time,
                market.pending,
                market.pending_time,
            )
            for number, market in exchange.markets.items()
            if market.average
        },
        "asleep": {
            s.number: (s.market, s.trigger, s.trigger_price, *sleeping_terms(s))
            for s in exchange.sleepers.values()
        },
        "brackets": {number: bracket_terms(g) for number, g in exchange.groups.items()},
        "twaps": {number: twap_terms(p) for number, p in exchange.plans.items()},
        "ramps": {n: ramp_terms(m.ramp) for n, m in exchange.markets.items() if m.ramp},
        "vaults": {number: vault_terms(v) for number, v in exchange.vaults.items()},
        "shares": {place: share_terms(share) for place, share in exchange.shares.items()},
        **model_funds(exchange),
        "pool": pool_terms(
            replace(
                exchange.pool,
                index=exchange.pool.index * INTEREST_PARTS,
                unowned=exchange.pool.unowned * INTEREST_PARTS,
            ),
            exchange.lent(),
            exchange.interest_due_at(exchange.pool.index) * INTEREST_PARTS,
        ),
        "supplies": exchange.supplies,
        "loans": {n: whole(index * INTEREST_PARTS) for n, index in exchange.loans.items()},
        "borrowed": {n: amount for n, amount in exchange.borrowed.items() if amount},
        "leverage": dict(exchange.leverage),
        "holdings": exchange.holdings,
        "counted": {
            portfolio: sum(1 << (asset - 1) for asset in counted)
            for portfolio, counted in exchange.counted.items()
            if counted
        },
        "assets": {
            asset: (deposits, sum(p[1] for p in exchange.paid_out if p[3] == asset))
            for asset, deposits in exchange.asset_deposits.items()
        },
        "numbers": (
            len(exchange.owners) + 1,
            exchange.orders_numbered + 1,
            exchange.due_numbered + 1,
        ),
        "signers": {address: (s.role, *signer_terms(s)) for address, s in exchange.signers.items()},
        "owners": exchange.owners,
        "nonces": {
            (address, bucket): floor_of(burnt, bucket)
            for address, burnt in exchange.burnt.items()
            for bucket in range(BUCKETS)
            if floor_of(burnt, bucket)[1]
        },
        "heard": exchange.heard,
        "markets": {n: model_market(exchange, m) for n, m in exchange.markets.items()},
        "portfolios": {
            portfolio: (
                balance,
                int(portfolio in exchange.flagged),
                exchange.flagged.get(portfolio, 0),
                len(exchange.owned(portfolio)),
                exchange.moved.get(portfolio, 0),
                exchange.switches.get(portfolio, 0),
                portfolio in exchange.funds,
                portfolio in exchange.funds and exchange.funds[portfolio].exiting,
            )
            for portfolio, balance in exchange.balances.items()
        },
        "fees of portfolios": {
            p: (*last_of(exchange, p), exchange.tiers.get(p, 0), exchange.told.get(p, 0))
            for p in exchange.balances
        },
        "volumes": {
            (account, day): volume
            for (account, day), volume in exchange.volumes.items()
            if day >= exchange.noted[account] - DAYS
        },
        "referrers": exchange.referrers,
        "builders": exchange.builders,
        "markets of portfolios": {p: exchange.markets_of(p) for p in exchange.balances},
        "margins": {p: model_margins(exchange, p) for p in exchange.balances},
        "positions": {
            place: (
                p.size,
                p.cost,
                whole(p.settled_at * FUNDING_PARTS),
                model_rank(exchange, *place),
            )
            for place, p in exchange.positions.items()
        },
        "claims": {place: model_claims(exchange, *place) for place in touched},
        "books": {
            (market, side): [
                (o.price, o.number, *resting_terms(o)) for o in fixed_side(exchange, market, side)
            ]
            for market in exchange.markets
            for side in (BUY, SELL)
            if fixed_side(exchange, market, side)
        },
        "pegs": {
            (market, side): [
                (offset, o.price, o.number, *resting_terms(o))
                for offset, o in pegged_side(exchange, market, side)
            ]
            for market in exchange.markets
            for side in (BUY, SELL)
            if pegged_side(exchange, market, side)
        },
        "client ids": {
            (o.portfolio, o.client_id): (o.market, o.number)
            for portfolio in exchange.balances
            for o in exchange.owned(portfolio)
            if o.client_id
        },
        "due": [
            (d.lane, d.time, d.number, d.kind, market, d.portfolio, d.reference)
            for d in due
            for market in [first if d.market is None else d.market]
        ],
        "paid out": exchange.paid_out,
    }


def model_rank(exchange: Exchange, portfolio: int, market: int) -> int:
    """Return a position's rank; what the exchange clears has none."""
    if portfolio == CLEARING_FROM + market:
        return 0
    return rank_of(exchange, exchange.positions[portfolio, market])


def model_margins(exchange: Exchange, portfolio: int) -> tuple[int, ...]:
    """Return equity, requirements and what may leave."""
    margin = model_margin_of(exchange, portfolio)
    ladder = (margin.equity, margin.equity_initial, margin.initial, margin.maintenance)
    return (*ladder, model_withdrawable(exchange, portfolio))


def model_market(exchange: Exchange, market: Market) -> Plain:
    """Return a market as plain values, fractions in the units of the records."""
    names = "index index_time mark last sample_time funding_rate funding_time deficit"
    names += " premium_count state premiums resumed_at updates initial_ppm maintenance_ppm"
    names += " jumped_at"
    values = {name: getattr(market, name) for name in names.split()}
    return values | {
        "basis": whole(market.basis * BASIS_PARTS),
        "funding_index": whole(market.funding_index * FUNDING_PARTS),
        "funding_dust": whole(market.funding_dust * FUNDING_PARTS),
        "stable": floor(market.average),
        "open_interest": exchange.open_interest(market.rules.market),
        "pegs": sum(
            o.offset is not None and o.market == market.rules.market
            for o in exchange.orders.values()
        ),
        "sleepers": sum(s.market == market.rules.market for s in exchange.sleepers.values()),
    }


def model_claims(exchange: Exchange, portfolio: int, market: int) -> tuple[int, ...]:
    """Return what a portfolio's orders in a market sum to."""
    orders = exchange.orders_of(portfolio, market)
    claims = claims_of(orders)
    reducing = sum(order.reduce_only for order in orders)
    waiting = len(exchange.owned(portfolio, market))
    return (*lots_of(claims, BUY), *lots_of(claims, SELL), waiting, reducing)


def lots_of(claims: Iterable[Claim], wanted: int) -> tuple[int, int]:
    """Return lots and price * lots of one side."""
    found = [(price, lots) for _, side, price, lots in claims if side == wanted]
    return sum(lots for _, lots in found), sum(price * lots for price, lots in found)


# Both


def compare(
    engine: Sequence[Receipt],
    items: Mapping[bytes, bytes],
    model: Sequence[Outcome],
    exchange: Exchange,
) -> None:
    """Raise what differs between a block's two outcomes."""
    assert [plain_receipt(r) for r in engine] == [plain_receipt(o) for o in model]
    found = differences(engine_state(items, exchange.rules), model_state(exchange))
    assert not found, "\n".join(found)


def differences(engine: Plain, model: Plain) -> list[str]:
    """Say where two states differ."""
    found = []
    for name in sorted(engine.keys() | model.keys()):
        one, other = engine.get(name), model.get(name)
        if one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            found += [
                f"{name} {key}: engine {one.get(key)}, model {other.get(key)}"
                for key in sorted(one.keys() | other.keys())
                if one.get(key) != other.get(key)
            ]
        else:
            found.append(f"{name}: engine {one}, model {other}")
    return found
