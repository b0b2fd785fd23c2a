"""The golden vectors of the ways out; ``python -m tests.l1_vectors`` writes them.

Two stories on L1, each a deployment, the records before it, and calls with what they
answer and change: an exchange that is frozen and shared out, and attesters of whom
some lie.  They are part of the protocol.
"""

from hashlib import sha256
from typing import Any

from prover.contract.calls import (
    BuyWithdrawal,
    Call,
    CancelOffer,
    ClaimWithdrawal,
    Freeze,
    LeaveAttesters,
    OfferWithdrawal,
    OpenEscape,
    PayEscape,
    RefundDeposit,
    TakeStake,
    encode_call,
)
from prover.contract.events import encode_event
from prover.contract.withdrawals import sale_of
from prover.equity import committed_sums
from statemachine.keys import withdrawal_key
from statemachine.records import encode_withdrawal
from tests.escape_worlds import ESCAPE_MS, FREEZE_MS, LENDER, StoppedExchange, busy_exchange, owner
from tests.guilds import Guild, lie
from tests.l1_worlds import CHALLENGER, CHEAT, GENESIS_MS, PROPOSER, USER, WINDOW_MS, L1World

FORMAT = 1


class Teller:
    """Calls a world, and writes down what it answers and changes."""

    def __init__(self, world: L1World) -> None:
        self.world = world
        world.state.take_changes()
        self.deployment = world.rules.encode().hex()
        self.pre = {key.hex(): data.hex() for key, data in sorted(world.state.items().items())}
        self.steps: list[dict[str, Any]] = []

    def call(self, sender: bytes, call: Call) -> None:
        """Make a call."""
        result = self.world.call(sender, call)
        changes = self.world.state.take_changes()
        self.steps.append(
            {
                "sender": sender.hex(),
                "block": self.world.block,
                "time": self.world.time,
                "call": encode_call(call).hex(),
                "code": result.code.name,
                "value": result.value,
                "gas": result.gas,
                "events": [encode_event(event).hex() for event in result.events],
                "changes": digest_of(changes),
            }
        )

    def wait(self, milliseconds: int) -> None:
        """Let time pass: the next call is what shows it."""
        self.world.block += 1
        self.world.time += milliseconds

    def told(self) -> dict[str, Any]:
        """Return the story."""
        return {
            "deployment": self.deployment,
            "pre": self.pre,
            "steps": self.steps,
            "end": self.world.state.digest().hex(),
        }


def digest_of(changes: dict[bytes, bytes | None]) -> str:
    """Return one hash over what a call stored and dropped."""
    total = sha256()
    for key, data in sorted(changes.items()):
        total.update(len(key).to_bytes(2, "big") + key)
        total.update(b"-" if data is None else b"+" + len(data).to_bytes(4, "big") + data)
    return total.hexdigest()


def escape_story() -> dict[str, Any]:
    """Tell of an exchange that is frozen, counted, and shared out."""
    exchange = StoppedExchange(busy_exchange())
    teller = Teller(exchange.l1)
    leaf = exchange.tree.get(withdrawal_key(0)) or b""
    offer = OfferWithdrawal(
        exchange.claim, 0, 9_000, exchange.l1.time + 10**9, exchange.withdrawal_call(0).proof
    )
    teller.call(owner(LENDER), offer)
    teller.call(CHEAT, CancelOffer(sale_of(0, leaf)))
    teller.call(CHALLENGER, BuyWithdrawal(sale_of(0, leaf), 9_000))
    teller.call(USER, Freeze(exchange.claim, b""))
    teller.wait(exchange.rules.inbox_deadline_ms + FREEZE_MS)
    teller.call(USER, Freeze(exchange.claim, b""))
    teller.call(USER, PayEscape(USER))
    sums = exchange.proof(lambda state: list(committed_sums(state)))
    teller.call(USER, OpenEscape(sums))
    for call in exchange.claims():
        teller.call(PROPOSER, call)
    teller.call(USER, exchange.portfolio_call(exchange.world.account(LENDER)))
    teller.call(USER, RefundDeposit(exchange.credited))
    teller.wait(ESCAPE_MS)
    for address in sorted(exchange.l1.state.owed):
        teller.call(CHEAT, PayEscape(address))
    return teller.told()


def attesters_story() -> dict[str, Any]:
    """Tell of payment ahead, and of attesters who lied.  Their signatures are not real."""
    guild = Guild((2_000_000, 15_000_000, 6_000_000))
    teller = Teller(guild.world)
    teller.call(USER, guild.attestation([0]))
    teller.call(USER, guild.withdrawal(0))
    teller.call(USER, guild.attestation([1, 2]))
    teller.call(USER, guild.withdrawal(0))
    teller.call(USER, guild.withdrawal(1))
    teller.call(USER, guild.withdrawal(2))
    teller.call(CHALLENGER, LeaveAttesters(2))
    teller.wait(WINDOW_MS)
    teller.call(USER, guild.withdrawal(0))
    teller.call(USER, guild.withdrawal(2))
    teller.call(CHALLENGER, TakeStake(2))
    return teller.told()


def slash_story() -> dict[str, Any]:
    """Tell of the stakes of liars."""
    guild = Guild()
    false = lie(guild)
    teller = Teller(guild.world)
    teller.call(CHALLENGER, guild.slash(false, [0, 1, 3]))
    teller.wait(WINDOW_MS)
    teller.call(CHALLENGER, guild.slash(guild.claim, [0]))
    teller.call(CHALLENGER, guild.slash(false, [0, 1, 3]))
    leaf = encode_withdrawal(USER, 2_000_000, GENESIS_MS)
    assert guild.leaves == [leaf]
    teller.call(USER, ClaimWithdrawal(guild.claim, 0, guild.proof(guild.tree, 0)))
    return teller.told()


def vectors() -> dict[str, Any]:
    """Return all stories."""
    return {
        "format": FORMAT,
        "escape": escape_story(),
        "attesters": attesters_story(),
        "slash": slash_story(),
    }
