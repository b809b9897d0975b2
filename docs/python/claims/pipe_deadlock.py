"""Deadlock: a full pipe stalls a child, and wait() waits for that child.

    python3 docs/python/claims/pipe_deadlock.py

Claims: S6
"""

import subprocess
import sys
from subprocess import PIPE

from report import LIMIT, claim

SIZES = [1_000, 1_000_000]


def start(size: int) -> subprocess.Popen[bytes]:
    code = f"print('x' * {size})"
    return subprocess.Popen([sys.executable, "-S", "-c", code], stdout=PIPE)


def ends(size: int) -> bool:
    """Whether it ends while nobody reads what it writes."""
    child = start(size)
    try:
        return child.wait(LIMIT / 4) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        child.kill()
        child.communicate()


small, large = (ends(size) for size in SIZES)
read = len(start(SIZES[1]).communicate(timeout=LIMIT)[0])
claim(
    "S6",
    small and not large and read == SIZES[1] + 1,
    "while its parent waits and "
    f"reads nothing, a child that writes 1 kB {'ends' if small else 'stalls'}, "
    "and one "
    f"that writes 1 MB {'ends' if large else 'stalls'}; communicate read "
    f"{read} bytes",
)
