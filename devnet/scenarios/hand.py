"""Signs for everybody, with nonces of chain time."""

from typing import final

from devnet.identities import PUBLISHERS, Identity, identity_of
from statemachine.actions import Action, OracleMessage, OracleUpdate, encode_transaction
from statemachine.identity.signing import Domain, oracle_digest, sign_action, sign_digest
from statemachine.units import Millis, Price


@final
class Hand:
    """The keys of all who act; ``now`` is chain time in ms, moved by the play."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.now = 0
        self.publishers = [identity_of(name) for name in PUBLISHERS]
        self._nonces: dict[bytes, int] = {}

    def sign(self, who: Identity, action: Action) -> bytes:
        """Return an action signed by ``who``."""
        nonce = max(self._nonces.get(who.address, 0) + 1, self.now << 10)
        self._nonces[who.address] = nonce
        return sign_action(self.domain, who.key, action, nonce).data

    def prices(self, market: int, said: dict[int, int]) -> bytes:
        """Return an oracle update: what each publisher (by number) says."""
        messages = tuple(
            OracleMessage(
                number,
                Price(price),
                Millis(self.now),
                sign_digest(
                    self.publishers[number].key,
                    oracle_digest(self.domain, market, price, self.now),
                ),
            )
            for number, price in sorted(said.items())
        )
        return encode_transaction(OracleUpdate(market, messages), 0, 0, b"")
