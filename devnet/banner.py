"""The banner: everything a user may want to copy, printed once at the start."""

from collections.abc import Iterator

from devnet.identities import MAKERS, TAKERS, USERS, identity_of
from devnet.layout import PORTS, Layout
from prover.contract.rules import ContractRules
from sextant import __version__

LABELS = {
    "grpc": "sequencer gRPC",
    "follower": "follower gRPC",
    "l1": "L1 stub gRPC",
    "l1_dev": "L1 stub controls",
    "sequencer_metrics": "sequencer metrics",
    "poster_metrics": "poster metrics",
    "follower_metrics": "follower metrics",
    "challenger_metrics": "challenger metrics",
    "poster_dev": "poster controls",
    "dev": "sequencer controls",
}


def lines_of(layout: Layout, contract: ContractRules) -> Iterator[str]:
    """Yield the banner's lines."""
    yield f"Sextant {__version__} devnet, instance {layout.instance}: the L1 is a STUB, no security"
    yield ""
    yield f"  data directory   {layout.directory}"
    yield f"  logs             {layout.logs}/*.log"
    yield f"  genesis root     0x{contract.genesis.post_root.hex()}"
    yield f"  rules hash       0x{contract.rules.hash.hex()}"
    yield f"  chain id         {contract.rules.chain_id} (L1: {contract.l1_chain_id})"
    yield f"  rollup contract  0x{contract.rules.rollup.hex()}"
    yield f"  window           {contract.window_ms // 1000} s"
    yield ""
    yield "  ports, all on 127.0.0.1"
    for service, label in LABELS.items():
        if service in PORTS:
            yield f"    {label:<20} {layout.address(service)}"
    yield ""
    yield "  accounts: the keys are public and UNSAFE, never send them anything of value"
    for name in (*USERS, *MAKERS, *TAKERS):
        identity = identity_of(name)
        yield f"    {name:<9} 0x{identity.address.hex()}  key 0x{identity.key.hex()}"
    yield ""
