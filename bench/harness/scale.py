"""Many connections: what they cost, and whether all are answered."""

import collections
import contextlib
import itertools
import json
import math
import multiprocessing
import signal
import statistics
import threading
import time

from . import cost, crowd, fronts, photos, swarm, tables

# A server's own descriptors, and its connections to S3 and SQS, beside its clients'.
OTHER_DESCRIPTORS = 600
# Away from the attackers' addresses.
HONEST_FIRST_NUMBER = 1 << 17
# Of a web process (DescriptorBudget.swift): so many are for calls of S3 and SQS and for clients that are refused; of the
# rest two thirds are for clients, and a third is for uploads on their way to S3.
WEB_OTHER_DESCRIPTORS = 1024 + 256
WEB_PROCESSES_MAX = 64
# Clients that the harness has beside the crowd.
SPARE_CLIENTS = 100
# Sweeps come once a second.
IDLE_REST_S = 5
# As clients come in life, so that those who rest already are not counted as those who come.
IDLE_CONNECTS_PER_S = 300
# All have come well before the first has been idle for too long (65 s).
IDLE_CONNECT_S_MAX = 45
IDLE_HEAD = b"GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n"
# The last clients come late on a machine that is busy; until then nobody is to get an answer, or to give up.
PENDING_SPARE_S = 10
PENDING_TIMEOUT_S = 300


def bounded(options, wanted):
    """As many connections as the machine lets one process have."""
    return min(wanted, options.descriptors - OTHER_DESCRIPTORS)


class Split:
    """How many processes it takes for `count` clients, with the descriptors that one may have."""

    def __init__(self, options, count):
        room = (options.descriptors - WEB_OTHER_DESCRIPTORS) * 2 // 3
        for self.web_processes in range(1, WEB_PROCESSES_MAX + 1):
            self.clients_max = Split.share(count, self.web_processes) + SPARE_CLIENTS
            if self.clients_max <= room:
                break
        else:
            raise SystemExit(f"{count} clients need more than {options.descriptors} descriptors a process")
        self.client_processes = math.ceil(count / bounded(options, count))

    @staticmethod
    def share(count, processes):
        """As many clients as one of the processes gets: the kernel draws lots, so the mean and six deviations."""
        if processes == 1:
            return count
        return math.ceil(count / processes + 6 * math.sqrt(count / processes))

    def web(self, sink, *web_options):
        return fronts.web(sink, "--processes", str(self.web_processes), *roomy(self.clients_max), *web_options)

    def clients(self, web, count, request):
        return crowd.Crowd(self.client_processes, web.endpoint, count, request)


def roomy(count):
    """Options that lift the bounds on connections as far as this build has them."""
    found = []
    for option in ("--max-connections", "--max-connections-per-address", "--max-uploads"):
        if fronts.has_option("web", option):
            found += [option, str(count)]
    return found


def upload(path, size):
    content_type, body = photos.form(photos.photo(size))
    head = (f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    return head + body


def outcomes(clients):
    return collections.Counter(client.status for client in clients.clients)


def statuses(counts):
    names = {None: "none", 0: "closed"}
    return ", ".join(f"{names.get(status, status)}: {count}" for status, count in sorted(
        counts.items(), key=lambda item: -item[1]))


class MemoryWatch(threading.Thread):
    """The greatest resident set of a front while it runs."""

    def __init__(self, front):
        super().__init__(daemon=True)
        self.front = front
        self.before = self.most = front.memory()[0]
        self.ended = threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.5):
            self.most = max(self.most, self.front.memory()[0])

    def growth(self):
        self.ended.set()
        self.join()
        return self.most - self.before


def bounds(web_options):
    return " ".join(web_options) or "default bounds"


