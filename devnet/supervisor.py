"""Run all processes of a devnet: start in order, keep alive, stop together.

The supervisor holds no state of the chain.  Each process owns its store and recovers by itself;
when one dies, it alone is started again.
"""

import asyncio
import fcntl
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, final

from devnet.child import Child, ProcessSpec
from devnet.health import wait_serving
from devnet.layout import Layout, default_directory, layout_of
from devnet.ports import advise, find_taken
from sextant.errors import EXIT_USAGE
from statemachine.errors import SextantError

READY_SECONDS_MAX: Final = 30.0
STOP_SECONDS_MAX: Final = 2.5
HEALTH_PERIOD_S: Final = 1.0
POLL_S: Final = 0.05
FREE_BYTES_MIN: Final = 64 << 20
DEATHS_MAX: Final = 3
"""Deaths of a process that the others wait for, after which the start is given up."""


class DevnetBlocked(SextantError):
    """The devnet cannot start here: ports or data directory are in use."""


class InstanceTaken(DevnetBlocked):
    """Another supervisor has this instance's ports, or is about to listen on them."""


@final
class Supervisor:
    """The processes of one devnet, in the order in which they start."""

    def __init__(
        self,
        layout: Layout,
        specs: Sequence[ProcessSpec],
        after: Mapping[str, Callable[[], Awaitable[None]]] | None = None,
    ) -> None:
        """Take what to run; ``after`` says what to do once a gate is ready."""
        self.layout = layout
        self.after = after or {}
        self.children = {spec.name: Child(spec, layout.logs / f"{spec.name}.log") for spec in specs}
        self.stopping = asyncio.Event()
        self._trouble = ""
        self._lock: int | None = None
        self._ports: int | None = None
        self._watch: asyncio.Task[None] | None = None

    def claim(self) -> None:
        """Take the data directory and check the ports.

        Raises
        ------
        DevnetBlocked
            Another supervisor runs here.
        InstanceTaken
            Something else has our ports, or will have them in a moment.
        """
        self.layout.logs.mkdir(parents=True, exist_ok=True)
        self._lock = take_lock(self.layout.lock)
        if self._lock is None:
            pid = running_pid(self.layout)
            raise DevnetBlocked(
                f"a devnet runs already in {self.layout.directory} (pid {pid}); look at it with "
                f"{named('status', self.layout)}, or stop it with {named('down', self.layout)}"
            )
        taken = find_taken(self.layout)
        if taken:
            self._release()
            raise InstanceTaken("\n".join([*map(str, taken), advise(self.layout)]))
        # Ports that are free may be those that another one is about to listen on.
        self._ports = take_lock(ports_lock(self.layout.instance))
        if self._ports is None:
            self._release()
            number = self.layout.instance
            raise InstanceTaken(
                f"another devnet starts on the ports of instance {number}; {advise(self.layout)}"
            )

    def _release(self) -> None:
        """Let others have the directory and the ports."""
        for handle in (self._lock, self._ports):
            if handle is not None:
                os.close(handle)
        self._lock = self._ports = None

    async def start(self) -> None:
        """Start every process; a gate is awaited before the next starts."""
        for child in self.children.values():
            if self.stopping.is_set():
                return
            await child.start()
            self._write_state()
            address = child.spec.address
            if child.spec.gate and address is not None:
                await self._await_ready(child, address)
            hook = self.after.get(child.spec.name)
            if hook is not None and not self.stopping.is_set():
                await hook()
        self._watch = asyncio.create_task(self._watch_health(), name="watch health")

    async def _await_ready(self, child: Child, address: str) -> None:
        ready = asyncio.create_task(wait_serving(address, READY_SECONDS_MAX))
        while not ready.done() and not self.stopping.is_set() and not is_hopeless(child):
            await asyncio.wait({ready}, timeout=POLL_S)
        if self.stopping.is_set():
            ready.cancel()
            return
        child.ready = ready.done() and ready.result()
        if not child.ready:
            ready.cancel()
            raise DevnetBlocked(
                f"{child.spec.name} does not start; its log says why: {child.log}\n"
                f"{tail(child.log, 15)}"
            )

    async def _watch_health(self) -> None:
        while True:
            for child in self.children.values():
                address = child.spec.address
                alive = child.pid is not None
                child.ready = alive and (address is None or await wait_serving(address, 0.5))
            self._write_state()
            await asyncio.sleep(HEALTH_PERIOD_S)

    def _write_state(self) -> None:
        state = {
            "pid": os.getpid(),
            "instance": self.layout.instance,
            "processes": {
                name: {
                    "pid": child.pid,
                    "starts": child.starts,
                    "ready": child.ready,
                    "log": str(child.log),
                }
                for name, child in self.children.items()
            },
        }
        draft = self.layout.state.with_suffix(".tmp")
        try:
            draft.write_text(json.dumps(state, indent=1))
            draft.replace(self.layout.state)
        except OSError as error:
            self._trouble = f"{self.layout.state}: {error.strerror}"
        else:
            self._trouble = ""

    @property
    def troubles(self) -> list[str]:
        """What keeps the supervisor from its work, for the screen: the log may be out of reach."""
        found = [self._trouble, *(child.trouble for child in self.children.values())]
        free = shutil.disk_usage(self.layout.directory).free
        if free < FREE_BYTES_MIN:
            found.insert(
                0, f"the disk is nearly full: {free >> 20} MiB left at {self.layout.directory}"
            )
        return list(dict.fromkeys(filter(None, found)))

    async def stop(self) -> None:
        """Stop everything within three seconds: ask all at once, then kill what is left."""
        self.stopping.set()
        if self._watch is not None:
            self._watch.cancel()
        until = time.monotonic() + STOP_SECONDS_MAX
        for child in reversed(self.children.values()):
            child.ask_to_stop()
        await asyncio.gather(*(child.stop(until) for child in self.children.values()))
        self.layout.state.unlink(missing_ok=True)
        self._release()

    def stop_on_signals(self) -> None:
        """Let SIGINT and SIGTERM ask for the stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stopping.set)


def claim_free(
    instances: range, directory: Path, make: Callable[[Layout], Supervisor]
) -> Supervisor:
    """Return a supervisor that has claimed the first of ``instances`` that nobody has.

    Raises
    ------
    DevnetBlocked
        None is, or another supervisor runs in the directory.
    """
    for instance in instances:
        supervisor = make(layout_of(instance, directory))
        try:
            supervisor.claim()
        except InstanceTaken:
            continue
        return supervisor
    raise DevnetBlocked(f"no instance from {instances[0]} to {instances[-1]} has its ports free")


def ports_lock(instance: int) -> Path:
    """Return the file whose lock says that a supervisor has an instance's ports."""
    return Path(tempfile.gettempdir()) / f"sextant-{os.getuid()}-instance-{instance}.lock"


