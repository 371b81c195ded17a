"""Calls to a coordinator: tries again where that may help, under one request id, and raises errors with its words.

The methods come from the services' descriptors, so there is no generated stub.
"""

import itertools
import os
import random
import threading
import time

import grpc

from caviar import errors
from caviar.coordinator_address import check_coordinator, find_coordinator
from caviar.credentials import Credentials
from caviar.loopback import where_somebody_else_listens
from caviar.token_source import where_tokens_are
from caviar.v1 import request_pb2, server_service_pb2, study_service_pb2

_SERVICES = (study_service_pb2.DESCRIPTOR.services_by_name["StudyService"],
             server_service_pb2.DESCRIPTOR.services_by_name["ServerService"])
_METHODS = {method.name: method for service in _SERVICES for method in service.methods}

PAGE = 1000  # rows
_MIN_BACKOFF, _MAX_BACKOFF = 0.05, 2.0  # seconds
_OPTIONS = (
    # The server's minimum is 5 s: a client that pings faster is cut off.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # There is a backoff here already; the channel must be ready when it is over.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.min_reconnect_backoff_ms", 5_000),
    # A coordinator is on one's own network; a proxy from the environment is meant for the web.
    ("grpc.enable_http_proxy", 0),
    # Pages of trials with all their measurements can be long.
    ("grpc.max_receive_message_length", -1),
    # Connections of other Client objects, and of a parent process, stay theirs.
    ("grpc.use_local_subchannel_pool", 1),
)


class RequestIds:
    """Counts 1, 2, ... under 128 random bits; a child after fork draws its own. Thread safe, without a lock."""

    def __init__(self):
        self._state = (0, "", itertools.count(1))

    def next(self):
        process, client_id, sequence = state = self._state
        if process != os.getpid():
            self._state = state = (os.getpid(), os.urandom(16).hex(), itertools.count(1))
            process, client_id, sequence = state
        return request_pb2.RequestId(client_id=client_id, sequence=next(sequence))


class _Line:
    """A channel to where the coordinator is now."""

    def __init__(self, address, credentials):
        self.process = os.getpid()
        self.address = address.host_and_port
        self.channel = credentials.open_channel(self.address, _OPTIONS)
        self.closed = False
        self._tokens = credentials.tokens_for(address)

    def call(self, method, request, timeout):
        call = self.channel.unary_unary(f"/{method.containing_service.full_name}/{method.name}",
                                        request_serializer=lambda message: message.SerializeToString(),
                                        response_deserializer=method.output_type._concrete_class.FromString)
        token = self._tokens.get()
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        return call(request, timeout=timeout, metadata=metadata)

    def close(self):
        self.closed = True  # before its calls end
        self.channel.close()


class Connection:
    """Thread safe. address: host:port or file:PATH. patience: how many seconds a call goes on trying while no
    coordinator answers."""

    def __init__(self, address, patience, credentials=None, call_timeout=30.0):
        check_coordinator(address)
        self.address = address
        self._credentials = credentials or Credentials()
        self.patience = patience
        self._call_timeout = call_timeout
        self._ids = RequestIds()
        self._line = None
        self._found = None  # the CoordinatorAddress of the line that is, or was before
        self._connecting = (os.getpid(), threading.Lock())

    def call(self, method, request, patience=None):
        """The answer of a method such as "GetStudy"."""
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.HasField("request_id"):
            request.request_id.CopyFrom(self._ids.next())
        patience = self.patience if patience is None else patience
        waited, bound = 0.0, _MIN_BACKOFF
        while True:
            answer, failure, delay = self._try(_METHODS[method], request)
            if failure is None:
                return answer
            if delay is None:
                raise failure
            # Full jitter, so that a fleet that lost its coordinator comes back spread over time.
            delay += max(random.uniform(0, bound), _MIN_BACKOFF / 10)
            bound = min(bound * 2, _MAX_BACKOFF)
            waited += delay + (self._call_timeout if failure.code == "DEADLINE_EXCEEDED" else 0.0)
            if waited > patience:
                raise failure
            time.sleep(delay)

    def pages(self, method, request, field, page_size=PAGE):
        """All rows of a list as messages, page by page."""
        request.page_size = page_size
        while True:
            answer = self.call(method, request)
            yield from getattr(answer, field)
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    def close(self):
        line, self._line = self._line, None
        if line is not None and line.process == os.getpid():
            line.close()

    def _try(self, method, request):
        """The answer; or what is wrong, and after how many seconds another try may help, None: never."""
        try:
            line = self._open()
        except errors.Unavailable as error:
            return None, error, 0.0
        try:
            return line.call(method, request, self._call_timeout), None, None
        except grpc.RpcError as error:
            failure, delay = _failure_of(error, line)
        if not failure.reason and isinstance(failure, errors.Unavailable):
            self._forget(line)
        return None, failure, delay

    def _open(self):
        """This process's line: one that was made before a fork is of no use after it. Unavailable: no address is known."""
        line = self._line
        if line is not None and line.process == os.getpid():
            return line
        with self._lock():
            if self._line is None or self._line.process != os.getpid():
                self._found = self._find()
                self._line = _Line(self._found, self._credentials)
            return self._line

    def _find(self):
        """Where the coordinator is now: a file is read again for each line."""
        try:
            return find_coordinator(self.address)
        except errors.Unavailable:
            # The coordinator of before may be there again before it writes its file.
            if self._found is None:
                raise
            return self._found

    def _lock(self):
        process, lock = self._connecting
        if process != os.getpid():
            self._connecting = (os.getpid(), lock := threading.Lock())  # the parent may have held it
        return lock

    def _forget(self, line):
        """While a channel is known to be broken its calls fail at once, and it is mended only while somebody waits: a new
        one connects at its first call."""
        with self._lock():
            if self._line is line:
                self._line = None


