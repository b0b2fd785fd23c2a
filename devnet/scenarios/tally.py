"""What a play did, counted while it runs, and sampled for the charts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, final

from devnet.scenarios.depth import Books
from devnet.scenarios.scene import Scene
from statemachine.errors import Code
from statemachine.events import (
    BALANCE_COLLATERAL_SOLD,
    BALANCE_DEFICIT,
    BALANCE_HAIRCUT,
    BALANCE_INSURANCE,
    BALANCE_LIQUIDATION_FEE,
    BALANCE_POKE_REWARD,
    BALANCE_POOL,
    BALANCE_WITHDRAWAL,
    STAGE_BACKSTOP,
    STAGE_COLLATERAL,
    STAGE_DEFICIT,
    STAGE_DELEVERAGE,
    STAGE_FLAGGED,
    STAGE_INSURANCE,
    STAGE_POOL,
    STAGE_RELEASED,
    STAGE_SLICE,
    BalanceChanged,
    Deleveraged,
    Event,
    Fill,
    Liquidated,
    OrderAwake,
)

RUNGS: Final = {
    STAGE_FLAGGED: "flagged",
    STAGE_SLICE: "slice",
    STAGE_BACKSTOP: "backstop",
    STAGE_COLLATERAL: "collateral",
    STAGE_DELEVERAGE: "deleverage",
    STAGE_INSURANCE: "insurance",
    STAGE_POOL: "pool",
    STAGE_DEFICIT: "deficit",
    STAGE_RELEASED: "released",
}
"""The ladder of liquidation, from its foot to its end."""
SUMS: Final = {
    BALANCE_LIQUIDATION_FEE: "liquidation_fees",
    BALANCE_POKE_REWARD: "poke_rewards",
    BALANCE_INSURANCE: "insurance_paid",
    BALANCE_DEFICIT: "deficits_recorded",
    BALANCE_POOL: "pool_borne",
    BALANCE_WITHDRAWAL: "withdrawn",
    BALANCE_HAIRCUT: "withdrawals_cut",
}


@final
@dataclass(frozen=True, slots=True)
class Sample:
    """The exchange at one moment; ``markets`` by number, ``rungs`` are sums so far."""

    ms: int
    flagged: int
    unpoked: int
    insurance: int
    deficits: int
    markets: dict[int, dict[str, int]]
    rungs: dict[str, int]


@final
@dataclass(slots=True)
class Tally:
    """Counts of one play.  ``lots`` by rung are in micros of notional at mark."""

    rungs: Counter[str] = field(default_factory=Counter)
    notional: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    withdrawals: Counter[str] = field(default_factory=Counter)
    liquidated: set[int] = field(default_factory=set)
    victims: set[int] = field(default_factory=set)
    victim_notional: int = 0
    victim_events: int = 0
    trades: int = 0
    volume: int = 0
    fees: int = 0
    stops: int = 0
    blocks: int = 0
    samples: list[Sample] = field(default_factory=list)

    def note(self, events: Iterable[Event], scene: Scene, touched: set[int]) -> None:
        """Take in the events of a block, and which portfolios they changed."""
        for event in events:
            if isinstance(event, Fill):
                self.trades += 1
                self.volume += event.price * event.size
                self.fees += event.taker_fee + event.maker_fee
                touched.add(event.maker)
                touched.add(event.taker)
            elif isinstance(event, Liquidated):
                self.note_rung(event, scene)
                touched.add(event.portfolio)
            elif isinstance(event, BalanceChanged):
                name = SUMS.get(event.reason)
                if name:
                    self.sums[name] += abs(event.amount)
                if event.reason == BALANCE_COLLATERAL_SOLD:
                    self.notional["collateral"] += event.amount
                touched.add(event.portfolio)
            elif isinstance(event, Deleveraged) and event.bankrupt != event.portfolio:
                self.victims.add(event.portfolio)
                self.victim_events += 1
                self.victim_notional += abs(event.size) * event.price
                touched.add(event.portfolio)
            elif isinstance(event, OrderAwake):
                self.stops += 1
                touched.add(event.portfolio)

    def note_rung(self, event: Liquidated, scene: Scene) -> None:
        """Count a step of a liquidation; a slice that found nobody is one of its own."""
        name = RUNGS[event.stage]
        if event.stage == STAGE_SLICE and event.size == 0:
            name = "slice_unfilled"
        self.rungs[name] += 1
        if event.size:
            self.notional[name] += abs(event.size) * scene.mark(event.market)
        if event.stage == STAGE_FLAGGED:
            self.liquidated.add(event.portfolio)

    def note_answers(self, kind: str, codes: Iterable[int]) -> None:
        """Count what became of orders of one kind of actor."""
        for code in codes:
            self.sent[kind] += 1
            if code:
                self.codes[f"{kind}: {Code(code).name}"] += 1

    def sample(self, scene: Scene, books: Books, flagged: int, unpoked: int) -> None:
        """Remember the exchange as it is now."""
        view = scene.observer.view
        ledger = view.ledger()
        marks = {number: view.market(number).mark for number in scene.markets}
        depth = books.depth(marks)
        markets = {}
        for number in scene.markets:
            market = view.market(number)
            bid, ask = books.best(number)
            markets[number] = {
                "price": scene.price(number),
                "index": market.index,
                "mark": market.mark,
                "last": market.last,
                "bid": bid,
                "ask": ask,
                "open_interest": market.open_interest,
                "bid_depth": depth[number][0],
                "ask_depth": depth[number][1],
                "funding_rate": market.funding_rate,
                "deficit": market.deficit,
            }
        self.samples.append(
            Sample(
                scene.ms,
                flagged,
                unpoked,
                ledger.insurance,
                ledger.deficits,
                markets,
                dict(self.rungs),
            )
        )

    def as_json(self) -> dict[str, Any]:
        """Return the counts for machines; amounts in micros are strings."""
        return {
            "rungs": {name: self.rungs[name] for name in (*RUNGS.values(), "slice_unfilled")},
            "notional_micros": {name: str(value) for name, value in sorted(self.notional.items())},
            "portfolios_liquidated": len(self.liquidated),
            "deleveraged": {
                "victims": len(self.victims),
                "events": self.victim_events,
                "notional_micros": str(self.victim_notional),
            },
            "sums_micros": {name: str(self.sums[name]) for name in sorted(SUMS.values())},
            "trades": self.trades,
            "volume_micros": str(self.volume),
            "trading_fees_micros": str(self.fees),
            "stops_fired": self.stops,
            "sent": dict(sorted(self.sent.items())),
            "rejected": dict(sorted(self.codes.items())),
            "refused": dict(sorted(self.refusals.items())),
            "withdrawals": dict(sorted(self.withdrawals.items())),
            "blocks": self.blocks,
        }
