"""One input for every engine: a file of orders, run in file order.

Each line is ``op,id,account,market,side,price,qty``: ``L`` a limit order, ``I`` an
immediate-or-cancel one, ``C`` a cancel of the order ``id`` (its other fields may be
empty).  Side is 0 to buy and 1 to sell, price and quantity are integer ticks and lots.
A first line that begins with ``op`` is a heading.

What would make engines differ is switched off by the rules: class order, price bands,
minimum notional, visit limits, self-trade prevention, fees.  Collateral is unlimited,
but margin is measured for every order, nonces are burnt, and receipts committed to, as
ever.  Timed are ``apply_block`` and the commit of its writes; 300 orders to a block.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import count, islice
from pathlib import Path
from typing import Final, NamedTuple, final

from bench.arena import Arena, Signed, owner_address
from statemachine import transition
from statemachine.actions import FLAG_IOC, FLAG_SELL, Action, Cancel, PlaceOrder
from statemachine.block import BlockResult
from statemachine.errors import Code
from statemachine.events import Fill, OrderRemoved, OrderRested
from statemachine.keys import (
    LEDGER_KEY,
    TABLE_ORDER,
    account_key,
    portfolio_key,
    signer_key,
)
from statemachine.records import (
    ROLE_OWNER,
    Portfolio,
    Signer,
    decode_ledger,
    encode_account,
)
from statemachine.rules import MarketRules, Rules
from statemachine.units import Lots, Price

BLOCK_ORDERS: Final = 300
MARKETS_MAX: Final = 64
MARKETS_PER_SUB: Final = 16
OWNER_ORDERS_MAX: Final = 60_000
"""Orders of one account after which another owner acts for it: a record counts to 65,535."""
UNLIMITED: Final = 1 << 93
"""Collateral in micros of every portfolio."""
NEVER_MS: Final = 1 << 40
UNKNOWN_ORDER: Final = (1 << 63) - 1
FIELDS: Final = 7


class FlowInvalid(Exception):
    """A line of the file that is no order, and why."""


class Line(NamedTuple):
    """One line of the file."""

    op: str
    order: int
    account: int
    market: int
    side: int
    price: int
    size: int


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of a file gave.  ``volume`` in lots, ``notional`` in ticks times lots."""

    lines: int
    seconds: float
    orders_per_second: int
    trades: int
    volume: int
    notional: int
    resting: int
    resting_lots: int
    cancelled: int
    cancels_unknown: int
    blocks: int
    form: str


def read_lines(rows: Iterable[str]) -> Iterator[Line]:
    """Yield the orders of a file.

    Raises
    ------
    FlowInvalid
        With the number of the line that is no order.
    """
    for number, row in enumerate(rows, 1):
        text = row.strip()
        if not text or (number == 1 and text.startswith("op")):
            continue
        parts = text.split(",")
        op = parts[0].strip()
        if op == "C":
            parts = (parts + ["0"] * FIELDS)[:FIELDS]
        if op not in {"L", "I", "C"} or len(parts) != FIELDS:
            raise FlowInvalid(f"line {number}: need op,id,account,market,side,price,qty: {text!r}")
        try:
            line = Line(op, *(int(part or 0) for part in parts[1:]))
        except ValueError as error:
            raise FlowInvalid(f"line {number}: not integers: {text!r}") from error
        if op != "C" and not (line.side in {0, 1} and line.price > 0 and line.size > 0):
            raise FlowInvalid(f"line {number}: need side 0 or 1, price and qty > 0: {text!r}")
        yield line


def flow_rules(markets: int) -> Rules:
    """Return rules under which only price and time decide."""
    return Rules(
        chain_id=1,
        rollup=bytes(20),
        publishers=(b"\xa0" * 20,),
        publishers_min=1,
        flags=0,
        step_visits_max=1 << 30,
        orders_per_portfolio_max=(1 << 16) - 1,
        orders_free_max=(1 << 16) - 1,
        oracle_age_ms_max=NEVER_MS,
        sample_interval_ms=NEVER_MS,
        premium_interval_ms=NEVER_MS,
        funding_interval_ms=NEVER_MS,
        markets=tuple(
            MarketRules(
                market=number,
                symbol=b"M%d" % number,
                lot_decimals=0,
                tick=1,
                initial_ppm=1,
                maintenance_ppm=1,
                maker_ppm=0,
                taker_ppm=0,
                fill_band_ppm=1,
                notional_min=0,
            )
            for number in range(markets)
        ),
    )


