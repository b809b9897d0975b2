"""Lost update on one thread: another task runs at an await in between.

    python3 docs/python/claims/await_race.py

Claims: A26, A33
"""

import asyncio
from contextlib import nullcontext

from report import claim

TASKS = 10


async def add_together(lock, pause: bool) -> int:
    """What ten tasks count that add one each."""
    count = 0

    async def add() -> None:
        nonlocal count
        async with lock:
            seen = count
            if pause:
                await asyncio.sleep(0)  # all others read the same value here
            count = seen + 1

    await asyncio.gather(*(add() for _ in range(TASKS)))
    return count


async def main() -> None:
    between = await add_together(nullcontext(), pause=False)
    across = await add_together(nullcontext(), pause=True)
    locked = await add_together(asyncio.Lock(), pause=True)
    figure = (
        f"without a lock {TASKS} tasks count to {between} between two awaits, "
    )
    figure += f"and to {across} across one"
    claim("A26", between == TASKS and across < TASKS, figure)
    claim(
        "A33",
        across < TASKS and locked == TASKS,
        f"{figure}; with asyncio.Lock they count to {locked}",
    )


asyncio.run(main())
