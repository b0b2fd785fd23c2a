"""What one step of each kind costs the engine, in microseconds on one core.

A *case* is a line of ``CASES``: what 100 owners do beforehand, what is then timed,
and what is counted.  Every round starts from an exchange of its own; from the time of
the block that is measured, that of a block without anything in it is taken off.  The
best of the rounds counts: whatever else a machine does only adds to it.  Signatures
are not checked here: workers recover them (:mod:`bench.arena`).

To add a case, add a line: ``timed`` returns the transactions of owner ``i``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, final

from bench.arena import Arena, Signed, owner_address
from bench.engine import engine_rules
from bench.figures import Figure
from statemachine import transition
from statemachine.actions import (
    FLAG_FOK,
    FLAG_IOC,
    FLAG_PEG,
    FLAG_POST_ONLY,
    FLAG_SELL,
    TRIGGER_INDEX,
    TRIGGER_RISE,
    Action,
    Bracket,
    Bulk,
    Cancel,
    CancelAll,
    CancelAt,
    ClosePosition,
    Modify,
    PlaceOrder,
    Poke,
    Scale,
    SetLeverage,
    Terms,
    Transfer,
    Twap,
    VaultDeposit,
    Withdraw,
)
from statemachine.block import BlockResult
from statemachine.errors import invariant
from statemachine.events import STAGE_SLICE, Event, Liquidated, OrderAwake, TwapChanged
from statemachine.receipts import Receipt
from statemachine.units import Lots, Micros, Millis, Price

OWNERS: Final = 100
"""Each with a partner of the same number, who takes the other side."""
ROUNDS: Final = 7
EMPTY_BLOCKS: Final = 3
RICH: Final = 1_000_000 * 10**6
POOR: Final = 1_000 * 10**6
MARKET: Final = 0
MID: Final = 6_000_000
TICK: Final = 100
POSITION: Final = 3_000
"""Lots that a poor owner may just hold: 18,000 USDC."""
FALLEN: Final = MID - MID * 33 // 1_000 // TICK * TICK
"""An index at which a poor owner is below MM, and above the close-out."""

Actions = Callable[["Stand", int], list[Action]]


@final
class Stand:
    """An exchange with owners and partners, a price, and an empty book."""

    def __init__(self, deposit: int) -> None:
        rules = replace(engine_rules(), slice_interval_ms=1_000)
        self.arena = Arena(rules)
        self.arena.fund(2 * OWNERS, deposit)
        self.ids: list[int] = []
        self.price(MID)

    def price(self, index: int) -> None:
        """Set the index of the market."""
        self.arena.run([self.arena.prices(MARKET, index)], advance=1_000)

    def signed(self, actions: Actions, *, partner: bool = False) -> list[Signed]:
        """Return what every owner, or every partner, does."""
        first = OWNERS if partner else 0
        return [
            self.arena.transaction(owner_address(first + place), action)
            for place in range(OWNERS)
            for action in actions(self, place)
        ]

    def do(self, actions: Actions, *, partner: bool = False) -> None:
        """Let every owner, or every partner, act, untimed; remember order ids."""
        result = self.arena.run(self.signed(actions, partner=partner))
        wrong = {receipt.name for receipt in result.receipts if receipt.code}
        invariant(not wrong, f"a case is prepared wrongly: {wrong}")
        self.ids = [receipt.order_id for receipt in result.receipts]

    def account(self, place: int) -> int:
        """Return the account of an owner."""
        return self.arena.account_of(owner_address(place))


def order(price: int, size: int, flags: int = 0, terms: Terms | None = None) -> PlaceOrder:
    """Return an order of the market."""
    found = PlaceOrder(0, MARKET, flags, Price(price), Lots(size))
    return found if terms is None else replace(found, terms=terms)


def bid(place: int) -> int:
    """Return the price of an owner's own level below mid."""
    return MID - TICK * (1 + place)


def one(make: Callable[[int], Action]) -> Actions:
    """Return actions of one each, made from the owner's number."""
    return lambda _stand, place: [make(place)]


def peg(place: int, size: int = 10, side: int = 0) -> PlaceOrder:
    """Return an order pegged to the index, as far from it as an owner's own level."""
    terms = Terms(offset=bid(place) - MID)
    return order(MID, size, FLAG_PEG | FLAG_POST_ONLY | side, terms)


def offers(count: int) -> Actions:
    """Let each offer so many orders of one lot at mid."""
    return lambda _stand, _place: [Bulk(0, (order(MID, 1, FLAG_SELL),) * count)]


