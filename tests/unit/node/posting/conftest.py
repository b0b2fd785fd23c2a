"""What runs a story."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from prover.contract.rules import ContractRules
from tests.e2e.processes import deployment
from tests.unit.node.posting.story import Story


@pytest.fixture
def contract() -> ContractRules:
    """Return a deployment for a real stub: its clock is ours."""
    return deployment()


@pytest.fixture
def tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[Story], Coroutine[None, None, None]]], None]:
    """Return what runs a story and closes its stores."""

    def run(plot: Callable[[Story], Coroutine[None, None, None]]) -> None:
        async def play() -> None:
            story = Story(tmp_path, monkeypatch)
            try:
                await plot(story)
            finally:
                story.disk.close()
                story.poster.close()
                story.follower.close()
                await story.source.close()

        asyncio.run(play())

    return run
