"""Puts a node together from its settings, runs it, and takes it apart again.

Every role reads the contract's deployment from L1 first: rules and genesis
come from there, and nowhere else.  A signal asks for an orderly end; a second
one is not needed, for everything that must survive is on disk already.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import structlog

from node.derivation.follower import Follower
from node.derivation.roots import RootPool
from node.derivation.roots import workers_for as root_workers_for
from node.l1.adapter import GrpcL1
from node.l1.archives import archives_of
from node.l1.sender import Stuck
from node.ledger.feed import Controls
from node.posting.frames import FrameSource
from node.posting.poster import Poster
from node.process.garbage import collect_when_idle, tame_collector
from node.process.keyfile import KeyUnreadable, load_key, load_or_create_key
from node.process.metrics import Metrics, MetricsServer
from node.process.recovery import RecoveryPool
from node.process.recovery import workers_for as recovery_workers_for
from node.sequencing.controls import SequencerControls
from node.sequencing.runtime import SequencerNode
from node.sequencing.tickets import Limits
from node.service.dev import DevService
from node.service.server import DEV, LOOPBACK, Endpoint, NodeServer
from node.settings import Settings
from node.storage.history import History
from proto.sextant.v1 import dev_pb2_grpc
from prover.contract.fees import FeePolicy
from prover.contract.rules import ContractRules
from prover.l1 import L1Unreachable
from statemachine.identity.signing import Domain, address_of

LOG = structlog.get_logger("node")
LOOK_SECONDS: Final = 2.0
"""How long a sequencer's look at L1 may take before it goes on without."""


class NodeFailed(Exception):
    """The node halted because it found that something is not right."""


async def run_role(settings: Settings, *, propose: bool) -> None:
    """Run the role that ``settings`` name until a signal ends it.

    Raises
    ------
    NodeFailed
        It halted by itself.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    LOG.info("starting", role=settings.role, datadir=str(settings.directory))
    work = asyncio.create_task(ROLES[settings.role](settings, propose))
    asked = asyncio.create_task(stop.wait())
    await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    LOG.info("stopped", role=settings.role)


def owner_of(settings: Settings) -> str:
    """Say in words who we are, for those who find our stores locked."""
    return f"{settings.role}, gRPC port {settings.grpc.port}"


def key_path(settings: Settings, key_file: str) -> Path:
    """Return where a key is: where the settings say, or in the data directory."""
    default = settings.directory / settings.role / "key"
    return Path(key_file).expanduser() if key_file else default


def open_history(settings: Settings) -> History:
    """Open what this node remembers for traders."""
    path = settings.directory / settings.role / "history.sqlite"
    return History(path, settings.feed.history_days)


def open_metrics(
    settings: Settings, metrics: Metrics, ready: Callable[[], str]
) -> MetricsServer | None:
    """Start serving metrics, if the settings say so."""
    if not settings.metrics.enabled:
        return None
    server = MetricsServer(metrics, settings.metrics.host, settings.metrics.port, ready)
    server.start()
    return server


async def run_sequencer(settings: Settings, propose: bool) -> None:
    """Sequence until cancelled; where L1's log left our chain, start again and follow it."""
    del propose
    while await sequence(settings):
        LOG.warning("starting again, to follow the log")


def check_signer(deployment: ContractRules, key: bytes) -> None:
    """Refuse to sign blocks with a key that L1 does not know: nobody could rely on them."""
    signer = address_of(key)
    if any(deployment.signer) and signer != deployment.signer:
        raise KeyUnreadable(
            f"the sequencer's key is that of 0x{signer.hex()}, "
            f"blocks of this deployment are signed by 0x{deployment.signer.hex()}"
        )


async def sequence(settings: Settings) -> bool:
    """Sequence until cancelled; return whether to start again, as L1's log left our chain."""
    metrics = Metrics()
    failure: asyncio.Queue[str] = asyncio.Queue()
    l1 = GrpcL1(settings.l1.target, patience_seconds=LOOK_SECONDS)
    deployment = await ask_deployment(l1)
    key = load_or_create_key(key_path(settings, settings.sequencer.key_file))
    check_signer(deployment, key)
    node = SequencerNode(
        settings.directory / "sequencer",
        deployment,
        l1,
        key,
        limits=Limits(
            settings.sequencer.queue_transactions_max,
            settings.sequencer.signer_transactions_max,
            settings.sequencer.block_idle_ms_max,
        ),
        workers=settings.sequencer.workers,
        block_ms=settings.sequencer.block_ms,
        poll_ms=settings.l1.poll_ms,
        owner=owner_of(settings),
        metrics=metrics,
        manual=settings.dev.enabled and settings.dev.manual,
        failed=failure.put_nowait,
    )
    history = open_history(settings)
    server = NodeServer(
        node, settings, metrics, gateway=node, controls=SequencerControls(node), history=history
    )
    figures = open_metrics(settings, metrics, server.status.why_not_ready)
    idle: asyncio.Task[None] | None = None
    try:
        await server.start()
        await node.start()
        tame_collector()
        idle = asyncio.create_task(collect_when_idle(lambda: not node.core.pending))
        why = await failure.get()
        if not node.forked:
            raise NodeFailed(why)
        return True
    finally:
        if idle is not None:
            idle.cancel()
        await node.drain()
        await server.stop()
        await node.close()
        history.close()
        if figures is not None:
            figures.stop()
        await l1.close()


