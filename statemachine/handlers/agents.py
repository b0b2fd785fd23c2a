"""Agents: session keys that trade for an account and can never move its money.

An address gets one role in its life.  An owner cannot be made an agent, an
agent of one account cannot serve another, and a revoked one leaves a
tombstone: approved again, it would make what it once signed valid again.
Approving a live agent of one's own once more changes its terms.
"""

from typing import Final

from statemachine.actions import ApproveAgent, Kind, RevokeAgent
from statemachine.costs import COST_MONEY
from statemachine.errors import Code
from statemachine.events import AgentChanged
from statemachine.identity.signing import NO_ADDRESS
from statemachine.keys import account_key, signer_key
from statemachine.records import ROLE_AGENT, ROLE_REVOKED, Signer
from statemachine.rules import Rules
from statemachine.step import Step

KINDS_ALLOWED: Final = (
    sum(1 << kind for kind in range(Kind.ORDER, Kind.SCALE + 1)) | 1 << Kind.SET_LEVERAGE
)
"""What an agent may ever sign: no kind that moves money, earns it or makes other agents."""


def first_unknown_market(rules: Rules, markets: int) -> int:
    """Return the lowest bit of ``markets`` that is no market of the rules, or -1."""
    for market in rules.markets:
        markets &= ~(1 << market.market)
    return (markets & -markets).bit_length() - 1


def execute_approve(step: Step, action: ApproveAgent) -> None:
    """Let an address sign some kinds of actions, in some markets, for some time."""
    # READ
    state = step.state
    step.cost += COST_MONEY
    signer = state.signer(action.agent)
    unknown = first_unknown_market(step.rules, action.markets)
    owner = state.blob(account_key(step.account))

    # CHECKS, in the order of their codes
    if unknown >= 0:
        step.refuse(Code.MARKET_UNKNOWN, (unknown,))
        return
    if action.agent == NO_ADDRESS:
        step.refuse(Code.FIELD, (0,))
        return
    if action.expires_at <= step.now:
        step.refuse(Code.FIELD, (1,))
        return
    if action.kinds == 0 or action.kinds & ~KINDS_ALLOWED:
        step.refuse(Code.FIELD, (2,))
        return
    if owner is not None and owner[1:] == action.agent:
        step.refuse(Code.ACCOUNT_SELF)
        return
    if signer is not None and (signer.role != ROLE_AGENT or signer.account != step.account):
        step.refuse(Code.AGENT_USED)
        return

    # EFFECTS
    if signer is None:
        key = signer_key(action.agent)
        signer = Signer(key, False, step.account, ROLE_AGENT, 0, 0, 0)
    signer.expires_at = action.expires_at
    signer.kinds = action.kinds
    signer.markets = action.markets
    signer.notional_max = action.notional_max
    signer.loss_max = action.loss_max
    state.add_signer(action.agent, signer)

    # RECEIPT
    state.events.append(AgentChanged(step.account, action.agent, ROLE_AGENT))


def execute_revoke(step: Step, action: RevokeAgent) -> None:
    """End an agent's role for good."""
    # READ
    state = step.state
    step.cost += COST_MONEY
    signer = state.signer(action.agent)

    # CHECKS
    if signer is None or signer.role != ROLE_AGENT or signer.account != step.account:
        step.refuse(Code.AGENT_UNKNOWN)
        return

    # EFFECTS
    signer.role = ROLE_REVOKED
    state.touch(signer)

    # RECEIPT
    state.events.append(AgentChanged(step.account, action.agent, ROLE_REVOKED))
