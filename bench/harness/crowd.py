"""A swarm that is larger than one process's limit of descriptors: in parts, each a process of its own."""

import contextlib
import gc
import multiprocessing

from . import fronts, swarm


class Crowd:
    """`count` clients in `processes` parts, each client with an address of its own.

    The parts go on reading what comes in between what they are asked."""

    def __init__(self, processes, address, count, request):
        self.parts = []
        for index in range(processes):
            first = count * index // processes
            self.parts.append(Part(address, count * (index + 1) // processes - first, request, first))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for part in self.parts:
            part.terminate()
        for part in self.parts:
            part.join()

    def begin(self, work, *arguments):
        """Has each part call `work`, a function of a module, with its swarm; `results` waits for what that returns."""
        with parts_expected():
            for part in self.parts:
                part.pipe.send((work, arguments))

    def results(self):
        with parts_expected():
            return [part.pipe.recv() for part in self.parts]

    def all(self, work, *arguments):
        self.begin(work, *arguments)
        return self.results()


@contextlib.contextmanager
def parts_expected():
    """A part that has ended has said why, on standard error; without it there is no figure."""
    try:
        yield
    except (EOFError, OSError):
        raise SystemExit("a process of clients has failed") from None


class Part(multiprocessing.Process):
    def __init__(self, *swarm_arguments):
        super().__init__(daemon=True)
        self.swarm_arguments = swarm_arguments
        self.pipe, self.far_end = multiprocessing.Pipe()
        self.start()
        # So that the end of the process is the end of what is read from it.
        self.far_end.close()

    def run(self):
        # The harness ends it when it ends, also when that is killed.
        fronts.end_with_parent()
        # A collection in the middle of answers would count as the server's time; there are no cycles worth one.
        gc.disable()
        address, count, request, first_number = self.swarm_arguments
        clients = swarm.Swarm(address, count, request, first_number=first_number)
        while True:
            clients.run(self.far_end.poll, float("inf"))
            work, arguments = self.far_end.recv()
            self.far_end.send(work(clients, *arguments))
