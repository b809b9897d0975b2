"""A future: its states, its exception, and that a running one goes on.

    python3 docs/python/claims/future.py

Claims: F5, F6, F14
"""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, TimeoutError

from report import LIMIT, claim

NOBODY_ASKS = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor() as pool:
    pool.submit(int, "no number")
"""

started, go_on = threading.Event(), threading.Event()


def job() -> int:
    started.set()
    go_on.wait(LIMIT)
    return 7


def state(future) -> str:
    return (
        "done"
        if future.done()
        else "running"
        if future.running()
        else "pending"
    )


with ThreadPoolExecutor(1) as pool:
    running, pending = pool.submit(job), pool.submit(int)
    started.wait(LIMIT)
    states = [state(running), state(pending)]
    refused, cancelled = running.cancel(), pending.cancel()
    try:
        running.result(timeout=0.05)
        timed_out = False
    except TimeoutError:
        timed_out = True
    still = state(running)
    go_on.set()
    result = running.result(LIMIT)
    states.append(state(running))
    failed = pool.submit(int, "no number")
    raised = isinstance(failed.exception(LIMIT), ValueError)
    place = failed.exception().__traceback__

quiet = subprocess.run([sys.executable, "-c", NOBODY_ASKS], capture_output=True)
silent = quiet.returncode == 0 and not quiet.stderr
claim(
    "F5",
    states == ["running", "pending", "done"] and result == 7,
    f"a future was {states[0]}, one behind it {states[1]}, then it "
    f"was {states[2]}",
)
claim(
    "F6",
    raised and place is not None and silent,
    "result() raises what the job "
    f"raised, with its traceback; where nobody asks, "
    f"{len(quiet.stderr)} bytes are said",
)
claim(
    "F14",
    not refused
    and cancelled
    and timed_out
    and still == "running"
    and result == 7,
    f"cancel() of a running future returned {refused}, of a pending "
    f"one {cancelled}; after result(timeout) the job was {still}, "
    f"and gave {result}",
)
