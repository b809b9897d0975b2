"""Ten kitchens, ten cooks: worker processes of `multiprocessing.Pool`.

    python3 docs/python/kitchens.py --menu chopping

Each process has an interpreter, and so a lock, of its own: work is parallel.
"""

import multiprocessing
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from kitchen import Kitchen, cook, interrupts_for_parent_alone

KITCHENS = 10

T = TypeVar("T")
R = TypeVar("R")


def main() -> None:
    with Kitchen() as kitchen:
        job = partial(cook, oven=kitchen.oven)
        plates = map_all(KITCHENS, kitchen.dishes, job)
        kitchen.serve(plates)


def map_all(workers: int, items: list[T], job: Callable[[T], R]) -> list[R]:
    """Has `items` done by worker processes, and returns the results in the
    order of the items. Items, `job` and results travel as bytes (pickle)."""
    # Each worker is forked from a server process that has no threads. This is
    # the default from Python 3.14 on; it was a fork of this very process.
    context = multiprocessing.get_context("forkserver")
    workers = min(workers, len(items))
    # Ctrl+C is for the parent alone: leaving `with pool` ends the workers.
    with interrupts_for_parent_alone():
        pool = context.Pool(workers)
    with pool:
        return pool.map(job, items, chunksize=1)


if __name__ == "__main__":
    main()
