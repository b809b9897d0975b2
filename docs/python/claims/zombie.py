"""A child that has ended: a zombie, until somebody asks how it has ended.

    python3 docs/python/claims/zombie.py

Claims: S9, S10
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from report import claim


def start(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-S", "-c", code])


def state(pid: int) -> str:
    """`Z` is a zombie; nothing at all: there is no such process."""
    stat = Path(f"/proc/{pid}/stat")
    return (
        stat.read_text().rpartition(")")[2].split()[0] if stat.exists() else ""
    )


child = start("")
os.waitid(
    os.P_PID, child.pid, os.WEXITED | os.WNOWAIT
)  # it has ended: only a look
before = state(child.pid)
child.wait()
after = state(child.pid)
is_zombie = "was a zombie" if before == "Z" else "was no zombie"
claim(
    "S9",
    before == "Z" and not after,
    f"a child that had ended {is_zombie}, until its parent waited for it",
)

codes = [start("raise SystemExit(3)").wait()]
codes.append(start("import os; os.kill(os.getpid(), 9)").wait())
unasked = subprocess.run([sys.executable, "-S", "-c", "raise SystemExit(3)"])
try:
    unasked.check_returncode()
    raised = False
except subprocess.CalledProcessError:
    raised = True
right = codes == [3, -signal.SIGKILL] and unasked.returncode == 3 and raised
claim(
    "S10",
    right,
    f"two children ended with {codes[0]} and with {codes[1]} (a signal); "
    "run raised nothing, and with a check it does",
)
