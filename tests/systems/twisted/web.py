"""A web process on Twisted: many requests at once in one thread."""

import os
import sys

from twisted.internet import defer, reactor, task
from twisted.python import log
from twisted.web import resource, server


class Web(resource.Resource):
    """Answers, at once or after as many seconds as ``?slow=`` says."""

    isLeaf = True

    def __init__(self):
        super().__init__()
        self.under_way = set()
        self.stopping = False

    def render_GET(self, request):
        self.under_way.add(request)
        request.notifyFinish().addBoth(lambda _: self.under_way.discard(request))
        seconds = int(request.args.get(b"slow", [b"0"])[0])
        task.deferLater(reactor, seconds, self.answer, request, seconds)
        return server.NOT_DONE_YET

    def answer(self, request, seconds):
        if request in self.under_way:  # its client hasn't gone away meanwhile
            if self.stopping:
                request.setHeader(b"connection", b"close")
            request.write(f"{os.environ['PROCESS_NAME']} waited {seconds} s\n".encode())
            request.finish()


@defer.inlineCallbacks
def drain(port, web):
    """Ask each client to close its connection, for two seconds; then accept nothing more, and finish what is under way.

    The reactor waits for that before it ends.
    """
    web.stopping = True
    yield wait(2)
    yield port.stopListening()
    while web.under_way:
        yield wait(0.1)
    yield wait(0.1)  # the last answer leaves with the next turn of the loop


def wait(seconds):
    return task.deferLater(reactor, seconds, lambda: None)


log.startLogging(sys.stdout)
web = Web()
port = reactor.listenTCP(int(os.environ["PORT"]), server.Site(web))
# At SIGTERM the reactor shuts down.
reactor.addSystemEventTrigger("before", "shutdown", drain, port, web)
reactor.run()
