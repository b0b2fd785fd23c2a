"""Which processes a devnet runs, in which order, with which command lines."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from devnet.child import ProcessSpec
from devnet.deployments import keep_deployment
from devnet.genesis import SALT_FIXED
from devnet.identities import MAKERS, NAMES, PUBLISHERS, TAKERS, identity_of
from devnet.l1.chain import RETENTION_MS
from devnet.layout import Layout
from node.compiled import ROOT, compiled_directory
from prover.contract.rules import ContractRules

BATCH_MS: Final = 2_000


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What ``up`` may vary without changing the genesis."""

    seed: int = 7
    script: Path | None = None
    block_time_ms: int = 1_000
    batch_ms: int = BATCH_MS
    final_blocks: int = 2
    retention_ms: int = RETENTION_MS
    base_fee: int = 0
    makers: int = len(MAKERS)
    takers: int = len(TAKERS)
    manual: bool = False
    """Blocks are made by hand, and at L1 one for each call."""


def prepare(layout: Layout, salt: int | None = SALT_FIXED) -> ContractRules:
    """Write what the processes read at their start, and return the deployment.

    ``salt`` is that of a new data directory; ``None``: it gets one of its own.

    Raises
    ------
    DevnetBlocked
        What is there is another deployment, or was made under other rules.
    """
    layout.directory.mkdir(parents=True, exist_ok=True)
    contract = keep_deployment(layout, salt)
    layout.logs.mkdir(parents=True, exist_ok=True)
    layout.keys.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        file = layout.key_file(name)
        file.touch(mode=0o600)
        file.write_text("0x" + identity_of(name).key.hex() + "\n")
    return contract


def specs_of(layout: Layout, options: Options) -> list[ProcessSpec]:
    """Return every process in the order of starting."""
    return [
        *core_of(layout, options),
        *publishers_of(layout, options),
        *bots_of(layout, options),
    ]


def environment_of() -> dict[str, str]:
    """Return the variables of every process: compiled rules first, if they are current."""
    compiled = compiled_directory()
    inherited = os.environ.get("PYTHONPATH", "")
    paths = [str(compiled) if compiled else "", str(ROOT), inherited]
    return {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def node(layout: Layout, role: str, *words: str) -> tuple[str, ...]:
    """Return the command of a node in its own part of the data directory."""
    return (
        *("node", "run", "--role", role, "--instance", str(layout.instance)),
        *("--datadir", str(layout.directory), "--l1.target", layout.address("l1")),
        *("--metrics.port", str(layout.port(f"{role}_metrics")), *words),
    )


def core_of(layout: Layout, options: Options) -> Iterator[ProcessSpec]:
    """Yield the L1 stub, the nodes and the challenger."""
    environment = environment_of()
    yield ProcessSpec(
        name="l1",
        command=(
            *("l1", "run", "--datadir", str(layout.store("l1"))),
            *("--deployment", str(layout.deployment), "--port", str(layout.port("l1"))),
            *("--dev-port", str(layout.port("l1_dev"))),
            *("--block-time-ms", "0" if options.manual else str(options.block_time_ms)),
            *("--final-blocks", str(options.final_blocks)),
            *("--retention", f"{options.retention_ms}ms", "--base-fee", str(options.base_fee)),
        ),
        address=layout.address("l1"),
        gate=True,
        environment=environment,
    )
    yield ProcessSpec(
        name="sequencer",
        command=node(
            layout,
            "sequencer",
            *("--grpc.port", str(layout.port("grpc"))),
            *("--sequencer.key-file", str(layout.key_file("sequencer"))),
            *("--dev.enabled", "true", "--dev.port", str(layout.port("dev"))),
            *(("--dev.manual", "true") if options.manual else ()),
        ),
        address=layout.address("grpc"),
        gate=True,
        environment=environment,
    )
    yield ProcessSpec(
        name="poster",
        command=node(
            layout,
            "poster",
            *("--poster.source", layout.address("grpc")),
            *("--poster.batch-ms", str(options.batch_ms)),
            *("--l1.archives", layout.address("follower")),
            *("--poster.key-file", str(layout.key_file("poster"))),
            *("--dev.enabled", "true", "--dev.port", str(layout.port("poster_dev"))),
        ),
        address=layout.address("poster_dev"),
        environment=environment,
    )
    yield ProcessSpec(
        name="follower",
        command=node(
            layout,
            "follower",
            *("--grpc.port", str(layout.port("follower")), "--propose"),
            *("--poster.key-file", str(layout.key_file("follower"))),
        ),
        address=layout.address("follower"),
        environment=environment,
    )
    yield ProcessSpec(
        name="challenger",
        command=(
            *("challenger", "defend", "--datadir", str(layout.store("challenger"))),
            *("--l1", layout.address("l1"), "--key-file", str(layout.key_file("challenger"))),
            *("--archives", layout.address("follower")),
            *("--metrics-port", str(layout.port("challenger_metrics"))),
        ),
        environment=environment,
    )


def publishers_of(layout: Layout, options: Options) -> Iterator[ProcessSpec]:
    """Yield the oracle publishers."""
    script = ("--script", str(options.script.resolve())) if options.script else ()
    for number, name in enumerate(PUBLISHERS):
        yield ProcessSpec(
            name=name,
            command=(
                *("oracle", "run", "--publisher", str(number), "--target", layout.address("grpc")),
                *("--l1", layout.address("l1"), "--follower", layout.address("follower")),
                *(("--fallback-ms", "0") if options.manual else ()),
                *("--seed", str(options.seed)),
                *("--held", str(layout.prices), *script),
            ),
            environment=environment_of(),
        )


def bots_of(layout: Layout, options: Options) -> Iterator[ProcessSpec]:
    """Yield the makers and takers."""
    bots = [*(("maker", name) for name in MAKERS[: options.makers])]
    bots += [("taker", name) for name in TAKERS[: options.takers]]
    for number, (kind, name) in enumerate(bots):
        # One maker of two sends a new price when the index moves, the other's follow by themselves.
        pegged = ["--pegged"] if name == MAKERS[1] else []
        yield ProcessSpec(
            name=name,
            command=(
                *("bot", kind, "--identity", name, "--seed", str(options.seed * 100 + number)),
                *pegged,
                *("--instance", str(layout.instance), "--datadir", str(layout.directory)),
            ),
            environment=environment_of(),
        )