def slow_uploads(options):
    """Everybody uploads at once, each slowly."""
    count, spread_s = (1_000, 10) if options.quick else (bounded(options, 10_000), 60)
    rows = []
    for web_options in ([], roomy(count + 100)):
        with fronts.sink() as sink, fronts.web(sink, *web_options) as web:
            web.check("tench")
            request, chunk = upload("/", 1_000_000), 16_384
            clients = swarm.Swarm(web.endpoint, count, request, chunk, spread_s * chunk / len(request))
            watch, before = MemoryWatch(web), web.cpu_seconds()
            started = time.monotonic()
            clients.connect_all(started + 60)
            clients.run(clients.is_settled, started + 2 * spread_s + 60)
            took, cpu, growth = time.monotonic() - started, web.cpu_seconds() - before, watch.growth()
            clients.close()
            rows.append((bounds(web_options), statuses(outcomes(clients)), f"{took:.0f} s", f"{growth / 1e6:.0f} MB",
                         f"{growth / count / 1000:.1f} kB", f"{cpu * 1000 / count:.2f}"))
    tables.table(
        f"{count} clients, each uploading 1 MB over {spread_s} s, all at once to one process",
        ("saccade web with", "answers", "after", "RSS growth", "a client", "CPU ms a client"), rows)


def idle(options):
    """Keep-alive connections that have had one answer and wait."""
    count = 2_000 if options.quick else 20_000
    split = Split(options, count)
    rate = max(IDLE_CONNECTS_PER_S * split.web_processes, count / IDLE_CONNECT_S_MAX)
    with fronts.sink() as sink, split.web(sink) as web, split.clients(web, count, IDLE_HEAD) as clients:
        # Lots are drawn: each process gets one, and has what it needs once before its clients are counted.
        for _ in range(8 * split.web_processes):
            web.check("tench")
        before = web.memory()
        clients.all(come_and_rest, rate / split.client_processes)
        after = web.memory()
        open_count = sum(clients.all(open_connections))
        tables.table(
            "Idle keep-alive connections",
            ("connections", "web processes", "still open", "answers", "RSS each", "PSS each"),
            [(count, split.web_processes, open_count, statuses(sum(clients.all(outcomes), collections.Counter())),
              *(f"{(b - a) / max(1, open_count):.0f} bytes" for a, b in zip(before, after)))],
            "Resident memory of all the processes; the kernel's own for a socket is not in it.")


def come_and_rest(clients, rate):
    deadline = time.monotonic() + 2 * IDLE_CONNECT_S_MAX
    clients.connect_all(deadline, rate)
    clients.run(clients.is_settled, deadline)
    # A connection that is idle for longer than a sweep or two lets go of what only requests need.
    clients.run(lambda: False, time.monotonic() + IDLE_REST_S)


def open_connections(clients):
    return clients.open_count


def pending(options):
    """Clients that wait for their answer, all at once; answers come one by one, or all together."""
    count, rate = (1_000, 500) if options.quick else (20_000, 1_000)
    split = Split(options, count)
    delay_s = count / rate + PENDING_SPARE_S
    request = upload("/v1/images", 10_000)
    rows = []
    for name, sink_options in (
            (f"answers at {rate}/s, as the uploads came", ["--answer-delay", str(int(delay_s * 1000))]),
            ("all answers at once", ["--hold-answers", "1000000"])):
        with (fronts.sink(*sink_options) as sink,
              split.web(sink, "--answer-timeout", str(PENDING_TIMEOUT_S)) as web,
              split.clients(web, count, request) as clients):
            before = web.memory()[0]
            clients.all(swarm.Swarm.connect_all, time.monotonic() + 120, rate / split.client_processes)
            clients.begin(await_answers, time.monotonic() + delay_s + 90)
            # The last ones' jobs are on their way to the sink.
            time.sleep(2)
            most = web.memory()[0]
            sink.process.send_signal(signal.SIGUSR1)
            found = Outcome(clients.results())
            rows.append((name, count, split.web_processes, found.waiting_max, statuses(found.counts),
                         f"{(most - before) / count / 1000:.1f} kB",
                         *(f"{tables.percentile(found.waits_ms, share):.1f}" if found.waits_ms else "–"
                           for share in (0.5, 0.99, 1))))
    tables.table(
        "Pending answers",
        ("", "clients", "web processes", "waiting at once", "answers", "RSS growth a client", "p50 ms", "p99 ms", "last ms"),
        rows,
        "From the moment an answer is in the reply queue, by the sink's clock, to its bytes at the client, by the same "
        "machine's. Photos of 10 kB.")


