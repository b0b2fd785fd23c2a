"""The boundary of every call: what happens to each, whatever it asks for.

In this order: request id, deadline, limits, metrics, log, mapping of errors.
One wrapper does it all, made once per method: a call costs one extra coroutine.

Requests are parsed here, not by the transport: bytes that are no message, or too
many, are refused like anything else.

A ``Refused`` becomes its status.  Any other exception is a bug of ours: the
client gets ``INTERNAL`` with an incident id, the traceback goes to the log only,
and the server lives.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from inspect import isasyncgenfunction
from typing import Any, Final, final

import grpc
import grpc.aio
import structlog
from google.protobuf.message import DecodeError
from prometheus_client import Counter as Figure
from prometheus_client import Histogram

from node.process.metrics import Metrics
from node.service.allowances import Allowances, host_of
from node.service.errors import Refused, status_of
from node.settings import GrpcSettings

OWN_PACKAGE: Final = "/sextant.v1."
LIMITED: Final = ("/sextant.v1.Query/", "/sextant.v1.Stream/")
"""Services whose calls are counted per host; submissions count by transaction (admission)."""

COSTS: Final = {
    "/sextant.v1.Query/GetBlock": 10,
    "/sextant.v1.Query/GetReceipt": 5,
    "/sextant.v1.Query/GetTransactionStatus": 5,
    "/sextant.v1.Query/GetWithdrawals": 100,
    "/sextant.v1.Query/GetLogEntry": 10,
    "/sextant.v1.Query/GetProof": 10,
    "/sextant.v1.Query/GetHistory": 10,
    "/sextant.v1.Query/Preview": 5,
}
"""As how many calls one counts that may read whole blocks from disk, or execute one."""

REQUEST_ID: Final = "x-request-id"
REQUEST_ID_CHARS_MAX: Final = 64
log = structlog.get_logger(__name__)

Handler = Any  # grpc.RpcMethodHandler: its four behaviours are not typed
Behaviour = Any  # what a handler calls: one of four shapes
Parse = Callable[[Any], Any]  # of one request, or of a stream of them
Context = Any  # grpc.aio.ServicerContext of any request and answer


@final
class Meter:
    """A method's own metrics, looked up once."""

    __slots__ = ("codes", "method", "requests", "seconds")

    def __init__(self, method: str, metrics: Metrics) -> None:
        self.method = method
        self.requests = metrics.requests
        self.seconds: Histogram = metrics.request_seconds.labels(method)
        self.codes: dict[str, Figure] = {}

    def count(self, code: str) -> None:
        """Count one call that ended with ``code``."""
        counter = self.codes.get(code)
        if counter is None:
            counter = self.codes[code] = self.requests.labels(self.method, code)
        counter.inc()


@final
class Parser:
    """Makes a method's requests of bytes, or raises ``Refused``."""

    __slots__ = ("bytes_max", "make")

    def __init__(self, make: Callable[[bytes], object], bytes_max: int) -> None:
        self.make = make
        self.bytes_max = bytes_max

    def parse(self, data: bytes) -> object:
        """Return one request."""
        if len(data) > self.bytes_max:
            most = self.bytes_max
            raise Refused("TOO_LARGE", f"{len(data)} bytes, at most {most}", most=str(most))
        try:
            return self.make(data)
        except DecodeError as error:
            raise Refused("MALFORMED", "the bytes are not the request of this method") from error

    async def parse_all(self, stream: AsyncIterator[bytes]) -> AsyncIterator[object]:
        """Yield the requests of a stream."""
        async for data in stream:
            yield self.parse(data)


