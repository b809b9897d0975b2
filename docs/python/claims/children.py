"""Child programs: their streams, in parallel, looked at, and told of an end.

    python3 docs/python/claims/children.py

Claims: S1, S2, S3, S5
"""

import subprocess
import sys
from subprocess import PIPE

from report import LIMIT, claim

# Reads all its input, and writes it to both outputs.
ECHO = "import sys; text = sys.stdin.read(); print(text.upper(), end='')"
ECHO += "; print(len(text), file=sys.stderr); sys.exit(3)"


def start() -> subprocess.Popen[str]:
    command = [sys.executable, "-S", "-c", ECHO]
    return subprocess.Popen(
        command, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True
    )


child = start()
out, err = child.communicate("bap", timeout=LIMIT)
told = [out, err.strip(), child.returncode]
claim(
    "S1",
    told == ["BAP", "3", 3],
    f"a child got its input, wrote {out} and "
    f"{err.strip()} to its two outputs, and ended with {child.returncode}",
)

# All of them have begun and none has ended: each waits for its input.
children = [start() for _ in range(5)]
alive = sum(child.poll() is None for child in children)
claim(
    "S2",
    alive == 5,
    f"{alive} of 5 children ran at the same time, beside their parent",
)
one = children[0]
assert one.stdin
before = one.poll()
one.stdin.write("bap")
one.stdin.flush()
try:
    one.wait(0.1)
    waited = False
except subprocess.TimeoutExpired:
    waited = True  # it has all the text, and not the end of it
one.stdin.close()
one.wait(LIMIT)
after = one.poll()
claim(
    "S3",
    before is None and after == 3,
    f"poll() returned {before} while the child "
    f"ran, and {after} when it had ended",
)
claim(
    "S5",
    waited and after == 3,
    "a child that reads its input "
    f"{'waited' if waited else 'did not wait'} until it was closed",
)
for child in children:
    child.kill()
    child.wait()
