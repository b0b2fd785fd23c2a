"""Money on L1: ETH for bonds and gas, the tokens for the exchange.

Each function moves an amount from one place to exactly one other, so that
nothing appears or is lost: minted = held by addresses + held here + burnt.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from prover.contract.records import Totals
from prover.contract.state import ContractState
from statemachine.errors import invariant

MINTED_MAX: Final = 1 << 62
"""Of either money, ever: so that no sum of balances leaves 63 bits."""

Place = Callable[[ContractState], int]
"""How much of a money is in one place."""


def can_mint(state: ContractState, eth: int, token: int) -> bool:
    """Return whether so much more may be created."""
    totals = state.totals
    return max(totals.eth_minted + eth, totals.token_minted + token) <= MINTED_MAX


def mint(state: ContractState, address: bytes, eth: int, token: int) -> None:
    """Create money: genesis balances and a devnet's faucet."""
    invariant(can_mint(state, eth, token), f"no more than {MINTED_MAX} is ever minted")
    account, totals = state.account_of(address), state.totals
    state.accounts.put(
        address, replace(account, eth=account.eth + eth, token=account.token + token)
    )
    state.sums.put(
        replace(
            totals,
            eth_minted=totals.eth_minted + eth,
            token_minted=totals.token_minted + token,
        )
    )


def burn_eth(state: ContractState, address: bytes, amount: int) -> None:
    """Burn ETH of an address: what it pays for gas."""
    account, totals = state.account_of(address), state.totals
    state.accounts.put(address, replace(account, eth=account.eth - amount))
    state.sums.put(replace(totals, eth_burnt=totals.eth_burnt + amount))


def return_gas(state: ContractState, address: bytes, amount: int) -> None:
    """Give back what an address paid for gas and its call did not use."""
    account, totals = state.account_of(address), state.totals
    state.accounts.put(address, replace(account, eth=account.eth + amount))
    state.sums.put(replace(totals, eth_burnt=totals.eth_burnt - amount))


def take_bond(state: ContractState, address: bytes, amount: int) -> None:
    """Move ETH of an address into the contract's bonds."""
    account, totals = state.account_of(address), state.totals
    state.accounts.put(address, replace(account, eth=account.eth - amount))
    state.sums.put(replace(totals, eth_bonded=totals.eth_bonded + amount))


def release_bond(state: ContractState, address: bytes, amount: int) -> None:
    """Pay ETH out of the contract's bonds."""
    account, totals = state.account_of(address), state.totals
    invariant(totals.eth_bonded >= amount, "a bond is paid once")
    state.accounts.put(address, replace(account, eth=account.eth + amount))
    state.sums.put(replace(totals, eth_bonded=totals.eth_bonded - amount))


def burn_bond(state: ContractState, amount: int) -> None:
    """Burn ETH of the contract's bonds."""
    totals = state.totals
    invariant(totals.eth_bonded >= amount, "a bond is burnt once")
    state.sums.put(
        replace(
            totals,
            eth_bonded=totals.eth_bonded - amount,
            eth_burnt=totals.eth_burnt + amount,
        )
    )


def can_mint_asset(state: ContractState, asset: int, amount: int) -> bool:
    """Return whether so much more of an asset may be created."""
    return state.totals_of(asset).minted + amount <= MINTED_MAX


def mint_asset(state: ContractState, address: bytes, asset: int, amount: int) -> None:
    """Create units of an asset: a devnet's faucet."""
    invariant(can_mint_asset(state, asset, amount), f"no more than {MINTED_MAX} is ever minted")
    totals = state.totals_of(asset)
    state.holdings.put((asset, address), state.holding_of(asset, address) + amount)
    state.asset_totals.put(asset, replace(totals, minted=totals.minted + amount))


def held_by(state: ContractState, address: bytes, asset: int) -> int:
    """Return what an address holds of an asset; 0 is USDC."""
    return state.holding_of(asset, address) if asset else state.account_of(address).token


def escrow_of(state: ContractState, asset: int) -> int:
    """Return what the escrow holds of an asset; 0 is USDC."""
    return state.totals_of(asset).escrowed if asset else state.totals.token_escrowed


def move_escrow(state: ContractState, address: bytes, asset: int, amount: int) -> None:
    """Move units of an asset from an address into the escrow; out of it if below zero."""
    totals = state.totals_of(asset)
    invariant(totals.escrowed + amount >= 0, "the escrow pays what it holds")
    state.holdings.put((asset, address), state.holding_of(asset, address) - amount)
    state.asset_totals.put(asset, replace(totals, escrowed=totals.escrowed + amount))


