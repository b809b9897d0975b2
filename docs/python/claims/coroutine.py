"""What a coroutine is: an object that somebody else drives, as a generator.

    python3 docs/python/claims/coroutine.py

Claims: A7, A8, A13, A14, A15, A16, A17
"""

import asyncio
import types

from report import claim

began: list[str] = []


async def seven() -> int:
    began.append("seven")
    return 7


def count():
    yield from (1, 2, 3)


@types.coroutine
def ask(question: str):
    """A generator that can be awaited: what it yields goes to the driver."""
    return (yield question)


async def talk() -> str:
    return await ask("name?") + await ask("age?")


def drive(coroutine, environment: dict[str, str]) -> str:
    """The smallest event loop: it carries out what the coroutine asks for."""
    answer = None
    while True:
        try:
            answer = environment[coroutine.send(answer)]
        except StopIteration as end:
            return end.value


async def main() -> None:
    made = seven()
    is_object = isinstance(made, types.CoroutineType) and not began
    claim(
        "A7",
        is_object,
        "calling an async function makes a coroutine object, "
        "and runs nothing of it",
    )
    got = await made
    claim("A8", got == 7, f"await returns the result of a coroutine: {got}")
    waiting = seven()
    await asyncio.sleep(0.01)
    still = began.count("seven") == 1
    task = asyncio.ensure_future(waiting)
    await asyncio.sleep(0.01)
    claim(
        "A15",
        still and task.done(),
        "a coroutine did nothing by itself for "
        "10 ms, and as a task it ran to its end",
    )
    other = asyncio.ensure_future(seven())
    for _ in range(1_000):
        await seven()
    none = not other.done()
    await asyncio.sleep(0)
    claim(
        "A16",
        none and other.done(),
        "1000 awaits of what is ready let no "
        "other task run; one await of sleep(0) did",
    )


asyncio.run(main())
shared = [
    name
    for name in ("send", "throw", "close")
    if hasattr(count(), name) and hasattr(types.CoroutineType, name)
]
said = drive(talk(), {"name?": "Kim", "age?": "30"})
claim(
    "A13",
    len(shared) == 3 and said == "Kim30",
    "a coroutine has send, throw "
    "and close as a generator has, and can await one",
)
listed = list(count())
claim(
    "A14",
    isinstance(count(), types.GeneratorType) and listed == [1, 2, 3],
    f"a function with yield makes an iterator: {listed}",
)
again = drive(talk(), {"name?": "Lee", "age?": "40"})
claim(
    "A17",
    said == "Kim30" and again == "Lee40",
    "two drivers answered what one "
    f"coroutine asked for, each in its own way: {said}, {again}",
)
