"""One kitchen, ten cooks: a `threading.Thread` for every dish.

    python3 docs/python/cooks.py --menu chopping

With the global lock (GIL) they overlap their waiting, but not their work.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from kitchen import Kitchen, cook

T = TypeVar("T")
R = TypeVar("R")


def main() -> None:
    with Kitchen() as kitchen:
        job = partial(cook, oven=kitchen.oven)
        plates = map_all(kitchen.dishes, job)
        kitchen.serve(plates)


def map_all(items: list[T], job: Callable[[T], R]) -> list[R]:
    """Runs `job` on each item, each on a thread of its own. Returns the results
    in the order of the items, or raises the first exception in this order."""
    results: dict[int, R] = {}
    errors: dict[int, Exception] = {}

    def work(number: int, item: T) -> None:
        try:
            results[number] = job(item)
        except Exception as error:  # `join` would not return it
            errors[number] = error

    # All threads start (daemons: Ctrl+C does not wait for them) ...
    threads = [
        threading.Thread(target=work, args=pair, daemon=True)
        for pair in enumerate(items)
    ]
    for thread in threads:
        thread.start()
    # ... before the first one is waited for.
    for thread in threads:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [results[number] for number in range(len(items))]


if __name__ == "__main__":
    main()
