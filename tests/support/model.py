"""Says what botocore's model of SQS has: JSON by standard output.

Out: {action: {"request": [path], "response": [path]}}. A path is a member's name, and within
structures `Member.Member`, within lists `Member[]`, within maps `Member{}`. Where a map's keys are
enumerated, each is a path of its own: `Member{Key}`.
"""

import json
import sys

import botocore.session


def paths(shape, path):
    if shape is None:
        return
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            inner = f"{path}.{name}" if path else name
            yield inner
            yield from paths(member, inner)
    elif shape.type_name == "list":
        yield from paths(shape.member, path + "[]")
    elif shape.type_name == "map":
        for key in getattr(shape.key, "enum", []):
            yield f"{path}{{{key}}}"
        yield from paths(shape.value, path + "{}")


def main():
    model = botocore.session.get_session().get_service_model("sqs")
    actions = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        actions[name] = {
            "request": list(paths(operation.input_shape, "")),
            "response": list(paths(operation.output_shape, "")),
        }
    json.dump(actions, sys.stdout)


main()
