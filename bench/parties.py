# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured against each other: a process each, that is asked for a figure again and again."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent

# glibc gives large blocks back to the system and faults them in again at each step unless it is told not to: PyTorch is a third faster this way.
ALLOCATOR = {'MALLOC_MMAP_MAX_': '0', 'MALLOC_TRIM_THRESHOLD_': '100000000000', 'MALLOC_TOP_PAD_': '67108864'}
DRIVER = ('VK_DRIVER_FILES', 'VK_ICD_FILENAMES')


class Failed(Exception):
    pass


def finish(process):
    """Waits for it; its largest resident size in bytes."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * 1024


def stop(process):
    # Not its kill(), which leaves nothing to wait for where it has ended.
    os.kill(process.pid, signal.SIGKILL)
    return finish(process)


class Fovea:
    """fovea-cli, started anew for each figure."""

    def __init__(self, program, system_driver=False):
        self.program = str(program)
        self.environment = {name: value for name, value in os.environ.items() if not (system_driver and name in DRIVER)}

    def start(self, *arguments, environment={}, errors=subprocess.DEVNULL):
        return subprocess.Popen([self.program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=errors, text=True,
                                env={**self.environment, **environment})

    def call(self, *arguments):
        """The object that --json prints, and the largest resident size of the process in bytes."""
        with tempfile.TemporaryFile('w+') as errors:
            process = self.start(*arguments, '--json', errors=errors)
            text = process.stdout.read()
            resident = finish(process)
            errors.seek(0)
            if process.returncode != 0:
                raise Failed(errors.read().strip().splitlines()[-1])
        return json.loads(text), resident

    def bench(self, what, model, imgsz, batch, seconds, *more):
        return self.call('bench', '--what', what, '--model', model, '--imgsz', imgsz, '--batch', batch, '--seconds', seconds, *more)

    def events(self, process, start):
        """Seconds since start, and the event, of each event of a training."""
        for line in process.stdout:
            yield time.perf_counter() - start, json.loads(line)


class Peer:
    """A script of this folder that prints a line of JSON for each line that it reads, in another Python."""

    def __init__(self, python, script, *arguments, tuned=True):
        self.process = subprocess.Popen([python, HERE / script, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env={**os.environ, 'OMP_NUM_THREADS': '2', **(ALLOCATOR if tuned else {})})
        # While it compiles or warms up nothing else may be measured.
        self.read()

    def ask(self, seconds):
        print(seconds, file=self.process.stdin, flush=True)
        return self.read()

    def read(self):
        line = self.process.stdout.readline()
        # What v7.0 prints while it starts is not for us.
        while line and not line.startswith('{'):
            line = self.process.stdout.readline()
        if not line:
            raise Failed('the peer ended: see above')
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
