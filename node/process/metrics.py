"""Figures for Prometheus, and the small HTTP server that shows them.

One registry per process.  Labels are few and bounded: never an account, an
order or a peer.  ``/healthz`` answers while the process lives, ``/readyz`` only
while it may be used.
"""

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    make_wsgi_app,
)

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

POLL_S: Final = 0.05
"""How soon the server of the figures notices that it should stop."""
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


@final
class Metrics:
    """Every figure of a node; what a role does not do stays at zero."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.make_sequencer_figures(registry)
        self.make_chain_figures(registry)
        self.make_service_figures(registry)

    def make_sequencer_figures(self, registry: CollectorRegistry) -> None:
        """Create the figures of block making."""
        self.block_height = Gauge(
            "sextant_sequencer_block_height", "Height of the last block", registry=registry
        )
        self.block_seconds = Histogram(
            "sextant_sequencer_block_seconds",
            "Time to make a block durable",
            registry=registry,
            buckets=SECONDS,
        )
        self.receipts = Counter(
            "sextant_sequencer_receipts",
            "Receipts of blocks, by code of the exchange",
            ["code"],
            registry=registry,
        )
        self.transactions = Counter(
            "sextant_sequencer_transactions", "Transactions in blocks", registry=registry
        )
        self.taken_back = Counter(
            "sextant_sequencer_blocks_taken_back",
            "Acknowledged blocks that were taken back: broken promises",
            registry=registry,
        )
        self.queue = Gauge(
            "sextant_sequencer_queue_transactions", "Transactions waiting", registry=registry
        )
        self.commit_seconds = Histogram(
            "sextant_db_commit_seconds", "Time of a commit", registry=registry, buckets=SECONDS
        )
        self.root_lag = Gauge(
            "sextant_root_lag_blocks", "Blocks whose state roots are due", registry=registry
        )

    def make_chain_figures(self, registry: CollectorRegistry) -> None:
        """Create the figures of batches, of the L1 and of the exchange."""
        self.posted_height = Gauge(
            "sextant_batch_posted_height", "Last height in a posted batch", registry=registry
        )
        self.batch_lag = Gauge(
            "sextant_batch_lag_blocks", "Blocks not yet in a posted batch", registry=registry
        )
        self.final_height = Gauge(
            "sextant_final_height", "Last height under a final claim", registry=registry
        )
        self.rules_version = Gauge(
            "sextant_rules_version",
            "Version of the exchange's rules at the last block's time; 0 before the first look",
            registry=registry,
        )
        self.rules_unknown = Gauge(
            "sextant_rules_unknown_version",
            "First version of the rules, in force or to come, that is not known here; 0: none",
            registry=registry,
        )
        self.l1_age = Gauge(
            "sextant_l1_head_age_seconds", "Age of the L1's latest block", registry=registry
        )
        self.l1_gas_price = Gauge(
            "sextant_l1_gas_price_gwei", "Base fee of a million gas on L1", registry=registry
        )
        self.l1_raised = Counter(
            "sextant_l1_bids_raised", "Bids of calls to L1 that were raised", registry=registry
        )
        self.l1_held = Counter(
            "sextant_l1_calls_held",
            "Calls to L1 that wait as their bid may be no higher",
            registry=registry,
        )
        self.mismatches = Counter(
            "sextant_state_root_mismatch",
            "Roots that differ from what the data gives",
            registry=registry,
        )
        self.open_interest = Gauge(
            "sextant_market_open_interest_lots", "Open interest", ["market"], registry=registry
        )
        self.insurance = Gauge("sextant_insurance_fund_micros", "Insurance fund", registry=registry)
        self.liquidations = Counter(
            "sextant_liquidations", "Steps of liquidations", ["market"], registry=registry
        )
        self.market_changes = Counter(
            "sextant_market_changes",
            "Steps of what the guardian did: state, rates",
            ["market", "kind"],
            registry=registry,
        )
        self.trades = Counter("sextant_trades", "Trades", ["market"], registry=registry)

    def note_rules(self, version: int, unknown: int) -> None:
        """Show which version of the rules is in force, and the first that is not known; 0: none."""
        self.rules_version.set(version)
        self.rules_unknown.set(unknown)

    def make_service_figures(self, registry: CollectorRegistry) -> None:
        """Create the figures of the gRPC services."""
        self.requests = Counter(
            "sextant_grpc_requests", "Calls ended", ["method", "code"], registry=registry
        )
        self.request_seconds = Histogram(
            "sextant_grpc_request_seconds",
            "Time of a unary call",
            ["method"],
            registry=registry,
            buckets=SECONDS,
        )
        self.streams = Gauge("sextant_grpc_streams", "Streams open", registry=registry)
        self.evictions = Counter(
            "sextant_stream_evictions", "Streams closed for being too slow", registry=registry
        )
        self.limited = Counter(
            "sextant_grpc_limited", "Queries refused for coming too fast", registry=registry
        )
        self.incidents = Counter(
            "sextant_incidents", "Unexpected exceptions in a call", registry=registry
        )


class QuietHandler(WSGIRequestHandler):
    """Answers without a line on standard error for each request."""

    timeout = 10

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@final
class MetricsServer:
    """Serves ``/metrics``, ``/healthz`` and ``/readyz`` from a thread of its own."""

    def __init__(self, metrics: Metrics, host: str, port: int, ready: Callable[[], str]) -> None:
        """Listen; ``ready`` returns why the node is not ready, or nothing.

        Raises
        ------
        OSError
            The port is in use.
        """
        self.exposition = make_wsgi_app(metrics.registry)
        self.ready = ready
        try:
            server = make_server(host, port, self.answer, handler_class=QuietHandler)
        except OSError as error:
            what = f"cannot serve metrics on {host}:{port}: {error.strerror}"
            raise OSError(f"{what}; name another --metrics.port, or use --instance N") from error
        self.server: WSGIServer = server
        self.port: int = self.server.server_port
        self.thread = threading.Thread(
            target=self.server.serve_forever, args=(POLL_S,), name="metrics", daemon=True
        )

    def answer(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            body: Iterable[bytes] = self.exposition(environ, start)
            return body
        status, text = "404 Not Found", "try /metrics, /healthz or /readyz"
        if path == "/healthz":
            status, text = "200 OK", "alive"
        elif path == "/readyz":
            reason = self.ready()
            status = "503 Service Unavailable" if reason else "200 OK"
            text = reason or "ready"
        start(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [text.encode() + b"\n"]

    def start(self) -> None:
        """Begin to serve."""
        self.thread.start()

    def stop(self) -> None:
        """Stop serving, and free the port."""
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
        self.server.server_close()
