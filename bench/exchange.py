"""A running exchange under load: orders acknowledged per second, and how long that takes.

The L1 stub and a sequencer with its root worker and signature workers, as a devnet
runs them, and this process as their client, share the machine.  Every order counted is
durable (its block is synced to disk) and acknowledged to the client, which has sent it
over one order stream; then the time until the last block's roots are known is taken.
The poster, a follower and the challenger do not run: they are other machines' work.

The same blocks, read back, are then replayed as a challenger would, recovery of every
signature and the root after every segment included (:mod:`bench.replaying`).
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import quantiles
from typing import Final, TypeVar, final

from bench.figures import Figure
from bench.load import BULK_LEGS, Load
from bench.processor import CLIENT, busiest_between, process_seconds, used_between
from bench.replaying import Replay, replay
from devnet.funds import await_credit, deposit
from devnet.identities import Identity, identity_of
from devnet.layout import Layout
from devnet.replay.desk import Desk
from devnet.replay.exchange import own_exchange
from node.derivation.roots import workers_for as root_workers_for
from node.process.recovery import workers_for as recovery_workers_for
from proto.sextant.v1 import query_pb2
from sextant.client.api import AsyncClient
from sextant.client.pipeline import Pipeline
from sextant.client.secret import Secret

INSTANCE: Final = 40
PROCESSES: Final = frozenset({"l1", "sequencer"})
ACCOUNTS: Final = 64
DEPOSIT_MICROS: Final = 10_000_000 * 10**6
FUNDING_AT_ONCE: Final = 16
MARKET: Final = "BTC"
MID_USD: Final = 65_000
PRICE_PERIOD_S: Final = 5.0
SINGLES: Final = 30_000
SINGLES_BATCH: Final = 100
BULKS: Final = 1_600
BULKS_BATCH: Final = 10
WARM_SHARE: Final = 6
UNDER_WAY: Final = 24
LATENCY_BATCH: Final = 20
LATENCY_SECONDS: Final = 8.0
ROOT_POLL_S: Final = 0.01
ROOT_SECONDS_MAX: Final = 60.0
SHARED: Final = frozenset({CLIENT, "signatures"})
"""Roles that do not bound a sequencer: the load's, and the one whose work more processes share."""
WIDE_PROCESSORS: Final = 6
"""One for each process of a replay."""

MeasuredT = TypeVar("MeasuredT")


@final
@dataclass(frozen=True, slots=True)
class Run:
    """One load: what was acknowledged, in which blocks, and the lag of the last root."""

    orders: int
    seconds: float
    accepted: int
    first_height: int
    last_height: int
    root_lag: float
    frame_bytes: int
    used: dict[str, float]
    busiest: float

    @property
    def rate(self) -> float:
        """Orders acknowledged per second."""
        return self.orders / self.seconds


@final
@dataclass(frozen=True, slots=True)
class Paced:
    """A load at a fixed rate: ms to each answer, how long it took, and its blocks."""

    latencies: list[float]
    seconds: float
    first_height: int
    last_height: int


