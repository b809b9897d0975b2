"""Many connections on one thread: most of them are idle.

    python3 docs/python/claims/many_connections.py

Claims: A4, A27, A28
"""

import asyncio
import threading

from report import LIMIT, claim

CLIENTS = 300
threads: set[int] = set()
open_now = most = 0


class Echo(asyncio.Protocol):
    """The bytes are copied in the loop's thread, and by nobody else."""

    def connection_made(self, transport) -> None:
        global open_now, most
        self.transport = transport
        open_now += 1
        most = max(most, open_now)

    def data_received(self, data: bytes) -> None:
        threads.add(threading.get_native_id())
        self.transport.write(data)

    def connection_lost(self, why) -> None:
        global open_now
        open_now -= 1


async def client(port: int, all_there: asyncio.Event) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await all_there.wait()
    writer.write(b"hello")
    said = await reader.readexactly(5)
    writer.close()
    return said


async def main() -> None:
    loop, all_there = asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=CLIENTS)
    port = server.sockets[0].getsockname()[1]
    clients = [client(port, all_there) for _ in range(CLIENTS)]
    clients = asyncio.gather(*clients)
    while open_now < CLIENTS:
        await asyncio.sleep(0.001)
    all_there.set()
    answers = (await clients).count(b"hello")
    right = answers == most == CLIENTS
    figure = f"one thread served {most} connections that were open at once"
    alone = threads == {threading.get_native_id()}
    claim("A4", right and alone, figure)
    claim("A28", right, figure)
    claim(
        "A27",
        right and alone,
        f"{most} connections waited at once, and "
        f"{len(threads)} thread copied what came",
    )
    server.close()


asyncio.run(asyncio.wait_for(main(), 5 * LIMIT))
