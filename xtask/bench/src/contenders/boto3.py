"""The contender boto3: answers the driver's rounds, as the other contenders do.

One client for all, as boto3's documentation allows; in flight side by side means threads.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

BATCH = 10
SINGLE = {"single-64": 64, "single-4k": 4 << 10, "single-256k": 256 << 10}

place = json.loads(sys.argv[1])
client = boto3.client(
    "sqs",
    endpoint_url=place["endpoint"],
    region_name=place["region"],
    aws_access_key_id=place["access_key_id"],
    aws_secret_access_key=place["secret_access_key"],
    config=Config(max_pool_connections=16),
)
queue_url = place["queue_url"]


def body(number, length):
    """The same text as the other contenders send."""
    text = ',"line":"four small parts, one large","amount":12.50'
    start = f'{{"order":"{number:08}","note":"x"'
    room = length - 1 - len(start)
    return start + (text * (room // len(text) + 1))[:room] + "}"


def send(text):
    client.send_message(QueueUrl=queue_url, MessageBody=text)


def send_batch(texts):
    entries = [{"Id": str(index), "MessageBody": text} for index, text in enumerate(texts)]
    sent = client.send_message_batch(QueueUrl=queue_url, Entries=entries)
    assert len(sent["Successful"]) == len(texts), "some were not sent"


def receive(_):
    received = client.receive_message(
        QueueUrl=queue_url,
        MaxNumberOfMessages=BATCH,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["All"],
    )
    messages = received.get("Messages", [])
    assert len(messages) == BATCH, f"only {len(messages)} came"
    entries = [
        {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
        for index, message in enumerate(messages)
    ]
    deleted = client.delete_message_batch(QueueUrl=queue_url, Entries=entries)
    assert len(deleted["Successful"]) == BATCH, "some were not deleted"


def steps(work, messages):
    """What to do, and with what, one element a request."""
    if work in SINGLE:
        return send, [body(0, SINGLE[work])] * messages
    if work == "batch-send":
        texts = [body(number, 1_000) for number in range(messages)]
        return send_batch, [texts[at : at + BATCH] for at in range(0, messages, BATCH)]
    return receive, range(0, messages, BATCH)


def run(work, in_flight, messages):
    step, inputs = steps(work, messages)
    pool = ThreadPoolExecutor(in_flight) if in_flight > 1 else None
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    if pool:
        list(pool.map(step, inputs))
    else:
        for one in inputs:
            step(one)
    wall, cpu = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
    if pool:
        pool.shutdown()
    return {"took": {"wall_ns": wall, "cpu_ns": cpu}}


for line in sys.stdin:
    order = json.loads(line)
    try:
        answer = run(order["work"], order["in_flight"], order["messages"])
    except Exception as error:
        answer = {"failed": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
