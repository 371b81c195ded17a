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
from caviar.credentials import Credentials
from caviar.v1 import request_pb2, server_service_pb2, study_service_pb2

_SERVICES = (study_service_pb2.DESCRIPTOR.services_by_name["StudyService"],
             server_service_pb2.DESCRIPTOR.services_by_name["ServerService"])
_METHODS = {method.name: method for service in _SERVICES for method in service.methods}

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


class Connection:
    """Thread safe. patience: how many seconds a call goes on trying while no coordinator answers."""

    def __init__(self, address, patience, credentials=None, call_timeout=30.0):
        self.address = address
        self._credentials = credentials or Credentials()
        self._metadata = ()
        self.patience = patience
        self._call_timeout = call_timeout
        self._ids = RequestIds()
        self._channel = (0, None)
        self._connecting = threading.Lock()

    def call(self, method, request, patience=None):
        """The answer of a method such as "GetStudy"."""
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.HasField("request_id"):
            request.request_id.CopyFrom(self._ids.next())
        patience = self.patience if patience is None else patience
        waited, bound = 0.0, _MIN_BACKOFF
        while True:
            channel = self._open()
            try:
                return self._try(channel, _METHODS[method], request)
            except grpc.RpcError as error:
                failure, delay = _failure_of(error, self.address)
                if not failure.reason and isinstance(failure, errors.Unavailable):
                    self._forget(channel)
            if delay is None:
                raise failure
            # Full jitter, so that a fleet that lost its coordinator comes back spread over time.
            delay += max(random.uniform(0, bound), _MIN_BACKOFF / 10)
            bound = min(bound * 2, _MAX_BACKOFF)
            waited += delay
            if waited > patience:
                raise failure
            time.sleep(delay)

    def close(self):
        process, channel = self._channel
        if channel is not None and process == os.getpid():
            channel.close()
        self._channel = (0, None)

    def _try(self, channel, method, request):
        call = channel.unary_unary(f"/{method.containing_service.full_name}/{method.name}",
                                   request_serializer=lambda message: message.SerializeToString(),
                                   response_deserializer=method.output_type._concrete_class.FromString)
        return call(request, timeout=self._call_timeout, metadata=self._metadata)

    def _open(self):
        """This process's channel: one that was made before a fork is of no use after it."""
        process, channel = self._channel
        if process == os.getpid():
            return channel
        if process != 0:
            self._connecting = threading.Lock()  # the parent may have held it
        with self._connecting:
            if self._channel[0] != os.getpid():
                self._metadata = self._credentials.metadata(self.address)
                self._channel = (os.getpid(), self._credentials.open_channel(self.address, _OPTIONS))
            return self._channel[1]

    def _forget(self, channel):
        """While a channel is known to be broken its calls fail at once, and it is mended only while somebody waits: a new
        one connects at its first call."""
        with self._connecting:
            if self._channel[1] is channel:
                self._channel = (0, None)


def _failure_of(error, address):
    """The exception to raise, and after how many seconds another try may help; None: never."""
    code, message = error.code(), error.details() or ""
    detail = _detail_of(error)
    delay = None
    if code == grpc.StatusCode.UNAVAILABLE:
        delay = 0.0
        if detail is None:
            message = f"no coordinator answers at {address}: {message.rsplit(': ', 1)[-1]}"
    elif code == grpc.StatusCode.DEADLINE_EXCEEDED and detail is None:
        message = f"the coordinator at {address} did not answer in time"
    elif code == grpc.StatusCode.UNAUTHENTICATED:
        message = (f"the coordinator at {address} does not know who calls: the token is not one of its own, or was not "
                   "found (token_file, $CAVIAR_TOKEN_FILE, $CAVIAR_TOKEN, ~/.local/state/caviar/token)")
    if detail is not None and detail.HasField("retry_delay") and code in (
            grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
        delay = detail.retry_delay.ToTimedelta().total_seconds()
    return _exception(code, message, detail), delay


def _exception(code, message, detail):
    reason = detail.reason if detail is not None else ""
    if code == grpc.StatusCode.INVALID_ARGUMENT:
        violations = detail.field_violations if detail is not None else ()
        return errors.InvalidArgument([(each.field, each.description) for each in violations], message)
    kind = {"NO_TRIAL": errors.NoTrial, "LEASE_LOST": errors.LeaseLost}.get(reason) or {
        grpc.StatusCode.NOT_FOUND: errors.NotFound,
        grpc.StatusCode.ALREADY_EXISTS: errors.AlreadyExists,
        grpc.StatusCode.UNAVAILABLE: errors.Unavailable,
        grpc.StatusCode.DEADLINE_EXCEEDED: errors.Unavailable,
    }.get(code, errors.Error)
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
