"""What a coroutine is: an object that does nothing until somebody awaits it.

    python3 docs/python/claims/coroutine.py

Claims: A7, A8, A15, A16
"""

import asyncio
import types

from report import claim

AWAITS = 1_000
began: list[str] = []


async def seven() -> int:
    began.append("seven")
    return 7


async def main() -> None:
    made = seven()
    claim(
        "A7",
        isinstance(made, types.CoroutineType) and not began,
        "calling an async function makes a coroutine object, and runs "
        f"{'nothing' if not began else 'something'} of it",
    )
    got = await made
    claim("A8", got == 7, f"await returns the result of a coroutine: {got}")

    alone = seven()
    await asyncio.sleep(0.01)
    still = len(began) == 1
    task = asyncio.ensure_future(alone)
    await asyncio.sleep(0.01)
    claim(
        "A15",
        still and task.done(),
        f"a coroutine {'did not run' if still else 'ran'} by itself, and as a "
        f"task it {'ran to its end' if task.done() else 'did not end'}",
    )

    other = asyncio.ensure_future(seven())
    for _ in range(AWAITS):
        await seven()
    waits = not other.done()
    await asyncio.sleep(0)
    claim(
        "A16",
        waits and other.done(),
        f"{AWAITS} awaits of what is ready let "
        f"{'no other' if waits else 'another'} task run; one await of sleep(0) "
        f"{'did' if other.done() else 'did not'}",
    )


asyncio.run(main())
