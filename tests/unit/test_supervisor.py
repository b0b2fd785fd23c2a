"""The supervisor keeps its processes alive, one by one, and leaves none behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from devnet.child import ProcessSpec
from devnet.layout import HOST, Layout, layout_of
from devnet.ports import Taken, advise, find_taken, holder_of
from devnet.supervisor import DevnetBlocked, InstanceTaken, Supervisor, claim_free, running_pid
from tests.ports import layout_to_test, own_instances
from tests.waiting import until

WAIT_SECONDS_MAX = 20.0
SLEEPER = "import signal; signal.pause()"
FULL = Path("/dev/full")
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile 1: signal.pause()"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEPER!r}])"


def spec(name: str, code: str) -> ProcessSpec:
    return ProcessSpec(name=name, command=(), program=("-c", code))


def place(directory: Path) -> Layout:
    return layout_to_test(range(20, 90), directory)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def in_group(leader: int) -> list[int]:
    """Return the live processes of a process group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == leader and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def run_supervised(
    directory: Path, specs: list[ProcessSpec], story: Callable[[Supervisor], Awaitable[None]]
) -> Supervisor:
    """Run ``story`` under a supervisor that is stopped afterwards."""

    async def main() -> Supervisor:
        supervisor = Supervisor(place(directory), specs)
        supervisor.claim()
        try:
            await supervisor.start()
            await story(supervisor)
        finally:
            await supervisor.stop()
        return supervisor

    return asyncio.run(main())


def test_death_restarts_only_the_dead(tmp_path: Path) -> None:
    async def story(supervisor: Supervisor) -> None:
        first, second = supervisor.children.values()
        killed, other = first.pid, second.pid
        assert killed
        os.kill(killed, signal.SIGKILL)
        await until(lambda: first.pid not in {None, killed}, "it was not started again")
        assert second.pid == other
        assert (first.deaths, second.deaths) == (1, 0)

    run_supervised(tmp_path, [spec("a", SLEEPER), spec("b", SLEEPER)], story)


def test_stop_leaves_nobody_behind(tmp_path: Path) -> None:
    groups: list[int] = []

    async def story(supervisor: Supervisor) -> None:
        parent, stubborn = supervisor.children.values()
        assert parent.pid
        assert stubborn.pid
        leader = parent.pid
        await until(lambda: len(in_group(leader)) == 2, "its child did not start")
        groups.extend([parent.pid, stubborn.pid])

    started = time.monotonic()
    run_supervised(tmp_path, [spec("parent", PARENT), spec("stubborn", STUBBORN)], story)
    assert time.monotonic() - started < WAIT_SECONDS_MAX
    # A kill is an order, not yet a death: the kernel may take a moment to carry it out.
    asyncio.run(until(lambda: not any(in_group(leader) for leader in groups), "some are left"))
    assert len(groups) == 2


def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys, pathlib\n"
        "from devnet.supervisor import Supervisor\n"
        "from tests.unit.test_supervisor import SLEEPER, place, spec\n"
        "async def main():\n"
        "    s = Supervisor(place(pathlib.Path(sys.argv[1])), [spec('a', SLEEPER)])\n"
        "    s.claim(); await s.start()\n"
        "    print(s.children['a'].pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        supervisor.kill()
        supervisor.wait()
    asyncio.run(until(lambda: not alive(child), "its child lives on"))


def test_gate_that_cannot_start_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    layout = place(tmp_path)
    broken = ProcessSpec(
        name="broken",
        command=(),
        address=layout.address("grpc"),
        gate=True,
        program=("-c", "raise SystemExit('there is no such rule')"),
    )

    async def nothing(_: Supervisor) -> None:
        raise AssertionError("it started")

    with pytest.raises(DevnetBlocked, match=r"broken does not start(.|\n)*there is no such rule"):
        run_supervised(tmp_path, [broken, spec("b", SLEEPER)], nothing)


