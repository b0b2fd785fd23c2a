"""Bounded waits: for a condition, never for a time; it says what did not happen."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import pytest

SECONDS_MAX: Final = 60.0
POLL_S: Final = 0.02


def nothing() -> str:
    """Return nothing more to show than what did not happen."""
    return ""


def wait_until(
    condition: Callable[[], bool],
    missing: str,
    *,
    seconds: float = SECONDS_MAX,
    poll_s: float = POLL_S,
    show: Callable[[], str] = nothing,
) -> None:
    """Wait until ``condition`` holds; after so many seconds fail with what is ``missing``.

    ``show`` returns what helps to understand why: the end of a log, say.
    """
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            pytest.fail(f"{missing}, within {seconds:g} s\n{show()}")
        time.sleep(poll_s)


async def until(
    condition: Callable[[], bool],
    missing: str = "it did not come to hold",
    *,
    seconds: float = 20.0,
) -> None:
    """Wait, and let others run, until ``condition`` holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition():
        if loop.time() > end:
            pytest.fail(f"{missing}, within {seconds:g} s")
        await asyncio.sleep(0.005)
