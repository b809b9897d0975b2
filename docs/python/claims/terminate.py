"""What crashes or hangs in a process of its own can be ended.

    python3 docs/python/claims/terminate.py

Claims: M8
"""

import multiprocessing
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from report import LIMIT, claim


def hang(started) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    started.set()
    time.sleep(60)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    context = multiprocessing.get_context("forkserver")
    started = context.Event()
    child = context.Process(target=hang, args=(started,), daemon=True)
    child.start()
    started.wait(LIMIT)
    child.kill()
    child.join(LIMIT)
    killed = child.exitcode == -signal.SIGKILL
    jobs = 5
    with ProcessPoolExecutor(1, context) as pool:
        futures = [pool.submit(crash)]
        try:
            futures += [pool.submit(int) for _ in range(jobs - 1)]
        except BrokenProcessPool:
            pass  # it has died already: the pool takes no more
        wait(futures, LIMIT)
        broken = [
            isinstance(one.exception(), BrokenProcessPool) for one in futures
        ]
    failed = sum(broken) + jobs - len(futures)
    claim(
        "M8",
        killed and broken[0],
        "a child that ignores SIGTERM was "
        f"{'killed' if killed else 'not killed'}; the parent outlived a worker "
        f"that crashed, but of its pool {failed} of {jobs} jobs failed",
    )


if __name__ == "__main__":
    main()
