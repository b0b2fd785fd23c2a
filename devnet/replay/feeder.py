"""Feeds a recorded market through a node: plan what is due, send it, settle it, again.

Recorded time maps linearly to the chain's: an event is due when as much chain time
has passed since the first one as recorded time, divided by ``speed``.  Everything that
is due goes into one batch, in the recording's order; the next batch is planned when
this one's receipts are in, so it starts from the exchange's own book.  When the
exchange falls behind, batches get larger, and the summary says how late it was.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Final, final

from devnet.replay.capture import Event, Quote, Snapshot, Trade
from devnet.replay.desk import Desk
from devnet.replay.ladder import ASKS, BIDS
from devnet.replay.mirror import CLIENT_ID_BYTES, Mirror, OwnOrder
from devnet.replay.plan import Planner, Step
from devnet.replay.recorded import RecordedBook
from devnet.replay.settlement import Settlement
from devnet.replay.tally import Tally
from proto.sextant.v1 import query_pb2, sequencer_pb2
from sextant.client.api import AsyncClient
from sextant.client.market import Market
from sextant.errors import OutcomeUnknown, Unreachable
from statemachine.actions import Cancel

BATCH_TRANSACTIONS_MAX: Final = 400
BATCH_BYTES_MAX: Final = 512 << 10
SIGNER_TRANSACTIONS_MAX: Final = 100
"""Of the 128 that a block takes: past that a signer's order among others would be lost."""
PRICE_PERIOD_MS: Final = 1_000
BOOK_PERIOD_S: Final = 2.0
BOOK_LEVELS: Final = 1_000
PAUSE_S_MAX: Final = 0.05
ATTEMPTS_MAX: Final = 20
ATTEMPT_PAUSE_S: Final = 0.5

OnProgress = Callable[[int], None]
OnPrice = Callable[[int], None]


