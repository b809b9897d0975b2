"""The event loop sleeps until something happens: it does not measure progress.

    python3 docs/python/claims/event_loop.py

Claims: A6, A19
"""

import asyncio
import selectors
import time

from report import claim

WAIT = 0.2


class Counting(selectors.DefaultSelector):
    """Counts how often the loop asks the system."""

    asked = 0

    def select(self, timeout=None):
        Counting.asked += 1
        return super().select(timeout)


async def main() -> None:
    for _ in range(3):
        await asyncio.sleep(0)
    asked, cpu = Counting.asked, time.process_time()
    # A thousand tasks wait: a loop that looked at each would be busy.
    tasks = [asyncio.ensure_future(asyncio.sleep(10)) for _ in range(1_000)]
    await asyncio.sleep(0)
    cpu = time.process_time()
    await asyncio.sleep(WAIT)
    asked, cpu = Counting.asked - asked, time.process_time() - cpu
    for task in tasks:
        task.cancel()
    figure = f"while 1000 tasks waited {WAIT * 1e3:.0f} ms, the loop asked the "
    figure += f"system {asked} times, and used {cpu * 1e3:.1f} ms of CPU time"
    claim("A6", asked <= 6 and cpu < WAIT / 4, figure)
    claim("A19", asked <= 6 and cpu < WAIT / 4, figure)


loop = asyncio.SelectorEventLoop(Counting())
loop.run_until_complete(main())
loop.close()