async def run_poster(settings: Settings, propose: bool) -> None:
    """Post batches and propose claims until cancelled."""
    del propose
    metrics = Metrics()
    key = load_key(key_path(settings, settings.poster.key_file))
    l1 = open_l1(settings, key, metrics)
    deployment = await ask_deployment(l1)
    if l1.address != deployment.sequencer:
        raise KeyUnreadable(
            f"the poster's key is that of 0x{l1.address.hex()}, "
            f"L1 takes batches of 0x{deployment.sequencer.hex()} only"
        )
    source = FrameSource(settings.poster.source)
    poster = Poster(
        settings.directory / "poster",
        deployment,
        l1,
        source,
        batch_ms=settings.poster.batch_ms,
        batch_bytes_max=settings.poster.batch_bytes_max,
        poll_ms=settings.l1.poll_ms,
        propose=settings.poster.propose,
        owner=owner_of(settings),
        metrics=metrics,
    )
    controls = await open_controls(settings, metrics, poster)
    figures = open_metrics(settings, metrics, lambda: "" if poster.ready else "starting")
    tame_collector()
    try:
        await run_group(poster.run())
    finally:
        if controls is not None:
            await controls.stop(0)
        if figures is not None:
            figures.stop()
        await source.close()
        poster.close()
        await l1.close()


async def run_follower(settings: Settings, propose: bool) -> None:
    """Follow L1 until cancelled."""
    metrics = Metrics()
    acts = propose or settings.follower.keep_alive
    key = load_key(key_path(settings, settings.poster.key_file)) if acts else b""
    l1 = open_l1(settings, key, metrics)
    deployment = await ask_deployment(l1)
    processors = os.cpu_count() or 1
    recovery = roots = None
    if settings.follower.ahead and processors > 1:
        domain = Domain(deployment.rules.chain_id, deployment.rules.rollup)
        recovery = RecoveryPool(domain, recovery_workers_for(processors))
        roots = RootPool(root_workers_for(processors))
    follower = Follower(
        settings.directory / "follower",
        deployment,
        l1,
        recover=recovery,
        roots=roots,
        propose=propose,
        keep_alive=settings.follower.keep_alive,
        patience=settings.follower.patience_ms / 1_000,
        poll_ms=settings.l1.poll_ms,
        owner=owner_of(settings),
        metrics=metrics,
    )
    history = open_history(settings)
    server = NodeServer(follower, settings, metrics, history=history)
    figures = open_metrics(settings, metrics, server.status.why_not_ready)
    try:
        await server.start()
        tame_collector()
        await run_group(follower.run())
    finally:
        await server.stop()
        if figures is not None:
            figures.stop()
        follower.close()
        for pool in (recovery, roots):
            if pool is not None:
                pool.close()
        history.close()
        await l1.close()


def open_l1(settings: Settings, key: bytes, metrics: Metrics) -> GrpcL1:
    """Return an adapter that bids as the settings say, and says when a call waits for too long."""

    def note(stuck: Stuck) -> None:
        (metrics.l1_held if stuck.is_held else metrics.l1_raised).inc()
        metrics.l1_gas_price.set(stuck.base_fee)
        LOG.warning(
            "a call to L1 is held" if stuck.is_held else "the bid of a call to L1 is raised",
            call=stuck.kind,
            nonce=stuck.nonce,
            base_fee=stuck.base_fee,
            fee_max=stuck.bid.fee_max,
            tip=stuck.bid.tip,
        )

    own = settings.l1
    return GrpcL1(
        own.target,
        key,
        archives=archives_of(own.archives),
        policy=FeePolicy(own.fee_max, own.tip, own.bump_blocks),
        on_stuck=note,
    )


async def ask_deployment(l1: GrpcL1) -> ContractRules:
    """Return what the contract was deployed with, waiting for an L1 that is starting."""
    while True:
        try:
            return await l1.deployment()
        except L1Unreachable as error:
            LOG.warning("waiting for L1", why=str(error))


async def run_group(work: Coroutine[Any, Any, None]) -> None:
    """Run a role's work; what ends it by itself is a halt.

    A task group wraps what failed in an exception group: tell its first part.
    """
    try:
        await work
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        LOG.critical("halted", why=str(error), exc_info=error)
        raise NodeFailed(f"{type(error).__name__}: {error}") from group
    except Exception as error:
        LOG.critical("halted", why=str(error), exc_info=error)
        raise NodeFailed(f"{type(error).__name__}: {error}") from error


async def open_controls(
    settings: Settings, metrics: Metrics, controls: Controls
) -> Endpoint | None:
    """Serve the developer's controls of a process that has no public server."""
    if not settings.dev.enabled:
        return None
    endpoint = Endpoint(settings.grpc, metrics, DEV)
    dev_pb2_grpc.add_DevServicer_to_server(DevService(controls), endpoint.server)
    await endpoint.start(LOOPBACK, settings.dev.port)
    await endpoint.set_health(serving=True)
    return endpoint


ROLES: Final[dict[str, Callable[[Settings, bool], Coroutine[Any, Any, None]]]] = {
    "sequencer": run_sequencer,
    "poster": run_poster,
    "follower": run_follower,
}
