"""Runs calls of boto3's SQS client: JSON in by standard input, JSON out by standard output.

In:  {"endpoint", "region", "id", "secret", "token", "calls": [{"action", "parameters"}]}
Out: a list of answers, or of {"error": code}. Bytes are {"base64": "..."} in both directions.
"""

import base64
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def thaw(value):
    if isinstance(value, dict):
        if list(value) == ["base64"]:
            return base64.b64decode(value["base64"])
        return {name: thaw(member) for name, member in value.items()}
    if isinstance(value, list):
        return [thaw(member) for member in value]
    return value


def freeze(value):
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: freeze(member) for name, member in value.items() if name != "ResponseMetadata"}
    if isinstance(value, list):
        return [freeze(member) for member in value]
    return value


def main():
    task = json.load(sys.stdin)
    client = boto3.client(
        "sqs",
        endpoint_url=task["endpoint"],
        region_name=task["region"],
        aws_access_key_id=task["id"],
        aws_secret_access_key=task["secret"],
        aws_session_token=task["token"],
        config=Config(proxies={}, connect_timeout=5, read_timeout=30),
    )
    answers = []
    for call in task["calls"]:
        try:
            answer = getattr(client, call["action"])(**thaw(call["parameters"]))
        except ClientError as error:
            answer = {"error": error.response["Error"]["Code"]}
        answers.append(freeze(answer))
    json.dump(answers, sys.stdout)


main()
