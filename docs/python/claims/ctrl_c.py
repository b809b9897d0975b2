"""Ctrl+C (SIGINT): it reaches the main thread only, and a pool goes on.

    python3 docs/python/claims/ctrl_c.py

Claims: F12, X4
"""

import signal
import subprocess
import sys
import time

from report import claim

JOB = 1.0

CHILD = f"""
import threading, time
from concurrent.futures import ThreadPoolExecutor
def job():
    print("begun", flush=True)
    time.sleep({JOB})
    print("job done", flush=True)
try:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(job).result()
except KeyboardInterrupt:
    print("interrupted", threading.current_thread().name, flush=True)
"""

start = time.monotonic()
child = subprocess.Popen(
    [sys.executable, "-c", CHILD],
    stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL,
    text=True,
)
assert child.stdout
child.stdout.readline()  # the job has begun
pressed = time.monotonic()
child.send_signal(signal.SIGINT)
lines = child.stdout.read().splitlines()
child.wait()
took = (time.monotonic() - pressed) * 1e3
went_on = "job done" in lines and took > JOB * 900
claim(
    "F12",
    went_on,
    f"after one Ctrl+C a pool with a job of {JOB * 1e3:.0f} ms took "
    f"{took:.0f} ms to end",
)
in_main = "interrupted MainThread" in lines
claim(
    "X4",
    in_main and went_on,
    "KeyboardInterrupt was raised in "
    f"{'the main thread' if in_main else 'no main thread'}, and the job on the "
    "other "
    "thread went on to its end",
)
