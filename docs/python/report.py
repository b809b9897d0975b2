"""How a run is told: the same keys and the same three numbers as in Rust."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argparse import Namespace

    from kitchen import Plate, Usage


def interpreter() -> str:
    """`CPython 3.11.7 with the GIL`."""
    import platform  # not in every child process: it is slow to load

    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    name = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{name} {'with' if gil else 'without'} the GIL"


def meal(
    options: "Namespace",
    plates: list["Plate"],
    opened: int,
    wall: int,
    used: "Usage",
) -> dict[str, Any]:
    """What was measured, as one JSON object."""
    both = [p.prep_cpu + p.dish.bake_ms * 1_000_000 for p in plates]
    share = sum(p.prep_cpu for p in plates) / len(os.sched_getaffinity(0))
    by_pid: dict[int, list[Plate]] = {}
    for plate in plates:
        by_pid.setdefault(plate.pid, []).append(plate)
    processes = len(by_pid)
    by_pid.pop(os.getpid(), None)
    # Of each other process counts its state at its last plate.
    last = [max(p, key=lambda plate: plate.bake[1]) for p in by_pid.values()]
    first = {p[0].pid: min(one.prep[0] for one in p) for p in by_pid.values()}
    together = [
        sum(p.usage.rss_kib for p in last if first[p.pid] <= at <= p.bake[1])
        for at in first.values()
    ]
    return {
        "program": Path(sys.argv[0]).name,
        "model": "python",
        "python": interpreter(),
        "menu": options.menu,
        "dishes": len(plates),
        "strokes_divided_by": options.strokes_divided_by,
        "wall_ms": ms(wall),
        "serial_ms": ms(sum(both)),
        "bound_ms": ms(max(*both, share)),
        "threads": len({(p.pid, p.thread) for p in plates}),
        "processes": processes,
        "peak_rss_kib": peak_rss_kib() + max(together, default=0),
        "cpu_ms": ms(used.cpu_ns + sum(p.usage.cpu_ns for p in last)),
        "switches": used.switches + sum(p.usage.switches for p in last),
        "plates": [plate_json(p, opened) for p in plates],
        "claims": [],
    }


def plate_json(plate: "Plate", opened: int) -> dict[str, Any]:
    return {
        "dish": plate.dish.number,
        "name": plate.dish.name,
        "pid": plate.pid,
        "thread": plate.thread,
        "prep_ms": [ms(at - opened) for at in plate.prep],
        "prep_cpu_ms": ms(plate.prep_cpu),
        "bake_ms": [ms(at - opened) for at in plate.bake],
        "check": f"{plate.check:016x}",
    }


def text(told: dict[str, Any]) -> str:
    """The same for people: a row for each dish, and three numbers."""
    wall, serial, bound = told["wall_ms"], told["serial_ms"], told["bound_ms"]
    lines = [f"{told['program']}  {told['menu']} menu, {told['python']}", ""]
    for plate in told["plates"][:20]:
        moments = *plate["prep_ms"], plate["bake_ms"][1]
        start, ready, end = (round(at / wall * 31) for at in moments)
        ready = max(ready, start + 1)
        bar = " " * start + "#" * (ready - start) + "-" * (end - ready)
        many = told["processes"] > 1
        who = f"process {plate['pid']}" if many else plate["thread"]
        label = f"{plate['dish']:>2} {plate['name']:9} {who:20.20}"
        lines.append(f"{label}  |{bar:31.31}|{moments[2]:5.0f}")
    return "\n".join(lines) + (
        f"\n{'':34} # prepares (CPU)  - bakes (waits)\n\n"
        f"one cook alone would need{serial:6.0f} ms\n"
        f"nobody can beat          {bound:6.0f} ms\n"
        f"this took                {wall:6.0f} ms  {serial / wall:.1f} times "
        f"as fast, {wall / bound:.2f} of the bound\n"
        f"threads: {told['threads']}, processes: {told['processes']}, "
        f"CPU: {told['cpu_ms']:.0f} ms, {told['peak_rss_kib'] / 1024:.1f} MiB\n"
        f"one stroke of the knife for {told['strokes_divided_by']:g} in Rust"
    )


def say(line: str) -> None:
    """Prints. A reader who has left, as in `| head -1`, is a normal end."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"Error: standard output: {error}", file=sys.stderr)
        os._exit(1)  # what cannot be written is not to be tried again


def peak_rss_kib() -> int:
    """Resident memory of this process: its peak so far."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def ms(nanoseconds: float) -> float:
    return round(nanoseconds / 1e6, 3)
