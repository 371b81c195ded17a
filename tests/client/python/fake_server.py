"""A coordinator whose answers a test writes."""

import concurrent.futures

import grpc

from caviar.v1 import request_pb2, server_service_pb2


class FakeServer(grpc.GenericRpcHandler):
    """Answers the n-th call of a method with the n-th of its `answers`: a message, or (code, text, ErrorDetail).
    requests and tokens: what came, in order."""

    def __init__(self, **answers):
        self.requests = []
        self.tokens = []
        self._answers = {"GetServerStatus": [server_service_pb2.ServerStatus()], **answers}
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), handlers=[self])
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self):
        self._server.stop(None).wait()

    def service(self, call):
        method = call.method.rsplit("/", 1)[-1]
        self.tokens.append(dict(call.invocation_metadata).get("authorization"))

        def answer(request, context):
            self.requests.append((method, request))
            result = self._answers[method].pop(0)
            if not isinstance(result, tuple):
                return result.SerializeToString()
            code, text, detail = result
            if detail is not None:
                status = request_pb2.RpcStatus(code=code.value[0], message=text)
                status.details.add().Pack(detail)
                context.set_trailing_metadata([("grpc-status-details-bin", status.SerializeToString())])
            context.abort(code, text)

        return grpc.unary_unary_rpc_method_handler(answer)
