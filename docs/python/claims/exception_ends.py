"""An exception ends its thread or its task, and nothing else.

    python3 docs/python/claims/exception_ends.py

Claims: X3
"""

import asyncio
import threading

from report import LIMIT, claim


def fail() -> None:
    raise ValueError("the job has failed")


async def fail_soon() -> None:
    fail()


async def main() -> bool:
    """Whether the loop goes on after an exception in a task."""
    task = asyncio.ensure_future(fail_soon())
    await asyncio.wait([task])
    return isinstance(task.exception(), ValueError)


told: list[threading.ExceptHookArgs] = []
threading.excepthook = told.append
thread = threading.Thread(target=fail)
thread.start()
thread.join(LIMIT)
ended = not thread.is_alive() and len(told) == 1
loop_goes_on = asyncio.run(main())
claim(
    "X3",
    ended and loop_goes_on,
    f"an exception {'ended its thread' if ended else 'was not told'}, and one "
    f"in a task ended that; process and event loop "
    f"{'went on' if loop_goes_on else 'did not go on'}",
)