def is_hopeless(child: Child) -> bool:
    """Return whether starting it again cannot help: it died too often, or refuses its arguments."""
    return child.deaths >= DEATHS_MAX or (child.deaths > 0 and child.last_exit == EXIT_USAGE)


def named(command: str, layout: Layout) -> str:
    """Return the words of a ``sextant devnet`` command about this devnet."""
    place = f" --instance {layout.instance}" if layout.instance else ""
    if layout.directory != default_directory(layout.instance).resolve():
        place += f" --datadir {layout.directory}"
    return f"`sextant devnet {command}{place}`"


def take_lock(path: Path) -> int | None:
    """Return a descriptor that holds the lock on ``path``, or None if another has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def running_pid(layout: Layout) -> int | None:
    """Return the pid of the supervisor that runs here, or None if none does."""
    if not layout.lock.exists():
        return None
    handle = take_lock(layout.lock)
    if handle is not None:
        os.close(handle)
        return None
    return int(read_state(layout).get("pid", 0)) or None


def read_state(layout: Layout) -> dict[str, Any]:
    """Return what the running supervisor last wrote of itself; empty if nothing."""
    try:
        state: dict[str, Any] = json.loads(layout.state.read_text())
    except (OSError, ValueError):
        return {}
    return state


def tail(log: Path, lines: int) -> str:
    """Return the last lines of a log."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"
