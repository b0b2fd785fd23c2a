"""Money on L1: ETH for bonds and gas, the token for the exchange.

Each function moves an amount from one place to exactly one other, so that
nothing appears or is lost: minted = held by addresses + held here + burnt.
"""

from dataclasses import replace
from typing import Final

from prover.contract.records import Totals
from prover.contract.state import ContractState
from statemachine.errors import invariant

MINTED_MAX: Final = 1 << 62
"""Of either money, ever: so that no sum of balances leaves 63 bits."""


def can_mint(state: ContractState, eth: int, token: int) -> bool:
    """Return whether so much more may be created."""
    totals = state.totals
    return max(totals.eth_minted + eth, totals.token_minted + token) <= MINTED_MAX


def mint(state: ContractState, address: bytes, eth: int, token: int) -> None:
    """Create money: genesis balances and a devnet's faucet."""
    invariant(can_mint(state, eth, token), f"no more than {MINTED_MAX} is ever minted")
    account, totals = state.account_of(address), state.totals
    state.put_account(address, replace(account, eth=account.eth + eth, token=account.token + token))
    state.put_totals(
        replace(
            totals,
            eth_minted=totals.eth_minted + eth,
            token_minted=totals.token_minted + token,
        )
    )


def burn_eth(state: ContractState, address: bytes, amount: int) -> None:
    """Burn ETH of an address: what it pays for gas."""
    account, totals = state.account_of(address), state.totals
    state.put_account(address, replace(account, eth=account.eth - amount))
    state.put_totals(replace(totals, eth_burnt=totals.eth_burnt + amount))


def take_bond(state: ContractState, address: bytes, amount: int) -> None:
    """Move ETH of an address into the contract's bonds."""
    account, totals = state.account_of(address), state.totals
    state.put_account(address, replace(account, eth=account.eth - amount))
    state.put_totals(replace(totals, eth_bonded=totals.eth_bonded + amount))


def release_bond(state: ContractState, address: bytes, amount: int) -> None:
    """Pay ETH out of the contract's bonds."""
    account, totals = state.account_of(address), state.totals
    invariant(totals.eth_bonded >= amount, "a bond is paid once")
    state.put_account(address, replace(account, eth=account.eth + amount))
    state.put_totals(replace(totals, eth_bonded=totals.eth_bonded - amount))


def burn_bond(state: ContractState, amount: int) -> None:
    """Burn ETH of the contract's bonds."""
    totals = state.totals
    invariant(totals.eth_bonded >= amount, "a bond is burnt once")
    state.put_totals(
        replace(
            totals,
            eth_bonded=totals.eth_bonded - amount,
            eth_burnt=totals.eth_burnt + amount,
        )
    )


def take_deposit(state: ContractState, address: bytes, amount: int) -> None:
    """Move tokens of an address into the escrow of the exchange."""
    account, totals = state.account_of(address), state.totals
    state.put_account(address, replace(account, token=account.token - amount))
    state.put_totals(replace(totals, token_escrowed=totals.token_escrowed + amount))


def pay_withdrawal(state: ContractState, address: bytes, amount: int) -> None:
    """Pay tokens out of the escrow of the exchange."""
    account, totals = state.account_of(address), state.totals
    invariant(totals.token_escrowed >= amount, "the escrow pays what it holds")
    state.put_account(address, replace(account, token=account.token + amount))
    state.put_totals(replace(totals, token_escrowed=totals.token_escrowed - amount))


def check_conservation(state: ContractState) -> None:
    """Stop if money appeared or was lost.  Reads every account: for tests and audits."""
    totals: Totals = state.totals
    eth = sum(account.eth for account in state.accounts.values())
    token = sum(account.token for account in state.accounts.values())
    bonds = sum(claim.bond for claim in state.claims if claim.number in state.pending)
    invariant(
        eth + totals.eth_bonded + totals.eth_burnt == totals.eth_minted,
        f"ETH is conserved: {eth} held, {totals}",
    )
    invariant(
        token + totals.token_escrowed == totals.token_minted,
        f"tokens are conserved: {token} held, {totals}",
    )
    invariant(totals.eth_bonded == bonds, f"bonds are those of pending claims: {bonds}, {totals}")
