"""What the Python programs share, and what is no lesson: the menu, the knife,
the oven's bytes, the check of every plate, and the report.

    python3 docs/python/kitchen.py

It prints which interpreter this is, and how long a stroke of its knife takes.
"""

import json
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import getpid
from pathlib import Path
from typing import IO, NamedTuple

import report

# Seconds that a cook waits for the oven before giving a dish up.
PATIENCE = 5.0

# Knuth's MMIX generator, as in the Rust programs: x -> A * x + C, modulo 2^64.
A = 6_364_136_223_846_793_005
C = 1_442_695_040_888_963_407
MASK = (1 << 64) - 1

NAMES = (
    "bibimbap bulgogi japchae galbi mandu pajeon kimbap tteok jjigae hotteok"
).split()
SIZES = [70, 60, 80, 50, 100, 90, 40, 75, 85, 65]

Address = tuple[str, int]


class Failure(Exception):
    """What went wrong, told in one line."""


class Usage(NamedTuple):
    """What a process has used since it was started."""

    cpu_ns: int
    switches: int
    rss_kib: int

    @classmethod
    def now(cls) -> "Usage":
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu_ns = int((used.ru_utime + used.ru_stime) * 1e9)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        rss_kib = pages * resource.getpagesize() // 1024
        return cls(cpu_ns, used.ru_nvcsw + used.ru_nivcsw, rss_kib)


class Dish(NamedTuple):
    """One order: what to prepare (work), and how long to bake it (waiting)."""

    number: int
    strokes: int
    bake_ms: int

    @property
    def name(self) -> str:
        return NAMES[(self.number - 1) % len(NAMES)]

    def __str__(self) -> str:
        return f"dish {self.number} ({self.name})"

    def prep(self) -> "Prepped":
        """Prepares the dish: work, on whichever thread calls."""
        start, cpu = time.monotonic_ns(), time.thread_time_ns()
        dough = chop(self.number, self.strokes)
        cpu = time.thread_time_ns() - cpu
        return Prepped(self, dough, start, time.monotonic_ns(), cpu)

    @contextmanager
    def named_in_errors(self) -> Iterator[None]:
        """An error on the way to the oven and back says of which dish."""
        try:
            yield
        except Exception as error:
            # Until Python 3.11 asyncio has a `TimeoutError` of its own.
            late = "Timeout" in type(error).__name__
            why = f"no answer from the oven in {PATIENCE:.0f} s"
            raise Failure(f"{self}: {why if late else error}") from error


class Prepped(NamedTuple):
    """A dish that is ready for the oven. The way there is the model's."""

    dish: Dish
    dough: int
    start: int
    end: int
    cpu: int

    def order(self) -> bytes:
        """The bytes to send to the oven: one HTTP request."""
        number, _, bake_ms = self.dish
        path = f"/bake/{bake_ms}?dish={number}&dough={self.dough:016x}"
        head = f"GET {path} HTTP/1.1\r\nHost: oven\r\nConnection: close\r\n\r\n"
        return head.encode()

    def plate(self, reply: bytes) -> "Plate":
        """Turns what came back from the oven into a plate."""
        with self.dish.named_in_errors():
            check = read_reply(reply)
        name = threading.current_thread().name.replace("MainThread", "main")
        prep, bake = (self.start, self.end), (self.end, time.monotonic_ns())
        now = Usage.now()
        return Plate(
            self.dish, check, prep, self.cpu, bake, getpid(), name, now
        )


class Plate(NamedTuple):
    """A dish that is done, and how it came to be; times in nanoseconds."""

    dish: Dish
    check: int
    prep: tuple[int, int]
    prep_cpu: int
    bake: tuple[int, int]
    pid: int
    thread: str
    usage: Usage

    @classmethod
    def from_json(cls, text: str) -> "Plate":
        """From another program; the other way is `json.dumps(plate)`."""
        plate = cls(*json.loads(text))
        dish, usage = Dish(*plate.dish), Usage(*plate.usage)
        return plate._replace(dish=dish, usage=usage)

    def is_right(self) -> bool:
        """Whether this is what preparing and baking the dish comes to."""
        dough = chopped(self.dish.number, self.dish.strokes)
        dough ^= self.dish.bake_ms
        return self.check == (dough << 32 | dough >> 32) & MASK


def cook(dish: Dish, oven: Address) -> Plate:
    """The plain recipe: threads, pools and processes run it unchanged."""
    prepped = dish.prep()
    with dish.named_in_errors():
        reply = bake(oven, prepped.order())
    return prepped.plate(reply)


def bake(oven: Address, order: bytes) -> bytes:
    """Sends an order to the oven and waits for its whole reply."""
    with socket.create_connection(oven, PATIENCE) as door:
        door.sendall(order)
        deadline, reply = time.monotonic() + PATIENCE, b""
        while part := door.recv(1024):
            reply += part
            # A socket has a timeout for each read, not for all of them.
            door.settimeout(max(deadline - time.monotonic(), 0.001))
        return reply


