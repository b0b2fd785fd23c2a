"""The key that a sequencer may sign with."""

from dataclasses import replace

import pytest

from node.process.keyfile import KeyUnreadable
from node.roles import check_signer
from statemachine.identity.signing import address_of
from tests.l1_worlds import SIGNER_KEY, USER_KEY, deployment


def test_a_sequencer_signs_with_the_key_that_l1_knows_or_not_at_all() -> None:
    check_signer(deployment(), SIGNER_KEY)
    check_signer(deployment(signer=bytes(20)), USER_KEY)
    with pytest.raises(KeyUnreadable, match=address_of(USER_KEY).hex()):
        check_signer(deployment(), USER_KEY)
    assert replace(deployment(), signer=address_of(USER_KEY)).hash != deployment().hash
