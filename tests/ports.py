"""Ports that nobody listens on."""

import socket
from pathlib import Path

import pytest

from devnet.layout import Layout
from devnet.supervisor import DevnetBlocked, free_layout


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
    try:
        return free_layout(instances, directory)
    except DevnetBlocked as blocked:
        pytest.skip(str(blocked))
