"""Arguments, environment and folder of a child: no shell reads them.

    python3 docs/python/claims/child_args.py

Claims: S11
"""

import json
import os
import subprocess
import sys
import tempfile

from report import LIMIT, claim

TELL = "import json, os, sys; print(json.dumps([sys.argv[1:], os.getcwd(), "
TELL += "os.environ.get('DISH')]))"
ARGUMENTS = ["a b", "$HOME", "*", "; exit 7", "'", '"', "비빔밥", ""]

with tempfile.TemporaryDirectory() as folder:
    folder = os.path.realpath(folder)
    ran = subprocess.run(
        [sys.executable, "-S", "-c", TELL, *ARGUMENTS],
        cwd=folder,
        env={**os.environ, "DISH": "galbi; exit 7"},
        capture_output=True,
        timeout=LIMIT,
    )
    said = json.loads(ran.stdout)
    right = said == [ARGUMENTS, folder, "galbi; exit 7"]
same = sum(one == other for one, other in zip(said[0], ARGUMENTS))
by_shell = subprocess.run("exit 7", shell=True).returncode
claim(
    "S11",
    right and by_shell == 7,
    f"{same} of {len(ARGUMENTS)} arguments came as they "
    "were, with the environment and the folder; a shell reads them with "
    "shell=True only",
)
