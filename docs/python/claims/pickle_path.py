"""Who encodes and decodes what a process pool sends: by the ids of processes.

    python3 docs/python/claims/pickle_path.py

Claims: F16, F17, F18, F19, F20, F21
"""

import multiprocessing
import os
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from report import claim


class Parcel:
    """Notes in which process it was encoded and decoded."""

    def __init__(self) -> None:
        self.encoded_by = self.decoded_by = 0

    def __getstate__(self) -> int:
        return os.getpid()

    def __setstate__(self, encoder: int) -> None:
        self.encoded_by, self.decoded_by = encoder, os.getpid()


def job(parcel: Parcel) -> tuple[list[int], int, Parcel]:
    return [parcel.encoded_by, parcel.decoded_by], os.getpid(), Parcel()


def open_files() -> dict[str, str]:
    """Pipes and sockets that this process has open."""
    kinds = {}
    for file in Path("/proc/self/fd").iterdir():
        try:
            mode = file.stat().st_mode
            name = os.readlink(file)
        except OSError:
            continue  # the one that lists them
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            kinds[name] = "pipe" if stat.S_ISFIFO(mode) else "socket"
    return kinds


def main() -> None:
    before = open_files()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        there, child, back = pool.submit(job, Parcel()).result()
        opened = [
            kind for name, kind in open_files().items() if name not in before
        ]
    parent = os.getpid()
    pipes, sockets = opened.count("pipe"), opened.count("socket")

    def who(pid: int) -> str:
        return "the parent" if pid == parent else "the child"

    claim(
        "F16",
        there[0] == parent,
        f"{who(there[0])} encoded the argument, by pickle",
    )
    claim("F18", there[1] == child, f"{who(there[1])} decoded the argument")
    claim(
        "F19",
        back.encoded_by == child,
        f"{who(back.encoded_by)} encoded the result",
    )
    claim(
        "F21",
        back.decoded_by == parent,
        f"{who(back.decoded_by)} decoded the result",
    )
    figure = f"for a pool of processes the parent has opened {pipes} pipes and "
    figure += f"{sockets} sockets"
    claim("F17", pipes >= 2 and sockets == 0, figure)
    claim("F20", pipes >= 2 and sockets == 0, figure)


if __name__ == "__main__":
    main()
