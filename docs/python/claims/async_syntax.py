"""The asynchronous versions of for, with, generators, comprehensions, next.

    python3 docs/python/claims/async_syntax.py

Claims: A34, A35, A36
"""

import asyncio
import builtins
import sys
from contextlib import asynccontextmanager

from report import claim

FROM = """
async def all_of(numbers):
    yield from numbers
"""


async def numbers():
    for number in range(3):
        await asyncio.sleep(0)
        yield number


@asynccontextmanager
async def opened():
    yield "open"


async def main() -> None:
    with_for = []
    async for number in numbers():
        with_for.append(number)
    comprehension = [number async for number in numbers()]
    async with opened() as door:
        pass
    right = with_for == comprehension == [0, 1, 2] and door == "open"
    claim(
        "A34",
        right,
        "async for, async with, an async generator and an async "
        f"comprehension ran: {comprehension}",
    )
    there = [name for name in ("aiter", "anext") if hasattr(builtins, name)]
    first = await anext(aiter(numbers())) if len(there) == 2 else None
    claim(
        "A35",
        first == 0,
        f"{len(there)} of 2 are built in, aiter and anext; the "
        f"first item is {first}",
    )


asyncio.run(main())
version = "{}.{}".format(*sys.version_info)
try:
    compile(FROM, "test", "exec")
    is_there = True
except SyntaxError:
    is_there = False
what = "is there" if is_there else "is a syntax error"
claim(
    "A36",
    is_there == (sys.version_info >= (3, 16)),
    f"yield from in an async function {what} in Python {version}",
)
