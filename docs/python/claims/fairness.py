"""Cooperative scheduling: tasks take turns only if all of them await.

    python3 docs/python/claims/fairness.py

Claims: A29
"""

import asyncio
import time

from report import claim

TURNS = 1_000


async def cooperate(turns: list[int], number: int) -> None:
    for _ in range(TURNS):
        turns.append(number)
        await asyncio.sleep(0)


async def hog(turns: list[int]) -> None:
    for _ in range(TURNS):
        turns.append(0)


async def main() -> None:
    turns: list[int] = []
    start = time.perf_counter()
    await asyncio.gather(*(cooperate(turns, number) for number in range(4)))
    switch = (time.perf_counter() - start) / len(turns) * 1e6
    even = turns[:2_000].count(0) == 500
    turns.clear()
    await asyncio.gather(hog(turns), cooperate(turns, 1))
    first = turns.index(1)
    claim(
        "A29",
        even and first == TURNS,
        f"4 tasks took turns evenly, {switch:.1f} us "
        f"each; one that does not await took {first} turns in a row",
    )


asyncio.run(main())
