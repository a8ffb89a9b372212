"""What Saccade replaces: takes an image, puts it base64-encoded into a message, waits for the answer.

Settings come from the environment: AWS_ENDPOINT_URL and credentials, REQUEST_QUEUE.
"""

import asyncio
import base64
import contextlib
import json
import os
import threading
import uuid

import boto3
from botocore.config import Config
from fastapi import FastAPI, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse

ANSWER_TIMEOUT_S = 30
sqs = boto3.client("sqs", config=Config(max_pool_connections=64))
requests_url = sqs.create_queue(QueueName=os.environ["REQUEST_QUEUE"])["QueueUrl"]
replies_url = sqs.create_queue(QueueName=f"replies-{uuid.uuid4().hex}")["QueueUrl"]
pending: dict[str, asyncio.Future] = {}


def resolve(answer):
    future = pending.pop(answer["id"], None)
    if future and not future.done():
        future.set_result(answer)


def receive_answers(loop):
    while True:
        received = sqs.receive_message(QueueUrl=replies_url, MaxNumberOfMessages=10, WaitTimeSeconds=20)
        messages = received.get("Messages", [])
        for message in messages:
            loop.call_soon_threadsafe(resolve, json.loads(message["Body"]))
        if messages:
            sqs.delete_message_batch(
                QueueUrl=replies_url,
                Entries=[{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)])


@contextlib.asynccontextmanager
async def lifespan(_):
    threading.Thread(target=receive_answers, args=(asyncio.get_running_loop(),), daemon=True).start()
    yield


app = FastAPI(lifespan=lifespan)


def send_job(body):
    sqs.send_message(QueueUrl=requests_url, MessageBody=body)


@app.post("/", response_class=PlainTextResponse)
async def classify(image: UploadFile):
    job = uuid.uuid4().hex
    data = base64.b64encode(await image.read()).decode()
    future = pending[job] = asyncio.get_running_loop().create_future()
    body = json.dumps({"id": job, "name": image.filename, "image": data, "replyTo": replies_url})
    await run_in_threadpool(send_job, body)
    return (await asyncio.wait_for(future, ANSWER_TIMEOUT_S))["label"]
