"""Shared memory: a child writes, the parent reads; updates can get lost.

    python3 docs/python/claims/shared_memory.py

Claims: M4, M5
"""

import multiprocessing
from multiprocessing.shared_memory import SharedMemory

from report import LIMIT, claim, on_threads

CHILDREN = 2


def write(name: str) -> None:
    memory = SharedMemory(name)
    memory.buf[0] = 42
    memory.close()


def add(counter, barrier) -> None:
    """All read before one of them writes: forced, no luck."""
    seen = counter.value
    barrier.wait(LIMIT)
    counter.value = seen + 1


def add_under_lock(counter, barrier) -> None:
    barrier.wait(LIMIT)
    with counter.get_lock():
        counter.value += 1


def in_children(context, job, *arguments) -> None:
    children = [
        context.Process(target=job, args=arguments) for _ in range(CHILDREN)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(LIMIT)


def main() -> None:
    context = multiprocessing.get_context("forkserver")
    memory = SharedMemory(create=True, size=64)
    in_children(context, write, memory.name)
    claim(
        "M4",
        memory.buf[0] == 42,
        f"a child wrote {memory.buf[0]} to memory that its parent reads",
    )
    memory.close()
    memory.unlink()
    counts = []
    for job in (add, add_under_lock):
        counter = context.Value("i", 0)
        in_children(context, job, counter, context.Barrier(CHILDREN))
        counts.append(counter.value)
    counter = context.Value("i", 0)
    barrier = context.Barrier(CHILDREN)
    on_threads(lambda: add(counter, barrier), CHILDREN)
    claim(
        "M5",
        counts == [1, 2] and counter.value == 1,
        f"2 processes count to "
        f"{counts[0]} without a lock, and to {counts[1]} with one; 2 threads "
        f"to {counter.value} without",
    )


if __name__ == "__main__":
    main()
