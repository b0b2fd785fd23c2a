"""State under one root on L1: any of its values and ranges, accounts and positions.

Whatever the node answers, the values follow from the anchor's root alone.  What is
absent is proved to be; what is listed is all there is.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final, ParamSpec, Protocol, TypeVar

from prover.ranges import KeyRange, RangeItems
from sextant.client.amounts import from_micros
from sextant.client.anchors import Anchor
from sextant.client.decoding import amount_of, markets_of
from sextant.client.leaves import KnownLeaves, LeafUnknown
from sextant.client.market import Market
from sextant.client.names import read_address, read_number
from sextant.client.proofs import StateProof
from sextant.client.proved_margin import ProvedMargin, likely_leaves, measure
from sextant.errors import BadRequest, ProofInvalid
from statemachine import keys
from statemachine.cursor import decode_cursor
from statemachine.errors import StorageCorrupt
from statemachine.pricing.funding import unsettled_funding
from statemachine.records import (
    PORTFOLIO_LIQUIDATING,
    decode_account,
    decode_holding,
    decode_market,
    decode_portfolio,
    decode_position,
    decode_signer,
)
from statemachine.records import (
    Market as MarketRecord,
)
from statemachine.records import (
    Position as PositionRecord,
)
from statemachine.state import State

PAGE: Final = 200
"""Values of one range in one request."""

Who = str | bytes | int
Values = dict[bytes, bytes | None]
Taken = ParamSpec("Taken")
Record = TypeVar("Record")
Found = TypeVar("Found")


class Prove(Protocol):
    """Asks a node for values with their proof, which is checked to open under its root."""

    def __call__(
        self, keys: Sequence[bytes], *, log_index: int | None, ranges: Sequence[KeyRange] = ()
    ) -> Awaitable[StateProof]:
        """Return the proof, as :meth:`sextant.client.chain.Chain.proof` does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedPosition:
    """A holding in one market, at the mark of the same state.

    ``unrealised`` is size * mark - cost, ``funding`` what has accrued since it was settled.
    """

    market: Market
    size: Decimal
    cost: Decimal
    entry_price: Decimal | None
    mark: Decimal | None
    unrealised: Decimal
    funding: Decimal
    resting_bids: Decimal
    resting_asks: Decimal
    leverage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedPortfolio:
    """One sub-account; ``assets`` are by name, without USDC.  A negative balance is owed.

    ``margin`` is what it is worth against what it must keep, at the marks of its state.
    """

    sub: int
    balance: Decimal
    open_orders: int
    liquidating: bool
    positions: tuple[ProvedPosition, ...]
    assets: tuple[tuple[str, Decimal], ...]
    margin: ProvedMargin


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedAccount:
    """An owner with all the sub-accounts that exist."""

    account: int
    owner: bytes
    portfolios: tuple[ProvedPortfolio, ...]


def measured(place: int, state: State) -> ProvedMargin:
    """Return the margin of a portfolio that is there."""
    portfolio = state.portfolio(place)
    if portfolio is None:
        raise StorageCorrupt(f"portfolio {place} was proved, and is not there")
    return measure(state, portfolio)


def decoded(decode: Callable[Taken, Record], /, *args: Taken.args, **named: Taken.kwargs) -> Record:
    """Return the record that proved bytes are.

    Raises
    ------
    ProofInvalid
        ``RECORD``: they are none, so the claim that has this root is wrong.
    """
    try:
        return decode(*args, **named)
    except StorageCorrupt as error:
        raise ProofInvalid("RECORD", f"the root holds what cannot be right: {error}") from error


