"""The global lock (GIL): threads overlap their waiting, but not their work.

    python3 docs/python/claims/gil.py

Claims: T1, T2, T3
"""

import os
import threading
import time

from report import LIMIT, claim, has_gil, on_threads, unless_busy

THREADS = 4


def work() -> None:
    for number in range(400_000):
        number * number


def cores_used() -> float:
    """CPU time for each second that four working threads take."""
    wall, cpu = time.perf_counter(), time.process_time()
    on_threads(work, THREADS)
    return (time.process_time() - cpu) / (time.perf_counter() - wall)


def all_wait_at_once() -> bool:
    """A barrier opens when all threads wait at it, and not before."""
    barrier = threading.Barrier(THREADS)
    came: list[int] = []
    on_threads(lambda: came.append(barrier.wait(LIMIT)), THREADS)
    return len(came) == THREADS


used = max(cores_used() for _ in range(3))
waits = all_wait_at_once()
found = f"{THREADS} threads that work use {used:.1f} cores of "
found += f"{len(os.sched_getaffinity(0))}"
also = f"{THREADS} threads wait at the same time"
# With the lock the CPU time of threads cannot be more than the time.
one_knife = used < 1.2
if has_gil:
    claim("T1", one_knife, found)
    claim("T2", waits and one_knife, f"{also}; {found}")
    claim("T3", waits and one_knife, f"{also}; {found}")
else:
    claim("T1", None, f"there is no global lock here: {found}")
    claim("T2", waits and unless_busy(not one_knife), f"{also}; {found}")
    claim("T3", None, f"there is no global lock here: {found}")
