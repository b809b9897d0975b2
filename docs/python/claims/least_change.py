"""Blocking calls in parallel with the least change, in three ways.

    python3 docs/python/claims/least_change.py

Claims: T4
"""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from report import LIMIT, claim

CALLS = 4


def parallel(way) -> bool:
    """Whether all calls wait at the same time: a barrier opens only then."""
    barrier = threading.Barrier(CALLS)
    came: list[int] = []
    way(lambda _: came.append(barrier.wait(LIMIT)))
    return len(came) == CALLS


def threads(call) -> None:
    all_of_them = [
        threading.Thread(target=call, args=(n,)) for n in range(CALLS)
    ]
    for thread in all_of_them:
        thread.start()
    for thread in all_of_them:
        thread.join()


def pool(call) -> None:
    with ThreadPoolExecutor(CALLS) as pool:
        list(pool.map(call, range(CALLS)))


def to_thread(call) -> None:
    async def main() -> None:
        calls = (asyncio.to_thread(call, n) for n in range(CALLS))
        await asyncio.gather(*calls)

    # Its own pool has a thread for each core, and at least five in all.
    asyncio.run(main())


ways = [threads, pool, to_thread]
good = sum(parallel(way) for way in ways)
claim(
    "T4",
    good == 3,
    f"{CALLS} blocking calls wait at the same time in {good} "
    "of 3 ways: Thread, ThreadPoolExecutor.map, asyncio.to_thread",
)
