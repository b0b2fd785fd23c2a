"""The gRPC servers of a node: the public one, and the developer's on loopback.

Health is served for ``""`` and for each service by name: ``NOT_SERVING`` until
the node is ready, and again as soon as it stops.  Reflection tells a generic
client what there is.  Shutdown first stops taking calls, then lets those under
way finish, for a bounded time.
"""

import asyncio
import time
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Final, final

import grpc
import grpc.aio
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from node.ledger import feed
from node.process.metrics import Metrics
from node.service.admission import Admission
from node.service.answers import Answers
from node.service.dev import DevService
from node.service.errors import Refused
from node.service.feeds import Hub
from node.service.interceptors import Boundary
from node.service.queries import QueryService
from node.service.status import StatusView, update_figures
from node.service.streams import StreamService
from node.service.submission import SequencerService
from node.service.views import Views
from node.settings import GrpcSettings, Settings
from node.storage.history import History
from proto.sextant.v1 import (
    dev_pb2,
    dev_pb2_grpc,
    query_pb2,
    query_pb2_grpc,
    sequencer_pb2,
    sequencer_pb2_grpc,
    stream_pb2,
    stream_pb2_grpc,
)

PUBLIC: Final = (
    sequencer_pb2.DESCRIPTOR.services_by_name["Sequencer"].full_name,
    query_pb2.DESCRIPTOR.services_by_name["Query"].full_name,
    stream_pb2.DESCRIPTOR.services_by_name["Stream"].full_name,
)
DEV: Final = (dev_pb2.DESCRIPTOR.services_by_name["Dev"].full_name,)
LOOPBACK: Final = "127.0.0.1"
TRANSPORT_FACTOR: Final = 4
"""The transport cuts off what is so many times too large; the rest is refused with a reason."""
KEEPALIVE_MS: Final = 30_000
READY_POLL_S: Final = 0.1
FIGURES_EVERY: Final = 10
"""Figures of the state are read at every so many looks at readiness."""

log = structlog.get_logger(__name__)


