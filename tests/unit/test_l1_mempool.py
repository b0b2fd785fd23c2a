"""The stub's mempool: who comes first, who gives way, who waits."""

from itertools import pairwise

import pytest

from devnet.l1 import mempool as mempool_module
from devnet.l1.chain import Chain, ChainSettings
from prover.contract.calls import Deposit, Envelope, sign_call
from prover.contract.codes import ContractCode, Refusal
from prover.contract.contract import Contract
from prover.contract.fees import Bid
from statemachine.identity.signing import address_of
from tests.l1_worlds import (
    CHEAT_KEY,
    GENESIS_MS,
    L1_CHAIN_ID,
    PROPOSER_KEY,
    USER,
    USER_KEY,
    deployment,
    judge_by_truth,
)

RICH = 10**15


def new_chain(base_fee: int = 0, gas_target: int = 30_000_000) -> Chain:
    """Return a chain on which three senders hold ETH and tokens."""
    settings = ChainSettings(base_fee_min=base_fee, gas_target=gas_target)
    chain = Chain(Contract(deployment(), judge_by_truth), settings, [], {})
    for key in (USER_KEY, PROPOSER_KEY, CHEAT_KEY):
        chain.mint(address_of(key), RICH, 10**12)
    chain.mine(GENESIS_MS)
    return chain


def bidding(key: bytes, nonce: int, fee_max: int, tip: int, amount: int = 1_000_000) -> Envelope:
    """Return a deposit that bids."""
    contract = deployment().rules.rollup
    call = Deposit(USER, 0, amount)
    return sign_call(L1_CHAIN_ID, contract, key, nonce, call, Bid(fee_max, tip))


def code_of(chain: Chain, envelope: Envelope) -> ContractCode:
    with pytest.raises(Refusal) as refused:
        chain.submit(envelope)
    return refused.value.code


def test_the_dearest_tips_come_first_and_nonces_in_order() -> None:
    chain = new_chain()
    calls = [
        bidding(USER_KEY, 0, 10, 10),
        bidding(USER_KEY, 1, 99, 99),
        bidding(PROPOSER_KEY, 0, 50, 50),
        bidding(CHEAT_KEY, 0, 50, 50),
        bidding(CHEAT_KEY, 1, 70, 5),
    ]
    names = [chain.submit(call) for call in calls]
    mined = chain.mine(GENESIS_MS)
    # 50, then the other 50; of what is next 10 before 5, and 99 after its own 10.
    order = [names[place] for place in (2, 3, 0, 1, 4)]
    assert [waiting.hash for waiting in mined.calls] == order
    assert [mined.price_of(waiting) for waiting in mined.calls] == [50, 50, 10, 99, 5]


def test_a_tip_is_bounded_by_what_a_call_pays() -> None:
    chain = new_chain(base_fee=100)
    poor = chain.submit(bidding(USER_KEY, 0, 105, 90))
    rich = chain.submit(bidding(PROPOSER_KEY, 0, 1_000, 10))
    mined = chain.mine(GENESIS_MS)
    assert [waiting.hash for waiting in mined.calls] == [rich, poor]
    assert [mined.price_of(waiting) for waiting in mined.calls] == [110, 105]
    paid = RICH - chain.contract.state.account_of(USER).eth
    assert paid == -(-mined.results[1].gas * 105 // 1_000_000)


def test_who_bids_less_than_the_base_fee_waits_with_all_behind_him() -> None:
    chain = new_chain(base_fee=100)
    chain.set_base_fee(1_000, hold_blocks=1)
    for nonce, fee_max in enumerate((999, 5_000)):
        chain.submit(bidding(USER_KEY, nonce, fee_max, 0))
    assert not chain.can_include()
    assert not chain.mine(GENESIS_MS).calls
    assert chain.gas_price == 1_000, "it was held for a block"
    assert not chain.mine(GENESIS_MS).calls
    assert chain.gas_price == 875
    assert len(chain.mine(GENESIS_MS).calls) == 2


def test_a_bid_gives_way_to_one_that_is_higher_by_a_tenth() -> None:
    chain = new_chain()
    name = chain.submit(bidding(USER_KEY, 0, 1_000, 100))
    behind = chain.submit(bidding(USER_KEY, 1, 1_000, 100))
    for fee_max, tip in ((1_099, 200), (9_000, 109)):
        assert code_of(chain, bidding(USER_KEY, 0, fee_max, tip)) is ContractCode.UNDERPRICED
    assert chain.submit(bidding(USER_KEY, 0, 900, 90)) == name, "it waits, for more than that"
    assert chain.mempool.calls[name].envelope.bid == Bid(1_000, 100)
    assert chain.submit(bidding(USER_KEY, 0, 1_100, 110)) == name, "the same call, by any bid"
    assert chain.mempool.calls[name].envelope.bid == Bid(1_100, 110)
    other = chain.submit(bidding(USER_KEY, 0, 1_210, 121, amount=2_000_000))
    assert other != name
    assert chain.nonce_of(USER) == 2
    assert name not in chain.mempool
    mined = chain.mine(GENESIS_MS)
    assert [waiting.hash for waiting in mined.calls] == [other, behind]
    assert code_of(chain, bidding(USER_KEY, 0, 9_999, 999)) is ContractCode.NONCE_USED


def test_a_full_mempool_makes_room_for_who_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mempool_module, "MEMPOOL_CALLS_MAX", 3)
    chain = new_chain()
    names = [chain.submit(bidding(CHEAT_KEY, nonce, 5 + nonce, 0)) for nonce in range(3)]
    assert code_of(chain, bidding(USER_KEY, 0, 7, 0)) is ContractCode.MEMPOOL_FULL
    assert code_of(chain, bidding(CHEAT_KEY, 3, 900, 0)) is ContractCode.MEMPOOL_FULL
    mine = chain.submit(bidding(USER_KEY, 0, 8, 0))
    assert set(chain.mempool.calls) == {*names[:2], mine}
    assert chain.nonce_of(address_of(CHEAT_KEY)) == 2
    chain.submit(bidding(USER_KEY, 0, 80, 1))
    assert len(chain.mempool) == 3, "another bid takes no other's place"


def test_blocks_fill_by_gas_and_make_the_next_dearer() -> None:
    chain = new_chain(base_fee=1_000, gas_target=1_000_000)
    for nonce in range(30):
        chain.submit(bidding(USER_KEY, nonce, 10_000, 0))
    prices, counts = [], []
    while len(chain.mempool):
        prices.append(chain.gas_price)
        mined = chain.mine(GENESIS_MS)
        counts.append(len(mined.calls))
        assert mined.gas_used == sum(result.gas for result in mined.results)
    assert max(counts) < 30
    assert prices[1] > prices[0]
    assert all(after <= before * 9 // 8 for before, after in pairwise(prices))
    for _ in range(200):
        chain.mine(GENESIS_MS)
    assert chain.gas_price == 1_000


def test_a_reorg_brings_calls_back_in_their_order() -> None:
    chain = new_chain()
    for nonce in range(3):
        chain.submit(bidding(USER_KEY, nonce, 10 - nonce, 10 - nonce))
    assert [envelope.nonce for envelope in chain.drop_calls()] == [0, 1, 2]
