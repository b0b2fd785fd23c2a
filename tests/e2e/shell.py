"""Commands as a user would run them, against one node."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from sextant.cli.main import main
from tests.e2e.serving import Served


class Shell:
    """Runs commands as a user would, against one node."""

    def __init__(self, served: Served, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.served = served
        self.node = f"127.0.0.1:{served.server.port}"
        self.key = str(key)
        self.capsys = capsys

    def move_index(self, market: int, index: int) -> None:
        """Have every publisher say another price, in micro-USDC per lot."""
        self.served.exchange.submit_now(self.served.world.prices(market, index).data)

    async def say(self, *words: str, code: int = 0, signs: bool = True) -> str:
        """Run a command once, for people; return what it printed."""
        extra = ["--key-file", self.key] if signs else []
        self.capsys.readouterr()
        found = await asyncio.to_thread(main, [*words, "--node", self.node, *extra])
        shown = self.capsys.readouterr()
        assert found == code, (words, shown.err)
        return shown.out

    async def ask(self, *words: str, code: int = 0, signs: bool = True) -> dict[str, Any]:
        """Run a command once with ``--json``; return the object."""
        extra = ["--key-file", self.key] if signs else []
        self.capsys.readouterr()
        found = await asyncio.to_thread(main, [*words, "--node", self.node, *extra, "--json"])
        shown = self.capsys.readouterr()
        assert found == code, (words, shown.err)
        # The node runs in this process, and may have logged before the command answered.
        body: dict[str, Any] = json.loads((shown.out or shown.err).splitlines()[-1])
        assert body["schema"].startswith("sextant.")
        return body

    async def __call__(self, *words: str, code: int = 0, signs: bool = True) -> dict[str, Any]:
        """Run a command twice, for people and with ``--json``; return the object."""
        extra = ["--key-file", self.key] if signs else []
        await asyncio.to_thread(main, [*words, "--node", self.node, *extra])
        return await self.ask(*words, code=code, signs=signs)
