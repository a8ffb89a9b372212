"""A worker as one would write it in Python: takes jobs, fetches, decodes, classifies, stores, answers, deletes.

    python_worker.py --model MODEL.xml --labels LABELS.txt [--concurrency N] [--load-each]

It reads the same queue and writes the same results and answers as `saccade-worker run`. Received are ten jobs at a time, and
answers and deletions go in one call for all of them. With --load-each the model is loaded for each image, as in the system
that Saccade replaces, which started its classifier anew for each. Settings come from the environment: AWS_ENDPOINT_URL and
credentials, INPUT_BUCKET, OUTPUT_BUCKET, REQUEST_QUEUE.
"""

import argparse
import io
import json
import os
import threading

import boto3
import numpy
import openvino
from botocore.config import Config
from PIL import Image

RESIZE_SIDE, INPUT_SIDE = 256, 224
WAIT_S = 20
BATCH = 10


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--labels", required=True)
    parser.add_argument("--concurrency", type=int, default=os.cpu_count())
    parser.add_argument("--load-each", action="store_true")
    options = parser.parse_args()
    classifier = Classifier(options)
    threads = [threading.Thread(target=work, args=(classifier,), daemon=True) for _ in range(options.concurrency)]
    for thread in threads:
        thread.start()
    print("python-worker: ready", flush=True)
    for thread in threads:
        thread.join()


class Classifier:
    def __init__(self, options):
        self.options = options
        with open(options.labels, encoding="utf-8") as file:
            # A WordNet id, a blank, the label.
            self.labels = [line.strip().partition(" ")[2] for line in file]
        self.compiled = None if options.load_each else self.load()

    def load(self):
        return openvino.Core().compile_model(self.options.model, "CPU", {
            "PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": str(self.options.concurrency),
            "INFERENCE_NUM_THREADS": str(self.options.concurrency)})

    def request(self):
        return (self.compiled or self.load()).create_infer_request()

    def best(self, request, image, count=5):
        """The most likely classes of an image file, best first, as pairs of label and probability."""
        outputs = request.infer({0: pixels(image)})[0][0]
        order = numpy.argsort(outputs)[::-1][:count]
        return [(self.labels[index], float(outputs[index])) for index in order]


def pixels(image):
    """Shorter side to 256 with the bicubic filter, the centre 224 of it, as the model was trained (torchvision)."""
    picture = Image.open(io.BytesIO(image))
    # Shrinks JPEGs while they are decoded; the filter still has a factor of two to do.
    picture.draft("RGB", (2 * RESIZE_SIDE, 2 * RESIZE_SIDE))
    picture = picture.convert("RGB")
    scale = RESIZE_SIDE / min(picture.size)
    picture = picture.resize([max(RESIZE_SIDE, int(side * scale)) for side in picture.size], Image.BICUBIC)
    left, top = ((side - INPUT_SIDE) // 2 for side in picture.size)
    return numpy.asarray(picture.crop((left, top, left + INPUT_SIDE, top + INPUT_SIDE)))[None]


def work(classifier):
    config = Config(read_timeout=WAIT_S + 10)
    s3, sqs = boto3.Session().client("s3", config=config), boto3.Session().client("sqs", config=config)
    queue = sqs.get_queue_url(QueueName=os.environ["REQUEST_QUEUE"])["QueueUrl"]
    request = None if classifier.options.load_each else classifier.request()
    while True:
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=BATCH, WaitTimeSeconds=WAIT_S)
        answers = {}
        messages = received.get("Messages", [])
        for message in messages:
            job = json.loads(message["Body"])
            image = s3.get_object(Bucket=job["bucket"], Key=job["key"])["Body"].read()
            top = classifier.best(request or classifier.request(), image)
            answer = json.dumps({
                "v": 1, "id": job["id"], "key": job["key"], "name": job["name"], "label": top[0][0],
                "confidence": top[0][1], "top": [{"label": label, "confidence": share} for label, share in top]})
            s3.put_object(Bucket=os.environ["OUTPUT_BUCKET"], Key=job["key"] + ".json", Body=answer.encode())
            answers.setdefault(job["replyTo"], []).append(answer)
        for reply_queue, bodies in answers.items():
            sqs.send_message_batch(
                QueueUrl=reply_queue,
                Entries=[{"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)])
        if messages:
            sqs.delete_message_batch(
                QueueUrl=queue,
                Entries=[{"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
                         for index, message in enumerate(messages)])


if __name__ == "__main__":
    main()
