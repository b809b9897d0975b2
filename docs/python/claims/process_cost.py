"""The weaknesses of processes: starting, encoding, cleaning up.

    python3 docs/python/claims/process_cost.py

Claims: M9
"""

import multiprocessing
import pickle
import time
from multiprocessing.connection import wait
from pathlib import Path

from report import LIMIT, claim, ms, on_threads, unless_busy

SIZE = 8_000_000


def is_zombie(pid: int) -> bool:
    """Whether it is one soon: its files are closed a moment earlier."""
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat").read_text()
        if stat.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False


def start_process(context) -> None:
    child = context.Process(target=int)
    child.start()
    child.join()


def main() -> None:
    context = multiprocessing.get_context("forkserver")
    start_process(context)  # the first one starts the server, too
    process = min(ms(lambda: start_process(context)) for _ in range(3))
    thread = min(ms(lambda: on_threads(int, 1)) for _ in range(20))
    data = list(range(SIZE // 8))
    pickled: list[bytes] = []
    encode = min(
        ms(lambda: pickled.append(pickle.dumps(data))) for _ in range(2)
    )
    child = multiprocessing.get_context("fork").Process(target=int)
    child.start()
    assert child.pid
    wait([child.sentinel], LIMIT)  # it has ended, and nobody has joined it
    zombie = is_zombie(child.pid)
    child.join()
    times = process / thread
    claim(
        "M9",
        zombie and unless_busy(times > 5),
        f"a process takes {times:.0f} times "
        f"as long to start as a thread; encoding a million numbers takes "
        f"{encode:.0f} ms; a child is a zombie until it is joined",
    )


if __name__ == "__main__":
    main()
