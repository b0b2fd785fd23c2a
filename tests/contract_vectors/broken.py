"""Broken promises, over an exchange that really executes."""

from dataclasses import replace

from prover.betrayal import find_betrayals
from prover.contract.calls import Call, ProveBroken, encode_call
from prover.contract.codes import ContractCode
from prover.contract.events import encode_event
from tests.contract_vectors.cases import Case, case_of, changes_between
from tests.l1_worlds import CHALLENGER
from tests.unit.test_promises import SALT, Exchange, ends_like

C = ContractCode


class Witnessed(Exchange):
    """An exchange that writes down how its L1 answers."""

    def __init__(self) -> None:
        super().__init__()
        self.cases: dict[str, Case] = {}

    def tell(self, call: Call, code: ContractCode) -> None:
        """Make a call that is answered with ``code``, and keep it."""
        chain = self.chain
        before = chain.contract.state.items()
        moment = chain.open_block(1_000)
        result = chain.contract.call(CHALLENGER, moment, call)
        assert result.code is code, result
        step = {
            "sender": CHALLENGER.hex(),
            "block": moment.block,
            "time": moment.time,
            "gas_price": moment.gas_price,
            "call": encode_call(call).hex(),
            "code": result.code.name,
            "value": result.value,
            "gas": result.gas,
            "events": [encode_event(event).hex() for event in result.events],
        }
        changes = changes_between(before, chain.contract.state.items())
        name = f"prove_broken_{code.name}".lower()
        self.cases.setdefault(name, case_of(chain.contract.rules, before, step, changes))


def broken_cases() -> dict[str, Case]:
    """Return broken promises by name."""
    exchange = Witnessed()
    exchange.extend()
    cursor = exchange.ends()[0]
    kept, denied = exchange.sign(cursor), exchange.sign(cursor, cost=cursor.cost ^ 1)
    (early,) = find_betrayals(
        exchange.deployment, [denied], exchange.findings, {1}, CHALLENGER, SALT
    )
    exchange.tell(early.call, C.CLAIM_PENDING)
    ahead = exchange.sign(ends_like(cursor), height=cursor.height + 9)
    missing = ProveBroken(1, ahead.cursor, ahead.signature, b"", CHALLENGER, SALT)
    exchange.tell(missing, C.NOT_LATE)
    exchange.finish()
    (found,) = exchange.accuse(denied)
    assert isinstance(found.call, ProveBroken)
    honest = replace(found.call, cursor=kept.cursor, signature=kept.signature)
    exchange.tell(honest, C.PROMISE_KEPT)
    exchange.chain.execute(CHALLENGER, found.commit)
    exchange.chain.mine(2)
    exchange.tell(found.call, C.OK)
    exchange.tell(found.call, C.NO_BOND)
    return exchange.cases