@final
class Bench:
    """A client of the exchange, and the load it sends."""

    def __init__(self, client: AsyncClient, pipeline: Pipeline, load: Load) -> None:
        self.client = client
        self.pipeline = pipeline
        self.load = load

    async def saturate(self, signed: Sequence[bytes], batch: int, legs: int) -> Run:
        """Send everything as fast as it is acknowledged."""
        batches = [signed[i : i + batch] for i in range(0, len(signed), batch)]
        warm = len(batches) // WARM_SHARE
        await self.send_all(batches[:warm])
        await self.root_lag((await self.client.status()).unsafe.height)
        first = (await self.client.status()).unsafe.height
        before = process_seconds()
        started = time.perf_counter()
        last, accepted = await self.send_all(batches[warm:])
        seconds = time.perf_counter() - started
        lag = await self.root_lag(last)
        after = process_seconds()
        used, busiest = used_between(before, after), busiest_between(before, after, SHARED)
        orders = legs * sum(map(len, batches[warm:]))
        size = await self.bytes_between(first + 1, last)
        return Run(orders, seconds, accepted, first + 1, last, lag, size, used, busiest)

    async def send_all(self, batches: list[Sequence[bytes]]) -> tuple[int, int]:
        """Send batches, some at a time; return the last height, and how many were accepted."""
        waiting = iter(batches)
        last = accepted = 0

        async def send_some() -> None:
            nonlocal last, accepted
            for batch in waiting:
                outcome = await self.pipeline.send(batch)
                if outcome.refusals:
                    raise RuntimeError(f"refused: {outcome.refusals[0].refusal.message}")
                last = max(last, *outcome.heights)
                accepted += sum(code == 0 for code in outcome.codes)

        await asyncio.gather(*(send_some() for _ in range(UNDER_WAY)))
        return last, accepted

    async def root_lag(self, height: int) -> float:
        """Wait until the roots of ``height`` are known; return the seconds that took."""
        started = time.perf_counter()
        while (await self.client.status()).roots.height < height:
            if time.perf_counter() - started > ROOT_SECONDS_MAX:
                raise RuntimeError(f"no roots of block {height} after {ROOT_SECONDS_MAX:.0f} s")
            await asyncio.sleep(ROOT_POLL_S)
        return time.perf_counter() - started

    async def pace(self, signed: Sequence[bytes], rate: float) -> Paced:
        """Send small batches at a fixed rate, whatever the answers."""
        batches = [signed[i : i + LATENCY_BATCH] for i in range(0, len(signed), LATENCY_BATCH)]
        first = (await self.client.status()).unsafe.height + 1
        last = first
        started = time.perf_counter()

        async def send_at(place: int, batch: Sequence[bytes]) -> float:
            nonlocal last
            due = started + place * LATENCY_BATCH / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            outcome = await self.pipeline.send(batch)
            last = max(last, *outcome.heights)
            return (time.perf_counter() - due) * 1000

        times = await asyncio.gather(*(send_at(i, b) for i, b in enumerate(batches)))
        return Paced(list(times), time.perf_counter() - started, first, last)

    async def bytes_between(self, first: int, last: int) -> int:
        """Return the bytes for L1 of some blocks."""
        return sum([(await self.client.block(h)).frame_bytes for h in range(first, last + 1)])

    async def blocks(self, last: int) -> list[query_pb2.Block]:
        """Return all blocks up to ``last``, with what they were made of."""
        call, query = self.client.connection.call, self.client.connection.query
        return [
            await call(query.GetBlock, query_pb2.GetBlockRequest(height=height, with_frame=True))
            for height in range(1, last + 1)
        ]


async def fund(layout: Layout, target: str, identities: list[Identity]) -> None:
    """Deposit for every account."""
    room = asyncio.Semaphore(FUNDING_AT_ONCE)

    async def fund_one(who: Identity) -> None:
        async with room, AsyncClient(target, key=Secret(who.key), verify=False) as client:
            await deposit(layout, who, DEPOSIT_MICROS)
            await await_credit(client, DEPOSIT_MICROS)

    await asyncio.gather(*(fund_one(who) for who in identities))


async def publish(client: AsyncClient, desk: Desk, market: int, price: int) -> None:
    """Keep the index fresh, until cancelled."""
    while True:
        now = await client.sync_clock()
        await client.submit_signed([desk.prices(market, price, now)])
        await asyncio.sleep(PRICE_PERIOD_S)


def figures_of(kind: str, run: Run, floor: float) -> list[Figure]:
    """Return the figures of one load."""
    blocks = run.last_height - run.first_height + 1
    shares = ", ".join(
        f"{role} {seconds / run.orders * 1e6:.0f}" for role, seconds in run.used.items() if seconds
    )
    note = f"{run.orders:,} orders in {blocks:,} blocks, {run.accepted / run.orders:.0%} accepted; "
    note += f"processor us/order: {shares}"
    return [
        Figure(f"grpc.{kind}", run.rate, "orders/s", note, floor=floor),
        Figure(f"grpc.{kind}_root_lag", run.root_lag, "s", "after the last answer", ceiling=2),
        Figure(f"l1.bytes_{kind}", run.frame_bytes / run.orders, "bytes/order", "with client ids"),
    ]


