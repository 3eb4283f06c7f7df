"""Makes what the tests need in a fresh MiniStack (argument: its endpoint), and writes it as
lines of NAME=VALUE:

- a user that may use SQS            MINISTACK_ACCESS_KEY_ID, _SECRET_ACCESS_KEY
- a user that may do nothing         MINISTACK_DENIED_...
- a session of a role that may       MINISTACK_SESSION_..., and _SESSION_TOKEN

Its built-in key `test` may do everything and has no secret that is checked: only keys made here
prove anything.
"""

import json
import sys

import boto3


def policy(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def main(endpoint):
    root = {
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }
    iam = boto3.client("iam", **root)
    sts = boto3.client("sts", **root)
    may_use_sqs = policy(Action="sqs:*", Resource="*")

    iam.create_user(UserName="sqs-user")
    iam.put_user_policy(UserName="sqs-user", PolicyName="sqs", PolicyDocument=may_use_sqs)
    iam.create_user(UserName="denied-user")
    trust = policy(Action="sts:AssumeRole", Principal={"AWS": "*"})
    role = iam.create_role(RoleName="sqs-role", AssumeRolePolicyDocument=trust)["Role"]
    iam.put_role_policy(RoleName="sqs-role", PolicyName="sqs", PolicyDocument=may_use_sqs)

    user = iam.create_access_key(UserName="sqs-user")["AccessKey"]
    denied = iam.create_access_key(UserName="denied-user")["AccessKey"]
    session = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="tests")["Credentials"]

    for prefix, keys in (("", user), ("DENIED_", denied), ("SESSION_", session)):
        print(f"MINISTACK_{prefix}ACCESS_KEY_ID={keys['AccessKeyId']}")
        print(f"MINISTACK_{prefix}SECRET_ACCESS_KEY={keys['SecretAccessKey']}")
    print(f"MINISTACK_SESSION_TOKEN={session['SessionToken']}")


if __name__ == "__main__":
    main(sys.argv[1])
