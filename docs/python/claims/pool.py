"""A thread pool: how jobs spread over its workers.

    python3 docs/python/claims/pool.py

Claims: F1, F7, F8, F9
"""

import threading
from concurrent.futures import ThreadPoolExecutor

from report import LIMIT, claim

WORKERS = 4


def who() -> int:
    return threading.get_native_id()


with ThreadPoolExecutor(WORKERS) as pool:
    barrier = threading.Barrier(WORKERS)
    waits = [pool.submit(barrier.wait, LIMIT) for _ in range(WORKERS)]
    together = sum(wait.exception() is None for wait in waits)
    claim(
        "F1",
        together == WORKERS,
        f"{together} blocking calls waited at the same "
        f"time on {WORKERS} threads",
    )
    seen = {pool.submit(who).result() for _ in range(100)}
    claim(
        "F9",
        len(seen) <= WORKERS,
        f"100 jobs ran on {len(seen)} threads of the pool",
    )

    # One worker is held by a long job: the others do all that is left.
    go_on = threading.Event()
    long = pool.submit(go_on.wait, LIMIT)
    short = [pool.submit(who) for _ in range(20)]
    done = sum(job.exception(LIMIT) is None for job in short)
    claim(
        "F8",
        done == 20 and not long.done(),
        f"{done} of 20 short jobs were done while a long one held one worker",
    )
    go_on.set()

with ThreadPoolExecutor(WORKERS) as pool:
    barrier, release = threading.Barrier(WORKERS + 1), threading.Event()
    running: list[int] = []

    def job() -> None:
        running.append(who())
        if len(running) <= WORKERS:
            barrier.wait(LIMIT)
        release.wait(LIMIT)

    jobs = [pool.submit(job) for _ in range(3 * WORKERS)]
    barrier.wait(LIMIT)  # as many as there are workers run
    begun, waiting = len(running), sum(not job.running() for job in jobs)
    claim(
        "F7",
        begun == WORKERS,
        f"of {len(jobs)} jobs {begun} ran at once, on up to "
        f"max_workers={WORKERS} threads, and {waiting} waited",
    )
    release.set()
