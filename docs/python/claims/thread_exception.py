"""An exception of a thread: `join` does not raise it, and a hook is told.

    python3 docs/python/claims/thread_exception.py

Claims: T6, T7, T8
"""

import asyncio
import io
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr

from report import claim


def fail() -> None:
    raise ValueError("the job has failed")


async def fail_soon() -> None:
    fail()


def raises(call) -> bool:
    try:
        call()
    except BaseException as error:  # a task group raises a group of them
        return any(
            isinstance(one, ValueError)
            for one in getattr(error, "exceptions", [error])
        )
    return False


def run_thread() -> None:
    thread = threading.Thread(target=fail, name="worker-7")
    thread.start()
    thread.join()


def run_pool() -> None:
    with ThreadPoolExecutor() as pool:
        pool.submit(fail).result()


async def run_tasks() -> None:
    if sys.version_info < (3, 11):
        await asyncio.gather(fail_soon())
        return
    async with asyncio.TaskGroup() as group:
        group.create_task(fail_soon())


memory = io.StringIO()
with redirect_stderr(memory):
    joined = raises(run_thread)
    print("another thread's line", file=sys.stderr)
caught = "the job has failed" in memory.getvalue()
all_of_it = "another thread's line" in memory.getvalue()

told: list[threading.ExceptHookArgs] = []
threading.excepthook = told.append
joined |= raises(run_thread)
named = told[0].thread.name == "worker-7" and told[0].exc_type is ValueError
pool, group = raises(run_pool), raises(lambda: asyncio.run(run_tasks()))


def word(yes: bool) -> str:
    return "raises" if yes else "does not raise"


ways = f"Thread.join {word(joined)} what the job raised, Future.result "
ways += f"{word(pool)} it, a task group {word(group)} it"
claim("T6", not joined and pool and group, ways)
hook = f"threading.excepthook is told of {len(told)} exception"
claim("T7", named, hook + ", with the name of its thread")
claim(
    "T8",
    caught and all_of_it and named,
    "redirected standard error has "
    "the traceback of the thread, and every other line of the process; "
    + hook
    + " alone",
)
