"""Ten child programs of `subprocess.Popen`: each is ordered one dish.

    python3 docs/python/takeout.py

Each child reads its order from standard input, and writes the plate to
standard output.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic

from kitchen import PATIENCE, Dish, Failure, Kitchen, Plate, Usage

AT_ONCE = 10


def main() -> None:
    caterer = [sys.executable, str(Path(__file__).with_name("caterer.py"))]
    with Kitchen() as kitchen:
        plates: list[Plate] = []
        for start in range(0, len(kitchen.dishes), AT_ONCE):
            dishes = kitchen.dishes[start : start + AT_ONCE]
            orders = [json.dumps([dish, kitchen.oven]) for dish in dishes]
            parcels = run_each(caterer, orders, 3 * PATIENCE)
            plates += map(unpack, dishes, parcels)
        kitchen.serve(plates)


def unpack(dish: Dish, parcel: subprocess.CompletedProcess[str]) -> Plate:
    """The plate comes out by standard output, complaints by standard error."""
    if parcel.returncode == 0:
        plate = json.loads(parcel.stdout)
        usage = Usage(*plate.pop("usage"))
        return Plate(**plate | {"dish": dish, "usage": usage})
    status = f"{dish}: exit status {parcel.returncode}"
    raise Failure(parcel.stderr.strip() or status)


def run_each(
    program: list[str], inputs: list[str], limit: float
) -> list[subprocess.CompletedProcess[str]]:
    """Starts `program` once for each input, all at the same time, and returns
    how each of them ended and what it wrote. `subprocess.TimeoutExpired`: one
    is not done within the limit. No child outlives this."""
    deadline = monotonic() + limit
    children: list[subprocess.Popen[str]] = []
    ended = []
    try:
        for text in inputs:
            children.append(start(program, text))
        for child in children:
            said, why = child.communicate(timeout=deadline - monotonic())
            status = child.returncode
            ended.append(subprocess.CompletedProcess(program, status, said, why))
        return ended
    finally:
        for child in children:
            child.kill()  # no error if it has ended
            child.wait()  # so that none stays as a zombie


def start(program: list[str], text: str) -> subprocess.Popen[str]:
    """The input is a file: a pipe would be full at 64 KiB, and we would wait."""
    pipe = subprocess.PIPE
    with tempfile.TemporaryFile("w+") as order:
        order.write(text)
        order.seek(0)
        streams = {"stdin": order, "stdout": pipe, "stderr": pipe}
        return subprocess.Popen(program, text=True, **streams)


if __name__ == "__main__":
    main()
