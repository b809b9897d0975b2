"""Four cooks, ten dishes: a `ThreadPoolExecutor` of `concurrent.futures`.

    python3 docs/python/brigade.py

Four threads take ten dishes, one at a time: a thread that is free takes the
next one.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from kitchen import Kitchen, cook

CREW = 4

A = TypeVar("A")
T = TypeVar("T")


def main() -> None:
    with Kitchen() as kitchen:
        cook_order = partial(cook, oven=kitchen.oven)
        plates = run_on_pool(CREW, cook_order, kitchen.dishes)
        kitchen.serve(plates)


def run_on_pool(
    workers: int, work: Callable[[A], T], inputs: list[A]
) -> list[T]:
    """Runs `work` on each input, on this number of workers, and returns the
    results in the order of the inputs, or raises the first exception in this
    order: jobs that have not begun by then are cancelled."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, inputs))


if __name__ == "__main__":
    main()
