"""Money for a devnet's own people: ETH for bonds, USDC on L1, deposits into the exchange."""

import asyncio
import time
from typing import Final

from devnet.controls import Controls
from devnet.identities import PUBLISHERS, Identity, identity_of
from devnet.layout import Layout
from node.l1.adapter import GrpcL1
from prover.contract.calls import BondSequencer
from prover.contract.rules import GWEI_PER_ETH
from sextant.client.reads import Reads
from sextant.errors import ClientError, Refused
from statemachine.errors import SextantError

BONDED: Final = ("poster", "follower", "challenger")
PAYING: Final = (*PUBLISHERS, "governor")
"""Who may have to pay for calls, and has nothing at stake."""
OPERATOR_GWEI: Final = 10_000 * GWEI_PER_ETH
OPERATOR_GWEI_MIN: Final = 1_000 * GWEI_PER_ETH
SEQUENCER_BOND_GWEI: Final = 100 * GWEI_PER_ETH
USER_GWEI: Final = 10 * GWEI_PER_ETH
CREDIT_SECONDS_MAX: Final = 60.0
POLL_S: Final = 0.2


class DepositMissing(SextantError):
    """A deposit did not reach the exchange in time."""


async def fund_operators(layout: Layout) -> None:
    """See to it that proposers and challenger can pay their bonds, and publishers their calls."""
    controls = Controls(layout)
    for name in BONDED:
        address = identity_of(name).address
        account = await controls.faucet(address, 0, 0)
        if account.eth_gwei < OPERATOR_GWEI_MIN:
            await controls.faucet(address, OPERATOR_GWEI, 0)
    for name in PAYING:
        address = identity_of(name).address
        if (await controls.faucet(address, 0, 0)).eth_gwei < USER_GWEI:
            await controls.faucet(address, 10 * USER_GWEI, 0)
    await bond_sequencer(layout)


async def bond_sequencer(layout: Layout) -> None:
    """Put a bond behind the sequencer's signature, unless it has one or had one before."""
    l1 = GrpcL1(layout.address("l1"), identity_of("poster").key)
    try:
        totals = await l1.totals()
        if not totals.sequencer_bond_gwei and not totals.sequencer_left_ms:
            await l1.send(BondSequencer(SEQUENCER_BOND_GWEI))
    finally:
        await l1.close()


async def deposit(layout: Layout, identity: Identity, micros: int, sub: int = 0) -> int:
    """Mint USDC on L1 for ``identity`` and deposit it; return the index in the L1 inbox."""
    await Controls(layout).faucet(identity.address, USER_GWEI, micros)
    l1 = GrpcL1(layout.address("l1"), identity.key)
    try:
        receipt = await l1.deposit(identity.address, sub, micros)
    finally:
        await l1.close()
    if not receipt.ok:
        raise Refused(receipt.code.name, f"the deposit was refused: {receipt.message}")
    return receipt.value


async def await_credit(client: Reads, micros_min: int) -> None:
    """Wait until the client's account has at least ``micros_min`` of balance.

    Raises
    ------
    DepositMissing
        It did not arrive in time.
    """
    until = time.monotonic() + CREDIT_SECONDS_MAX
    while time.monotonic() < until:
        if await balance_of(client) >= micros_min:
            return
        await asyncio.sleep(POLL_S)
    raise DepositMissing(f"0x{client.address.hex()}: {micros_min} micro-USDC did not arrive")


async def balance_of(client: Reads) -> int:
    """Return the balance of the client's sub-account in micro-USDC; 0 without an account."""
    try:
        portfolio = (await client.account(with_orders=False)).portfolio(client.sub)
    except ClientError as error:
        if error.code in {"NOT_FOUND", "SIGNER_UNKNOWN"} or error.retryable:
            return 0
        raise
    return 0 if portfolio is None else int(portfolio.balance * 1_000_000)
