"""Each new devnet is a deployment of its own: what one signed says nothing about another."""

from pathlib import Path

import pytest

from devnet.deployments import keep_deployment
from devnet.genesis import (
    CHAIN_ID,
    SALT_FIXED,
    SALT_MAX,
    chain_id_of,
    devnet_contract,
    devnet_rules,
    salt_of,
)
from devnet.identities import identity_of
from devnet.layout import Layout, layout_of
from devnet.processes import prepare
from devnet.supervisor import DevnetBlocked
from prover.betrayal import SignedBlock, find_betrayals, signed_by
from prover.contract.calls import Deposit
from prover.contract.calls.envelope import call_digest, sign_call
from prover.contract.rules import ContractRules
from statemachine.actions import Withdraw
from statemachine.cursor import Cursor
from statemachine.identity.signing import (
    Domain,
    block_digest,
    recover,
    recover_signer,
    sign_action,
    sign_digest,
)
from statemachine.units import Micros

WALLET_CHAIN_ID_MAX = 4_503_599_627_370_476
"""Above it wallets refuse a chain id."""


def place(directory: Path) -> Layout:
    directory.mkdir(exist_ok=True)
    return layout_of(0, directory)


def signed_block(deployment: ContractRules, time: int) -> SignedBlock:
    """Return what the devnet's sequencer signs for its block 7, at ``time`` ms."""
    cursor = Cursor(stored=False)
    cursor.height, cursor.time = 7, time
    digest = block_digest(deployment.rules.chain_id, 7, cursor.hash)
    return SignedBlock(cursor.encode(), sign_digest(identity_of("sequencer").key, digest))


def test_a_new_directory_draws_a_salt_and_keeps_it(tmp_path: Path) -> None:
    first, second = place(tmp_path / "a"), place(tmp_path / "b")
    found = keep_deployment(first, None)
    assert found == keep_deployment(first, None), "continued, not begun again"
    assert first.deployment.read_bytes() == found.encode()
    assert salt_of(found.rules.chain_id) != SALT_FIXED
    assert keep_deployment(second, None).rules.chain_id != found.rules.chain_id
    first.deployment.unlink()
    assert keep_deployment(first, None).rules.chain_id != found.rules.chain_id, "made anew"


def test_what_one_devnet_signed_accuses_no_other(tmp_path: Path) -> None:
    before = keep_deployment(place(tmp_path / "before"), None)
    after = keep_deployment(place(tmp_path / "after"), None)
    assert before.signer == after.signer, "the keys are the same"
    kept = [signed_block(before, 1_000), signed_block(after, 2_000)]
    assert [block for _, block in signed_by(after, kept)] == kept[1:]
    assert not find_betrayals(after, kept, [], (), bytes(20), bytes(32))
    twice = [*kept, signed_block(after, 3_000)]
    assert len(find_betrayals(after, twice, [], (), bytes(20), bytes(32))) == 1, "its own do"


def test_nothing_signed_for_one_devnet_is_taken_by_another() -> None:
    one, other, alice = devnet_contract(1), devnet_contract(2), identity_of("alice")
    call, l1_chain_id = Deposit(bytes(20), 0, 1), one.l1_chain_id
    signature = sign_call(l1_chain_id, one.rules.rollup, alice.key, 0, call).signature
    digests = [call_digest(l1_chain_id, each.rules.rollup, 0, call) for each in (one, other)]
    assert [recover(each, signature) == alice.address for each in digests] == [True, False]

    domains = [Domain(each.rules.chain_id, each.rules.rollup) for each in (one, other)]
    signed = sign_action(domains[0], alice.key, Withdraw(0, Micros(1)), 1)
    signers = [recover_signer(each, signed) == alice.address for each in domains]
    assert signers == [True, False]


def test_salts_give_chain_ids_that_wallets_take() -> None:
    for salt in (SALT_FIXED, 1, SALT_MAX):
        assert salt_of(chain_id_of(salt)) == salt
        assert chain_id_of(salt) <= WALLET_CHAIN_ID_MAX
    for other in (1, CHAIN_ID + 1, CHAIN_ID * (SALT_MAX + 1)):
        with pytest.raises(ValueError, match="is no devnet's"):
            salt_of(other)


def test_only_the_name_of_a_deployment_differs() -> None:
    fixed, salted = devnet_contract(), devnet_contract(5)
    assert fixed.genesis.post_root == salted.genesis.post_root
    assert fixed.rules.markets == salted.rules.markets
    assert fixed.rules.rollup == identity_of("rollup").address
    assert fixed.rules.chain_id == devnet_rules().chain_id == CHAIN_ID


def test_replays_have_the_fixed_one(tmp_path: Path) -> None:
    assert prepare(layout_of(0, tmp_path / "replay")) == devnet_contract(SALT_FIXED)


def test_a_salt_that_was_asked_for_is_had_or_refused(tmp_path: Path) -> None:
    layout = place(tmp_path)
    assert keep_deployment(layout, 12) == devnet_contract(12) == keep_deployment(layout, None)
    with pytest.raises(DevnetBlocked, match=r"holds the devnet with --salt 12, not 0"):
        keep_deployment(layout, SALT_FIXED)
    assert layout.deployment.read_bytes() == devnet_contract(12).encode()
