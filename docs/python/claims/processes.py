"""Processes: each has an interpreter of its own, so their work is parallel.

    python3 docs/python/claims/processes.py

Claims: M1, M2, M3, F2
"""

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor

from report import LIMIT, claim, has_gil, on_threads, unless_busy

WORKERS = 2
setting = "of the file"


def look(_: int) -> tuple[int, str]:
    return os.getpid(), setting


def work(_: int = 0) -> None:
    for number in range(2_000_000):
        number * number


def elapsed(job) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def meet(barrier, met) -> None:
    """Opens when both processes are here at the same time."""
    barrier.wait(LIMIT)
    met.release()


def at_the_same_time(context) -> bool:
    barrier, met = context.Barrier(WORKERS), context.Semaphore(0)
    children = [
        context.Process(target=meet, args=(barrier, met))
        for _ in range(WORKERS)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(2 * LIMIT)
    return all(met.acquire(block=False) for _ in children)


def main() -> None:
    global setting
    setting = "changed"
    context = multiprocessing.get_context(
        "forkserver"
    )  # the default from 3.14 on
    together = at_the_same_time(context)
    with ProcessPoolExecutor(WORKERS, context) as pool:
        list(pool.map(time.sleep, [0.1] * WORKERS))  # all of them are there
        seen = list(pool.map(look, range(4)))
        jobs = range(WORKERS)
        processes = min(
            elapsed(lambda: list(pool.map(work, jobs))) for _ in range(3)
        )
    threads = min(elapsed(lambda: on_threads(work, WORKERS)) for _ in range(3))
    copy = any(told == "changed" for _, told in seen)
    own = os.getpid() not in [pid for pid, _ in seen]
    what = "a copy of this one" if copy else "no copy of this one"
    method = multiprocessing.get_start_method()
    claim(
        "M1",
        together and own and not copy,
        "processes ran at the same time, and "
        f"with forkserver each is {what} (default here: {method})",
    )
    gain = threads / processes
    figure = f"{WORKERS} processes do the work of {WORKERS} threads "
    figure += f"{gain:.1f} times "
    figure += f"as fast, on {len(os.sched_getaffinity(0))} cores"
    faster = unless_busy(gain > 1.3) if has_gil else None
    claim("M2", faster, figure)
    claim("M3", faster, figure)
    claim("F2", faster, figure)


if __name__ == "__main__":
    main()
