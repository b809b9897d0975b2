"""Lost update: `x += 1` is several steps, and another thread may come between.

    python3 docs/python/claims/lost_update.py

Claims: T5
"""

import dis
import sys
import threading

from report import LIMIT, claim, has_gil, on_threads

ROUNDS = 50_000


class Forced:
    """`x` is read by both threads before one of them writes: no luck."""

    def __init__(self) -> None:
        self.value = 0
        self.both_have_read = threading.Barrier(2)

    @property
    def x(self) -> int:
        value = self.value
        self.both_have_read.wait(LIMIT)
        return value

    @x.setter
    def x(self, value: int) -> None:
        self.value = value


class Counter:
    x = 0


def add(counter) -> None:
    counter.x += 1


def add_many() -> None:
    for _ in range(ROUNDS):
        counter.x += 1


forced, counter = Forced(), Counter()
on_threads(lambda: add(forced), 2)
on_threads(add_many, 4)
lost = 4 * ROUNDS - counter.x
names = [step.opname for step in dis.get_instructions(add)]
steps = names.index("STORE_ATTR") - names.index("LOAD_ATTR")
by_chance = (
    lost == 0
    if has_gil and (3, 10) <= sys.version_info[:2] <= (3, 13)
    else True
)
if not has_gil:
    by_chance = lost > 0
claim(
    "T5",
    steps > 1 and forced.value == 1 and by_chance,
    f"x += 1 is {steps + 1} instructions; forced, 1 of 2 updates is lost; by "
    "chance, "
    f"{lost} of {4 * ROUNDS} on 4 threads",
)
