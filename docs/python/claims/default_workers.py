"""How many workers a pool has by default: it depends on the number of CPUs.

    python3 docs/python/claims/default_workers.py

Claims: F11, X2
"""

import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from report import LIMIT, claim

JOBS = 100

with ThreadPoolExecutor() as pool:
    go_on = threading.Event()
    jobs = [pool.submit(go_on.wait, LIMIT) for _ in range(JOBS)]
    threads = threading.active_count() - 1
    go_on.set()
with ProcessPoolExecutor() as pool:
    processes = pool._max_workers  # nothing starts before the first job

# All CPUs, or from Python 3.13 on those that this process may use.
counts = (os.cpu_count() or 1, len(os.sched_getaffinity(0)))
cpus = f"on {counts[1]} of {counts[0]} CPUs"
as_told = threads in [min(32, count + 4) for count in counts]
claim(
    "F11",
    as_told and threads < JOBS,
    f"without max_workers a pool had {threads} threads for {JOBS} jobs that "
    f"wait, {cpus}",
)
claim(
    "X2",
    as_told and processes in counts,
    f"{cpus} a thread pool has {threads} workers by default, and a process "
    f"pool {processes}",
)
