"""What an upload asks of the allocator and of the kernel."""

import contextlib
import http.client
import pathlib
import re
import struct
import subprocess

from . import cost, fronts, photos, tables

SEQUENTIAL_UPLOADS = 300


def counter(folder):
    """Compiles bench/alloc_count.c.

    Returns: the library, and the file it counts into."""
    library = pathlib.Path(folder) / "alloc_count.so"
    source = fronts.ROOT / "bench/alloc_count.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    return library, pathlib.Path(folder) / "counts"


def sequential(front, body, content_type, count):
    """Uploads one after the other on one connection: every upload then makes the same calls to S3 and SQS."""
    connection = http.client.HTTPConnection(*front.endpoint, timeout=cost.TIMEOUT_S)
    for _ in range(count):
        connection.request("POST", "/", body, {"Content-Type": content_type})
        response = connection.getresponse()
        if response.status != 200 or not response.read():
            raise SystemExit(f"{front.name} answered {response.status}")
    connection.close()
    return count


def allocations(options):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(options.scratch())
        library, counts = counter(folder)
        sink = stack.enter_context(fronts.sink())
        web = stack.enter_context(fronts.web(
            sink, environment={"LD_PRELOAD": str(library), "ALLOC_COUNT_FILE": str(counts)}))
        paths = photos.write_all(folder)
        rows = []
        for size, path in paths.items():
            content_type, body = photos.form(path.read_bytes())
            sequential(web, body, content_type, SEQUENTIAL_UPLOADS // 3)
            one = slope(counts, lambda: sequential(web, body, content_type, SEQUENTIAL_UPLOADS))
            many = slope(counts, lambda: cost.wrk(web.address, path, 1 if options.quick else 3)["uploads"])
            rows.append((size, f"{one[0]:.0f}", f"{one[1] / 1000:.1f}", f"{many[0]:.0f}", f"{many[1] / 1000:.1f}"))
        tables.table(
            "Allocations of an upload, saccade web",
            ("photo", "calls, one by one", "kB, one by one", f"calls, {cost.CONNECTIONS} connections",
             f"kB, {cost.CONNECTIONS} connections"), rows,
            "Calls of malloc, calloc, realloc and memalign, and bytes asked for, per upload. One by one, each upload has "
            "calls to SQS of its own; with many at once these are shared by up to ten.")


def slope(counts, work):
    before = struct.unpack("=QQ", counts.read_bytes())
    uploads = work()
    after = struct.unpack("=QQ", counts.read_bytes())
    return [(b - a) / uploads for a, b in zip(before, after)]


def system_calls(options):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(options.scratch())
        paths = photos.write_all(folder)
        sink = stack.enter_context(fronts.sink())
        entrants = [stack.enter_context(fronts.web(sink)), stack.enter_context(fronts.nginx(sink))]
        rows = []
        for size in ("10 kB", "100 kB", "1 MB"):
            for front in entrants:
                cost.wrk(front.address, paths[size], 1)
                uploads, calls = traced(front, paths[size], pathlib.Path(folder) / "trace", 1 if options.quick else 3)
                total = sum(calls.values())
                most = sorted(calls.items(), key=lambda item: -item[1])[:6]
                rows.append((f"{size}, {front.name}", f"{total / uploads:.1f}",
                             ", ".join(f"{name} {count / uploads:.1f}" for name, count in most)))
        tables.table(
            "System calls of an upload, 64 connections", ("photo, front", "per upload", "the most frequent"), rows,
            "Counted by strace, which slows the front down: more gathers in each call than without it.")


def traced(front, photo, output, seconds):
    pids = [word for pid in fronts.accounts.family(front.pid) for word in ("-p", str(pid))]
    strace = subprocess.Popen(["strace", "-c", "-f", "-o", str(output), *pids], stderr=subprocess.PIPE, text=True)
    strace.stderr.readline()
    uploads = cost.wrk(front.address, photo, seconds)["uploads"]
    strace.terminate()
    strace.wait()
    calls = {}
    for line in output.read_text().splitlines():
        found = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
        if found and found.group(2) != "total":
            calls[found.group(2)] = int(found.group(1))
    return uploads, calls
