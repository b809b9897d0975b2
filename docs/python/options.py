"""The few options that all Python programs have."""

import argparse
import sys
from pathlib import Path
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Wrong usage is one line, and status 2."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message} (--help lists them)", file=sys.stderr)
        sys.exit(2)


def read() -> argparse.Namespace:
    """Reads the command line."""
    main = sys.modules["__main__"]
    parser = Parser(
        Path(sys.argv[0]).name,
        description=main.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    menus = ["waiting", "chopping", "mixed"]
    add("--menu", choices=menus, default="waiting")
    add("--dishes", type=count, default=10, help="how many, 1 to 10000")
    add("--oven", type=address, help="use this oven, 127.0.0.1:PORT")
    add("--json", action="store_true", help="print one JSON object")
    add(
        "--strokes-divided-by",
        type=ratio,
        default=80.0,
        metavar="N",
        help="where Rust makes N strokes of the knife, make one (default 80)",
    )
    return parser.parse_args()


def count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError("a kitchen serves 1 to 10000 dishes")
    return int(text)


def address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)


def ratio(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return value
