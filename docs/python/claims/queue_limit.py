"""The queue of a thread pool has no limit: no back-pressure.

    python3 docs/python/claims/queue_limit.py

Claims: F15
"""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor

from report import LIMIT, claim

JOBS = 50_000

go_on = threading.Event()
with ThreadPoolExecutor(1) as pool:
    pool.submit(go_on.wait, LIMIT)
    jobs = [pool.submit(int) for _ in range(JOBS)]
    waiting = sum(not job.done() for job in jobs)
    go_on.set()
    done = sum(job.result(LIMIT) == 0 for job in jobs)

bounded: queue.Queue[int] = queue.Queue(maxsize=10)
try:
    for number in range(JOBS):
        bounded.put(number, block=False)
    full = JOBS
except queue.Full:
    full = bounded.qsize()
claim(
    "F15",
    waiting == done == JOBS and full == 10,
    f"a pool took {waiting} jobs while "
    f"its worker was busy, and did them; a queue with a limit refused at "
    f"{full}",
)
