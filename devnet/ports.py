"""Ports: whether they are free, and if not, who has them."""

import contextlib
import socket
from pathlib import Path
from typing import Final, NamedTuple

from devnet.layout import HOST, INSTANCES_MAX, PORTS, Layout, layout_of

LISTEN: Final = "0A"


class Taken(NamedTuple):
    """A port that is in use: what it is for, and who holds it."""

    service: str
    port: int
    holder: str

    def __str__(self) -> str:
        """Say what, and why."""
        return f"port {self.port} ({self.service}) is in use by {self.holder}"


def advise(layout: Layout) -> str:
    """Return what to do about the taken ports of ``layout``."""
    others = (
        layout_of((layout.instance + n) % INSTANCES_MAX, None) for n in range(1, INSTANCES_MAX)
    )
    free = next((other.instance for other in others if is_free(other)), None)
    this = f" --instance {layout.instance}" if layout.instance else ""
    stop = f"stop what is there (`sextant devnet down{this}` if it is a devnet)"
    return stop if free is None else f"{stop}, or run another instance with --instance {free}"


def find_taken(layout: Layout) -> list[Taken]:
    """Return the ports of ``layout`` that something listens on."""
    taken = []
    for service in PORTS:
        port = layout.port(service)
        if not can_bind(port):
            taken.append(Taken(service, port, holder_of(port)))
    return taken


def is_free(layout: Layout) -> bool:
    """Return whether nothing listens on any port of ``layout``."""
    return all(can_bind(layout.port(service)) for service in PORTS)


def can_bind(port: int) -> bool:
    """Return whether a server could listen on ``port``."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def holder_of(port: int) -> str:
    """Return ``pid N (name)`` of who listens on ``port``, as far as the system tells."""
    inode = listening_inode(port)
    if inode is not None:
        for process in Path("/proc").glob("[0-9]*"):
            if f"socket:[{inode}]" in descriptors_of(process):
                return f"pid {process.name} ({name_of(process)})"
    return "another process"


def descriptors_of(process: Path) -> list[str]:
    """Return what the descriptors of a process point to; those that vanish are left out."""
    found = []
    with contextlib.suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                found.append(str(descriptor.readlink()))
    return found


def listening_inode(port: int) -> str | None:
    """Return the socket inode of the listener on ``port`` from the kernel's table."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if fields[3] == LISTEN and int(fields[1].rsplit(":", 1)[1], 16) == port:
                return fields[9]
    return None


def name_of(process: Path) -> str:
    """Return the words of a command line that tell a person what runs."""
    words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    named = [Path(word).name for word in words if word and not word.startswith("-")]
    return " ".join(named[1:4] if named and named[0].startswith("python") else named[:3])
