"""Ports that nobody listens on."""

import os
import socket
from pathlib import Path

import pytest

from devnet.layout import Layout, layout_of
from devnet.ports import find_taken
from devnet.supervisor import ports_lock, take_lock


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


def own_instances(instances: range) -> range:
    """Return those of ``instances`` that no other worker of this test run takes."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return instances[worker :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]


def is_claimed(instance: int) -> bool:
    """Return whether a supervisor has the ports of an instance, or will have them."""
    handle = take_lock(ports_lock(instance))
    if handle is not None:
        os.close(handle)
    return handle is None


def layout_to_test(instances: range, directory: Path) -> Layout:
    """Return a layout of one of ``instances`` whose ports nothing uses now; without one, skip."""
    for instance in own_instances(instances):
        layout = layout_of(instance, directory)
        if not find_taken(layout) and not is_claimed(instance):
            return layout
    pytest.skip(f"no instance from {instances[0]} to {instances[-1]} has its ports free")
