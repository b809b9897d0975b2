"""Cancellation: all tasks at once, at their next await; a thread never.

    python3 docs/python/claims/cancel.py

Claims: A25, X5
"""

import asyncio
import sys
import threading
import time

from report import claim

TASKS = 1_000
WORK = 0.1


async def wait(ended: list[str]) -> None:
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        ended.append("cancelled")
        raise


async def cancel_all(ended: list[str]) -> None:
    """An exception in a group cancels its tasks, and it waits for all."""
    if sys.version_info < (3, 11):  # without a group: by hand
        tasks = [asyncio.ensure_future(wait(ended)) for _ in range(TASKS)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        return
    async with asyncio.TaskGroup() as group:
        for _ in range(TASKS):
            group.create_task(wait(ended))
        await asyncio.sleep(0)
        raise ValueError


async def work_then_wait() -> None:
    time.sleep(WORK)
    await asyncio.sleep(10)


async def main() -> None:
    ended: list[str] = []
    await asyncio.gather(cancel_all(ended), return_exceptions=True)
    claim(
        "A25",
        len(ended) == TASKS,
        f"{len(ended)} of {TASKS} tasks were cancelled and awaited at once",
    )
    task = asyncio.ensure_future(work_then_wait())
    start = time.monotonic()
    asyncio.get_running_loop().call_soon(task.cancel)
    await asyncio.sleep(0)  # the task works first, then it is cancelled
    await asyncio.wait([task])
    took = time.monotonic() - start
    ways = [
        name
        for name in dir(threading.Thread)
        if name in ("cancel", "kill", "stop", "terminate")
    ]
    claim(
        "X5",
        took >= WORK and task.cancelled() and not ways,
        f"a task that worked {WORK * 1e3:.0f} ms was cancelled after "
        f"{took * 1e3:.0f} ms, at its await; a Thread has {len(ways)} methods "
        "to end it",
    )


asyncio.run(main())
