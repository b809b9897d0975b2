"""Processes at the same time, and that a new one is no copy of its parent.

    python3 docs/python/claims/new_kitchen.py

Claims: M1
"""

import multiprocessing

from report import LIMIT, claim

CHILDREN = 3
setting = "of the file"


def meet(barrier, seen) -> None:
    barrier.wait(LIMIT)  # opens when all of them are here at the same time
    seen.put(setting)


def settings(method: str) -> list[str]:
    """What the children see of a variable that the parent has changed."""
    context = multiprocessing.get_context(method)
    barrier, seen = context.Barrier(CHILDREN), context.SimpleQueue()
    children = [
        context.Process(target=meet, args=(barrier, seen))
        for _ in range(CHILDREN)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(2 * LIMIT)
    return [seen.get() for child in children if child.exitcode == 0]


def main() -> None:
    global setting
    setting = "changed"
    # The default from Python 3.14 on, and the one before it.
    new, old = settings("forkserver"), settings("fork")
    claim(
        "M1",
        new == ["of the file"] * CHILDREN and old == ["changed"] * CHILDREN,
        f"{len(new)} processes ran at the same time; {new.count('changed')} of "
        f"them saw what their parent had changed, and {old.count('changed')} "
        "of as many after a fork (the default here is "
        f"{multiprocessing.get_start_method()})",
    )


if __name__ == "__main__":
    main()
