"""A child program: it reads one order from standard input, and cooks the dish.

    echo '[[1, 9, 50], ["127.0.0.1", 8080]]' | python3 docs/python/caterer.py

`takeout.py` starts ten of these.
"""

import json
import sys

from kitchen import Dish, Failure, cook


def main() -> None:
    dish, oven = json.load(sys.stdin)
    try:
        plate = cook(Dish(*dish), tuple(oven))
    except Failure as failure:
        sys.exit(str(failure))  # to standard error, and status 1
    print(json.dumps(plate))


if __name__ == "__main__":
    main()
