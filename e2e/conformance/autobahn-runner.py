"""Runs the cases of the Autobahn test suite, ported to Python 3, as a client against one URL; writes verdicts as JSON.

usage: autobahn-runner.py PORTED_DIRECTORY URL OUTPUT [CASE,CASE…]

The cases were written for Python 2, where text was bytes: between them and the library, strings are taken as latin-1.
"""
import binascii
import json
import sys

ported, url, output = sys.argv[1:4]
chosen = sys.argv[4].split(",") if len(sys.argv) > 4 else None
parallel = 4
sys.path.insert(0, ported)

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol, connectWS
from autobahn.websocket import utf8validator
from autobahn.websocket.protocol import WebSocketProtocol
from twisted.internet import reactor


def as_bytes(value):
    return value.encode("latin-1") if isinstance(value, str) else value


def as_text(value):
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("latin-1")
    if isinstance(value, (list, tuple)):
        return tuple(as_text(item) for item in value)
    return value


class LatinValidator(utf8validator.Utf8Validator):
    def validate(self, data):
        return super().validate(as_bytes(data))


utf8validator.Utf8Validator = LatinValidator
hexlify = binascii.b2a_hex
binascii.b2a_hex = lambda data: hexlify(as_bytes(data)).decode()

import autobahntestsuite.case as case_module
from autobahntestsuite.case import Cases
from autobahntestsuite.case.case import Case

Case.compare = lambda self, one, other: as_text(one) == as_text(other)
MESSAGES_PER_CASE = 20


def case_id(case):
    return case.__name__[len("Case"):].replace("_", ".")


class CaseProtocol(WebSocketClientProtocol):
    runCase = None
    connectionWasOpen = None

    def connectionMade(self):
        self.createWirelog = False
        self.txFrameStats = {}
        super().connectionMade()

    def connectionLost(self, reason):
        super().connectionLost(reason)
        try:
            self.runCase.onConnectionLost(self.failedByMe)
        except Exception as error:
            self.runCase.behavior = "ERROR"
            self.runCase.result = repr(error)
        self.factory.finished(self.runCase)

    def onOpen(self):
        self.connectionWasOpen = True
        self.guard(self.runCase.onOpen)

    def onMessage(self, payload, is_binary):
        wanted = payload if isinstance(self.runCase, tuple(Raw)) else as_text(payload)
        self.guard(self.runCase.onMessage, wanted, is_binary)

    def onPong(self, payload):
        self.guard(self.runCase.onPong, as_text(payload))

    def onClose(self, was_clean, code, reason):
        self.guard(self.runCase.onClose, was_clean, code, reason)

    def guard(self, function, *arguments):
        try:
            function(*arguments)
        except Exception as error:
            self.runCase.result = "error in the case: %r" % error
            self.dropConnection(abort=True)

    def sendFrame(self, opcode, payload=b"", **rest):
        super().sendFrame(opcode, as_bytes(payload), **rest)

    def sendMessage(self, payload, isBinary=False, **rest):
        super().sendMessage(as_bytes(payload), isBinary, **rest)

    def sendMessageFrameData(self, payload, sync=False):
        return super().sendMessageFrameData(as_bytes(payload), sync)

    def sendPing(self, payload=None):
        super().sendPing(as_bytes(payload))

    def sendCloseFrame(self, code=None, reasonUtf8=None, isReply=False):
        super().sendCloseFrame(code, as_bytes(reasonUtf8), isReply)

    def logTxFrame(self, header, payload, repeat_length, chopsize, sync):
        self.txFrameStats[header.opcode] = self.txFrameStats.get(header.opcode, 0) + 1

    def logRxFrame(self, header, payload):
        pass

    def logRxOctets(self, data):
        pass

    def logTxOctets(self, data, sync):
        pass

    def enableWirelog(self, enable):
        pass

    def later(self, delay, function):
        def fire():
            if self.state != WebSocketProtocol.STATE_CLOSED:
                self.guard(function)

        reactor.callLater(delay, fire)

    def continueLater(self, delay, function, tag=None):
        self.later(delay, function)

    def killAfter(self, delay):
        self.later(delay, lambda: self._fail_connection() if hasattr(self, "_fail_connection") else self.dropConnection(abort=True))

    def closeAfter(self, delay):
        self.later(delay, self.sendClose)


# The compression cases are written for bytes on both Pythons.
Raw = list(case_module.Case12_X_X) + list(case_module.Case13_X_X)


class CaseFactory(WebSocketClientFactory):
    protocol = CaseProtocol

    def __init__(self, case, done):
        super().__init__(url, useragent="autobahn")
        self.logFrames = True
        self.case = case
        self.done = done
        self.reported = False
        # Generous, so that a busy machine is not taken for an unclean close.
        self.setProtocolOptions(failByDrop=False, closeHandshakeTimeout=10, serverConnectionDropTimeout=5)

    def buildProtocol(self, address):
        protocol = CaseProtocol()
        protocol.factory = self
        protocol.runCase = self.case(protocol)
        return protocol

    def clientConnectionFailed(self, connector, reason):
        self.report({"behavior": "ERROR", "behaviorClose": "ERROR", "result": str(reason.value)})

    def finished(self, case):
        self.report({"behavior": case.behavior, "behaviorClose": case.behaviorClose, "result": str(case.result)})

    def report(self, verdict):
        if not self.reported:
            self.reported = True
            self.done(self.case, verdict)


waiting = [case for case in Cases if chosen is None or case_id(case) in chosen]
for case in waiting:
    if getattr(case, "COUNT", 0) > MESSAGES_PER_CASE:
        case.COUNT = MESSAGES_PER_CASE
verdicts = {}
running = 0


def done(case, verdict):
    global running
    verdicts[case_id(case)] = verdict
    running -= 1
    reactor.callLater(0, fill)


def fill():
    global running
    while waiting and running < parallel:
        running += 1
        connectWS(CaseFactory(waiting.pop(0), done))
    if not waiting and running == 0 and reactor.running:
        with open(output, "w") as file:
            json.dump(verdicts, file)
        reactor.stop()


reactor.callWhenRunning(fill)
reactor.run()