def await_answers(clients, deadline_s):
    """Returns: of each client its status, when it had sent all, when it was answered, and what it was answered."""
    clients.run(clients.is_settled, deadline_s)
    return [(client.status, client.sent_s, client.answered_s, client.body) for client in clients.clients]


class Outcome:
    """What became of clients that waited, in all parts of a crowd."""

    def __init__(self, parts):
        found = [client for part in parts for client in part]
        self.counts = collections.Counter(status for status, *_ in found)
        labelled = [(sent_s, answered_s, body) for status, sent_s, answered_s, body in found if status == 200]
        self.waits_ms = [answered_s * 1000 - json.loads(body)["answeredAtNanoseconds"] / 1e6
                         for _, answered_s, body in labelled]
        # The clock is one for all processes (CLOCK_MONOTONIC).
        changes = sorted([(sent_s, 1) for sent_s, _, _ in labelled] + [(answered_s, -1) for _, answered_s, _ in labelled])
        self.waiting_max = max(itertools.accumulate((change for _, change in changes), initial=0))


def slow_loris(options):
    """Clients that send a byte now and then, in heads and in bodies, beside clients that mean it."""
    count, seconds = (500, 5) if options.quick else (bounded(options, 5_000), 20)
    rows = []
    request = upload("/", 1_000_000)
    in_body = request.index(b"\r\n\r\n") + 1_000
    for web_options, attacks in (
            ([], (("slow heads", 20), ("slow bodies", in_body))),
            (roomy(count + 200), (("slow bodies", in_body),))):
        with fronts.sink() as sink, fronts.web(sink, *web_options) as web:
            web.check("tench")
            honest(web, 1)
            rows.append((f"nobody else, {bounds(web_options)}", *honest(web, seconds), "–"))
            for name, sent_at_once in attacks:
                attack = Loris(web.endpoint, count, request, sent_at_once)
                attack.connect_all(time.monotonic() + 60)
                attack.run(lambda: attack.connecting == 0, time.monotonic() + 2)
                real = Honest(web, seconds)
                attack.run(lambda: not real.is_alive(), time.monotonic() + 2 * seconds)
                attack.close()
                rows.append((f"{count} {name}, {bounds(web_options)}", *real.figures(), attack.cut_count))
    tables.table(
        f"Slow-loris beside {cost.CONNECTIONS} clients with photos of 100 kB",
        ("beside", "uploads/s", "p50 ms", "p99 ms", "other answers", "cut"), rows,
        f"{seconds} s each. An attacker sends a byte a second; one that is cut comes back after a second, as does a client "
        "that is refused. Latencies are of uploads that got their label.")


def honest(web, seconds):
    return Honest(web, seconds).figures()


class Honest(multiprocessing.Process):
    """Clients that upload as fast as they are answered, in a process of their own."""

    def __init__(self, web, seconds):
        super().__init__(daemon=True)
        self.endpoint = web.endpoint
        self.seconds = seconds
        self.results = multiprocessing.SimpleQueue()
        self.start()

    def run(self):
        clients = Repeated(
            self.endpoint, cost.CONNECTIONS, upload("/", 100_000), 1 << 60, first_number=HONEST_FIRST_NUMBER)
        started = time.monotonic()
        clients.connect_all(started + 10)
        clients.run(lambda: False, started + self.seconds)
        took, latencies = time.monotonic() - started, clients.latencies_ms
        others = {status: count for status, count in clients.outcomes.items() if status != 200}
        # Little enough for the pipe to take it before anybody reads: the process can end.
        self.results.put((
            f"{len(latencies) / took:.0f}",
            *(f"{tables.percentile(latencies, share):.1f}" if latencies else "–" for share in (0.5, 0.99)),
            ", ".join(f"{status or 'closed'}: {count}" for status, count in others.items()) or "none"))

    def figures(self):
        self.join()
        return self.results.get()


