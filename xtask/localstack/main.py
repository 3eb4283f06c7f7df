"""Runs LocalStack, and adds what a test server needs but LocalStack does not do:

- It listens on the address it was told to, and on no other.
- It refuses every request whose AWS Signature Version 4 is not right (see signatures.py).
- With SERVER_ENDS_WITH_STDIN it ends when its standard input does, so with whoever started it.
"""

import json
import os
import sys
import threading

import signatures


def end_with_standard_input():
    """Standard input is a pipe that nobody writes to: it ends when the other side is gone."""

    def wait():
        while os.read(0, 4096):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def listen_on_given_address_only():
    """The twisted server passes the port on, but not the host: it would listen everywhere."""
    from twisted.internet import endpoints

    host, _, _ = os.environ["GATEWAY_LISTEN"].rpartition(":")
    original = endpoints.TCP4ServerEndpoint

    def restricted(reactor, port, backlog=50, interface=host):
        return original(reactor, port, backlog, interface)

    endpoints.TCP4ServerEndpoint = restricted


def refuse_wrong_signatures(keys):
    """Puts the check before all other handlers of requests to AWS services."""
    from localstack.aws.app import LocalstackAwsGateway

    def check(chain, context, response):
        request = context.request
        if context.is_internal_call or request.path.startswith(("/_localstack/", "/_aws/")):
            return
        refusal = signatures.problem(request, keys)
        if refusal is None:
            return
        response.status_code = refusal.status
        response.set_json(
            {"__type": "com.amazon.coral.service#" + refusal.code, "message": refusal.message}
        )
        response.headers["Content-Type"] = "application/x-amz-json-1.0"
        response.headers["x-amzn-query-error"] = refusal.code + ";Sender"
        chain.stop()

    original = LocalstackAwsGateway.__init__

    def with_check(self, *arguments, **named):
        original(self, *arguments, **named)
        self.request_handlers.insert(1, check)

    LocalstackAwsGateway.__init__ = with_check


if __name__ == "__main__":
    keys = json.loads(os.environ["SIGNING_KEYS"])
    if not keys:
        sys.exit("SIGNING_KEYS names no key")
    if os.environ.get("SERVER_ENDS_WITH_STDIN"):
        end_with_standard_input()
    listen_on_given_address_only()
    refuse_wrong_signatures(keys)

    from localstack.runtime.main import main

    main()
