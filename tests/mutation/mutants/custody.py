"""Money that comes in and leaves."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import DEPOSIT, WITHDRAW

MUTANTS: Final = (
    Mutant(
        "handlers/deposit.py",
        "        signer.role = ROLE_OWNER\n",
        "",
        "an agent that deposits never owns its money",
        (DEPOSIT,),
    ),
    Mutant(
        "handlers/deposit.py",
        "amount = min(item.amount or most, most)",
        "amount = item.amount or most",
        "a forced withdrawal takes margin along",
        (DEPOSIT,),
    ),
    Mutant(
        "handlers/withdraw.py",
        "    if action.amount > most:",
        "    if action.amount > portfolio.balance:",
        "a withdrawal takes margin along",
        (WITHDRAW,),
    ),
    Mutant(
        "handlers/withdraw.py",
        "    if stale >= 0:",
        "    if stale > 99:",
        "money leaves at a stale price",
        (WITHDRAW,),
    ),
    Mutant(
        "handlers/transfer.py",
        "    credit(state, source, -amount)",
        "    credit(state, source, 1 - amount)",
        "a transfer makes a micro",
        (WITHDRAW,),
    ),
    Mutant(
        "handlers/transfer.py",
        "    if recipient is None or not owner:",
        "    if recipient is None:",
        "money is sent to a session key's account",
        (WITHDRAW,),
    ),
    Mutant(
        "handlers/transfer.py",
        "    if recipient is not None and owner and recipient.account == step.account:",
        "    if recipient is not None and recipient.account == step.account:",
        "a session key is taken for its owner",
        (WITHDRAW,),
    ),
    Mutant(
        "handlers/transfer.py",
        "recipient.account << 8 | action.target",
        "recipient.account << 8 | action.source",
        "what is sent comes to another sub-account",
        (WITHDRAW,),
    ),
)
