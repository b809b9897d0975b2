"""From threads to processes: only what can be pickled can be moved.

    python3 docs/python/claims/swap_executor.py

Claims: F3, F4
"""

import multiprocessing
import os
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

from report import LIMIT, claim


def who() -> int:
    return os.getpid()


def works(pool: Executor, job) -> bool:
    return pool.submit(job).exception(LIMIT) is None


def main() -> None:
    context = multiprocessing.get_context("forkserver")
    with (
        ThreadPoolExecutor(1) as threads,
        ProcessPoolExecutor(1, context) as processes,
    ):
        moved = (
            threads.submit(who).result()
            == os.getpid()
            != processes.submit(who).result()
        )
        local = [works(pool, lambda: 7) for pool in (threads, processes)]
    runs = ["runs" if ok else "fails" for ok in local]
    figure = (
        "the same submit runs a function here or in another process; a lambda "
    )
    figure += f"{runs[0]} on a thread and {runs[1]} in a process"
    claim("F3", moved and local == [True, False], figure)
    claim("F4", moved and local == [True, False], figure)


if __name__ == "__main__":
    main()
