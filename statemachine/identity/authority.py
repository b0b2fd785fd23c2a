"""Who may act: the signer behind a transaction, its nonce, its expiry, an agent's terms.

Checked once, in a transaction's first step.  From the nonce on, a refused
transaction has burnt its nonce: nobody can keep it and use it later.
"""

from typing import Final

from statemachine.actions import (
    Bracket,
    Bulk,
    Cancel,
    CancelAll,
    ClosePosition,
    Modify,
    PlaceOrder,
    Scale,
    SetLeverage,
    Transaction,
    Twap,
)
from statemachine.errors import Code
from statemachine.identity.budgets import budgets_allow
from statemachine.identity.nonces import burn_nonce
from statemachine.records import ROLE_AGENT, ROLE_REVOKED, Signer
from statemachine.step import Step

MARKET_ACTIONS: Final = (
    PlaceOrder,
    Cancel,
    CancelAll,
    Modify,
    Twap,
    Scale,
    ClosePosition,
    SetLeverage,
)
"""What names one market."""


def authorise(step: Step, transaction: Transaction, address: bytes) -> bool:
    """Check who signed and burn the nonce, in the order of the codes."""
    if not address:
        step.refuse(Code.SIGNATURE)
        return False
    signer = step.state.signer(address)
    if signer is None:
        step.refuse(Code.SIGNER_UNKNOWN)
        return False
    if signer.role == ROLE_REVOKED:
        step.refuse(Code.SIGNER_REVOKED)
        return False
    if not burn_nonce(step, signer, transaction.nonce):
        return False
    step.account = signer.account
    step.signer = signer
    if transaction.expires_at and transaction.expires_at < step.now:
        step.refuse(Code.EXPIRED, (transaction.expires_at, step.now))
        return False
    return signer.role != ROLE_AGENT or terms_allow(step, transaction, signer)


def terms_allow(step: Step, transaction: Transaction, signer: Signer) -> bool:
    """Check what an agent was approved for."""
    if signer.expires_at < step.now:
        step.refuse(Code.AGENT_EXPIRED, (signer.expires_at, step.now))
    elif not signer.kinds >> transaction.kind & 1:
        step.refuse(Code.AGENT_ACTION, (transaction.kind,))
    elif signer.markets and not markets_allow(transaction, signer.markets):
        step.refuse(Code.AGENT_MARKET, (signer.markets,))
    else:
        return budgets_allow(step, transaction.action, signer)
    return False


def markets_allow(transaction: Transaction, mask: int) -> bool:
    """Return whether every market that a transaction names is in ``mask``."""
    action = transaction.action
    if isinstance(action, Bulk):
        return all(mask >> leg.market & 1 for leg in action.legs)
    if isinstance(action, Bracket):
        return mask >> action.exits[0].market & 1 == 1
    if isinstance(action, MARKET_ACTIONS):
        return mask >> action.market & 1 == 1
    return True
