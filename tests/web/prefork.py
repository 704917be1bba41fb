"""Serves the app from a process that was loaded beforehand, so that after a kill another stands there at once.

`python -m tests.web.prefork PORT` prints the pid of each server it starts, one a line."""

from __future__ import annotations

import os
import socket
import sys
import threading


def main() -> None:
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.db import connections
    from django.test import Client

    from nappage_web.config.wsgi import application

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    # Loads every view, so that a server that was just started answers at once; opens no database.
    answer = Client().get("/health")
    assert answer.status_code == 200
    connections.close_all()
    for thread in threading.enumerate():  # a fork would leave its locks closed for ever
        if thread is not threading.current_thread():
            thread.join()
    listening = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)
    while True:
        child = os.fork()
        if child == 0:
            server = ThreadedWSGIServer(listening.getsockname(), Quiet, bind_and_activate=False)
            server.daemon_threads = True
            server.socket = listening
            server.server_name, server.server_port = "localhost", listening.getsockname()[1]
            server.setup_environ()
            server.set_app(application)
            server.serve_forever(poll_interval=0.02)
        print(child, flush=True)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