def ladder(count: int) -> Actions:
    """Let each bid so many orders of ten lots."""
    return lambda _stand, place: [Bulk(0, (order(bid(place), 10),) * count)]


def take(count: int, flag: int = FLAG_IOC) -> Actions:
    """Let each take so many orders of one lot."""
    return lambda _stand, _place: [order(MID, count, flag)]


def stop(_stand: Stand, _place: int) -> list[Action]:
    """Let each wait for an index a tick higher."""
    terms = Terms(trigger=TRIGGER_RISE + TRIGGER_INDEX, trigger_price=Price(MID + TICK))
    return [order(MID, 10, FLAG_IOC, terms)]


def bracket(_stand: Stand, place: int) -> list[Action]:
    """Let each bid with a stop and a take-profit."""
    rise = Terms(trigger=TRIGGER_RISE, trigger_price=Price(MID + 100 * TICK))
    fall = Terms(trigger=TRIGGER_RISE + 1, trigger_price=Price(MID - 1_000 * TICK))
    exits = tuple(order(MID, 10, FLAG_SELL | FLAG_IOC, terms) for terms in (rise, fall))
    return [Bracket(0, order(bid(place), 10), exits)]


def scale(place: int) -> Scale:
    """Return 16 bids below an owner's own level."""
    last = bid(place) - 15 * TICK
    return Scale(0, MARKET, 0, Price(bid(place)), Price(last), Lots(160), 16)


def twap(_place: int) -> Twap:
    """Return a purchase of a lot a second."""
    return Twap(0, MARKET, 0, Price(MID), Lots(100), 100, Millis(1_000))


def start_twaps(stand: Stand) -> None:
    """Let each buy a lot a second of what partners offer."""
    stand.do(offers(16), partner=True)
    stand.do(one(twap))


def position(stand: Stand) -> None:
    """Let each owner be long, with his partner short."""
    stand.do(lambda _stand, _place: [order(MID, POSITION, FLAG_SELL)], partner=True)
    stand.do(lambda _stand, _place: [order(MID, POSITION)])


def bid_for_positions(stand: Stand) -> None:
    """Let each be long, with enough bids to get out."""
    position(stand)
    stand.do(one(lambda _: order(MID, POSITION)), partner=True)


def fall(stand: Stand) -> None:
    """Bring every owner below MM, with bids at the new price."""
    position(stand)
    stand.price(FALLEN)
    stand.do(lambda _stand, _place: [order(FALLEN, POSITION)], partner=True)


def flag(stand: Stand) -> None:
    """Flag every owner; the next slices are due a second later."""
    fall(stand)
    stand.do(lambda stand, place: [Poke(stand.account(place), 0)], partner=True)


def legs(result: BlockResult) -> list[Receipt]:
    """Count receipts: each leg has one."""
    return result.receipts


def events(kind: type[Event], stage: int = 0) -> Callable[[BlockResult], list[Event]]:
    """Count events of a kind, of liquidations those of a stage."""
    return lambda result: [
        event
        for event in result.events
        if type(event) is kind and (not isinstance(event, Liquidated) or event.stage == stage)
    ]


def does(actions: Actions, *, partner: bool = False) -> Callable[[Stand], None]:
    """Return a preparation in which everybody does something."""
    return lambda stand: stand.do(actions, partner=partner)


@final
@dataclass(frozen=True, slots=True)
class Case:
    """A kind of step: what comes before it, what is timed, what it is counted by."""

    name: str
    what: str
    timed: Actions = lambda _stand, _place: []
    before: Callable[[Stand], None] | None = None
    count: Callable[[BlockResult], list[Event] | list[Receipt]] = legs
    deposit: int = RICH
    prices: tuple[int, ...] = ()
    advance: int = 50