def take_deposit(state: ContractState, address: bytes, amount: int, asset: int = 0) -> None:
    """Move tokens of an address into the escrow of the exchange."""
    state.deposited.put(asset, state.deposited.get(asset, 0) + amount)
    if asset:
        move_escrow(state, address, asset, amount)
        return
    account, totals = state.account_of(address), state.totals
    state.accounts.put(address, replace(account, token=account.token - amount))
    state.sums.put(replace(totals, token_escrowed=totals.token_escrowed + amount))


def pay_withdrawal(state: ContractState, address: bytes, amount: int, asset: int = 0) -> None:
    """Pay tokens out of the escrow of the exchange."""
    if asset:
        move_escrow(state, address, asset, -amount)
        return
    account, totals = state.account_of(address), state.totals
    invariant(totals.token_escrowed >= amount, "the escrow pays what it holds")
    state.accounts.put(address, replace(account, token=account.token + amount))
    state.sums.put(replace(totals, token_escrowed=totals.token_escrowed - amount))


def take_stake_of(state: ContractState, address: bytes, amount: int) -> None:
    """Move tokens of an address into the stakes of attesters."""
    account, stakes = state.account_of(address), state.stakes.record
    state.accounts.put(address, replace(account, token=account.token - amount))
    state.stakes.put(replace(stakes, held=stakes.held + amount))


def release_stake(state: ContractState, address: bytes, amount: int) -> None:
    """Pay tokens out of the stakes of attesters."""
    account, stakes = state.account_of(address), state.stakes.record
    invariant(stakes.held >= amount, "a stake is paid once")
    state.accounts.put(address, replace(account, token=account.token + amount))
    state.stakes.put(replace(stakes, held=stakes.held - amount))


def slash_stake(state: ContractState, amount: int, payee: bytes, reward: int) -> None:
    """Move stakes into the escrow, but for a reward."""
    release_stake(state, payee, reward)
    totals, stakes = state.totals, state.stakes.record
    rest = amount - reward
    invariant(stakes.held >= rest, "a stake is slashed once")
    state.stakes.put(replace(stakes, held=stakes.held - rest))
    state.sums.put(replace(totals, token_escrowed=totals.token_escrowed + rest))


def move_token(state: ContractState, source: bytes, target: bytes, amount: int) -> None:
    """Move tokens from an address to another one."""
    account = state.account_of(source)
    state.accounts.put(source, replace(account, token=account.token - amount))
    account = state.account_of(target)
    state.accounts.put(target, replace(account, token=account.token + amount))


def claim_bonds(state: ContractState) -> int:
    """Return what is staked on claims and not paid back yet, in gwei."""
    return sum(claim.bond for claim in state.claims)


def escrowed_tokens(state: ContractState) -> int:
    """Return what the escrow of the exchange holds, in micro-USDC."""
    return state.totals.token_escrowed


def sequencer_bond(state: ContractState) -> int:
    """Return what is behind the sequencer's signatures, in gwei."""
    bond = state.bond.record
    return 0 if bond is None else bond.amount


def staked_tokens(state: ContractState) -> int:
    """Return what attesters have at stake, in micro-USDC."""
    return state.stakes.record.held


STAKES: Final[tuple[Place, ...]] = (claim_bonds, sequencer_bond)
"""What the ETH in bonds is made of: a table of stakes adds its sum."""
TOKEN_PLACES: Final[tuple[Place, ...]] = (escrowed_tokens, staked_tokens)
"""Where tokens are that no address holds: a table that keeps some adds its sum."""


def check_conservation(state: ContractState) -> None:
    """Stop if money appeared or was lost.  Reads every account: for tests and audits."""
    totals: Totals = state.totals
    eth = sum(account.eth for account in state.accounts.values())
    token = sum(account.token for account in state.accounts.values())
    stakes = sum(place(state) for place in STAKES)
    invariant(
        eth + totals.eth_bonded + totals.eth_burnt == totals.eth_minted,
        f"ETH is conserved: {eth} held, {totals}",
    )
    invariant(
        token + sum(place(state) for place in TOKEN_PLACES) == totals.token_minted,
        f"tokens are conserved: {token} held, {totals}",
    )
    for asset, sums in state.asset_totals.items():
        held = sum(amount for (other, _), amount in state.holdings.items() if other == asset)
        invariant(
            held + sums.escrowed == sums.minted,
            f"asset {asset} is conserved: {held} held, {sums}",
        )
    invariant(totals.eth_bonded == stakes, f"bonds are what is staked: {stakes}, {totals}")
