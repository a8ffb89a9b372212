"""CPU time and throughput of a front per upload, beside its peers, in interleaved rounds."""

import contextlib
import json
import os
import statistics
import subprocess

from . import fronts, photos, tables

CONNECTIONS = 64
# wrk drops from its figures what takes longer than this; nothing here does.
TIMEOUT_S = 120


def wrk(address, photo, seconds, connections=CONNECTIONS):
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={TIMEOUT_S}s", "--latency",
         "-s", fronts.ROOT / "bench/upload.lua", f"http://{address}/"],
        env={**os.environ, "UPLOAD_PHOTO": str(photo)}, capture_output=True, text=True, check=True).stdout
    return json.loads(next(line for line in output.splitlines() if line.startswith("result "))[7:])


def round_of(front, photo, seconds):
    """One run of wrk and what the front paid for it."""
    before = front.user_and_system_seconds()
    result = wrk(front.address, photo, seconds)
    user, system = (b - a for a, b in zip(before, front.user_and_system_seconds()))
    if result["status"] or result["socket"] or not result["uploads"]:
        raise SystemExit(f"{front.name}: {result}")
    return {
        "cpu_us": (user + system) * 1e6 / result["uploads"],
        "user_us": user * 1e6 / result["uploads"],
        "rate": result["uploads"] / (result["duration_us"] / 1e6),
        "p50_ms": result["p50_us"] / 1000, "p99_ms": result["p99_us"] / 1000,
        "rss": front.memory()[0],
    }


def run(options):
    seconds, rounds = (2, 1) if options.quick else (4, 3)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(options.scratch())
        paths = photos.write_all(folder)
        sink = stack.enter_context(fronts.sink())
        web = stack.enter_context(fronts.web(sink)).check("tench")
        floors = [stack.enter_context(fronts.nginx(sink, name)) for name in fronts.NGINX_BODY_BUFFERS]
        fastapi = stack.enter_context(fronts.fastapi(sink))
        measured = {}
        for size, path in paths.items():
            entrants = [web, *floors] + ([fastapi] if size == "100 kB" else [])
            for front in entrants:
                wrk(front.address, path, 1)
            for _ in range(rounds):
                for front in entrants:
                    measured.setdefault((size, front.name), []).append(round_of(front, path, seconds))
    report(measured, rounds, seconds)


def report(measured, rounds, seconds):
    rows = []
    for size in photos.SIZES:
        floors = [measured[size, name] for name in fronts.NGINX_BODY_BUFFERS]
        for name in ("saccade web", *fronts.NGINX_BODY_BUFFERS, "FastAPI"):
            found = measured.get((size, name))
            if not found:
                continue
            ratios = [statistics.median(a["cpu_us"] / b["cpu_us"] for a, b in zip(found, floor)) for floor in floors]
            rows.append((
                f"{size}, {name}", tables.spread([r["cpu_us"] for r in found]),
                f"{statistics.median(r['user_us'] for r in found):.0f}", *(f"{ratio:.2f}" for ratio in ratios),
                tables.spread([r["rate"] for r in found]),
                f"{statistics.median(r['p50_ms'] for r in found):.1f}",
                f"{statistics.median(r['p99_ms'] for r in found):.1f}",
                f"{max(r['rss'] for r in found) / 2**20:.0f}"))
    tables.table(
        f"Cost of an upload, {CONNECTIONS} connections",
        ("photo, front", "CPU µs per upload", "in user mode", "of nginx's", "with 256 KiB", "uploads/s", "p50 ms", "p99 ms", "RSS MiB"), rows,
        f"Median (range) of {rounds} rounds of {seconds} s, the fronts in turn; CPU is user and system time of the "
        "front's processes, the sink's not counted.")
