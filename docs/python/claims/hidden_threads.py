"""Hidden threads: asyncio looks up names on threads, and files have no loop.

    python3 docs/python/claims/hidden_threads.py

Claims: A21, A22
"""

import asyncio
import threading

from report import claim


async def main() -> None:
    loop = asyncio.get_running_loop()
    before = threading.active_count()
    await loop.getaddrinfo("localhost", 80)
    added = threading.active_count() - before
    names = [thread.name for thread in threading.enumerate()]
    pool = [name for name in names if name.startswith("asyncio")]
    looked = f"looking up a name started {added} thread of a pool"
    claim("A21", added > 0 and len(pool) == added, looked)
    refused = False
    with open(__file__, "rb") as file:
        try:
            loop.add_reader(file, print)
            loop.remove_reader(file)
        except PermissionError:
            refused = True  # epoll takes no regular file
    files = "refuses" if refused else "takes"
    claim("A22", added > 0 and refused, f"{looked}; the loop {files} a file")


asyncio.run(main())
