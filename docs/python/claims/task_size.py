"""Memory of a coroutine and of a task that wait, and of a thread.

    python3 docs/python/claims/task_size.py

Claims: A12, A30
"""

import asyncio
import tracemalloc

from report import claim

COUNT = 1_000


async def wait(opened: asyncio.Event) -> None:
    await opened.wait()


async def main() -> None:
    opened = asyncio.Event()
    tracemalloc.start()

    def traced() -> int:
        return tracemalloc.get_traced_memory()[0]

    start = traced()
    coroutines = [wait(opened) for _ in range(COUNT)]
    bare = (traced() - start) / COUNT
    tasks = [asyncio.ensure_future(one) for one in coroutines]
    for _ in range(2):
        await asyncio.sleep(0)
    scheduled = (traced() - start) / COUNT
    tracemalloc.stop()
    opened.set()
    await asyncio.gather(*tasks)
    figure = f"a coroutine takes {bare:.0f} bytes, and a task that waits "
    figure += f"{scheduled:.0f}"
    claim("A12", bare < 1024 < scheduled, figure)
    # What a thread uses at least: a page of its stack, and one of the kernel's.
    claim("A30", 0 < scheduled < 8192, figure)


asyncio.run(main())
