"""A timeout ends the wait, not the child; a kill does not reach its children.

    python3 docs/python/claims/child_timeout.py

Claims: S7, S8
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from report import LIMIT, claim

# Starts a child of its own, names it, and waits.
PARENT = """
import subprocess, sys, time
sleep = [sys.executable, "-S", "-c", "import time; time.sleep(5)"]
child = subprocess.Popen(sleep,
                         stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
time.sleep(5)
"""


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


child = subprocess.Popen(
    [sys.executable, "-S", "-c", PARENT], stdout=subprocess.PIPE
)
assert child.stdout
grandchild = int(child.stdout.readline())
try:
    child.wait(0.1)
    timed_out = False
except subprocess.TimeoutExpired:
    timed_out = True
alive = is_alive(child.pid)
claim(
    "S7",
    timed_out and alive,
    f"wait(0.1) {'gave up' if timed_out else 'did not give up'}"
    f" in time, and the child was {'alive' if alive else 'dead'} after it",
)
child.kill()
child.wait(LIMIT)
survives = is_alive(grandchild)
claim(
    "S8",
    survives,
    "when a child was killed, the child of this child "
    f"{'went on' if survives else 'was dead, too'}",
)
if survives:
    os.kill(grandchild, signal.SIGKILL)
