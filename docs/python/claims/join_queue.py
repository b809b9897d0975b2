"""Deadlock: who joins a child before reading its queue waits for ever.

    python3 docs/python/claims/join_queue.py

Claims: M6
"""

import multiprocessing

from report import LIMIT, claim


def send(queue, size: int) -> None:
    queue.put(b"x" * size)


def main() -> None:
    context = multiprocessing.get_context("forkserver")
    ended = []
    for size in (1_000, 1_000_000):
        queue = context.Queue()
        child = context.Process(target=send, args=(queue, size))
        child.start()
        # A pipe holds 64 KiB: a child with more to send cannot end.
        child.join(LIMIT / 4 if size > 65_536 else LIMIT)
        ended.append(child.exitcode == 0)
        got = len(queue.get(timeout=LIMIT))
        child.join(LIMIT)
        ended.append(child.exitcode == 0 and got == size)
    small, _, large, after = ended
    claim(
        "M6",
        small and not large and after,
        "a child with 1 kB in its queue "
        f"{'ends' if small else 'does not end'} before the parent reads, "
        "one with "
        f"1 MB {'ends' if large else 'does not'}, and then it "
        f"{'does' if after else 'does not'}",
    )


if __name__ == "__main__":
    main()
