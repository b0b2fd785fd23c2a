"""The stub's process: open the disk, serve, make blocks, stop cleanly.

Two servers: the public one, and the controls on a port of their own, loopback
only.  Health and reflection on both; health says SERVING once there is a block.
"""

import asyncio
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

import grpc
import grpc.aio
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from devnet.l1.chain import ChainSettings
from devnet.l1.controls import L1DevService
from devnet.l1.host import Host
from devnet.l1.journal import SCHEMA, Journal
from devnet.l1.service import L1Service
from node.storage.database import Database
from proto.sextant.v1 import l1_pb2, l1_pb2_grpc
from prover.contract.rules import ContractRules
from prover.faults import VerdictFunction
from statemachine.errors import SextantError

log = structlog.get_logger(__name__)

LOOPBACK: Final = "127.0.0.1"
MESSAGE_BYTES_MAX: Final = 16 << 20
RPCS_MAX: Final = 1_024
GRACE_SECONDS: Final = 1.0
OPTIONS: Final = (
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    ("grpc.so_reuseport", 0),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
)
L1_NAME: Final = l1_pb2.DESCRIPTOR.services_by_name["L1"].full_name
DEV_NAME: Final = l1_pb2.DESCRIPTOR.services_by_name["L1Dev"].full_name


class DeploymentDiffers(SextantError):
    """The store on disk belongs to another deployment of the contract."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StubSettings:
    """How a stub is run.

    Parameters
    ----------
    datadir
        Directory of its LevelDB.
    port
        Of the public service; 0 lets the system choose.
    dev_port
        Of the controls; 0 lets the system choose, ``None`` serves none.
    block_ms
        Interval between blocks; 0 makes a block for each call.
    chain
        How far the tags trail.
    """

    datadir: Path
    host: str = LOOPBACK
    port: int = 50545
    dev_port: int | None = 50546
    block_ms: int = 1_000
    chain: ChainSettings = field(default_factory=ChainSettings)


@final
class Stub:
    """A running stub: ``start`` it, ``run`` it until asked to ``stop``."""

    def __init__(
        self, settings: StubSettings, rules: ContractRules, judge: VerdictFunction
    ) -> None:
        self.settings = settings
        self.database = Database(settings.datadir, SCHEMA, f"l1 stub, port {settings.port}")
        try:
            journal = Journal(self.database)
            bind_deployment(journal, rules)
            chain, mining = journal.open_chain(rules, judge, settings.chain)
        except BaseException:
            self.database.close()
            raise
        self.host = Host(chain, journal, settings.block_ms, mining=mining)
        self.port = 0
        self.dev_port = 0
        self._servers: list[grpc.aio.Server] = []
        self._healths: list[Any] = []
        self._stop = asyncio.Event()

    async def start(self) -> None:
        """Serve; the ports are known when this returns."""
        self.host.open_genesis()
        service = L1Service(self.host)
        server, self.port = await self._open(self.settings.host, self.settings.port, L1_NAME)
        l1_pb2_grpc.add_L1Servicer_to_server(service, server)
        await server.start()
        if self.settings.dev_port is not None:
            server, self.dev_port = await self._open(LOOPBACK, self.settings.dev_port, DEV_NAME)
            l1_pb2_grpc.add_L1DevServicer_to_server(L1DevService(service), server)
            await server.start()
        log.info(
            "l1 stub ready: it demonstrates the protocol and gives no security",
            port=self.port,
            dev_port=self.dev_port,
            block=self.host.chain.latest.number,
            deployment=self.host.chain.contract.rules.hash,
        )

    async def _open(self, address: str, port: int, name: str) -> tuple[grpc.aio.Server, int]:
        server = grpc.aio.server(options=OPTIONS, maximum_concurrent_rpcs=RPCS_MAX)
        servicer = health.aio.HealthServicer()  # type: ignore[attr-defined] # stubs lack aio
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
        for served in ("", name):
            await servicer.set(served, health_pb2.HealthCheckResponse.SERVING)
        names = (name, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server)
        try:
            bound = server.add_insecure_port(f"{address}:{port}")
        except RuntimeError as error:
            raise OSError(
                f"cannot listen on {address}:{port}: {error}; stop who does, or use another --port"
            ) from error
        self._servers.append(server)
        self._healths.append(servicer)
        return server, bound

    async def run(self) -> None:
        """Make blocks until asked to stop; a bug in the chain ends the process."""
        mining = asyncio.create_task(self.host.run())
        stopping = asyncio.create_task(self._stop.wait())
        broken = asyncio.create_task(self.host.broken.wait())
        await asyncio.wait({mining, stopping, broken}, return_when=asyncio.FIRST_COMPLETED)
        try:
            if mining.done():
                mining.result()
            self.host.check()
        finally:
            for task in (mining, stopping, broken):
                task.cancel()
            await self.close()

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()

    async def close(self) -> None:
        """Stop serving and close the store."""
        for servicer in self._healths:
            await servicer.enter_graceful_shutdown()
        await asyncio.gather(*(server.stop(GRACE_SECONDS) for server in self._servers))
        self.database.close()


def bind_deployment(journal: Journal, rules: ContractRules) -> None:
    """Refuse a store of another deployment; a new store becomes one of this."""
    found = journal.deployment()
    if found is None:
        journal.save_deployment(rules)
    elif found != rules.encode():
        raise DeploymentDiffers(
            f"this data directory was made under other rules: {journal.database.path} holds "
            f"another deployment than {rules.hash.hex()}; use another --datadir, or remove it"
        )


async def serve(settings: StubSettings, rules: ContractRules, judge: VerdictFunction) -> None:
    """Run a stub until SIGTERM or ctrl-C."""
    stub = Stub(settings, rules, judge)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stub.stop)
    try:
        await stub.start()
    except BaseException:
        await stub.close()
        raise
    await stub.run()