@final
class Feeder:
    """One replay against one node.

    Parameters
    ----------
    client
        A session with the node; its clock is the chain's.
    speed
        Recorded seconds per second of chain time.
    on_progress
        Called with the recorded time in ns that has been fed.
    on_price
        Called with each index price that is published, in micro-USDC per lot.
    """

    def __init__(
        self,
        client: AsyncClient,
        market: Market,
        desk: Desk,
        recorded: RecordedBook,
        tally: Tally,
        *,
        speed: float,
        on_progress: OnProgress,
        on_price: OnPrice,
    ) -> None:
        self.client = client
        self.market = market
        self.desk = desk
        self.recorded = recorded
        self.tally = tally
        self.speed = speed
        self.on_progress = on_progress
        self.on_price = on_price
        self.mirror = Mirror(len(desk.makers), client.clock.now_ms())
        self.planner = Planner(recorded, self.mirror, market.id, len(desk.takers), market.tick)
        self.index = 0
        self.priced_ms = 0
        self.first_ns = 0
        self.first_ms = 0
        self._events: Iterator[Event] = iter(())
        self._next: Event | None = None
        self._compared_at = 0.0

    async def run(self, events: Iterator[Event]) -> None:
        """Feed all events."""
        self._events = events
        self._next = next(events, None)
        if self._next is None:
            return
        await self.client.sync_clock()
        self.first_ns = self._next.time_ns
        self.first_ms = self.client.clock.now_ms()
        started = time.monotonic()
        last_ns = self.first_ns
        while (event := self.peek()) is not None:
            wait_ms = self.due_ms(event) - self.client.clock.now_ms()
            if wait_ms > 0:
                await asyncio.sleep(min(PAUSE_S_MAX, wait_ms / 1000))
                continue
            steps, last_ns = self.plan()
            await self.send(steps)
            self.on_progress(last_ns)
        self.tally.seconds = time.monotonic() - started
        self.tally.recorded_seconds = (last_ns - self.first_ns) / 1e9
        await self.compare_books()

    def peek(self) -> Event | None:
        """Return the next event, which stays the next."""
        return self._next

    def due_ms(self, event: Event) -> int:
        """Return the chain time at which an event is due."""
        return self.first_ms + int((event.time_ns - self.first_ns) / self.speed) // 1_000_000

    def plan(self) -> tuple[list[Step], int]:
        """Plan what is due, as far as it fits a batch; return it, and the last event's time."""
        steps: list[Step] = []
        transactions = legs = 0
        signers: dict[tuple[int, int], int] = {}
        now = self.client.clock.now_ms()
        last_ns = 0
        while self._next is not None and self.due_ms(self._next) <= now:
            event = self._next
            last_ns = event.time_ns
            step = self.step_of(event)
            self._next = next(self._events, None)
            if step is None:
                continue
            steps.append(step)
            for planned in step.planned:
                transactions += 1
                legs += len(planned.wanted)
                who = (planned.maker, planned.taker)
                signers[who] = signers.get(who, 0) + 1
            full = transactions >= BATCH_TRANSACTIONS_MAX or 40 * legs >= BATCH_BYTES_MAX
            if full or max(signers.values(), default=0) >= SIGNER_TRANSACTIONS_MAX:
                break
        return steps, last_ns

    def step_of(self, event: Event) -> Step | None:
        """Return what one event becomes; ``None`` if it changes nothing."""
        recorded, tally = self.recorded, self.tally
        if isinstance(event, Quote):
            grid = recorded.grid
            self.index = (grid.nearest(event.bid) + grid.nearest(event.ask)) // 2
            tally.events["quotes"] += 1
            return None
        if isinstance(event, Trade):
            if not recorded.started:
                tally.events["trades before the snapshot"] += 1
                return None
            tally.events["trades"] += 1
            tally.lots_recorded += recorded.grid.lots(event.quantity)
            planned = self.planner.plan_trade(event)
            return Step(event.line, event.time_ns, planned) if planned else None
        touched = recorded.begin(event) if isinstance(event, Snapshot) else recorded.apply(event)
        if touched is None:
            tally.events["diffs before the snapshot"] += 1
            return None
        tally.events["snapshots" if isinstance(event, Snapshot) else "diffs"] += 1
        return self.planner.plan_diff(event.line, event.time_ns, touched)

    async def send(self, steps: list[Step]) -> None:
        """Submit what was planned, and settle it."""
        now = self.client.clock.now_ms()
        data: list[bytes] = []
        bid, ask = self.recorded.best(BIDS), self.recorded.best(ASKS)
        index = self.index or (bid + ask) // 2
        if index and now >= self.priced_ms + PRICE_PERIOD_MS:
            data.append(self.desk.prices(self.market.id, index, now))
            self.priced_ms = now
            self.on_price(index)
        extra = len(data)
        data += [self.desk.sign(planned) for step in steps for planned in step.planned]
        # A diff may ask for nothing: our book is judged after it all the same.
        outcome = await self.submit(data) if data else sequencer_pb2.BatchOutcome()
        self.note_lateness(steps, outcome)
        settlement = Settlement(outcome, self.mirror, self.tally)
        settlement.skip(extra)
        if settlement.settle(steps):
            await self.resync()
        elif time.monotonic() - self._compared_at > BOOK_PERIOD_S:
            await self.compare_books()

    async def submit(self, data: list[bytes]) -> sequencer_pb2.BatchOutcome:
        """Submit a batch, and again while the node is away: the same bytes count once."""
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                return await self.client.submit_signed(data)
            except (OutcomeUnknown, Unreachable):
                if attempt == ATTEMPTS_MAX:
                    raise
            await asyncio.sleep(ATTEMPT_PAUSE_S)
        raise Unreachable("UNREACHABLE", "the node does not answer")

    def note_lateness(self, steps: list[Step], outcome: sequencer_pb2.BatchOutcome) -> None:
        """Follow the chain's time, and note how late the batch's first event was."""
        if not outcome.headers:
            return
        block_ms = max(header.time_ms for header in outcome.headers)
        self.client.clock.observe(block_ms)
        if steps:
            due = self.first_ms + int((steps[0].time_ns - self.first_ns) / self.speed) // 1_000_000
            self.tally.late_ms_max = max(self.tally.late_ms_max, block_ms - due)

    # The exchange's own word

    async def compare_books(self) -> None:
        """Compare the exchange's published book with what its receipts told us."""
        self._compared_at = time.monotonic()
        query = self.client.connection.query
        request = query_pb2.GetBookRequest(market=self.market.id, levels_max=BOOK_LEVELS)
        book = await self.client.connection.call(query.GetBook, request)
        theirs = [list(zip(side.prices, side.lots, strict=True)) for side in (book.bids, book.asks)]
        ladder = self.mirror.ladder
        ours = [ladder.levels(BIDS, BOOK_LEVELS), ladder.levels(ASKS, BOOK_LEVELS)]
        self.tally.books_compared += 1
        if theirs != ours:
            self.tally.books_different += 1
            await self.resync()

    async def resync(self) -> None:
        """Ask the exchange which of our orders rest, and start from there."""
        mirror = self.mirror
        mirror.forget()
        extra: list[bytes] = []
        for maker, who in enumerate(self.desk.makers):
            account = await self.client.account(who.address)
            portfolio = account.portfolio(0)
            for order in () if portfolio is None else portfolio.orders:
                if order.market.id != self.market.id:
                    continue
                side = BIDS if order.side == "buy" else ASKS
                place = (side, self.market.price(order.price))
                lots = self.market.size(order.remaining)
                client_id = order.client_id or bytes(CLIENT_ID_BYTES)
                if place in mirror.orders:
                    action = Cancel(0, self.market.id, order.order_id)
                    extra.append(self.desk.sign_for(who, action))
                else:
                    mirror.keep(OwnOrder(place, lots, maker, client_id, order.order_id))
        if extra:
            await self.submit(extra)
        wanted, have = self.recorded.ladder.lots, mirror.ladder.lots
        mirror.stale |= {
            place for place in (*wanted, *have) if wanted.get(place) != have.get(place)
        }