def read_reply(reply: bytes) -> int:
    head, end, body = reply.partition(b"\r\n\r\n")
    status, _, headers = head.decode("latin-1").partition("\r\n")
    length = headers.lower().partition("content-length:")[2].split("\r\n")[0]
    if not end or len(body) < int(length or 0):
        raise Failure("the oven hung up before the answer was complete")
    _, code, reason = status.split(" ", 2)
    if code != "200":
        raise Failure(f"the oven answered {code} {reason}")
    return int(body, 16)


def chop(seed: int, strokes: int) -> int:
    """The work: no stroke can start before the last one has ended."""
    dough = seed
    for _ in range(strokes):
        dough = (dough * A + C) & MASK
    return dough


def chopped(seed: int, strokes: int) -> int:
    """What `chop` must come to, without the work: by squaring."""
    scale, shift, a, c = 1, 0, A, C
    while strokes:
        if strokes % 2:
            scale, shift = scale * a & MASK, (shift * a + c) & MASK
        a, c, strokes = a * a & MASK, c * (a + 1) & MASK, strokes // 2
    return (seed * scale + shift) & MASK


class Kitchen:
    """The orders, an oven, and the account of what happens."""

    def __init__(self) -> None:
        import options  # not in every child process: it is slow to load

        sys.excepthook = tell_in_one_line
        self.options = options.read()
        lift_file_limit()
        self.lit: subprocess.Popen[bytes] | None = None
        self.oven = self.options.oven or self.light()
        size = {"waiting": (0, 1), "chopping": (1, 0), "mixed": (0.5, 0.5)}
        work, wait = size[self.options.menu]
        self.dishes = []
        for number in range(1, self.options.dishes + 1):
            ms = SIZES[(number - 1) % len(SIZES)]
            # A core of 2.8 GHz makes about 900 000 strokes in a millisecond,
            # in Rust: so few that a dish takes as long are made here.
            strokes = int(ms * work * 1_000_000) or 90_000
            strokes = max(1, round(strokes / self.options.strokes_divided_by))
            self.dishes.append(Dish(number, strokes, int(ms * wait) or 2))
        self.usage, self.opened = Usage.now(), time.monotonic_ns()

    def light(self) -> Address:
        """Lights the oven of a Rust kitchen: it goes out with its input."""
        cargo = "cargo run --quiet --package threading --bin one_cook".split()
        root, pipe = Path(__file__).parents[2], subprocess.PIPE
        try:
            cargo += ["--", "as-oven"]
            self.lit = subprocess.Popen(
                cargo, stdin=pipe, stdout=pipe, cwd=root
            )
            line = self.lit.stdout.readline() if self.lit.stdout else b""
            host, port = line.decode().strip().split(":")
            return host, int(port)
        except (OSError, ValueError) as error:
            raise Failure("no oven: give one by --oven") from error

    def __enter__(self) -> "Kitchen":
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, KeyboardInterrupt):
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough
        if self.lit:
            self.lit.kill()
            self.lit.communicate()

    def batches(self, size: int) -> list[list[Dish]]:
        """The orders, so many at a time."""
        starts = range(0, len(self.dishes), size)
        return [self.dishes[start : start + size] for start in starts]

    def serve(self, plates: list[Plate]) -> None:
        """Stops the clock, checks every plate, and reports."""
        wall, now = time.monotonic_ns() - self.opened, Usage.now()
        plates = sorted(plates, key=lambda plate: plate.dish.number)
        orders = [plate.dish for plate in plates]
        if orders != self.dishes:
            raise Failure("a dish is missing, doubled, or was never ordered")
        for plate in plates:
            if not plate.is_right():
                raise Failure(f"{plate.dish} is not what it should be")
        used = Usage(*(b - a for a, b in zip(self.usage, now)))
        told = report.meal(self.options, plates, self.opened, wall, used)
        report.say(json.dumps(told) if self.options.json else report.text(told))


@contextmanager
def as_file(text: str) -> Iterator[IO[str]]:
    """A file with this text, to be read from its start."""
    import tempfile  # not in every child process: it is slow to load

    with tempfile.TemporaryFile("w+") as file:
        file.write(text)
        file.seek(0)
        yield file


def tell_in_one_line(kind, error, trace) -> None:
    """What nobody catches: no traceback, unless it is a mistake of ours."""
    if isinstance(error, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
    elif isinstance(error, (Failure, OSError, subprocess.SubprocessError)):
        print(f"Error: {error}".replace("\n", " "), file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


@contextmanager
def interrupts_for_parent_alone() -> Iterator[None]:
    """Workers that are started meanwhile never hear Ctrl+C, and this process
    hears it when all are started."""
    from multiprocessing import forkserver

    # They inherit from their server that it is ignored.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    forkserver.ensure_running()
    signal.signal(signal.SIGINT, before)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def lift_file_limit() -> None:
    """The usual limit, 1 024 files, is too few for a thousand dishes."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def stroke_ns() -> float:
    """CPU time of a stroke of this knife, in nanoseconds: the best of nine."""

    def once(strokes: int = 20_000) -> float:
        start = time.thread_time_ns()
        chop(1, strokes)
        return (time.thread_time_ns() - start) / strokes

    return min(once() for _ in range(9))


if __name__ == "__main__":
    about = {"python": report.interpreter(), "executable": sys.executable}
    print(json.dumps({**about, "stroke_ns": stroke_ns()}))
