"""A clock of processor seconds for contests on a busy machine; Python reads this file first where it is on its path.

`time.monotonic` counts the processor seconds of all processes of a contest together, so that a budget of 60 s is what a
single free core does in 60 s, whatever else runs. Waiting takes no time, and both sides never compute at once on a
single core. `time.perf_counter` counts those of its own process. The processes are named in the file that
`PROCESSOR_CLOCK` names: a line with the process number and 0 at the start, one with its seconds at the end.
"""

import atexit
import contextlib
import os
import time

PATH = os.environ.get("PROCESSOR_CLOCK", "")
BEGIN = 100.0  # some readers take 0 for "never"


class ProcessorClock:
    """Processor seconds of the processes that a file names."""

    def __init__(self, path: str) -> None:
        self.path, self.read_bytes, self.latest = path, -1, 0.0
        self.seconds: dict[int, float] = {}
        self.note(0.0)
        atexit.register(lambda: self.note(time.process_time()))

    def note(self, seconds: float) -> None:
        """Write down what this process has used, for the others."""
        with open(self.path, "a") as file:
            file.write(f"{os.getpid()} {seconds}\n")

    def __call__(self) -> float:
        """Seconds so far; never fewer than before."""
        size = os.stat(self.path).st_size
        if size != self.read_bytes:
            with open(self.path) as file:
                for line in file:
                    process, _, seconds = line.partition(" ")
                    self.seconds[int(process)] = max(self.seconds.get(int(process), 0.0), float(seconds))
            self.read_bytes = size
        for process in self.seconds:
            with contextlib.suppress(OSError):  # it has ended; what it had used stays
                self.seconds[process] = time.clock_gettime((~process << 3) | 2)  # the kernel's number of its clock
        self.latest = max(self.latest, sum(self.seconds.values()))
        return BEGIN + self.latest


if PATH:
    CLOCK = ProcessorClock(PATH)
    time.monotonic = CLOCK
    time.monotonic_ns = lambda: int(1e9 * CLOCK())
    time.perf_counter = time.process_time
