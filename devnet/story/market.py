"""The first half: a deposit, a trade, an hour of funding, a liquidation."""

from decimal import Decimal
from typing import Final

from devnet.funds import await_credit, balance_of, deposit
from devnet.identities import identity_of
from devnet.story.stage import MICROS, Stage, short, usdc
from sextant.client.api import AsyncClient
from sextant.client.models import Portfolio, Position

PRICE: Final = "65000"
FALLEN: Final = "61800"
DEPOSIT: Final = 10_000 * MICROS
BOB_DEPOSIT: Final = 1_000 * MICROS
SIZE: Final = "0.1"
BOB_SIZE: Final = "0.25"
HOUR_MS: Final = 3_600_000
SLICE_WARP_MS: Final = 5_000
SLICES_MAX: Final = 40


async def tell_deposit(stage: Stage) -> None:
    """Deposit from L1: the inbox item becomes a balance."""
    alice = await stage.client("alice")
    index = await deposit(stage.layout, identity_of("alice"), DEPOSIT)
    await await_credit(alice, DEPOSIT)
    balance = await balance_of(alice)
    stage.check(balance == DEPOSIT, f"alice has {balance}, deposited {DEPOSIT}")
    stage.tell(
        "deposit",
        f"alice deposited {usdc(DEPOSIT)} on L1 (inbox item {index}); "
        f"the exchange credits {usdc(balance)}",
        micros=str(balance),
    )


async def position_of(client: AsyncClient) -> tuple[Portfolio, Position | None]:
    """Return the client's portfolio and its BTC position."""
    portfolio = (await client.account(with_orders=False)).portfolio(0)
    if portfolio is None:
        raise KeyError("no portfolio")
    found = [p for p in portfolio.positions if p.market.name == "BTC" and p.size]
    return portfolio, found[0] if found else None


async def tell_trade(stage: Stage) -> None:
    """Buy from the makers; the receipt is verified against the sequencer's signature."""
    alice = await stage.client("alice")
    market = await stage.open_market(alice, "BTC")
    await stage.hold_price(market, PRICE)

    async def quoted() -> bool | None:
        book = await alice.book(market, levels=1)
        near = book.asks and abs(book.asks[0].price - Decimal(PRICE)) < Decimal(100)
        return True if near and book.bids else None

    await stage.until(quoted, "the makers to quote BTC")
    placed = await alice.place(market, "buy", SIZE)
    _, position = await position_of(alice)
    stage.check(placed.filled == Decimal(SIZE), f"filled {placed.filled} of {SIZE}")
    stage.check(position is not None and position.size == Decimal(SIZE), f"holds {position}")
    stage.tell(
        "trade",
        f"alice bought {placed.filled} BTC at {placed.average_price:,.2f}, fee "
        f"{placed.fee} USDC; receipt {short(placed.receipt.transaction_hash)} verified "
        f"in block {placed.receipt.height}",
        order=str(placed.order_id),
    )


async def tell_funding(stage: Stage) -> None:
    """Warp an hour: the clients follow the node's time, and the position pays funding."""
    alice = await stage.client("alice")
    before = await alice.sync_clock()
    portfolio, position = await position_of(alice)
    stage.check(position is not None, "alice has no position")
    rate_before = (await alice.ticker("BTC")).funding_rate
    start = portfolio.balance + (position.funding if position else 0)
    await stage.controls.warp(HOUR_MS)

    async def an_hour_later() -> int | None:
        now = await alice.sync_clock()
        block = await alice.block()
        return now if block.header.time_ms >= before + HOUR_MS else None

    now = await stage.until(an_hour_later, "a block an hour later")

    async def paid() -> Decimal | None:
        found, held = await position_of(alice)
        change = found.balance + (held.funding if held else 0) - start
        return change or None

    change = await stage.until(paid, "funding to be paid")
    rate = (await alice.ticker("BTC")).funding_rate
    stage.check(rate * change < 0, f"rate {rate} (before {rate_before}) and payment {change}")
    stage.tell(
        "funding",
        f"warped {(now - before) / HOUR_MS:.2f} h: alice's long "
        f"{'paid' if change < 0 else 'received'} {abs(change)} USDC "
        f"(rate {rate * 100:+.5f} % per 8 h)",
        usdc=str(change),
    )


async def tell_liquidation(stage: Stage) -> None:
    """Let a trader borrow 16 times his money, let the oracle fall, and go down the ladder."""
    bob = await stage.client("bob")
    alice = await stage.client("alice")
    market = await stage.open_market(bob, "BTC")
    await deposit(stage.layout, identity_of("bob"), BOB_DEPOSIT)
    await await_credit(bob, BOB_DEPOSIT)
    await stage.hold_price(market, PRICE)
    placed = await bob.place(market, "buy", BOB_SIZE)
    portfolio, position = await position_of(bob)
    stage.check(position is not None, "bob has no position")
    leverage = placed.filled * (placed.average_price or 0) / portfolio.equity
    stage.tell(
        "leverage",
        f"bob bought {placed.filled} BTC with {usdc(BOB_DEPOSIT)}: {leverage:.1f} times; "
        f"liquidation price {position.liquidation_price if position else None}",
    )
    await stage.hold_price(market, FALLEN)
    account = (await bob.account(with_orders=False)).account

    async def flagged() -> Portfolio | None:
        found, held = await position_of(bob)
        if found.equity < found.maintenance_margin and not found.liquidating:
            await alice.poke(account)
        if found.liquidating or held is None or held.size < placed.filled:
            return found
        return None

    found = await stage.until(flagged, "bob to be liquidated")
    stage.tell(
        "oracle",
        f"BTC falls {PRICE} -> {FALLEN}: bob's equity {found.equity:,.2f} is below his "
        f"maintenance margin {found.maintenance_margin:,.2f}; alice pokes him",
    )
    slices = 0
    portfolio, held = await position_of(bob)
    while held is not None and portfolio.liquidating and slices < SLICES_MAX:
        size = held.size
        await stage.controls.warp(SLICE_WARP_MS)

        async def sliced(size: Decimal = size) -> bool | None:
            now, left = await position_of(bob)
            return True if left is None or left.size < size or not now.liquidating else None

        await stage.until(sliced, "a slice of bob's position to be closed")
        slices += 1
        portfolio, held = await position_of(bob)
    left = held.size if held is not None else Decimal(0)
    stage.check(left < placed.filled, f"bob still holds {left}")
    stage.check(
        portfolio.equity >= portfolio.maintenance_margin, "bob is below maintenance margin still"
    )
    stage.tell(
        "liquidation",
        f"{placed.filled - left} of {placed.filled} BTC closed in {slices} slices; bob keeps "
        f"{portfolio.equity:,.2f} USDC and {left} BTC, above maintenance "
        f"{portfolio.maintenance_margin:,.2f}",
    )
