"""The L1 contract: an index of its calls.

Pure and deterministic: the same calls in the same blocks lead to the same
state, events and answers in every body it has (this model, the stub that hosts
it as a process, a contract on a real EVM).

1. a call that needs more gas than a call has is none; gas is paid: all that it may take
2. claims whose time has come are decided, oldest first, a bounded number; but for a
   proof of a fault, which may need all of its gas
3. what a frozen exchange does no longer is refused
4. the call's checks, then its effects, in the module of its kind
5. gas that was not used is given back
"""

from collections.abc import Iterable
from typing import Final, final

from prover.bls import Bls, default_bls
from prover.contract import (
    attesters,
    bank,
    claims,
    disputes,
    escape,
    freeze,
    inbox,
    log,
    promises,
    sales,
    slashing,
    versions,
    withdrawals,
)
from prover.contract.calls import Call, ProveFault, Settle
from prover.contract.calls.lengths import find_misfit
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import CallResult, Context, Handlers, Moment
from prover.contract.events import Event
from prover.contract.gas import gas_of, limit_of
from prover.contract.prices import GAS_CALL_MAX, fee_of
from prover.contract.rules import ContractRules
from prover.contract.state import ContractState
from prover.faults import VerdictFunction
from statemachine.errors import invariant

HANDLERS: Final[Handlers] = {
    **attesters.HANDLERS,
    **claims.HANDLERS,
    **disputes.HANDLERS,
    **escape.HANDLERS,
    **freeze.HANDLERS,
    **inbox.HANDLERS,
    **log.HANDLERS,
    **promises.HANDLERS,
    **sales.HANDLERS,
    **slashing.HANDLERS,
    **versions.HANDLERS,
    **withdrawals.HANDLERS,
}
"""Of every call but :class:`Settle`, whose work is done before each call."""


@final
class Contract:
    """One deployment, and its state.

    Parameters
    ----------
    rules
        What it was deployed with.
    judge
        The verdict on an accusation; injected, so that tests may bring a judge
        of their own.
    items
        Records of an earlier life (``state.items()``); none for a new one.
    bls
        Checks signatures of attesters; the fastest backend there is, if none is given.
    """

    def __init__(
        self,
        rules: ContractRules,
        judge: VerdictFunction,
        items: Iterable[tuple[bytes, bytes]] = (),
        bls: Bls | None = None,
    ) -> None:
        self.bls = bls or default_bls()
        self.rules = rules
        self.state = ContractState()
        self.judge = judge
        self.state.load(items)
        if not self.state.claims:
            self.state.claims.put(0, claims.genesis_claim(rules))

    def call(self, sender: bytes, moment: Moment, call: Call) -> CallResult:
        """Execute one call of ``sender`` in the L1 block ``moment``.

        A refused call changes nothing but what its sender pays for gas, and
        what time alone has settled.
        """
        context = Context(self.rules, self.state, sender, moment, self.judge, self.bls)
        limit = limit_of(call, self.rules.settle_max)
        price, meter = moment.gas_price, context.meter
        meter.gas, meter.limit = gas_of(call), limit
        if meter.gas > GAS_CALL_MAX:
            message = f"OUT_OF_GAS: {meter.gas} gas at least, a call has {GAS_CALL_MAX}"
            return CallResult(ContractCode.OUT_OF_GAS, message, 0, 0, ())
        fee = fee_of(limit, price)
        held = self.state.account_of(sender).eth
        if fee > held:
            message = f"GAS_FUNDS: {limit} gas cost {fee} gwei, the sender holds {held}"
            return CallResult(ContractCode.GAS_FUNDS, message, 0, meter.gas, ())
        if fee:
            bank.burn_eth(self.state, sender, fee)
        result = self._execute(context, call)
        invariant(meter.gas <= limit, f"{meter.gas} gas, the most was to be {limit}")
        unused = fee - fee_of(meter.gas, price)
        if unused:
            bank.return_gas(self.state, sender, unused)
        return result

    def _execute(self, context: Context, call: Call) -> CallResult:
        settled = 0 if isinstance(call, ProveFault) else claims.settle(context)
        try:
            freeze.check_running(context, call)
            misfit = find_misfit(call)
            require(not misfit, ContractCode.FIELD_LENGTH, misfit)
            value = settled if isinstance(call, Settle) else HANDLERS[type(call)](context, call)
        except Refusal as refusal:
            code, message, value = refusal.code, refusal.message, 0
        else:
            code, message = ContractCode.OK, ""
        return CallResult(code, message, value, context.meter.gas, tuple(context.events))

    def settle(self, moment: Moment) -> tuple[Event, ...]:
        """Do what time alone does, at the start of a block; return the events."""
        context = Context(self.rules, self.state, bytes(20), moment, self.judge, self.bls)
        claims.settle(context)
        return tuple(context.events)

    def mint(self, address: bytes, eth: int, token: int) -> None:
        """Create money, in gwei and micro-USDC: genesis balances, a devnet's faucet."""
        bank.mint(self.state, address, eth, token)

    def mint_asset(self, address: bytes, asset: int, amount: int) -> None:
        """Create units of an asset: a devnet's faucet."""
        bank.mint_asset(self.state, address, asset, amount)
