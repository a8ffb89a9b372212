"""What recognition costs: the model alone, decoding with it, whole workers, and the first job of a worker."""

import contextlib
import datetime
import json
import os
import re
import statistics
import subprocess
import time
import uuid

import boto3
from PIL import Image, ImageChops

from . import fronts, photos, tables

SHARED = fronts.ROOT.parent / "shared/images"
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
LARGE_COUNT = 12
LARGE_SIDES = (4000, 3000)
# Of a phone's sensor, roughly: it is what makes its photos as large as they are.
GRAIN = 6
LARGE_QUALITY = 90
PHOTOS, LARGE = "photos", "12 MP"
INPUT, OUTPUT = "saccade-input", "saccade-output"
MODEL = photos.CACHE / "models/efficientnet-lite0"
ANSWER_TIMEOUT_S = 180
# What a worker may take for its first answer.
FIRST_ANSWER_S = {"compiled model kept": 1.0, "nothing kept": 2.5}


def image_sets(folder, scratch):
    """By name, the files of each set: photos as they are, and some of them as a phone would have taken them."""
    source = folder or (SHARED if SHARED.is_dir() else photos.CACHE / "samples")
    files = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
    if not files:
        raise SystemExit(f"no images in {source}")
    large = scratch / "large"
    large.mkdir()
    for path in files[::max(1, len(files) // LARGE_COUNT)][:LARGE_COUNT]:
        with Image.open(path) as picture:
            picture = picture.convert("RGB")
        size = LARGE_SIDES if picture.width >= picture.height else LARGE_SIDES[::-1]
        grain = Image.effect_noise(size, GRAIN).convert("RGB")
        picture = ImageChops.add(picture.resize(size, Image.BICUBIC), grain, 1, -128)
        picture.save(large / f"{path.stem}.jpg", quality=LARGE_QUALITY)
    return {PHOTOS: files, LARGE: sorted(large.iterdir())}


def describe(files):
    return f"{len(files)} images of {statistics.mean(path.stat().st_size for path in files) / 1000:.0f} kB"


def worker():
    return fronts.ROOT / ".build/release/saccade-worker"


# --- The model alone, and decoding with it. ---


def decoding(options, sets, scratch):
    rounds, seconds = (1, 2) if options.quick else (3, 3)
    cases = [(name, precision, 1) for name in sets for precision in ("bf16", "int8", "f32")]
    cases += [(PHOTOS, "bf16", os.cpu_count())]
    found = {}
    for _ in range(rounds):
        for case in cases:
            name, precision, concurrency = case
            found.setdefault(case, []).append(benchmark(sets[name], seconds, precision, concurrency))
    rows = []
    for (name, precision, concurrency), reports in found.items():
        def cost(stage):
            return [report[stage]["cpuMillisecondsPerImage"] for report in reports]
        shares = [a / b for a, b in zip(cost("modelAlone"), cost("withDecoding"))]
        rows.append((
            f"{name}, {precision}, {concurrency} at once, {reports[0]['batchSize']} at a time",
            tables.spread(cost("modelAlone"), 2), tables.spread(cost("modelAloneInBatches"), 2),
            tables.spread(cost("decodingAlone"), 2), tables.spread(cost("withDecoding"), 2), tables.spread(shares, 2),
            f"{1000 / statistics.median(cost('modelAlone')):.0f}", f"{1000 / statistics.median(cost('withDecoding')):.0f}",
            tables.spread([report["withDecoding"]["imagesPerSecond"] for report in reports])))
    tables.table(
        "Recognition: the model alone, and decoding with it",
        ("images", "model, CPU ms", "several at a time", "decoding", "both", "model / both", "model: images/s per core", "both: images/s per core",
         "both: images/s by the clock"), rows,
        f"Median (range) of {rounds} rounds of `saccade-worker benchmark`, {seconds} s for each of the four, by turns; the "
        "cases take turns as well. The model is given one image at a time, and then as many as the row says, as it is with "
        "decoding. CPU is user and system time of the process for an image; images/s per core are those of a "
        f"second of it. Photos: {describe(sets[PHOTOS])}; 12 MP: {describe(sets[LARGE])}.")


def benchmark(files, seconds, precision, concurrency):
    output = subprocess.run(
        [worker(), "benchmark", "--json", "--seconds", str(seconds), "--precision", precision, "--concurrency",
         str(concurrency), *files], capture_output=True, text=True, check=True).stdout
    return json.loads(output)


# --- Whole workers. ---


class Cloud:
    """`saccade cloud` with a folder of its own, and clients of it."""

    def __init__(self, stack, folder):
        self.server = stack.enter_context(fronts.Server(
            "saccade cloud", [fronts.saccade(), "cloud", "--port", "0", "--data", folder, "--log-level", "error"],
            ready=r"http://(\S+)"))
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
            "AWS_ENDPOINT_URL": f"http://{self.server.address}", "AWS_REGION": "us-east-1",
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"), "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DEFAULT_REGION": "us-east-1"}
        os.environ.update({k: v for k, v in self.environment.items() if k.startswith("AWS_")})
        session = boto3.Session()
        self.s3, self.sqs = session.client("s3"), session.client("sqs")
        for bucket in (INPUT, OUTPUT):
            self.s3.create_bucket(Bucket=bucket)

    def queue(self, name):
        return self.sqs.create_queue(QueueName=name)["QueueUrl"]


class Jobs:
    """A worker's queues, and what a web tier does with them."""

    def __init__(self, cloud, prefix):
        self.cloud, self.prefix = cloud, prefix
        self.requests = cloud.queue(f"{prefix}-requests")
        cloud.queue(f"{prefix}-dead")
        self.replies = cloud.queue(f"{prefix}-replies-bench")

    def store(self, files):
        """Puts the images into the bucket and returns their jobs, which nobody knows of yet."""
        jobs = []
        for path in files:
            identity = str(uuid7())
            key = f"{identity}/{re.sub(r'[^A-Za-z0-9._-]', '_', path.name)}"
            self.cloud.s3.put_object(Bucket=INPUT, Key=key, Body=path.read_bytes())
            now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            jobs.append({"v": 1, "id": identity, "bucket": INPUT, "key": key, "name": path.name, "replyTo": self.replies,
                         "receivedAt": now})
        return jobs

    def send(self, jobs):
        for start in range(0, len(jobs), 10):
            self.cloud.sqs.send_message_batch(QueueUrl=self.requests, Entries=[
                {"Id": str(index), "MessageBody": json.dumps(job)} for index, job in enumerate(jobs[start:start + 10])])

    def answers(self, count):
        """Waits for as many answers and takes them from the queue."""
        answers, deadline = {}, time.monotonic() + ANSWER_TIMEOUT_S
        while len(answers) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.prefix}: {len(answers)} of {count} answers after {ANSWER_TIMEOUT_S} s")
            messages = self.cloud.sqs.receive_message(
                QueueUrl=self.replies, MaxNumberOfMessages=10, WaitTimeSeconds=20).get("Messages", [])
            for message in messages:
                answer = json.loads(message["Body"])
                answers[answer["id"]] = answer
            if messages:
                self.cloud.sqs.delete_message_batch(QueueUrl=self.replies, Entries=[
                    {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
                    for index, message in enumerate(messages)])
        return answers

    def await_empty(self):
        """Until the last job is deleted, which is part of its cost."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        while time.monotonic() < deadline:
            found = self.cloud.sqs.get_queue_attributes(QueueUrl=self.requests, AttributeNames=names)["Attributes"]
            if not any(int(found[name]) for name in names):
                return
            time.sleep(0.05)
        raise SystemExit(f"{self.prefix}: all is answered, and not all deleted")


class Entrant(Jobs):
    """A worker that is measured, with queues of its own."""

    def __init__(self, cloud, name, prefix, command, environment=None):
        super().__init__(cloud, prefix)
        self.name = name
        self.process = WorkerProcess(name, command, {**cloud.environment, **(environment or {})})

    def round(self, files):
        """All files once: CPU time and time an image, and how many were right."""
        jobs = self.store(files)
        before, start = self.process.cpu_seconds(), time.monotonic()
        self.send(jobs)
        answers = self.answers(len(jobs))
        seconds = time.monotonic() - start
        self.await_empty()
        cpu = self.process.cpu_seconds() - before
        for job in jobs:
            answer = answers[job["id"]]
            if "label" not in answer:
                raise SystemExit(f"{self.name}: {answer}")
        return {"cpu_ms": cpu * 1000 / len(jobs), "rate": len(jobs) / seconds, "rss": self.process.memory()[0],
                "labels": {job["name"]: answers[job["id"]]["label"] for job in jobs}}


class WorkerProcess(fronts.Server):
    """A process that listens nowhere, and is ready when it says so."""

    def __init__(self, name, command, environment):
        super().__init__(name, command, environment=environment, ready="(ready)")

    def _await_port(self):
        pass


def run_worker(prefix, *options):
    return [worker(), "run", "--queue-prefix", prefix, "--log-level", "warning", *options]


def saccade_worker(cloud, name, prefix, *options):
    return Entrant(cloud, name, prefix, run_worker(prefix, *options))


def python_worker(cloud, name, prefix, *options):
    command = [photos.CACHE / "bench-venv/bin/python", "-B", fronts.PEERS / "python_worker.py", "--model",
               MODEL / "model.xml", "--labels", MODEL / "labels.txt", *options]
    return Entrant(cloud, name, prefix, command, {
        "INPUT_BUCKET": INPUT, "OUTPUT_BUCKET": OUTPUT, "REQUEST_QUEUE": f"{prefix}-requests"})


def workers(options, sets, scratch):
    rounds, seconds = (1, 2) if options.quick else (5, 3)
    # Loading the model each time takes as long for any image: a few will do.
    few = {name: files[::max(1, len(files) // 20)][:20] for name, files in sets.items()}
    folder = scratch / "cloud"
    found = {}
    with contextlib.ExitStack() as stack:
        cloud = Cloud(stack, folder)
        entrants = [
            saccade_worker(cloud, "saccade-worker", "bench-a"),
            saccade_worker(cloud, "saccade-worker, int8", "bench-b", "--precision", "int8"),
            python_worker(cloud, "Python", "bench-c"),
            python_worker(cloud, "Python, loading the model for each", "bench-d", "--load-each"),
        ]
        for entrant in entrants:
            stack.enter_context(entrant.process)
        for entrant in entrants:
            entrant.round(few[PHOTOS])
        for _ in range(rounds):
            for name, files in sets.items():
                for entrant in entrants:
                    some = few[name] if "loading" in entrant.name else files
                    found.setdefault((name, entrant.name), []).append(entrant.round(some))
                report = benchmark(files, seconds, "auto", os.cpu_count())["withDecoding"]
                found.setdefault((name, "no worker: decoding and classifying"), []).append({
                    "cpu_ms": report["cpuMillisecondsPerImage"], "rate": report["imagesPerSecond"]})
    rows = []
    for (name, entrant), results in found.items():
        first = found[name, "saccade-worker"]
        ratios = [a["cpu_ms"] / b["cpu_ms"] for a, b in zip(results, first)]
        rows.append((
            f"{name}, {entrant}", tables.spread([r["cpu_ms"] for r in results], 1), f"{statistics.median(ratios):.2f}",
            f"{1000 / statistics.median(r['cpu_ms'] for r in results):.0f}", tables.spread([r["rate"] for r in results]),
            f"{max(r['rss'] for r in results) / 2**20:.0f}" if "rss" in results[0] else "",
            agreement(results, first) if "labels" in results[0] else ""))
    tables.table(
        "Whole workers",
        ("images, worker", "CPU ms per image", "of saccade-worker's", "images/s per core", "images/s by the clock", "RSS MiB",
         "same label as saccade-worker"), rows,
        f"Median (range) of {rounds} rounds, the workers in turn, each with all images of the set in its queue at once. CPU is "
        "the worker's own, from the first job sent to the last one deleted: receiving, fetching, decoding, classifying, "
        "storing, answering, deleting. Without a worker it is `saccade-worker benchmark`, as many images at once as there are "
        "cores. By the clock, `saccade cloud` and this program share the cores.")


def agreement(results, first):
    pairs = [(result["labels"][name], one["labels"][name]) for result, one in zip(results, first)
             for name in result["labels"]]
    return f"{100 * sum(a == b for a, b in pairs) / len(pairs):.1f} %"


# --- The first job. ---


def start(options, sets, scratch):
    """From the start of a worker, whose job waits already, to its answer."""
    rounds = 2 if options.quick else 7
    found = {}
    with contextlib.ExitStack() as stack:
        cloud = Cloud(stack, scratch / "first")
        for index in range(rounds + 1):
            for number, case in enumerate(FIRST_ANSWER_S):
                compiled = scratch / ("kept" if case == "compiled model kept" else f"none-{index}")
                seconds = first_answer(cloud, f"first-{index}-{number}", compiled, sets[PHOTOS][0])
                # The first round is what fills the one that is kept.
                if index:
                    found.setdefault(case, []).append(seconds)
    rows = [(case, tables.spread([1000 * s for s in found[case]]), f"{1000 * most:.0f}",
             "yes" if max(found[case]) < most else "no") for case, most in FIRST_ANSWER_S.items()]
    tables.table("The first answer of a worker", ("case", "ms after its start", "at most", "kept"), rows,
                 f"Median (range) of {rounds} starts, with one job waiting in the queue; from the call that starts the "
                 "process to the answer's arrival.")


def first_answer(cloud, prefix, compiled, file):
    jobs = Jobs(cloud, prefix)
    jobs.send(jobs.store([file]))
    started = time.monotonic()
    with WorkerProcess("saccade-worker", run_worker(prefix, "--compiled-models", compiled), cloud.environment):
        jobs.answers(1)
        return time.monotonic() - started


def uuid7():
    """RFC 9562, 5.7: milliseconds, then chance."""
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10), "big")
    number = (milliseconds << 80) | (0x7 << 76) | ((chance >> 64) & 0xFFF) << 64 | (0b10 << 62) | (chance & (1 << 62) - 1)
    return uuid.UUID(int=number)
