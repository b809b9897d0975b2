"""A coroutine runs on the machinery of generators: somebody drives it.

    python3 docs/python/claims/generator.py

Claims: A13, A14, A17
"""

import types

from report import claim


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


methods = ["send", "throw", "close"]
both = (types.GeneratorType, types.CoroutineType)
shared = [name for name in methods if all(hasattr(one, name) for one in both)]
said = drive(talk(), {"name?": "Kim", "age?": "30"})
again = drive(talk(), {"name?": "Lee", "age?": "40"})
claim(
    "A13",
    shared == methods and said == "Kim30",
    f"a coroutine has {', '.join(shared)} as a generator has, and awaits one",
)
listed = list(count())
claim(
    "A14",
    isinstance(count(), types.GeneratorType) and listed == [1, 2, 3],
    f"a function with yield makes an iterator: {listed}",
)
claim(
    "A17",
    said == "Kim30" and again == "Lee40",
    "two drivers answered what one coroutine asked for, each in its own way: "
    f"{said}, {again}",
)
