"""How a script reports what it has measured of a claim: one JSON line."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

# No wait in a script is longer.
LIMIT = 2.0

has_gil: bool = getattr(sys, "_is_gil_enabled", lambda: True)()

START = time.monotonic_ns()


def claim(number: str, agrees: bool | None, figure: str) -> None:
    """Whether what was measured agrees with the ledger's column on Python.
    `None`: the machine was too busy, or has too few cores, to tell."""
    verdict = {"id": number, "agrees": agrees, "figure": figure}
    print(json.dumps(verdict), flush=True)


def unless_busy(agrees: bool) -> bool | None:
    """For a verdict by time: a busy machine excuses one that does not agree."""
    return None if not agrees and is_busy() else agrees


def is_busy() -> bool:
    """Whether this thread has waited for a core for a tenth of its time."""
    waited = int(Path("/proc/thread-self/schedstat").read_text().split()[1])
    lived = time.monotonic_ns() - START
    load = os.getloadavg()[0] / len(os.sched_getaffinity(0))
    return waited > lived / 10 or load > 1


def ms(job: Callable[[], object]) -> float:
    """How long a job takes, in milliseconds."""
    start = time.perf_counter()
    job()
    return (time.perf_counter() - start) * 1e3


def on_threads(job: Callable[[], object], count: int) -> None:
    """Runs a job on this number of threads, and waits for them."""
    threads = [threading.Thread(target=job, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
