"""Serves one emulated AWS account: moto on loopback, with additions that a cloud needs.

It prints its address, and writes each call that it cannot answer to a file.
"""

import os
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["MOTO_ACCOUNT_ID"] = sys.argv[1]
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from tests.e2e.additions import ec2, efs, eks, memorydb, s3, servicequotas, ssm

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Account:
    """Moto's application, which handles one call at a time, and returns status 501 if moto fails.

    Moto's backends are plain dictionaries: a call that changes one breaks another call that iterates over it. The AWS
    provider repeats a call with status 500 for many minutes.
    """

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._one = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            with self._one:
                answer: Iterable[bytes] = self._moto(environ, start_response)
        except Exception as error:  # noqa: BLE001 - whatever moto fails with is told and answered
            with Path(sys.argv[2]).open("a") as unanswered:
                unanswered.write(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}: {error!r}\n")
            start_response("501 Not Implemented", [("Content-Type", "application/json")])
            return [b'{"__type": "NotImplemented"}']
        return answer


class Quiet(MotoRequestHandler):
    """A handler that does not log each request."""

    def log_request(self, *_: Any) -> None:
        pass


def main() -> None:
    """Serves until the process is terminated."""
    for addition in (ec2, efs, eks, memorydb, s3, servicequotas, ssm):
        addition.register()
    server = make_server("127.0.0.1", 0, Account(), threaded=True, request_handler=Quiet)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201
    server.serve_forever()


if __name__ == "__main__":
    main()