@final
class FlowRun:
    """One run of a file: who acts for its accounts, and what its orders are called here."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        numbers = sorted({line.market for line in lines if line.op != "C"})
        if len(numbers) > MARKETS_MAX:
            raise FlowInvalid(f"{len(numbers)} markets; the rules have {MARKETS_MAX} at most")
        self.markets = {number: place for place, number in enumerate(numbers)}
        self.arena = Arena(flow_rules(max(1, len(numbers))))
        self.owners: dict[tuple[int, int], int] = {}  # (account, how many times full) -> owner
        self.counts: dict[int, int] = {}  # orders so far of each account
        self.orders: dict[int, tuple[int, int, int]] = {}  # id -> owner, market, order id
        self.trades = self.volume = self.notional = self.rested = 0
        self.cancelled = self.cancels_unknown = self.blocks = 0
        self.set_prices()

    def set_prices(self) -> None:
        """Give every market its first price of the file as index."""
        first: dict[int, int] = {}
        for line in self.lines:
            if line.op != "C":
                first.setdefault(self.markets[line.market], line.price)
        self.arena.run([self.arena.prices(place, price) for place, price in first.items()])

    def owner_of(self, account: int) -> int:
        """Return who acts for ``account`` next; a new owner is put into the state, rich."""
        orders = self.counts.get(account, 0)
        self.counts[account] = orders + 1
        place = (account, orders // OWNER_ORDERS_MAX)
        owner = self.owners.get(place)
        if owner is None:
            owner = self.owners[place] = len(self.owners)
            address = owner_address(owner)
            signer = Signer(signer_key(address), False, owner, ROLE_OWNER, 0, 0, 0)
            writes: dict[bytes, bytes | None] = {
                signer.key: signer.encode(),
                account_key(owner): encode_account(address),
            }
            for sub in range(-(-len(self.markets) // MARKETS_PER_SUB)):
                number = owner << 8 | sub
                portfolio = Portfolio(portfolio_key(number), False, number)
                portfolio.balance = UNLIMITED
                writes[portfolio.key] = portfolio.encode()
            self.arena.store.apply(writes)
        return owner

    def run(self) -> Outcome:
        """Run the whole file and return what came of it."""
        self.arena.seconds = 0.0
        lines = iter(self.lines)
        while batch := list(islice(lines, BLOCK_ORDERS)):
            self.run_block(batch)
        keys = [key for key in self.arena.store.values if key[0] == TABLE_ORDER]
        seconds = self.arena.seconds
        return Outcome(
            lines=len(self.lines),
            seconds=round(seconds, 3),
            orders_per_second=round(len(self.lines) / seconds) if seconds else 0,
            trades=self.trades,
            volume=self.volume,
            notional=self.notional,
            resting=len(keys),
            resting_lots=self.rested,
            cancelled=self.cancelled,
            cancels_unknown=self.cancels_unknown,
            blocks=self.blocks,
            form="compiled" if str(transition.__file__).endswith(".so") else "interpreted",
        )

    def run_block(self, batch: list[Line]) -> None:
        """Run some lines as one block."""
        sequences = count(decode_ledger(self.arena.store.get(LEDGER_KEY) or b"").next_sequence)
        signed: list[Signed] = []
        expected: list[int] = []  # the order id of each line, 0 for a cancel
        for line in batch:
            owner, action, order_id = self.action_of(line, sequences)
            signed.append(self.arena.transaction(owner_address(owner), action))
            expected.append(order_id)
        result = self.arena.run(signed, advance=1)
        self.blocks += 1
        self.check(batch, result, expected)
        self.count_events(result)

    def action_of(self, line: Line, sequences: Iterator[int]) -> tuple[int, Action, int]:
        """Return who acts, how, and the id that an order will get."""
        if line.op == "C":
            owner, market, order_id = self.orders.get(line.order, (0, 0, UNKNOWN_ORDER))
            if order_id == UNKNOWN_ORDER:
                owner = self.owner_of(line.account)
            return owner, Cancel(market // MARKETS_PER_SUB, market, order_id), 0
        if line.order in self.orders:
            raise FlowInvalid(f"id {line.order} is used by two orders")
        owner = self.owner_of(line.account)
        market = self.markets[line.market]
        order_id = next(sequences)
        self.orders[line.order] = (owner, market, order_id)
        flags = (FLAG_SELL if line.side else 0) | (FLAG_IOC if line.op == "I" else 0)
        sub = market // MARKETS_PER_SUB
        action = PlaceOrder(sub, market, flags, Price(line.price), Lots(line.size))
        return owner, action, order_id

    def check(self, batch: list[Line], result: BlockResult, expected: list[int]) -> None:
        """Make sure that no order was refused: the rules leave no reason to."""
        for line, receipt, order_id in zip(batch, result.receipts, expected, strict=True):
            if line.op == "C":
                if receipt.code == Code.ORDER_UNKNOWN:
                    self.cancels_unknown += 1
                    continue
                self.cancelled += 1
            elif receipt.order_id != order_id:
                raise FlowInvalid(f"order {line.order} was refused: {receipt.name} {receipt.args}")

    def count_events(self, result: BlockResult) -> None:
        """Add up trades and what rests."""
        for event in result.events:
            if isinstance(event, Fill):
                self.trades += 1
                self.volume += event.size
                self.notional += event.size * event.price
                self.rested -= event.size
            elif isinstance(event, OrderRested):
                self.rested += event.remaining
            elif isinstance(event, OrderRemoved):
                self.rested -= event.remaining


def report(outcome: Outcome) -> str:
    """Return the outcome as text."""
    lines = f"{outcome.lines:,} lines in {outcome.seconds:.3f} s, {outcome.blocks:,} blocks"
    rows = (
        f"orders/s  {outcome.orders_per_second:,}  ({outcome.form}; {lines})",
        f"trades    {outcome.trades:,}",
        f"volume    {outcome.volume:,} lots  (notional {outcome.notional:,})",
        f"resting   {outcome.resting:,} orders  ({outcome.resting_lots:,} lots)",
        f"cancels   {outcome.cancelled:,} done, {outcome.cancels_unknown:,} too late or of nothing",
    )
    return "\n".join(rows)


def main(arguments: list[str]) -> int:
    """Run a file and print what came of it; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.flow", description="Run a file of orders."
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true", help="one object")
    options = parser.parse_args(arguments)
    try:
        with options.file.open(encoding="utf-8") as rows:
            lines = list(read_lines(rows))
        outcome = FlowRun(lines).run()
    except (OSError, UnicodeDecodeError, FlowInvalid) as error:
        print(f"bench flow: {options.file}: {error}", file=sys.stderr)
        return 3
    if options.json:
        print(json.dumps({"schema": "sextant.bench.flow/1", **asdict(outcome)}))
    else:
        print(report(outcome))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
