"""What a challenger shows: lines, a status file, and metrics.

``status.json`` is replaced whole whenever something changed, so that whoever
reads it never sees half of it.  Metrics are served only if a port is given.
"""

import json
from collections import Counter, deque
from pathlib import Path
from typing import Final, TextIO, final
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Gauge, start_http_server

from prover.cases import JudgedClaim, Stage, Standing
from prover.challenger import Challenger
from prover.durations import tell_time
from prover.effects import Said
from prover.gauges import WATCHED, Surroundings, watch_figures

STATUS_SCHEMA: Final = 1
LINES_KEPT: Final = 20
CLAIMS_SHOWN: Final = 64


def describe_status(mode: str, core: Challenger) -> dict[str, object]:
    """Return everything there is to say about a challenger, as plain values."""
    standings = Counter(claim.standing for claim in core.docket.claims.values())
    cases = {} if core.defence is None else core.defence.cases
    head = core.replica.head
    return {
        "schema": STATUS_SCHEMA,
        "mode": mode,
        "l1_block": None if core.heads is None else core.heads.latest.number,
        "l1_time": None if core.heads is None else tell_time(core.heads.latest.time),
        "derived": {
            "entries": head.log_index,
            "height": head.height,
            "root": head.post_root.hex(),
        },
        "claims": {str(standing): standings[standing] for standing in Standing},
        "verdicts": {
            "agreed": core.docket.agreed,
            "disagreed": core.docket.wrong,
            "doomed": core.docket.doomed,
            "convicted": 0 if core.defence is None else core.defence.convicted,
            "lost": core.docket.undetected + (0 if core.defence is None else core.defence.lost),
        },
        "balance_gwei": core.vigil.balance_gwei,
        "claims_seen": [
            describe_claim(number, claim, core.docket.time_left(claim))
            for number, claim in sorted(core.docket.claims.items())[-CLAIMS_SHOWN:]
        ],
        "cases": [
            {
                "claim": case.claim,
                "kind": case.accusation.kind.name,
                "segment": case.accusation.segment,
                "witness_bytes": len(case.accusation.witness),
                "stage": str(case.stage),
                "gas": case.gas,
                "held": case.held,
            }
            for case in cases.values()
        ],
    }


def describe_claim(number: int, claim: JudgedClaim, left_ms: int) -> dict[str, object]:
    """Return one claim as plain values."""
    posted = claim.posted.claim
    fault = claim.fault
    return {
        "claim": number,
        "parent": posted.parent,
        "log_index": posted.output.log_index,
        "height": posted.output.height,
        "root": posted.output.post_root.hex(),
        "proposer": posted.proposer.hex(),
        "standing": str(claim.standing),
        "closes_at": tell_time(claim.closes_at),
        "left_ms": 0 if claim.is_decided else left_ms,
        "fault": None if fault is None else f"{fault.kind.name}: {fault.reason}",
    }


@final
class Board:
    """The face of one challenger's process.

    Parameters
    ----------
    stream
        Where lines go; ``as_json`` makes each of them one JSON object.
    path
        The status file, if there is to be one.
    port
        Of the metrics, if they are to be served.
    """

    def __init__(
        self, mode: str, stream: TextIO, *, as_json: bool, path: Path | None, port: int | None
    ) -> None:
        self.mode = mode
        self.stream = stream
        self.as_json = as_json
        self.path = path
        self.alerts = 0
        self.lines: deque[str] = deque(maxlen=LINES_KEPT)
        self.shown: dict[str, object] = {}
        self.registry = CollectorRegistry()
        self.gauges = {
            name: Gauge(f"sextant_challenger_{name}", text, registry=self.registry)
            for name, text in (
                ("agreed_height", "height of the highest output agreed with"),
                ("claims_agreed", "claims found right"),
                ("claims_wrong", "claims found wrong"),
                ("claims_convicted", "claims this challenger had convicted"),
                ("claims_lost", "wrong claims that became final"),
                ("deadline_seconds", "until the first wrong claim's window ends; -1: none"),
                ("witness_bytes_max", "largest witness built"),
                ("alerts", "alerts raised"),
                ("l1_block", "L1 block seen last"),
                ("balance_gwei", "what the defender's key holds on L1; -1: no key"),
                *WATCHED.items(),
            )
        }
        self.cases = Gauge(
            "sextant_challenger_cases", "cases by stage", ["stage"], registry=self.registry
        )
        self.around = Surroundings()
        self.server: WSGIServer | None = None
        if port is not None:
            self.server, _ = start_http_server(port, "127.0.0.1", registry=self.registry)

    @property
    def port(self) -> int:
        """The port of the metrics; 0 if they are not served."""
        return 0 if self.server is None else int(self.server.server_port)

    def close(self) -> None:
        """Stop serving metrics."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()

    def write_line(self, said: Said, time_ms: int) -> None:
        """Write one line, and remember it for the status file."""
        if said.level == "alert":
            self.alerts += 1
        self.lines.append(said.text)
        if self.as_json:
            record = {"time": tell_time(time_ms), "level": said.level, "event": said.text}
            line = json.dumps({**record, **said.fields})
        else:
            mark = {"info": " ", "warning": "!", "alert": "ALERT"}[said.level]
            line = f"{tell_time(time_ms)} {mark} {said.text}"
        self.stream.write(line + "\n")
        self.stream.flush()

    def refresh(self, core: Challenger) -> None:
        """Show the state of ``core``, if it changed."""
        status = describe_status(self.mode, core)
        status["alerts"] = self.alerts
        status["lines"] = list(self.lines)
        status["watched"] = watch_figures(core, self.around)
        if status == self.shown:
            return
        self.shown = status
        self.set_gauges(core)
        if self.path is not None:
            fresh = self.path.with_suffix(".tmp")
            fresh.write_text(json.dumps(status, indent=1) + "\n")
            fresh.replace(self.path)

    def set_gauges(self, core: Challenger) -> None:
        """Bring the metrics up to date."""
        defence = core.defence
        agreed = [
            claim.posted.claim.output.height
            for claim in core.docket.claims.values()
            if claim.standing in (Standing.AGREED, Standing.FINAL)
        ]
        left = [
            core.docket.time_left(claim) // 1_000
            for claim in core.docket.claims.values()
            if claim.standing is Standing.WRONG
        ]
        values = {
            "agreed_height": max(agreed, default=core.replica.head.height),
            "claims_agreed": core.docket.agreed,
            "claims_wrong": core.docket.wrong,
            "claims_convicted": 0 if defence is None else defence.convicted,
            "claims_lost": core.docket.undetected + (0 if defence is None else defence.lost),
            "deadline_seconds": min(left, default=-1),
            "witness_bytes_max": 0 if defence is None else defence.largest_witness,
            "alerts": self.alerts,
            "balance_gwei": -1 if core.vigil.balance_gwei is None else core.vigil.balance_gwei,
            "l1_block": 0 if core.heads is None else core.heads.latest.number,
        }
        for name, value in (values | watch_figures(core, self.around)).items():
            self.gauges[name].set(value)
        stages = [] if defence is None else [case.stage for case in defence.cases.values()]
        for stage in Stage:
            self.cases.labels(str(stage)).set(stages.count(stage))