class StateReads:
    """Reads of state under one anchor; ``prove`` asks the node."""

    def __init__(self, prove: Prove, anchor: Anchor) -> None:
        self._prove = prove
        self.anchor = anchor
        self.markets = markets_of(anchor.rules)
        self.height = anchor.height
        self.time_ms = 0
        """Chain time of the state; known after the first read."""

    # The proof of anything

    async def read(
        self, wanted: Sequence[bytes], ranges: Sequence[KeyRange] = ()
    ) -> tuple[Values, list[RangeItems]]:
        """Return state values and ranges, as the anchor's root has them.

        Raises
        ------
        ProofInvalid
            ``ROOT``: the node answers under another root; ``HEIGHT``: the root's own
            cursor contradicts the claim; and what ``verify_proof`` raises.
        """
        anchor = self.anchor
        asked = [keys.CURSOR_KEY, *wanted]
        proof = await self._prove(asked, log_index=anchor.log_index, ranges=ranges)
        if proof.root != anchor.root:
            raise ProofInvalid(
                "ROOT",
                f"the node proves under {proof.root.hex()[:16]}, claim {anchor.claim} has"
                f" {anchor.root.hex()[:16]} for log entry {anchor.log_index}",
                advice="ask another node",
            )
        values = dict(proof.values)
        cursor = decoded(decode_cursor, values[keys.CURSOR_KEY] or b"")
        if cursor.height != anchor.height:
            raise ProofInvalid(
                "HEIGHT", f"claim {anchor.claim} says {anchor.height}, its root {cursor.height}"
            )
        self.time_ms = cursor.time
        return values, [items for _, items in proof.ranges]

    async def read_all(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """Return everything that begins with ``prefix``: nothing left out, nothing added."""
        found: list[tuple[bytes, bytes]] = []
        start = b""
        while True:
            _, [page] = await self.read([], [KeyRange(prefix, PAGE, start)])
            found += page.items
            if page.is_whole:
                return found
            start = page.next

    def market(self, which: str | int | Market) -> Market:
        """Return a market of the rules, by number or name.

        Raises
        ------
        BadRequest
            ``MARKET``.
        """
        for market in self.markets.values():
            if which in (market, market.id, market.name) or (
                isinstance(which, str) and which.upper() == market.name.upper()
            ):
                return market
        names = ", ".join(market.name for market in self.markets.values())
        raise BadRequest("MARKET", f"the rules have no market {which!r}", advice=f"try {names}")

    # Accounts

    async def account_number(self, who: Who) -> int | None:
        """Return an account's number; ``None`` is proved: the address has none."""
        if isinstance(who, int):
            return read_number(who, "account", 32)
        key = keys.signer_key(read_address(who))
        values, _ = await self.read([key])
        value = values[key]
        return None if value is None else decoded(decode_signer, key, value).account

    async def account(self, who: Who) -> ProvedAccount | None:
        """Return an account with all its sub-accounts; ``None`` is proved: there is none."""
        number = await self.account_number(who)
        if number is None:
            return None
        values, _ = await self.read([keys.account_key(number)])
        owner = values[keys.account_key(number)]
        if owner is None:
            return None
        name = number.to_bytes(4, "big")
        portfolios = await self.read_all(bytes([keys.TABLE_PORTFOLIO]) + name)
        positions = await self.read_all(bytes([keys.TABLE_POSITION]) + name)
        holdings = await self.read_all(bytes([keys.TABLE_HOLDING]) + name)
        records = [decoded(decode_position, k, v) for k, v in positions]
        marks = await self.market_records({record.market for record in records})
        known: Values = {**dict(portfolios), **dict(positions), **dict(holdings)}
        margins = await self.margins([key for key, _ in portfolios], known)
        return ProvedAccount(
            account=number,
            owner=decoded(decode_account, owner),
            portfolios=tuple(
                self.portfolio_of(key, value, records, holdings, marks, margin)
                for (key, value), margin in zip(portfolios, margins, strict=True)
            ),
        )

    async def margin(self, who: Who, *, sub: int = 0) -> ProvedMargin | None:
        """Return a sub-account's margin; ``None`` is proved: there is no such one."""
        number = await self.account_number(who)
        if number is None:
            return None
        key = keys.portfolio_key(number << 8 | read_number(sub, "sub-account", 8))
        known, _ = await self.read([key])
        if known[key] is None:
            return None
        [margin] = await self.margins([key], known)
        return margin

    async def margins(self, places: Sequence[bytes], known: Values) -> list[ProvedMargin]:
        """Measure portfolios, given their keys and some leaves."""
        records = [decoded(decode_portfolio, key, known[key] or b"") for key in places]
        likely = likely_leaves(self.anchor.rules, records)
        await self.learn([key for key in likely if key not in known], known)
        found = []
        for record in records:
            place = record.portfolio
            found.append(await self.evaluate(partial(measured, place), known))
        return found

    async def learn(self, wanted: Sequence[bytes], known: Values) -> None:
        """Read leaves, a bounded number at a time, and add them to those known."""
        for first in range(0, len(wanted), PAGE):
            values, _ = await self.read(wanted[first : first + PAGE])
            known.update(values)

    async def evaluate(self, work: Callable[[State], Found], known: Values) -> Found:
        """Return what a function of the state machine finds in the state under the anchor.

        What it reads and is not known is read with its proof, and it runs again.
        """
        if keys.CURSOR_KEY not in known:
            await self.learn([keys.CURSOR_KEY], known)
        while True:
            try:
                return decoded(lambda: work(State(KnownLeaves(known), self.anchor.rules)))
            except LeafUnknown as unknown:
                await self.learn([unknown.key], known)

    def portfolio_of(
        self,
        key: bytes,
        value: bytes,
        positions: Sequence[PositionRecord],
        holdings: Sequence[tuple[bytes, bytes]],
        marks: dict[int, MarketRecord],
        margin: ProvedMargin,
    ) -> ProvedPortfolio:
        """Return one sub-account with what of the account's leaves is its own."""
        record = decoded(decode_portfolio, key, value)
        place = key[1:]
        assets = [
            amount_of(self.anchor.rules, k[-1], decoded(decode_holding, k, v).amount)
            for k, v in holdings
            if k[1:6] == place
        ]
        return ProvedPortfolio(
            sub=record.portfolio & 255,
            balance=from_micros(record.balance),
            open_orders=record.open_orders,
            liquidating=bool(record.flags & PORTFOLIO_LIQUIDATING),
            positions=tuple(
                self.position_of(each, marks[each.market])
                for each in positions
                if each.key[1:6] == place
            ),
            assets=tuple(assets),
            margin=margin,
        )

    def position_of(self, record: PositionRecord, market: MarketRecord) -> ProvedPosition:
        """Return a position at its market's mark."""
        shown, size = self.markets[record.market], record.size
        entry = -(-record.cost // size) if size > 0 else record.cost // size if size else 0
        return ProvedPosition(
            market=shown,
            size=shown.show_size(size),
            cost=from_micros(record.cost),
            entry_price=shown.show_price(max(0, entry)) if size else None,
            mark=shown.show_price(market.mark) if market.mark else None,
            unrealised=from_micros(size * market.mark - record.cost if size else 0),
            funding=from_micros(unsettled_funding(record, market)),
            resting_bids=shown.show_size(record.bids),
            resting_asks=shown.show_size(record.asks),
            leverage=record.leverage,
        )

    async def market_records(self, numbers: set[int]) -> dict[int, MarketRecord]:
        """Return the leaves of markets."""
        wanted = [keys.market_key(number) for number in sorted(numbers)]
        values, _ = await self.read(wanted) if wanted else ({}, [])
        return {
            int.from_bytes(key[1:], "big"): decoded(decode_market, key, values[key] or b"")
            for key in wanted
        }

    async def position(
        self, who: Who, which: str | int | Market, *, sub: int = 0
    ) -> ProvedPosition | None:
        """Return a position; ``None`` is proved: the sub-account has none in this market."""
        number, market = await self.account_number(who), self.market(which)
        if number is None:
            return None
        place = number << 8 | read_number(sub, "sub-account", 8)
        own, common = keys.position_key(place, market.id), keys.market_key(market.id)
        values, _ = await self.read([own, common])
        value = values[own]
        if value is None:
            return None
        record = decoded(decode_position, own, value)
        return self.position_of(record, decoded(decode_market, common, values[common] or b""))
