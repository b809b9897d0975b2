"""A blocking call in a task stops the event loop; on a thread it does not.

    python3 docs/python/claims/blocking.py

Claims: A3, A23, X7
"""

import asyncio
import threading
import time

from report import claim, unless_busy

CALL = 0.2


def blocking_call() -> int:
    time.sleep(CALL)
    return threading.get_native_id()


async def in_the_loop() -> int:
    return blocking_call()


async def on_a_thread() -> int:
    return await asyncio.to_thread(blocking_call)


async def longest_gap(way) -> tuple[float, int]:
    """How long a heartbeat of 10 ms stops, and which thread made the call."""
    task, gap, last = asyncio.ensure_future(way()), 0.0, time.monotonic()
    while not task.done():
        await asyncio.sleep(0.01)
        gap, last = max(gap, time.monotonic() - last), time.monotonic()
    return gap * 1e3, task.result()


async def main() -> None:
    blocked, own = await longest_gap(in_the_loop)
    moved, other = await longest_gap(on_a_thread)
    stops = f"a blocking call of {CALL * 1e3:.0f} ms in a coroutine stops the "
    stops += f"heartbeat for {blocked:.0f} ms"
    is_moved = own == threading.get_native_id() != other
    claim(
        "A3",
        is_moved and unless_busy(moved < blocked),
        f"{stops}; by to_thread another thread waits, and it stops for "
        f"{moved:.0f} ms",
    )
    claim("A23", blocked >= CALL * 1e3, stops)
    claim("X7", unless_busy(blocked < CALL * 1.5e3), stops)


asyncio.run(main())
