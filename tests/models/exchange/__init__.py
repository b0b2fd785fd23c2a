"""The exchange once more: slow, plain, and written apart from the engine.

This is the rules as one would explain them, in dictionaries and fractions.
Nothing is cached and no sum is kept: the best order is found by sorting the
book, a portfolio's margin by adding up its orders, open interest by adding up
positions.  There are no steps, segments, keys or encodings; where the bounds
of a step show in the outcome, they are a count of visits.

It shares with the engine the messages, the rules and the numbers of the codes,
and nothing else.  ``Exchange.apply`` takes the same block that ``apply_block``
takes; :mod:`tests.models.exchange.comparison` lays the two states side by side.

==============  ==================================================
module          what
==============  ==================================================
state           everything there is
margin          equity and requirements
trading         orders: checks, resting, changing
matching        who meets whom
waiting         sleeping orders, brackets, TWAPs, switches, cancels
pegs            books of which some orders follow the index
removal         orders that go, and the brackets that hear of it
custody         deposits, withdrawals, transfers
collateral      the same of assets beyond USDC; sales of them
authority       signers, nonces, agents, budgets, the guardian, leverage
money           fees, insurance, deficits, velocity
pricing         oracle and its guards, mark, premium, funding
grace           what waits after an outage
liquidation     pokes and slices
tail            takeovers and deleveraging
settlement      the end of a market
vaults          shares, notices, exits; what a vault sells
block           inbox, due work, oracle, triggers, transactions
comparison      an engine's state and a model's, as plain values
==============  ==================================================
"""

from tests.models.exchange.block import apply_block
from tests.models.exchange.state import Exchange, Outcome

__all__ = ["Exchange", "Outcome", "apply_block"]