@final
class Boundary(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in stubs only
    """Wraps the handlers of this project's services; of health and reflection, streams count."""

    def __init__(
        self,
        settings: GrpcSettings,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.metrics = metrics
        self.streams = 0
        self.hosts: Counter[str] = Counter()
        """Streams that are open, by host."""
        self.allowances = Allowances(settings.calls_per_second, settings.calls_burst, clock)
        self.wrapped: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the handler of a call, wrapped."""
        method: str = handler_call_details.method
        known = self.wrapped.get(method)
        if known is not None:
            return known
        handler = await continuation(handler_call_details)
        if handler is None:
            return handler
        if not method.startswith(OWN_PACKAGE):
            return self.count_streams(method, handler)
        self.wrapped[method] = wrapped = self.wrap(method, handler)
        return wrapped

    def wrap(self, method: str, handler: Handler) -> Handler:
        """Return ``handler`` inside the boundary."""
        meter = Meter(method.removeprefix(OWN_PACKAGE), self.metrics)
        parser = Parser(handler.request_deserializer, self.settings.message_bytes_max)
        limited = COSTS.get(method, 1) if method.startswith(LIMITED) else 0
        codecs = (None, handler.response_serializer)  # no parser of the transport's
        if handler.unary_unary is not None:
            unary = self.wrap_unary(meter, handler.unary_unary, parser.parse, limited=limited)
            return grpc.unary_unary_rpc_method_handler(unary, *codecs)
        if handler.unary_stream is not None:
            stream = self.wrap_stream(meter, handler.unary_stream, parser.parse, limited=limited)
            return grpc.unary_stream_rpc_method_handler(stream, *codecs)
        stream = self.wrap_stream(meter, handler.stream_stream, parser.parse_all, limited=limited)
        return grpc.stream_stream_rpc_method_handler(stream, *codecs)

    def wrap_unary(
        self, meter: Meter, behaviour: Behaviour, parse: Parse, *, limited: int
    ) -> Behaviour:
        """Return a unary behaviour inside the boundary."""

        async def call(request: bytes, context: Context) -> object:
            started = time.perf_counter()
            try:
                self.need_deadline(context)
                if limited:
                    self.need_allowance(context, limited)
                answer = await behaviour(parse(request), context)
            except Exception as error:
                await self.fail(meter, context, error)
                raise
            except asyncio.CancelledError:
                meter.count("CANCELLED")
                raise
            meter.count("OK")
            meter.seconds.observe(time.perf_counter() - started)
            return answer

        return call

    def wrap_stream(
        self, meter: Meter, behaviour: Behaviour, parse: Parse, *, limited: int
    ) -> Behaviour:
        """Return a streaming behaviour inside the boundary."""

        async def call(request: object, context: Context) -> AsyncIterator[object]:
            try:
                if limited:
                    self.need_allowance(context, limited)
                host = self.open_stream(context)
            except Refused as refused:
                await self.fail(meter, context, refused)
                return
            try:
                async for answer in behaviour(parse(request), context):
                    yield answer
            except Exception as error:  # noqa: BLE001 - the boundary: nothing passes it
                await self.fail(meter, context, error)
            except asyncio.CancelledError:
                meter.count("CANCELLED")
                raise
            else:
                meter.count("OK")
            finally:
                self.close_stream(host)

        return call

    def count_streams(self, method: str, handler: Handler) -> Handler:
        """Return a handler of health or reflection whose streams count as all others do.

        They may last for ever: uncounted, they would take the places of everybody's calls.
        """
        if not handler.response_streaming:
            return handler
        behaviour = handler.stream_stream if handler.request_streaming else handler.unary_stream
        meter = Meter(method.removeprefix("/"), self.metrics)
        yields = isasyncgenfunction(behaviour)

        async def call(request: object, context: Context) -> None:
            try:
                host = self.open_stream(context)
            except Refused as refused:
                await self.fail(meter, context, refused)
                return
            try:
                if not yields:
                    await behaviour(request, context)
                    return
                async for answer in behaviour(request, context):
                    await context.write(answer)
            finally:
                self.close_stream(host)

        make = grpc.unary_stream_rpc_method_handler
        if handler.request_streaming:
            make = grpc.stream_stream_rpc_method_handler
        wrapped = make(call, handler.request_deserializer, handler.response_serializer)
        self.wrapped[method] = wrapped
        return wrapped

    def need_deadline(self, context: Context) -> None:
        """Refuse a unary call that could wait for ever."""
        left = context.time_remaining()  # none, or absurdly much, without a deadline
        most = self.settings.deadline_ms_max
        if self.settings.deadline_required and (left is None or left * 1000 > most):
            raise Refused("DEADLINE_MISSING", f"set a deadline, of at most {most} ms")

    def need_allowance(self, context: Context, count: int) -> None:
        """Refuse a host that asks faster than one may; this call counts as so many."""
        most = min(count, self.settings.calls_burst)
        left = self.allowances.take(host_of(context.peer()), most)
        if left is not None:
            self.metrics.limited.inc()
            rate = self.settings.calls_per_second
            raise Refused("RATE_LIMITED", f"at most {rate} calls/s", per_second=str(rate))

    def open_stream(self, context: Context) -> str:
        """Count a stream of a host and return him, or refuse it: nobody takes all others' places.

        Once a call has ended its context cannot say any more whose it was: gRPC crashes.
        """
        host, settings = host_of(context.peer()), self.settings
        if self.streams >= settings.streams_max:
            raise Refused("STREAMS_TOO_MANY", f"{self.streams} streams are open")
        if self.hosts[host] >= settings.streams_per_host_max:
            raise Refused("STREAMS_TOO_MANY", f"{self.hosts[host]} of them are of your host")
        self.hosts[host] += 1
        self.streams += 1
        self.metrics.streams.set(self.streams)
        return host

    def close_stream(self, host: str) -> None:
        """Count a stream of a host as closed."""
        self.hosts[host] -= 1
        if not self.hosts[host]:
            del self.hosts[host]
        self.streams -= 1
        self.metrics.streams.set(self.streams)

    async def fail(self, meter: Meter, context: Context, error: Exception) -> None:
        """End a call that raised ``error``, with its own status or as an incident."""
        if isinstance(error, grpc.aio.AbortError):  # the handler has ended it already
            meter.count(str(context.code()))
            raise error
        request_id = request_id_of(context)
        if not isinstance(error, Refused):
            self.metrics.incidents.inc()
            log.error("incident", incident=request_id, method=meter.method, exc_info=error)
            error = Refused(
                "INTERNAL",
                f"something broke here; report incident {request_id}",
                incident=request_id,
            )
        else:
            log.debug("refused", method=meter.method, reason=error.reason, request=request_id)
        if error.reason == "SLOW_CONSUMER":
            self.metrics.evictions.inc()
        status = status_of(error)
        meter.count(status.code.name)
        details = (*status.trailing_metadata, (REQUEST_ID, request_id))
        await context.abort(status.code, status.details, details)


def request_id_of(context: Context) -> str:
    """Return the client's own request id, or a new one."""
    for name, value in context.invocation_metadata() or ():
        if name == REQUEST_ID and isinstance(value, str) and value.isprintable():
            return value[:REQUEST_ID_CHARS_MAX]
    return secrets.token_hex(8)
