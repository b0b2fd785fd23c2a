"""Where a devnet keeps its files and listens: one data directory, one set of ports per instance.

=====================  ======  ==========================================================
service                port    of
=====================  ======  ==========================================================
``l1``                 50545   L1 stub: gRPC
``l1_dev``             50546   L1 stub: developer's controls
``grpc``               50551   sequencer: gRPC for clients
``follower``           50552   follower: gRPC, reads only
``sequencer_metrics``  50590   sequencer: Prometheus
``poster_metrics``     50591   poster: Prometheus
``follower_metrics``   50592   follower: Prometheus
``challenger_metrics`` 50593   challenger: Prometheus
``poster_dev``         50598   poster: developer's controls
``dev``                50599   sequencer: developer's controls
=====================  ======  ==========================================================

Instance N adds 100 * N to each, so that several devnets run side by side.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

HOST: Final = "127.0.0.1"
INSTANCES_MAX: Final = 100
PORT_STEP: Final = 100
PORTS: Final = {
    "l1": 50545,
    "l1_dev": 50546,
    "grpc": 50551,
    "follower": 50552,
    "sequencer_metrics": 50590,
    "poster_metrics": 50591,
    "follower_metrics": 50592,
    "challenger_metrics": 50593,
    "poster_dev": 50598,
    "dev": 50599,
}


@final
@dataclass(frozen=True, slots=True)
class Layout:
    """The files and addresses of one instance."""

    directory: Path
    instance: int

    def port(self, service: str) -> int:
        """Return the port of a service of the table above."""
        return PORTS[service] + PORT_STEP * self.instance

    def address(self, service: str) -> str:
        """Return ``host:port`` of a service."""
        return f"{HOST}:{self.port(service)}"

    @property
    def logs(self) -> Path:
        """Return the directory of the logs, one file per process."""
        return self.directory / "logs"

    @property
    def keys(self) -> Path:
        """Return the directory of the devnet's key files."""
        return self.directory / "keys"

    @property
    def deployment(self) -> Path:
        """Return the file with the contract's rules: canonical bytes, kept for its life."""
        return self.directory / "deployment.bin"

    @property
    def prices(self) -> Path:
        """Return the file with the prices that are held by hand."""
        return self.directory / "prices.json"

    @property
    def lock(self) -> Path:
        """Return the file whose lock says that a supervisor runs here."""
        return self.directory / "supervisor.lock"

    @property
    def state(self) -> Path:
        """Return the file in which the supervisor tells what it runs."""
        return self.directory / "supervisor.json"

    def store(self, process: str) -> Path:
        """Return the directory of a process's own LevelDB."""
        return self.directory / process

    def key_file(self, name: str) -> Path:
        """Return the file of a devnet key."""
        return self.keys / name


def default_directory(instance: int) -> Path:
    """Return where an instance lives unless told otherwise."""
    base = os.environ.get("XDG_DATA_HOME")
    home = Path(base) if base else Path.home() / ".local" / "share"
    return home / "sextant" / ("devnet" if instance == 0 else f"devnet-{instance}")


def layout_of(instance: int, directory: Path | None) -> Layout:
    """Return the layout of an instance, in ``directory`` or the default one."""
    return Layout((directory or default_directory(instance)).resolve(), instance)
