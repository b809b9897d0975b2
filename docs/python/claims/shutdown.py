"""Shutdown: who waits at exit for running jobs, and what is cancelled.

    python3 docs/python/claims/shutdown.py

Claims: F13
"""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from report import LIMIT, claim

EXIT = """
import threading, time
from concurrent.futures import ThreadPoolExecutor
def job():
    time.sleep(0.2)
    print("done")
{start}
"""
WAYS = {
    "a pool": "ThreadPoolExecutor().submit(job)",
    "a thread": "threading.Thread(target=job).start()",
    "a daemon": "threading.Thread(target=job, daemon=True).start()",
}


def waits_at_exit(start: str) -> bool:
    code = EXIT.format(start=start)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True)
    return ran.stdout == b"done\n"


started, go_on = threading.Event(), threading.Event()


def job() -> int:
    started.set()
    go_on.wait(LIMIT)
    return 7


pool = ThreadPoolExecutor(1)
running, pending = pool.submit(job), [pool.submit(int) for _ in range(5)]
started.wait(LIMIT)
pool.shutdown(wait=False, cancel_futures=True)
cancelled = sum(one.cancelled() for one in pending)
still = running.running()
go_on.set()
done = running.result(LIMIT) == 7
waiting = [name for name, start in WAYS.items() if waits_at_exit(start)]
claim(
    "F13",
    still and done and cancelled == 5 and waiting == ["a pool", "a thread"],
    f"shutdown cancelled {cancelled} of 5 pending jobs, and the running one "
    "ended by "
    f"itself; the end of a program waits for {' and '.join(waiting)}",
)
