"""One kitchen, one chef: ten tasks of `asyncio` on one thread.

    python3 docs/python/chef.py

At each `await` another task goes on. While the chef chops, all others wait.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from kitchen import PATIENCE, Address, Dish, Kitchen, Plate

T = TypeVar("T")
R = TypeVar("R")


def main() -> None:
    with Kitchen() as kitchen:
        job = partial(cook, oven=kitchen.oven)
        plates = asyncio.run(map_all(kitchen.dishes, job))
        kitchen.serve(plates)


async def cook(dish: Dish, oven: Address) -> Plate:
    """`prep` computes, `bake` waits for the oven, `plate` checks the reply."""
    prepped = dish.prep()
    with dish.named_in_errors():
        reply = await bake(oven, prepped.order())
    return prepped.plate(reply)


async def bake(oven: Address, order: bytes) -> bytes:
    """Two timeouts: one to connect, one to read the reply."""
    connect = asyncio.open_connection(*oven)
    reader, writer = await asyncio.wait_for(connect, PATIENCE)
    writer.write(order)
    try:
        return await asyncio.wait_for(reader.read(), PATIENCE)
    finally:
        writer.close()


async def map_all(items: list[T], job: Callable[[T], Awaitable[R]]) -> list[R]:
    """Runs `job` on each item, each as a task of its own. Returns the results
    in the order of the items. After an exception the others are cancelled."""
    # All tasks start ...
    tasks = [asyncio.ensure_future(job(item)) for item in items]
    # ... before the first one is waited for.
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    main()
