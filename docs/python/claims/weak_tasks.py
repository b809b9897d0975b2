"""asyncio holds tasks weakly: one that nothing refers to may disappear.

    python3 docs/python/claims/weak_tasks.py

Claims: X1
"""

import asyncio
import gc
import threading

from report import LIMIT, claim


async def main() -> None:
    ended: list[str] = []

    async def wait(name: str) -> None:
        # Nothing but the task itself refers to what it waits for.
        waits_for = asyncio.get_running_loop().create_future()
        kept.append(waits_for) if name == "kept" else None
        try:
            await waits_for
        finally:
            ended.append(name)

    kept: list[asyncio.Future[None]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, what: None)
    for name in ("dropped", "kept"):
        asyncio.ensure_future(wait(name))  # the handle is dropped here
        await asyncio.sleep(0)
    gc.collect()
    gone = list(ended)

    go_on, done = threading.Event(), threading.Event()
    threading.Thread(target=lambda: go_on.wait(LIMIT) and done.set()).start()
    gc.collect()
    go_on.set()
    thread_went_on = done.wait(LIMIT)
    kept[0].set_result(None)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    claim(
        "X1",
        thread_went_on and gone == ["dropped"] and ended[-1] == "kept",
        "without its handle a thread went on, and so did a task that something "
        f"referred to; of 2 tasks the collector ended {len(gone)}, in the "
        "middle",
    )


asyncio.run(main())
