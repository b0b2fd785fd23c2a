"""What owners may have in the last state of an exchange that stopped: found by reading it.

The state lists sub-accounts by account, withdrawals by number, and shares by what they are
of.  So shares are looked for in every vault and in the pool; those of funds in the owner's
own funds, and in the funds that somebody names.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from prover.contract.calls import RegisterPortfolio, RegisterShare, RegisterWithdrawal
from prover.equity import (
    ShareKind,
    Worth,
    worth_of_portfolio,
    worth_of_share,
    worth_of_withdrawal,
)
from sextant.client.leaves import StateReader
from sextant.client.names import FundName
from statemachine.keys import portfolio_key, share_key, withdrawal_key
from statemachine.records import ROLE_OWNER, decode_withdrawal
from statemachine.state import State

SUBS: Final = 256
PORTFOLIO: Final = 0
"""Kind of a claim that is of no shares."""
WITHDRAWAL: Final = -1
"""Kind of a claim that is an unpaid withdrawal."""
KIND_NAMES: Final = {
    WITHDRAWAL: "withdrawal",
    PORTFOLIO: "portfolio",
    ShareKind.VAULT: "vault share",
    ShareKind.FUND: "fund share",
    ShareKind.POOL: "pool share",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Where a claim may be, and how it is read and registered."""

    kind: int
    account: int
    place: int

    @property
    def name(self) -> str:
        """What kind of claim it is, in words."""
        return KIND_NAMES[self.kind]

    def read(self, state: State) -> Worth | None:
        """Return what the claim is worth in a state."""
        if self.kind == WITHDRAWAL:
            return worth_of_withdrawal(state, self.place)
        if self.kind == PORTFOLIO:
            return worth_of_portfolio(state, self.account, self.place)
        return worth_of_share(state, self.kind, self.account, self.place)

    def call(self, proof: bytes) -> RegisterPortfolio | RegisterShare | RegisterWithdrawal:
        """Return the call that registers it."""
        if self.kind == WITHDRAWAL:
            return RegisterWithdrawal(self.place, proof)
        if self.kind == PORTFOLIO:
            return RegisterPortfolio(self.account, self.place, proof)
        return RegisterShare(self.kind, self.account, self.place, proof)


async def find_candidates(
    reader: StateReader, owner: bytes, funds: Iterable[FundName]
) -> list[Candidate]:
    """Return where an owner may have claims."""
    return [*await find_of_account(reader, owner, funds), *await find_withdrawals(reader, owner)]


async def find_of_account(
    reader: StateReader, owner: bytes, funds: Iterable[FundName]
) -> list[Candidate]:
    """Return where an owner's account may have claims."""
    signer = await reader.read(lambda state: state.signer(owner))
    if signer is None or signer.role != ROLE_OWNER:
        return []
    account, markets = signer.account, [market.market for market in reader.rules.markets]
    portfolios = await find_portfolios(reader, account)
    await reader.fetch([share_key(market, account) for market in markets])
    places = {account << 8 | one.place for one in portfolios}
    places |= {fund.leader << 8 | fund.sub for fund in funds}
    return [
        *portfolios,
        *(Candidate(ShareKind.VAULT, account, market) for market in markets),
        *(Candidate(ShareKind.FUND, account, place) for place in sorted(places)),
        Candidate(ShareKind.POOL, account, 0),
    ]


async def find_portfolios(reader: StateReader, account: int) -> list[Candidate]:
    """Return the sub-accounts that an account has."""
    names = {sub: portfolio_key(account << 8 | sub) for sub in range(SUBS)}
    await reader.fetch(list(names.values()))
    return [
        Candidate(PORTFOLIO, account, sub)
        for sub, key in names.items()
        if reader.values[key] is not None
    ]


async def find_all_portfolios(reader: StateReader) -> list[Candidate]:
    """Return the sub-accounts that anybody has."""
    accounts = await reader.read(lambda state: state.ledger().next_account)
    return [one for account in range(1, accounts) for one in await find_portfolios(reader, account)]


async def find_withdrawals(reader: StateReader, owner: bytes) -> list[Candidate]:
    """Return an owner's withdrawals, paid or not."""
    count = await reader.read(lambda state: state.ledger().next_withdrawal)
    keys = [withdrawal_key(index) for index in range(count)]
    await reader.fetch(keys)
    leaves = [(index, reader.values[key]) for index, key in enumerate(keys)]
    return [
        Candidate(WITHDRAWAL, 0, index)
        for index, leaf in leaves
        if leaf is not None and decode_withdrawal(leaf)[0] == owner
    ]