class Loris(swarm.Swarm):
    """Sends a first piece, then a byte a second, for ever."""

    def __init__(self, address, count, request, sent_at_once):
        super().__init__(address, count, request, 1, 1.0)
        self.sent_at_once = sent_at_once
        self.cut_count = 0
        self.returning = collections.deque()

    def connected(self, client):
        client.started_s = time.monotonic()
        try:
            client.sent = client.socket.send(self.request[:self.sent_at_once])
        except OSError:
            # Reset already.
            return self.again(client)
        self.schedule(client, self.interval_s)

    def answered(self, client):
        # Told off; what is sent now goes nowhere, so it starts again.
        self.again(client)

    def dropped(self, client):
        self.again(client)

    def again(self, client):
        self.cut_count += 1
        self.drop(client)
        self.returning.append((time.monotonic() + self.interval_s, client))

    def step(self, timeout_s):
        super().step(timeout_s)
        while self.returning and self.returning[0][0] <= time.monotonic():
            self.connect(self.returning.popleft()[1])


def faults(options):
    """An S3 that fails a tenth of its uploads and cuts a twentieth."""
    count = 500 if options.quick else 3_000
    rows = []
    with fronts.sink("--fail", "0.10", "--reset", "0.05") as sink, fronts.web(sink) as web:
        for size in ("100 kB", "1 MB"):
            clients = Repeated(web.endpoint, cost.CONNECTIONS, upload("/", photos.SIZES[size]), count)
            started = time.monotonic()
            clients.connect_all(started + 60)
            clients.run(lambda: clients.ended_count >= count, started + 180)
            took = time.monotonic() - started
            clients.close()
            answers = ", ".join(f"{status or 'closed'}: {n}" for status, n in clients.outcomes.most_common())
            rows.append((size, count, answers, count - sum(n for s, n in clients.outcomes.items() if s), f"{took:.1f} s"))
    tables.table(
        "S3 fails 10 % of uploads with 503 and resets 5 %", ("photo", "uploads", "answers", "unanswered", "took"), rows,
        "64 connections, one upload after the other on each. The sink's faults are seeded.")


class Repeated(swarm.Swarm):
    """Each client uploads again and again until there have been enough; one that is refused waits a second."""

    def __init__(self, address, connections, request, count, first_number=0):
        super().__init__(address, connections, request, first_number=first_number)
        self.left = count - connections
        self.ended_count = 0
        self.outcomes = collections.Counter()
        self.latencies_ms = []

    def answered(self, client):
        self.outcome(client)

    def dropped(self, client):
        # Between two uploads a server may close; in the middle of one it owes an answer.
        if client.status == 0:
            self.outcome(client)

    def outcome(self, client):
        self.ended_count += 1
        self.outcomes[client.status] += 1
        if client.status == 200:
            self.latencies_ms.append((time.monotonic() - client.started_s) * 1000)
        if self.left <= 0:
            return
        self.left -= 1
        pause_s = 0 if client.status == 200 else 1
        client.status = None
        # A refusal may come before the whole request is sent, and with the connection's end.
        if pause_s:
            self.drop(client)
        client.reset()
        self.schedule(client, pause_s)

    def send(self, client):
        if client.sent == 0:
            client.started_s = time.monotonic()
        super().send(client)


def processes(options):
    """The same machine, one process and two."""
    if not fronts.has_option("web", "--processes"):
        return
    seconds, rounds = (2, 1) if options.quick else (4, 3)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(options.scratch())
        photo = photos.write_all(folder)["100 kB"]
        sink = stack.enter_context(fronts.sink())
        entrants = {n: stack.enter_context(fronts.web(sink, "--processes", str(n))) for n in (1, 2)}
        measured = collections.defaultdict(list)
        for web in entrants.values():
            cost.wrk(web.address, photo, 1)
        for _ in range(rounds):
            for number, web in entrants.items():
                measured[number].append(cost.round_of(web, photo, seconds))
        one = measured[1]
        tables.table(
            "Processes, 100 kB, 64 connections", ("processes", "uploads/s", "of one's", "CPU µs per upload", "of one's"),
            [(number, tables.spread([r["rate"] for r in found]),
              f"{statistics.median(a['rate'] / b['rate'] for a, b in zip(found, one)):.2f}",
              tables.spread([r["cpu_us"] for r in found]),
              f"{statistics.median(a['cpu_us'] / b['cpu_us'] for a, b in zip(found, one)):.2f}")
             for number, found in measured.items()],
            "wrk and the sink run on the same cores.")
