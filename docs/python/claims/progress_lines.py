"""The output of a child, line by line, while it runs.

    python3 docs/python/claims/progress_lines.py

Claims: S13
"""

import subprocess
import sys
from subprocess import PIPE

from report import claim

# After each line it waits for an answer: nobody reads ahead.
CHILD = """
for number in range(3):
    print("line", number, flush=True)
    input()
"""

child = subprocess.Popen(
    [sys.executable, "-S", "-c", CHILD],
    stdin=PIPE,
    stdout=PIPE,
    text=True,
    bufsize=1,
)
assert child.stdin and child.stdout
lines, running = [], []
for line in child.stdout:
    lines.append(line.strip())
    running.append(child.poll() is None)
    child.stdin.write("go on\n")
    child.stdin.flush()
child.stdin.close()
child.wait()
wanted = [f"line {number}" for number in range(3)]
claim(
    "S13",
    lines == wanted and all(running),
    f"{len(lines)} lines were read one by one, "
    f"{sum(running)} of them while the child ran",
)
