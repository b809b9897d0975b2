"""Memory of a thread: its stack is reserved address space, mostly never used.

    python3 docs/python/claims/stack_memory.py

Claims: T10
"""

import resource
import threading
from pathlib import Path

from report import claim

THREADS = 200


def memory() -> tuple[int, int]:
    """Reserved and resident, in KiB."""
    status = Path("/proc/self/status").read_text()
    virtual, resident = (
        int(status.partition(name)[2].split()[0])
        for name in ("VmSize:", "VmRSS:")
    )
    return virtual, resident


go_on = threading.Event()


def start() -> list[threading.Thread]:
    """Threads that all run, and wait."""
    ready = threading.Barrier(THREADS + 1)

    def wait() -> None:
        ready.wait()
        go_on.wait()

    threads = [threading.Thread(target=wait) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    ready.wait()
    return threads


threads = start()  # the first ones get heaps, which later ones share
before = memory()
threads += start()
reserved, used = ((b - a) / THREADS for a, b in zip(before, memory()))
go_on.set()
for thread in threads:
    thread.join()
# The size of a stack is what `ulimit -s` says, as a rule 8 MiB.
stack = resource.getrlimit(resource.RLIMIT_STACK)[0] // 1024
as_limited = stack < 0 or abs(reserved - stack) < stack / 10
claim(
    "T10",
    as_limited and used < 64,
    f"a thread reserves {reserved / 1024:.1f} MiB and uses {used:.0f} KiB",
)