def _failure_of(error, line):
    """The exception to raise, and after how many seconds another try may help; None: never."""
    code, detail = error.code(), _detail_of(error)
    message = error.details() or ""
    if code == grpc.StatusCode.CANCELLED and detail is None and not line.closed:
        # Nobody here asked for it: so says a coordinator's gRPC while it shuts down.
        code, message = grpc.StatusCode.UNAVAILABLE, "the call was cut off, as by one that shuts down"
    if code == grpc.StatusCode.RESOURCE_EXHAUSTED and message.startswith("Received RST_STREAM"):
        # No refusal: gRPC drops calls so where memory is short.
        code, message = grpc.StatusCode.UNAVAILABLE, "the call was cut off, as by one that is short of memory"
    if detail is None:
        message = _words_of_ones_own(code, message, line.address)
    # A stalled coordinator does not answer in time.
    delay = 0.0 if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED) else None
    if detail is not None and detail.HasField("retry_delay") and code in (
            grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
        delay = detail.retry_delay.ToTimedelta().total_seconds()
    return _exception(code, message, detail, may_pass=delay is not None), delay


def _words_of_ones_own(code, message, address):
    """What a person can use where it was not the coordinator's own code that answered, or it must not say more."""
    if code == grpc.StatusCode.UNAVAILABLE:
        return f"no coordinator answers at {address}: {message.rsplit(': ', 1)[-1]}"
    if code == grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"the coordinator at {address} did not answer in time"
    if code == grpc.StatusCode.UNAUTHENTICATED:
        return (f"the coordinator at {address} does not know who calls: the token is not one of its own, or was not "
                f"found ({where_tokens_are()}){_somebody_else(address)}")
    if code == grpc.StatusCode.PERMISSION_DENIED:
        return f"the coordinator at {address} does not let this caller do that"
    return message


def _somebody_else(address):
    """Some words about who else may have answered; "": nobody."""
    where = where_somebody_else_listens(address)
    if where is None:
        return ""
    return "; another user of this machine runs what listens there" + ("" if where == address else f", at {where}")


def _exception(code, message, detail, may_pass):
    reason = detail.reason if detail is not None else ""
    if code == grpc.StatusCode.INVALID_ARGUMENT:
        violations = detail.field_violations if detail is not None else ()
        return errors.InvalidArgument([(each.field, each.description) for each in violations], message)
    kind = {"NO_TRIAL": errors.NoTrial, "LEASE_LOST": errors.LeaseLost}.get(reason) or {
        grpc.StatusCode.NOT_FOUND: errors.NotFound,
        grpc.StatusCode.ALREADY_EXISTS: errors.AlreadyExists,
        grpc.StatusCode.UNAUTHENTICATED: errors.Unauthenticated,
        grpc.StatusCode.PERMISSION_DENIED: errors.PermissionDenied,
    }.get(code, errors.Unavailable if may_pass else errors.Error)
    return kind(message, code.name, reason)


def _detail_of(error):
    """The ErrorDetail among the details, if any."""
    for name, value in error.trailing_metadata() or ():
        if name != "grpc-status-details-bin":
            continue
        try:
            status = request_pb2.RpcStatus.FromString(value)
        except Exception:  # whatever a foreign server or proxy sends
            return None
        for packed in status.details:
            detail = request_pb2.ErrorDetail()
            if packed.Is(detail.DESCRIPTOR) and packed.Unpack(detail):
                return detail
    return None
