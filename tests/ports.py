"""Ports that nobody listens on."""

import socket
from pathlib import Path

import pytest

from devnet.layout import Layout, layout_of
from devnet.ports import find_taken


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [opened.getsockname()[1] for opened in sockets]
    finally:
        for opened in sockets:
            opened.close()


def layout_to_test(instances: range, directory: Path) -> Layout:
    """Return a layout of one of ``instances`` whose ports nothing uses now; without one, skip."""
    for instance in instances:
        layout = layout_of(instance, directory)
        if not find_taken(layout):
            return layout
    pytest.skip(f"no instance from {instances[0]} to {instances[-1]} has its ports free")