@final
class Endpoint:
    """One listening server with health and reflection for its services."""

    def __init__(self, settings: GrpcSettings, metrics: Metrics, names: tuple[str, ...]) -> None:
        self.settings = settings
        self.names = names
        self.health = health.aio.HealthServicer()  # type: ignore[attr-defined]  # not in its stubs
        self.boundary = Boundary(settings, metrics)
        self.server = grpc.aio.server(
            interceptors=[self.boundary],
            maximum_concurrent_rpcs=settings.rpcs_max,
            options=[
                ("grpc.max_receive_message_length", TRANSPORT_FACTOR * settings.message_bytes_max),
                ("grpc.max_send_message_length", -1),  # answers are bounded by their requests
                ("grpc.max_concurrent_streams", settings.rpcs_max),
                ("grpc.so_reuseport", 0),  # a second node on one port must fail, not share it
                ("grpc.keepalive_time_ms", KEEPALIVE_MS),  # a peer that is gone frees its streams
                ("grpc.keepalive_timeout_ms", KEEPALIVE_MS),
                ("grpc.http2.min_recv_ping_interval_without_data_ms", settings.keepalive_ms_min),
            ],
        )
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self.server)
        reflection.enable_server_reflection(
            (*names, health.SERVICE_NAME, reflection.SERVICE_NAME), self.server
        )

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port.

        Raises
        ------
        OSError
            The port is in use, or the address is not ours.
        """
        await self.set_health(serving=False)
        try:
            bound = self.server.add_insecure_port(f"{host}:{port}")
        except RuntimeError as error:
            raise OSError(f"cannot listen on {host}:{port}: {error}; use --instance N") from error
        await self.server.start()
        return bound

    async def set_health(self, *, serving: bool) -> None:
        """Tell whether the server and its services may be used."""
        answer = health_pb2.HealthCheckResponse
        status = answer.SERVING if serving else answer.NOT_SERVING
        for name in ("", *self.names, health.SERVICE_NAME, reflection.SERVICE_NAME):
            await self.health.set(name, status)

    async def stop(self, grace_s: float) -> None:
        """Take no more calls, and give those under way time to finish."""
        await self.health.enter_graceful_shutdown()
        await self.server.stop(grace_s)


@final
class NodeServer:
    """Everything that a node serves over gRPC.

    Parameters
    ----------
    ledger
        The node.
    gateway
        The same node, if it sequences.
    controls
        What the developer's port controls; served if the settings enable it.
    history
        Where the past is kept; in memory if it is not given.
    """

    def __init__(
        self,
        ledger: feed.Ledger,
        settings: Settings,
        metrics: Metrics,
        *,
        gateway: feed.Gateway | None = None,
        controls: feed.Controls | None = None,
        history: History | None = None,
    ) -> None:
        self.ledger = ledger
        self.history = history or History(None, settings.feed.history_days)
        self.settings = settings
        self.metrics = metrics
        self.hub = Hub(ledger, settings.feed, metrics, self.history)
        self.status = StatusView(ledger, self.hub, version=project_version())
        answers = Answers(ledger.rules.chain_id)
        views = Views(ledger, answers)
        admission = Admission(settings.admission, time.monotonic)
        self.public = Endpoint(settings.grpc, metrics, PUBLIC)
        server = self.public.server
        sequencer_pb2_grpc.add_SequencerServicer_to_server(
            SequencerService(gateway, admission, answers, settings.admission), server
        )
        query_pb2_grpc.add_QueryServicer_to_server(
            QueryService(self.hub, views, self.status, gateway), server
        )
        stream_pb2_grpc.add_StreamServicer_to_server(StreamService(self.hub, views), server)
        self.dev: Endpoint | None = None
        if settings.dev.enabled:
            self.dev = Endpoint(settings.grpc, metrics, DEV)
            dev_pb2_grpc.add_DevServicer_to_server(DevService(controls), self.dev.server)
        self.serving = False
        self.port = 0
        self.dev_port = 0
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listen, and follow the node; ``port`` and ``dev_port`` tell where."""
        settings = self.settings
        self.tasks = [
            asyncio.create_task(self.hub.run(), name="feeds"),
            asyncio.create_task(self.watch_readiness(), name="readiness"),
        ]
        self.port = await self.public.start(settings.grpc.host, settings.grpc.port)
        if self.dev is not None:
            self.dev_port = await self.dev.start(LOOPBACK, settings.dev.port)
            await self.dev.set_health(serving=True)
        log.info("listening", host=settings.grpc.host, port=self.port, dev_port=self.dev_port)

    async def stop(self) -> None:
        """Close streams, finish calls, and stop listening."""
        for task in self.tasks:
            task.cancel()
        for task in self.tasks:
            with suppress(asyncio.CancelledError):
                await task
        self.hub.end_all(Refused("SHUTTING_DOWN", "the node is shutting down"))
        grace_s = self.settings.grpc.grace_ms / 1000
        await self.public.stop(grace_s)
        if self.dev is not None:
            await self.dev.stop(grace_s)

    async def watch_readiness(self) -> None:
        """Keep the health service and the figures true, until cancelled."""
        looks = 0
        while True:
            try:
                await self.look(figures=looks % FIGURES_EVERY == 0)
            except Exception:  # the node may be going; health must not stay at its last word
                log.exception("readiness is not known")
                await self.public.set_health(serving=False)
            looks += 1
            await asyncio.sleep(READY_POLL_S)

    async def look(self, *, figures: bool) -> None:
        """Compare readiness with what was last said, and say what changed."""
        reason = self.status.why_not_ready()
        serving = not reason
        if serving is not self.serving:
            self.serving = serving
            await self.public.set_health(serving=serving)
            log.info("readiness", serving=serving, reason=reason)
        if figures and serving:
            update_figures(self.ledger, self.metrics)


def project_version() -> str:
    """Return the installed version of this project."""
    try:
        return version("sextant")
    except PackageNotFoundError:
        return "unknown"
