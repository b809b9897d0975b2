"""What starting and switching costs: a task, a thread, a process.

    python3 docs/python/claims/task_cost.py

Claims: A31, A32, X6, S12
"""

import asyncio
import subprocess
import sys
import threading
import time

from report import LIMIT, claim, unless_busy

COUNT = 1_000


def best(way, tries: int = 3) -> float:
    """Microseconds for one of `COUNT`."""
    times = []
    for _ in range(tries):
        start = time.perf_counter()
        way()
        times.append(time.perf_counter() - start)
    return min(times) / COUNT * 1e6


async def nothing() -> None:
    pass


async def start_tasks() -> None:
    for _ in range(COUNT):
        await asyncio.ensure_future(nothing())


async def switch_tasks() -> None:
    async def turn() -> None:
        for _ in range(COUNT // 2):
            await asyncio.sleep(0)

    await asyncio.gather(turn(), turn())


def start_threads() -> None:
    for _ in range(COUNT):
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()


def switch_threads() -> None:
    ping, pong = threading.Semaphore(0), threading.Semaphore(0)

    def answer() -> None:
        for _ in range(COUNT // 2):
            ping.acquire(timeout=LIMIT)
            pong.release()

    thread = threading.Thread(target=answer)
    thread.start()
    for _ in range(COUNT // 2):
        ping.release()
        pong.acquire(timeout=LIMIT)
    thread.join()


def run_process() -> None:
    subprocess.run([sys.executable, "-S", "-c", ""], check=True)


task, thread = best(lambda: asyncio.run(start_tasks())), best(start_threads, 2)
process = best(run_process) * COUNT
step, turn = best(lambda: asyncio.run(switch_tasks())), best(switch_threads, 2)
start = f"starting takes {task:.0f} us for a task, {thread:.0f} us for a thread"
switch = f"switching takes {step:.1f} us for tasks, {turn:.1f} us for threads"
claim("A31", unless_busy(0 < task < thread), start)
claim("A32", unless_busy(0 < step < turn), switch)
start += f", {process:.0f} us for a process"
claim("X6", unless_busy(task < thread < process), f"{start}; {switch}")
claim("S12", unless_busy(10 * thread < process), start)
