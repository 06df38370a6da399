"""Web processes on cores of their own."""

import os
import subprocess
import sys

SIBLINGS = """
import os, subprocess, sys
from portal import processors
children = []
for _ in range(len(os.sched_getaffinity(0)) + 1):
    reading, writing = os.pipe()
    ready, go = os.pipe()
    if os.fork() == 0:
        processors.pin()
        os.write(writing, str(sorted(os.sched_getaffinity(0))).encode())
        os.read(ready, 1)
        os._exit(0)
    children.append((os.read(reading, 100).decode(), go))
print([text for text, _ in children])
for _, go in children:
    os.write(go, b"x")
"""


def test_each_process_gets_a_core_and_those_left_over_stay_free() -> None:
    cores = sorted(os.sched_getaffinity(0))
    done = subprocess.run([sys.executable, "-c", SIBLINGS], capture_output=True, text=True, check=True)
    expected = [str([core]) for core in cores] + [str(cores)]
    assert done.stdout.strip() == str(expected)
