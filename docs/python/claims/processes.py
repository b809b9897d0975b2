"""Processes: each has an interpreter of its own, so their work is parallel.

    python3 docs/python/claims/processes.py

Claims: M2, M3, F2
"""

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor

from report import claim, has_gil, ms, on_threads, unless_busy

WORKERS = 2


def work(_: int = 0) -> None:
    for number in range(2_000_000):
        number * number


def main() -> None:
    cores = len(os.sched_getaffinity(0))
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(WORKERS, context) as pool:
        list(pool.map(time.sleep, [0.1] * WORKERS))  # all of them are there

        def on_processes() -> None:
            list(pool.map(work, range(WORKERS)))

        processes = min(ms(on_processes) for _ in range(5))
    threads = min(ms(lambda: on_threads(work, WORKERS)) for _ in range(5))
    gain = threads / processes
    figure = f"{WORKERS} processes do the work of {WORKERS} threads {gain:.1f} "
    figure += f"times as fast, on {cores} cores"
    faster = None if cores == 1 else unless_busy(gain > 1.3)
    # Without the lock threads are as fast, and the reason is weaker.
    claim("M2", faster if has_gil else unless_busy(gain < 1.3), figure)
    claim("M3", faster if has_gil else None, figure)
    claim("F2", faster if has_gil else None, figure)


if __name__ == "__main__":
    main()
