"""What starting a thread costs, and what a pool saves.

    python3 docs/python/claims/thread_cost.py

Claims: T9, T11, T12, F10
"""

import threading
from concurrent.futures import ThreadPoolExecutor

from report import claim, ms, unless_busy

JOBS = 500
WORKERS = 4
seen: set[int] = set()


def job() -> None:
    seen.add(threading.get_native_id())


def calls() -> None:
    for _ in range(JOBS):
        job()


def one_by_one() -> None:
    for _ in range(JOBS):
        thread = threading.Thread(target=job)
        thread.start()
        thread.join()


def thread_per_job() -> None:
    threads = [threading.Thread(target=job) for _ in range(JOBS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def pool() -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in range(JOBS):
            pool.submit(job)


call, started = (min(ms(way) for _ in range(3)) for way in (calls, one_by_one))
times = started / call
claim(
    "T9",
    unless_busy(times > 3),
    f"starting and joining a thread takes "
    f"{started / JOBS * 1e3:.0f} us, {times:.0f} times as long as a call",
)
each = min(ms(thread_per_job) for _ in range(3))
seen.clear()
reused = min(ms(pool) for _ in range(3))
figure = f"{JOBS} short jobs take {each:.0f} ms on a thread each, and "
figure += f"{reused:.0f} ms on {WORKERS} threads of a pool"
claim("T11", unless_busy(each > reused), figure)
claim("F10", unless_busy(each > reused), figure)
claim(
    "T12",
    len(seen) <= 3 * WORKERS,
    f"a pool has done {3 * JOBS} jobs in "
    f"three rounds on {len(seen)} threads, at most {WORKERS} a round",
)