async def on_exchange(measure: Callable[[Bench], Awaitable[MeasuredT]]) -> MeasuredT:
    """Start an exchange, measure on it, stop it."""
    identities = [identity_of(f"bench-{number}") for number in range(ACCOUNTS)]
    async with own_exchange(INSTANCE, None, PROCESSES) as layout:
        target = layout.address("grpc")
        await fund(layout, target, identities)
        async with AsyncClient(target, verify=False) as client:
            await client.status()
            market = (await client.markets()).find(MARKET)
            mid = market.price(MID_USD)
            domain = await client.domain()
            publishing = asyncio.create_task(
                publish(client, Desk(domain, client.clock), market.id, mid)
            )
            load = Load(
                identities,
                domain,
                client.clock,
                market=market.id,
                mid=mid,
                tick=market.tick,
                lag=2 * UNDER_WAY * SINGLES_BATCH,
            )
            try:
                async with client.pipeline() as pipeline:
                    return await measure(Bench(client, pipeline, load))
            finally:
                publishing.cancel()
                with suppress(asyncio.CancelledError):
                    await publishing


async def measure_all() -> list[Figure]:
    """Load an exchange in every way, and replay what it made once it is gone.

    Each load has a fresh one: without a poster it makes blocks for half of the receipt
    deadline.
    """
    figures, single, paced, blocks = await on_exchange(measure_singles)
    bulks = await on_exchange(measure_bulks)
    return [*figures, *bulks, *replay_figures(single, paced, blocks)]


async def measure_singles(bench: Bench) -> tuple[list[Figure], Run, Paced, list[query_pb2.Block]]:
    """Return the figures of single orders, with the loads and all blocks."""
    single = await bench.saturate(bench.load.singles(SINGLES), SINGLES_BATCH, 1)
    half = single.rate / 2
    count = int(half * LATENCY_SECONDS) // LATENCY_BATCH * LATENCY_BATCH
    paced = await bench.pace(bench.load.singles(count), half)
    blocks = await bench.blocks(paced.last_height)
    cuts = quantiles(paced.latencies, n=100)
    at = f"{half:,.0f} orders/s, in batches of {LATENCY_BATCH}"
    figures = [
        *figures_of("single", single, 3_000),
        Figure("ack.p50", cuts[49], "ms", at),
        Figure("ack.p99", cuts[98], "ms", at, ceiling=250),
    ]
    return figures, single, paced, blocks


async def measure_bulks(bench: Bench) -> list[Figure]:
    """Return the figures of bulks."""
    bulk = await bench.saturate(bench.load.bulks(BULKS), BULKS_BATCH, BULK_LEGS)
    return figures_of("bulk", bulk, 8_000)


def replay_figures(made: Run, paced: Paced, blocks: list[query_pb2.Block]) -> list[Figure]:
    """Return how much sooner a challenger has derived the loads' blocks than they were made."""
    full, half = (made.first_height, made.last_height), (paced.first_height, paced.last_height)
    here_full, here_half = replay_with(os.cpu_count() or 1, blocks, [full, half])
    [wide] = replay_with(WIDE_PROCESSORS, blocks, [full])
    took = made.seconds + made.root_lag
    speed = f"{made.orders / here_full.seconds:,.0f} orders/s, over grpc.single and its root lag"
    shares = [1e6 * busiest / made.orders for busiest in (made.busiest, wide.busiest)]
    bound = (
        f"processor us/order of the busiest process: {shares[0]:.0f} made, {shares[1]:.0f} replayed"
    )
    calm = (
        f"at half the rate of grpc.single: {paced.seconds:.1f} s of it in {here_half.seconds:.1f} s"
    )
    return [
        Figure("replay.half", paced.seconds / here_half.seconds, "x", calm, floor=2),
        Figure("replay.ratio", took / here_full.seconds, "x", speed),
        Figure("replay.bound", made.busiest / wide.busiest, "x", bound, floor=2),
    ]


def replay_with(
    processors: int, blocks: list[query_pb2.Block], spans: list[tuple[int, int]]
) -> list[Replay]:
    """Replay spans with the workers that a challenger has on so many processors."""
    return replay(
        blocks,
        spans,
        recovery=recovery_workers_for(processors),
        roots=root_workers_for(processors),
    )


def measure(variant: str) -> list[Figure]:
    """Return all figures; there is one variant."""
    del variant
    return asyncio.run(measure_all())
