"""Settings of a node: where it listens, what it keeps, how much it takes at once.

Settings are not rules: they may differ between replicas, and no state root
depends on them.  Each has one dotted name, used alike in a TOML file
(``[grpc] port = 1``), in the environment (``SEXTANT_GRPC_PORT``) and as a flag
(``--grpc.port``).  A flag wins over the environment, that over the file, and
that over the default: ``sextant config show --origin`` says which one did.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar, final

SettingT = TypeVar("SettingT", bool, int, str)

INT_MAX: Final = (1 << 63) - 1
PORT_MAX: Final = 65535
ROLES: Final = ("sequencer", "poster", "follower")


def setting(default: SettingT, text: str, **limits: object) -> SettingT:
    """Declare a field: its default, what it is for, and ``low``, ``high``, ``choices``, ``shift``.

    ``shift`` marks a port, or a target with one, that moves by 100 with each instance.
    """
    return field(default=default, metadata={"help": text, **limits})


def port(default: int, text: str) -> int:
    """Declare a TCP port; 0 lets the system choose one."""
    return setting(default, text, low=0, high=PORT_MAX, shift=True)


@final
@dataclass(frozen=True, slots=True)
class GrpcSettings:
    """The public server."""

    host: str = setting("127.0.0.1", "address to listen on")
    port: int = port(50551, "port of the gRPC services")
    message_bytes_max: int = setting(1 << 20, "largest message either way", low=1 << 16)
    rpcs_max: int = setting(1024, "calls in progress at once, streams included", low=1)
    calls_per_second: int = setting(2_000, "queries and subscriptions a second of one host", low=1)
    calls_burst: int = setting(8_000, "queries above that rate at once", low=1)
    streams_max: int = setting(256, "subscriptions open at once", low=1)
    streams_per_host_max: int = setting(128, "subscriptions of one host open at once", low=1)
    deadline_ms_max: int = setting(600_000, "longest deadline of a unary call", low=100)
    deadline_required: bool = setting(True, "refuse unary calls without a deadline")
    keepalive_ms_min: int = setting(10_000, "shortest interval between a client's pings", low=1000)
    grace_ms: int = setting(2_000, "how long calls may finish in at shutdown", low=0)


@final
@dataclass(frozen=True, slots=True)
class AdmissionSettings:
    """What one client may ask for at once."""

    batch_transactions_max: int = setting(1_000, "transactions in a batch", low=1)
    unanswered_max: int = setting(64, "unanswered requests on an order stream", low=1)
    rate_per_second: int = setting(50_000, "transactions per second of one host", low=1)
    burst_transactions: int = setting(100_000, "transactions above the rate at once", low=1)


@final
@dataclass(frozen=True, slots=True)
class FeedSettings:
    """Live feeds and recent history."""

    updates_max: int = setting(512, "updates a subscriber may be behind", low=1)
    trades_kept_max: int = setting(1_000, "recent trades kept per market", low=1)
    outcomes_kept_max: int = setting(20_000, "orders remembered after they left the book", low=1)
    history_days: int = setting(35, "days of samples, funding and outages kept", low=1, high=3_650)


@final
@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Prometheus."""

    enabled: bool = setting(True, "serve /metrics, /healthz and /readyz")
    host: str = setting("127.0.0.1", "address to listen on")
    port: int = port(50590, "port of the metrics")


@final
@dataclass(frozen=True, slots=True)
class DevSettings:
    """Controls of a devnet."""

    enabled: bool = setting(False, "serve the developer's controls, on loopback only")
    port: int = port(50599, "port of the developer's controls")
    manual: bool = setting(False, "make blocks only when those controls say so")


@final
@dataclass(frozen=True, slots=True)
class L1Settings:
    """The layer below."""

    target: str = setting("127.0.0.1:50545", "host:port of the L1", shift=True)
    poll_ms: int = setting(200, "interval between looks at the L1", low=10)
    archives: str = setting("", "host:port of nodes that keep what L1 drops, with commas between")
    fee_max: int = setting(0, "most that a call bids, gwei per million gas; 0: no bound", low=0)
    tip: int = setting(0, "what a call tips at first, gwei per million gas", low=0)
    bump_blocks: int = setting(3, "L1 blocks after which the bid of a call is raised", low=1)


@final
@dataclass(frozen=True, slots=True)
class SequencerSettings:
    """The making of blocks."""

    block_ms: int = setting(50, "interval between blocks when there is work", low=1)
    block_idle_ms_max: int = setting(1_000, "longest interval between blocks", low=10)
    queue_transactions_max: int = setting(20_000, "transactions that may wait", low=1)
    signer_transactions_max: int = setting(4_096, "of one signer that may wait", low=1)
    workers: int = setting(1, "processes that recover signers", low=1, high=64)
    key_file: str = setting("", "file with the key that signs blocks; empty: in the datadir")


@final
@dataclass(frozen=True, slots=True)
class PosterSettings:
    """Batches and claims."""

    batch_ms: int = setting(2_000, "interval between batches", low=10)
    batch_bytes_max: int = setting(512 << 10, "largest batch", low=1 << 16)
    propose: bool = setting(True, "claim the outputs of posted batches")
    source: str = setting("127.0.0.1:50551", "host:port of the sequencer", shift=True)
    key_file: str = setting("", "file with the key that pays on L1; empty: in the datadir")


@final
@dataclass(frozen=True, slots=True)
class FollowerSettings:
    """What a follower does besides following."""

    keep_alive: bool = setting(
        False, "append inbox items to the log when nobody else does; takes a key, see poster"
    )
    patience_ms: int = setting(15_000, "with --propose: how long others may propose first")
    ahead: bool = setting(
        True, "recover signers and compute roots of large batches in processes of their own"
    )


@final
@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is written about it all."""

    level: str = setting("info", "lowest level", choices=("debug", "info", "warning", "error"))
    levels: str = setting("", "of some loggers: node.service=debug,grpc=error")
    format: str = setting("auto", "auto: text on a terminal", choices=("auto", "text", "json"))
    file: str = setting("", "also log to this file, as JSON")
    file_bytes_max: int = setting(16 << 20, "size at which the file is rotated", low=4096)
    files_max: int = setting(5, "rotated files kept", low=1)


@final
@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a node."""

    role: str = setting("sequencer", "what this node does", choices=ROLES)
    datadir: str = setting("", "directory of all its files; empty: the user's data directory")
    instance: int = setting(0, "moves every default port by 100 times this", low=0, high=100)
    grpc: GrpcSettings = field(default_factory=GrpcSettings)
    admission: AdmissionSettings = field(default_factory=AdmissionSettings)
    feed: FeedSettings = field(default_factory=FeedSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    dev: DevSettings = field(default_factory=DevSettings)
    l1: L1Settings = field(default_factory=L1Settings)
    sequencer: SequencerSettings = field(default_factory=SequencerSettings)
    poster: PosterSettings = field(default_factory=PosterSettings)
    follower: FollowerSettings = field(default_factory=FollowerSettings)
    log: LogSettings = field(default_factory=LogSettings)

    @property
    def directory(self) -> Path:
        """Where this node keeps its files: ``datadir``, or the user's data directory."""
        if self.datadir:
            return Path(self.datadir).expanduser()
        base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        return Path(base).expanduser() / "sextant"
