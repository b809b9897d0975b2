"""Ten child programs of `subprocess.Popen`: each is ordered one dish.

    python3 docs/python/takeout.py

Each child reads its order from standard input, and writes the plate to
standard output.
"""

import json
import sys
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen
from time import monotonic

from kitchen import PATIENCE, Dish, Failure, Kitchen, Plate, as_file

AT_ONCE = 10

Output = CompletedProcess[str]


def main() -> None:
    caterer = [sys.executable, str(Path(__file__).with_name("caterer.py"))]
    with Kitchen() as kitchen:
        plates: list[Plate] = []
        for dishes in kitchen.batches(AT_ONCE):
            orders = [json.dumps([dish, kitchen.oven]) for dish in dishes]
            parcels = run_each(caterer, orders, 3 * PATIENCE)
            plates += map(unpack, dishes, parcels)
        kitchen.serve(plates)


def unpack(dish: Dish, parcel: Output) -> Plate:
    """The plate comes out by standard output, complaints by standard error."""
    if parcel.returncode == 0:
        return Plate.from_json(parcel.stdout)
    status = f"{dish}: exit status {parcel.returncode}"
    raise Failure(parcel.stderr.strip() or status)


def run_each(argv: list[str], inputs: list[str], limit: float) -> list[Output]:
    """Starts a program once for each input, all at the same time, and returns
    how each of them ended and what it wrote. No child outlives this, also
    after an exception: `TimeoutExpired` if one is not done within `limit`."""
    deadline, children, ended = monotonic() + limit, [], []
    try:
        for text in inputs:
            # No pipe: it would be full at 64 KiB, and we would wait.
            with as_file(text) as file:
                child = Popen(argv, stdin=file, stdout=PIPE, stderr=PIPE)
                children.append(child)
        for child in children:
            said = child.communicate(timeout=deadline - monotonic())
            out, err = (stream.decode() for stream in said)
            ended.append(Output(argv, child.returncode, out, err))
        return ended
    finally:
        for child in children:
            child.kill()  # no error if it has ended
            child.wait()  # so that none stays as a zombie


if __name__ == "__main__":
    main()
