"""A pipeline of two children, without a shell.

    python3 docs/python/claims/pipeline.py

Claims: S4
"""

import subprocess
import sys
from subprocess import PIPE

from report import LIMIT, claim

COUNT = "print(*range(1000), sep='\\n')"
PICK = "import sys; print(sum(line.endswith('0\\n') for line in sys.stdin))"

python = [sys.executable, "-S", "-c"]
first = subprocess.Popen([*python, COUNT], stdout=PIPE)
last = subprocess.Popen(
    [*python, PICK], stdin=first.stdout, stdout=PIPE, text=True
)
assert first.stdout
# Or the first one would not notice that the last one has ended.
first.stdout.close()
out, _ = last.communicate(timeout=LIMIT)
ends = [first.wait(LIMIT), last.returncode]
claim(
    "S4",
    out == "100\n" and ends == [0, 0],
    "of 1000 lines of one child another one, "
    f"joined by a pipe, counted {out.strip()} that end with 0",
)
