"""Runs the cases of cases/*.json with the stubs that protoc and its gRPC plugin for Python make.

Usage: python_client.py HOST:PORT STUBS_FOLDER CASES_FOLDER. Prints one JSON line for each case: {"service", "name", "fault"}.
cases/README.md says what the fields of a case mean.
"""

import base64
import json
import pathlib
import sys
import time

import grpc
from google.protobuf import json_format

address, stubs_folder, cases_folder = sys.argv[1:4]
sys.path.insert(0, stubs_folder)

from memo.kvs import memo_kvs_pb2, memo_kvs_pb2_grpc  # noqa: E402
from memo.v1 import blocks_pb2, blocks_pb2_grpc, call_pb2, key_value_pb2, key_value_pb2_grpc  # noqa: E402
from memo.vs import memo_vs_pb2, memo_vs_pb2_grpc  # noqa: E402

channel = grpc.insecure_channel(address)
services = {
    "memo.kvs.KeyValueStore": (memo_kvs_pb2, memo_kvs_pb2_grpc.KeyValueStoreStub(channel)),
    "memo.vs.ValueStore": (memo_vs_pb2, memo_vs_pb2_grpc.ValueStoreStub(channel)),
    "memo.v1.KeyValue": (key_value_pb2, key_value_pb2_grpc.KeyValueStub(channel)),
    "memo.v1.Blocks": (blocks_pb2, blocks_pb2_grpc.BlocksStub(channel)),
}


class Fault(Exception):
    """A step did not end as expected."""


def as_dict(message):
    return json_format.MessageToDict(message, including_default_value_fields=True, preserving_proto_field_name=True)


def resolve(value, state):
    if isinstance(value, list):
        return [resolve(each, state) for each in value]
    if not isinstance(value, dict):
        return value
    if "$saved" in value:
        name, *fields = value["$saved"].split(".")
        part = state["saved"][name]
        for field in fields:
            part = part[field]
        return part
    if "$utf8" in value:
        return base64.b64encode(value["$utf8"].encode()).decode()
    if "$repeat" in value:
        text, count = value["$repeat"]
        return text * count
    if "$zeros" in value:
        return base64.b64encode(bytes(value["$zeros"])).decode()
    if "$ms" in value:
        return str(state["started_ms"] + value["$ms"])
    if "$with" in value:
        message, changes = resolve(value["$with"], state)
        whole = {**message, **({"data": None} if "data_plain" in changes else {}), **changes}
        return {name: part for name, part in whole.items() if part is not None}
    return {name: resolve(part, state) for name, part in value.items()}


def check(actual, expected, path):
    if expected is None:
        if actual is not None:
            raise Fault(f"{path} is set to {str(actual)[:200]}")
    elif isinstance(expected, list):
        found = actual or []
        if len(found) != len(expected):
            raise Fault(f"{path} has {len(found)} entries, not {len(expected)}: {str(found)[:200]}")
        for index, each in enumerate(expected):
            check(found[index], each, f"{path}[{index}]")
    elif not isinstance(expected, dict):
        if actual != expected:
            raise Fault(f"{path} is {str(actual)[:200]!r}, not {str(expected)[:200]!r}")
    elif "$length" in expected:
        if len(base64.b64decode(actual)) != expected["$length"]:
            raise Fault(f"{path} has {len(base64.b64decode(actual))} bytes")
    elif "$bit" in expected:
        if base64.b64decode(actual)[-1] & 1 != expected["$bit"]:
            raise Fault(f"{path} has the wrong lowest bit")
    elif "$not" in expected:
        try:
            check(actual, expected["$not"], path)
        except Fault:
            return
        raise Fault(f"{path} is {str(actual)[:200]}")
    else:
        if not isinstance(actual, dict):
            raise Fault(f"{path} is {actual!r}, not a message")
        for name, part in expected.items():
            check(actual.get(name), part, f"{path}.{name}")


def method_of(service, name):
    module, stub = services[service]
    descriptor = module.DESCRIPTOR.services_by_name[service.split(".")[-1]].methods_by_name[name]
    return descriptor, getattr(stub, name)


def message_of(descriptor, value):
    # The class of a message type is found in the module of the file that declares it.
    modules = [memo_kvs_pb2, memo_vs_pb2, call_pb2, key_value_pb2, blocks_pb2]
    module = next(each for each in modules if each.DESCRIPTOR.name == descriptor.file.name)
    return json_format.ParseDict(value, getattr(module, descriptor.name)())


def invoke(service, step, state):
    descriptor, call = method_of(service, step["call"])
    if "raw" in step:
        raw = channel.unary_unary(f"/{service}/{step['call']}")
        return [raw(bytes.fromhex(step["raw"]))]
    if "requests" in step:
        parts = [message_of(descriptor.input_type, each) for each in resolve(step["requests"], state)]
        return [as_dict(call(iter(parts)))]
    request = message_of(descriptor.input_type, resolve(step.get("request", {}), state))
    if step["call"] == "GetStream":
        return [as_dict(each) for each in call(request)]
    return [as_dict(call(request))]


def conflict_of(trailers):
    details = call_pb2.StatusDetails.FromString(trailers["grpc-status-details-bin"])
    conflict = key_value_pb2.Conflict()
    if details.code != grpc.StatusCode.ABORTED.value[0] or not details.details[0].Unpack(conflict):
        raise Fault("the details hold no conflict")
    return as_dict(conflict)


def run_step(service, step, state):
    code, text, trailers, messages = "OK", "", {}, []
    try:
        messages = invoke(step.get("service", service), step, state)
    except grpc.RpcError as error:
        code, text, trailers = error.code().name, error.details(), dict(error.trailing_metadata())
    if code != step.get("status", "OK"):
        raise Fault(f"status is {code} ({text[:300]}), not {step.get('status', 'OK')}")
    if "message" in step and text != resolve(step["message"], state):
        raise Fault(f"message is {text[:300]!r}")
    if "messageHas" in step and resolve(step["messageHas"], state) not in text:
        raise Fault(f"message is {text[:300]!r}")
    if "code" in step and trailers.get("memo-code") != step["code"]:
        raise Fault(f"memo-code is {trailers.get('memo-code')}")
    if "conflict" in step:
        check(conflict_of(trailers), resolve(step["conflict"], state), "conflict")
    if "responses" in step:
        check(messages, resolve(step["responses"], state), "responses")
    if "response" in step:
        check(messages[0], resolve(step["response"], state), "response")
    if "save" in step:
        state["saved"][step["save"]] = messages[0]


def run_case(service, case):
    state = {"saved": {}, "started_ms": int(time.time() * 1000)}
    for index, step in enumerate(case["steps"]):
        try:
            run_step(service, step, state)
        except Fault as fault:
            return f"step {index + 1}, {step['call']}: {fault}"
    return None


for path in sorted(pathlib.Path(cases_folder).glob("*.json")):
    file = json.loads(path.read_text())
    for case in file["cases"]:
        fault = run_case(file["service"], case)
        print(json.dumps({"service": file["service"], "name": case["name"], "fault": fault}), flush=True)