CASES: Final = (
    Case("limit_rest", "limit order that rests", one(lambda i: order(bid(i), 10))),
    Case("post_only", "post-only order", one(lambda i: order(bid(i), 10, FLAG_POST_ONLY))),
    Case("pegged", "order pegged to the index", one(peg)),
    Case(
        "ioc_4_pegged",
        "IOC that fills 4 pegged makers",
        take(4),
        lambda stand: stand.do(
            lambda _stand, _place: [Bulk(0, (peg(-1, size=1, side=FLAG_SELL),) * 4)], partner=True
        ),
    ),
    Case("ioc_1", "IOC that fills one maker", take(1), does(offers(1), partner=True)),
    Case("ioc_4", "IOC that fills 4 makers", take(4), does(offers(4), partner=True)),
    Case("ioc_16", "IOC that fills 16 makers", take(16), does(offers(16), partner=True)),
    Case("fok_4", "FOK that fills 4 makers", take(4, FLAG_FOK), does(offers(4), partner=True)),
    Case(
        "modify_shrink",
        "modify that keeps its place",
        lambda s, i: [Modify(0, MARKET, 0, s.ids[i], Price(bid(i)), Lots(5))],
        does(ladder(1)),
    ),
    Case(
        "modify_replace",
        "modify to another price",
        lambda s, i: [Modify(0, MARKET, 0, s.ids[i], Price(bid(i + 200)), Lots(10))],
        does(ladder(1)),
    ),
    Case("cancel", "cancel", lambda s, i: [Cancel(0, MARKET, s.ids[i])], does(ladder(1))),
    Case("cancel_all_16", "cancel of 16", one(lambda _: CancelAll(0, MARKET)), does(ladder(16))),
    Case(
        "cancel_at",
        "dead-man's switch set",
        lambda s, _: [CancelAt(0, Millis(s.arena.now + 60_000))],
    ),
    Case("bulk_leg", "leg of a bulk of 16 places", ladder(16)),
    Case(
        "bulk_atomic_8",
        "all-or-none bulk of 8 places",
        one(lambda i: Bulk(0, (order(bid(i), 10),) * 8, atomic=True)),
    ),
    Case("scale_leg", "leg of a scale of 16", one(scale)),
    Case("bracket", "entry with two exits", bracket),
    Case("stop_asleep", "stop that goes to sleep", stop),
    Case(
        "stop_woken",
        "stop that wakes",
        before=does(stop),
        count=events(OrderAwake),
        prices=(MID + TICK,),
    ),
    Case("twap_start", "TWAP started", one(twap)),
    Case(
        "twap_slice",
        "slice of a TWAP that fills one maker",
        before=start_twaps,
        count=events(TwapChanged),
        advance=1_000,
    ),
    Case(
        "close",
        "close of a position",
        one(lambda _: ClosePosition(0, MARKET, Price(MID))),
        bid_for_positions,
    ),
    Case("set_leverage", "leverage chosen", one(lambda _: SetLeverage(0, MARKET, 10))),
    Case(
        "poke",
        "poke with the first slice",
        lambda s, i: [Poke(s.account(i), 0)],
        fall,
        deposit=POOR,
    ),
    Case(
        "slice",
        "later slice of a liquidation",
        before=flag,
        count=events(Liquidated, STAGE_SLICE),
        deposit=POOR,
        advance=1_000,
    ),
    Case("oracle", "oracle update of three messages", prices=(MID + TICK,)),
    Case("withdraw", "withdrawal", one(lambda _: Withdraw(0, Micros(10**6)))),
    Case("transfer", "transfer to a sub-account", one(lambda _: Transfer(0, 1, Micros(10**6)))),
    Case("vault_deposit", "vault deposit", one(lambda _: VaultDeposit(0, MARKET, Micros(10**8)))),
)


def measure_case(case: Case) -> tuple[float, int]:
    """Return microseconds for each of what a case counts, and how many were counted."""
    figures = []
    count = 0
    for _ in range(ROUNDS):
        stand = Stand(case.deposit)
        arena = stand.arena
        if case.before is not None:
            case.before(stand)
        for _ in range(EMPTY_BLOCKS):  # the first ones do what is due by then
            arena.seconds = 0.0
            arena.run([], advance=1)
        empty = arena.seconds
        signed = stand.signed(case.timed)
        arena.now += case.advance
        signed += [arena.prices(MARKET, price) for price in case.prices]
        arena.seconds = 0.0
        result = arena.run(signed, advance=0)
        wrong = {receipt.name for receipt in result.receipts if receipt.code}
        invariant(not wrong, f"{case.name}: {wrong}")
        count = len(case.count(result))
        invariant(count > 0, f"{case.name}: nothing happened")
        figures.append(max(0.0, arena.seconds - empty) / count * 1e6)
    return min(figures), count


def measure(variant: str) -> list[Figure]:
    """Return a figure for each case; ``variant`` is the form that runs."""
    compiled = str(transition.__file__).endswith(".so")
    invariant(compiled == (variant == "compiled"), f"this is not the {variant} form")
    figures = []
    measure_case(CASES[0])  # so that nothing is met for the first time when it counts
    for case in CASES:
        cost, count = measure_case(case)
        figures.append(Figure(f"steps.{variant}.{case.name}", cost, "us", f"{case.what}, {count}"))
    return figures