def test_second_supervisor_is_told_who_runs(tmp_path: Path) -> None:
    async def story(supervisor: Supervisor) -> None:
        assert running_pid(supervisor.layout) == os.getpid()
        with pytest.raises(DevnetBlocked, match=r"runs already in .* \(pid \d+\)"):
            Supervisor(supervisor.layout, []).claim()

    supervisor = run_supervised(tmp_path, [spec("a", SLEEPER)], story)
    assert running_pid(supervisor.layout) is None


def test_ports_that_somebody_is_about_to_listen_on_are_taken(tmp_path: Path) -> None:
    first = Supervisor(place(tmp_path / "first"), [])
    first.claim()
    number = first.layout.instance
    second = Supervisor(layout_of(number, tmp_path / "second"), [])
    with pytest.raises(InstanceTaken, match=f"another devnet starts on .* instance {number}"):
        second.claim()
    instances = own_instances(range(20, 90))
    other = claim_free(instances, tmp_path / "third", lambda layout: Supervisor(layout, []))
    assert other.layout.instance != number
    asyncio.run(first.stop())
    second.claim()
    for supervisor in (second, other):
        asyncio.run(supervisor.stop())


def test_taken_port_names_its_holder(tmp_path: Path) -> None:
    layout = place(tmp_path)
    with socket.socket() as listener:
        listener.bind((HOST, layout.port("grpc")))
        listener.listen()
        assert f"pid {os.getpid()} (" in holder_of(layout.port("grpc"))
        taken = find_taken(layout)
        assert [(t.service, t.port) for t in taken] == [("grpc", layout.port("grpc"))]
        with pytest.raises(DevnetBlocked, match=r"port \d+ \(grpc\) is in use by pid"):
            Supervisor(layout, []).claim()


@pytest.mark.parametrize(
    ("instance", "free", "ending"),
    [
        (
            0,
            {5, 7},
            "(`sextant devnet down` if it is a devnet), or run another instance with --instance 5",
        ),
        (7, {2, 9}, "--instance 9"),
        (99, {2}, "--instance 2"),
        (7, set(), "(`sextant devnet down --instance 7` if it is a devnet)"),
    ],
)
def test_port_message_names_the_next_free_instance(
    instance: int, free: set[int], ending: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("devnet.ports.is_free", lambda layout: layout.instance in free)
    assert advise(layout_of(instance, tmp_path)).endswith(ending)
    assert str(Taken("grpc", 50551, "pid 812 (sextant)")).endswith("in use by pid 812 (sextant)")


def test_full_disk_neither_stops_restarts_nor_stays_untold(tmp_path: Path) -> None:
    async def story(supervisor: Supervisor) -> None:
        child = supervisor.children["a"]
        killed = child.pid
        assert killed
        supervisor.children["a"].log = FULL
        os.kill(killed, signal.SIGKILL)
        await until(lambda: child.pid not in {None, killed}, "it was not started again")
        assert child.deaths == 1
        supervisor.layout.state.unlink()
        supervisor.layout.state.with_suffix(".tmp").symlink_to(FULL)
        await until(lambda: "No space left on device" in "".join(supervisor.troubles))

    run_supervised(tmp_path, [spec("a", SLEEPER)], story)


def test_refused_arguments_are_not_tried_again(tmp_path: Path) -> None:
    layout = place(tmp_path)
    code = f"import pathlib; open({str(tmp_path / 'tries')!r}, 'a').write('x'); raise SystemExit(2)"
    broken = ProcessSpec(
        name="broken",
        command=(),
        address=layout.address("grpc"),
        gate=True,
        program=("-c", code),
    )

    async def nothing(_: Supervisor) -> None:
        raise AssertionError("it started")

    with pytest.raises(DevnetBlocked, match="broken does not start"):
        run_supervised(tmp_path, [broken], nothing)
    assert (tmp_path / "tries").read_text() == "x"
