"""What the standard library has: the five packages, and asyncio's functions.

    python3 docs/python/claims/asyncio_names.py

Claims: A20, X8
"""

import asyncio
import sys

from report import claim

WANTED = """run create_task gather wait wait_for as_completed sleep shield
to_thread run_coroutine_threadsafe Lock Event Condition Semaphore Queue
open_connection start_server create_subprocess_exec""".split()

PACKAGES = [
    "threading",
    "asyncio",
    "multiprocessing",
    "concurrent",
    "subprocess",
]

public = [name for name in asyncio.__all__ if callable(getattr(asyncio, name))]
there = [name for name in WANTED if name in public]
claim(
    "A20",
    there == WANTED,
    f"asyncio exports {len(public)} functions and classes, "
    f"{len(there)} of {len(WANTED)} that are asked for among them",
)
kept = [name for name in PACKAGES if name in sys.stdlib_module_names]
claim(
    "X8",
    kept == PACKAGES,
    f"{len(kept)} of 5 packages are in the standard library",
)
