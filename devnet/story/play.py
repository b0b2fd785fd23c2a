"""Play the story: a devnet of its own, the chapters in order, and everything stopped again."""

import asyncio
import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Final

from devnet.funds import fund_operators
from devnet.layout import Layout
from devnet.processes import Options, prepare, specs_of
from devnet.story import dispute, market
from devnet.story.stage import Stage, StoryFailed
from devnet.supervisor import DevnetBlocked, Supervisor, claim_free
from sextant.errors import EXIT_NO, EXIT_UNREACHABLE, ClientError
from statemachine.errors import SextantError

INSTANCES: Final = range(40, 90)
CHAPTERS: Final = (
    market.tell_deposit,
    market.tell_trade,
    market.tell_funding,
    market.tell_liquidation,
    dispute.tell_withdrawal,
    dispute.tell_fraud,
    dispute.tell_accomplice,
    dispute.tell_verdict,
    dispute.tell_right_claim,
    dispute.tell_payment,
)


async def play(*, keep: bool, as_json: bool) -> int:
    """Play every chapter; return 0 only if each one came true."""
    directory = Path(tempfile.mkdtemp(prefix="sextant-demo-"))
    code = EXIT_NO
    try:
        code = await perform(directory, as_json=as_json)
    except DevnetBlocked as blocked:
        sys.stderr.write(f"sextant: {blocked}\n")
        code = EXIT_UNREACHABLE
    finally:
        if keep or code != 0:
            sys.stderr.write(f"data and logs are kept in {directory}\n")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    return code


async def perform(directory: Path, *, as_json: bool) -> int:
    """Start a devnet in ``directory``, tell the story, stop everything."""

    def make(layout: Layout) -> Supervisor:
        funded = {"l1": partial(fund_operators, layout)}
        return Supervisor(layout, specs_of(layout, Options()), funded)

    supervisor = claim_free(INSTANCES, directory, make)
    layout = supervisor.layout
    supervisor.stop_on_signals()
    prepare(layout)
    telling: asyncio.Task[None] | None = None
    stopping = asyncio.create_task(supervisor.stopping.wait())
    try:
        started = time.monotonic()
        await supervisor.start()
        seconds = time.monotonic() - started
        telling = asyncio.create_task(tell(layout, supervisor, seconds, as_json=as_json))
        await asyncio.wait({telling, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not telling.done():
            sys.stderr.write("interrupted\n")
            return EXIT_NO
        telling.result()
    except (StoryFailed, SextantError, ClientError) as failed:
        sys.stderr.write(f"FAILED: {failed}\n")
        return EXIT_NO
    finally:
        stopping.cancel()
        if telling is not None and not telling.done():
            telling.cancel()
        await supervisor.stop()
    sys.stdout.write("every step was checked\n")
    return 0


async def tell(layout: Layout, supervisor: Supervisor, seconds: float, *, as_json: bool) -> None:
    """Tell the chapters in order."""
    stage = Stage(layout, as_json=as_json)
    try:
        count = len(supervisor.children)
        stage.check(all(child.pid for child in supervisor.children.values()), "not all are up")
        stage.tell(
            "devnet",
            f"{count} processes started in {seconds:.1f} s, genesis "
            f"0x{stage.contract.genesis.post_root.hex()[:12]}.., logs in {layout.logs}",
        )
        for chapter in CHAPTERS:
            await chapter(stage)
    finally:
        await stage.close()
