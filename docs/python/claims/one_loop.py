"""One thread, one event loop: many tasks wait at the same time.

    python3 docs/python/claims/one_loop.py

Claims: A1, A2, A5, A9, A10, A11, A24
"""

import asyncio
import os
import threading
import time

from report import claim

waiting = most = 0
seen: set[tuple[int, int]] = set()


async def dish(opened: asyncio.Event) -> None:
    """Waits until all others wait, too."""
    global waiting, most
    seen.add((os.getpid(), threading.get_native_id()))
    waiting += 1
    most = max(most, waiting)
    await opened.wait()
    waiting -= 1


async def wait_together(tasks: int) -> int:
    global most
    most = 0
    opened = asyncio.Event()
    all_of_them = [asyncio.ensure_future(dish(opened)) for _ in range(tasks)]
    while waiting < tasks:
        await asyncio.sleep(0)
    opened.set()
    await asyncio.gather(*all_of_them)
    return most


async def work(spans: list[tuple[int, int]]) -> None:
    await asyncio.sleep(0)
    start = time.monotonic_ns()
    sum(range(20_000))
    spans.append((start, time.monotonic_ns()))


async def main() -> None:
    ten, threads = await wait_together(10), threading.active_count()
    who = f"{len(seen)} thread of one process"
    one = len(seen) == 1
    claim("A1", ten == 10 and one, f"{ten} tasks waited at once on {who}")
    claim("A2", ten == 10, f"{ten} of 10 tasks waited at the same time")
    claim(
        "A11",
        ten == 10 and one,
        f"while a task was suspended, its thread went on with {ten - 1} others",
    )
    many = await wait_together(10_000)
    claim("A24", many == 10_000, f"{many} tasks waited at the same time")
    spans: list[tuple[int, int]] = []
    await asyncio.gather(*(work(spans) for _ in range(10)))
    spans.sort()
    apart = all(a[1] <= b[0] for a, b in zip(spans, spans[1:]))
    figure = f"{ten} waits overlapped, and of 10 pieces of work "
    figure += "none did" if apart else "some did"
    claim("A5", ten == 10 and apart, figure)
    claim("A10", ten == 10 and apart and one, figure)
    await asyncio.to_thread(time.sleep, 0)
    more = threading.active_count()
    claim(
        "A9",
        threads == 1 and one and more > 1,
        f"the loop runs on {threads} "
        f"thread; after a call of to_thread there are {more}",
    )


asyncio.run(main())
