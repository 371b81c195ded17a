"""Calls are tried again where that may help, under the same request id, and errors carry the server's words."""

import os
import re
import threading
import unittest
from unittest import mock

import grpc

import caviar
from caviar.connection import RequestIds
from caviar.v1 import request_pb2, study_pb2, study_service_pb2, trial_pb2
from fake_server import FakeServer


STUDY = study_pb2.Study(name="s", objective=study_pb2.Objective(metric="accuracy"))
AWAY = (grpc.StatusCode.UNAVAILABLE, "disk full", request_pb2.ErrorDetail(reason="COORDINATOR_UNAVAILABLE"))


def overloaded(milliseconds):
    detail = request_pb2.ErrorDetail(reason="OVERLOADED")
    detail.retry_delay.FromMilliseconds(milliseconds)
    return grpc.StatusCode.RESOURCE_EXHAUSTED, "too many calls", detail


class RetryTest(unittest.TestCase):
    def connect(self, patience=60.0, **answers):
        self.server = FakeServer(**answers)
        self.addCleanup(self.server.stop)
        client = caviar.connect(self.server.address, patience)
        self.addCleanup(client.close)
        return client

    def test_a_repeat_has_the_same_request_id_and_a_new_call_the_next(self):
        client = self.connect(GetStudy=[STUDY], StopStudy=[AWAY, overloaded(1), STUDY, STUDY])
        study = client.study("s")
        study.stop()
        study.stop()
        ids = [study_service_pb2.StopStudyRequest.FromString(request).request_id
               for method, request in self.server.requests if method == "StopStudy"]
        self.assertEqual([each.sequence for each in ids], [1, 1, 1, 2])
        self.assertEqual(len({each.client_id for each in ids}), 1)
        self.assertRegex(ids[0].client_id, "^[0-9a-f]{32}$")

    def test_what_will_never_help_is_not_tried_again(self):
        for code in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INTERNAL, grpc.StatusCode.FAILED_PRECONDITION):
            client = self.connect(GetStudy=[(code, "no", None)])
            with self.assertRaisesRegex(caviar.Error, "^no$") as caught:
                client.study("s")
            self.assertEqual(caught.exception.code, code.name)

    def test_patience_ends(self):
        client = self.connect(patience=0.2, GetStudy=[AWAY] * 100)
        with self.assertRaisesRegex(caviar.Unavailable, "disk full"):
            client.study("s")
        self.assertGreater(len(self.server.requests), 2)

    def test_a_call_that_is_not_answered_in_time_is_tried_again_and_takes_its_time_of_the_patience(self):
        stalled = (grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded", None)
        client = self.connect(patience=40.0, GetStudy=[stalled, STUDY])
        self.assertEqual(client.study("s").name, "s")
        client = self.connect(patience=20.0, GetStudy=[stalled, STUDY])
        with self.assertRaisesRegex(caviar.Unavailable, "did not answer in time"):
            client.study("s")

    def test_a_delay_that_is_longer_than_the_patience_is_not_waited_for(self):
        client = self.connect(patience=1.0, GetStudy=[overloaded(3_600_000)])
        with self.assertRaisesRegex(caviar.Unavailable, "too many calls") as caught:
            client.study("s")
        self.assertEqual((caught.exception.code, caught.exception.reason), ("RESOURCE_EXHAUSTED", "OVERLOADED"))

    def test_nobody_there_is_said_with_the_address(self):
        with self.assertRaisesRegex(caviar.Unavailable, "no coordinator answers at 127.0.0.1:1: "):
            caviar.connect("127.0.0.1:1", patience=0.2)
        self.assertTrue(issubclass(caviar.Unavailable, ConnectionError))

    def test_a_closed_client_connects_anew(self):
        client = self.connect(GetStudy=[STUDY, STUDY])
        client.study("s")
        client.close()
        self.assertEqual(client.study("s").name, "s")

    def test_a_call_that_the_other_end_cancelled_is_tried_again(self):
        cut_off = (grpc.StatusCode.CANCELLED, "CANCELLED", None)
        dropped = (grpc.StatusCode.RESOURCE_EXHAUSTED, "Received RST_STREAM with error code 11", None)
        client = self.connect(GetStudy=[cut_off, dropped, STUDY])
        self.assertEqual(client.study("s").name, "s")
        client = self.connect(patience=0.2, GetStudy=[cut_off] * 100)
        with self.assertRaisesRegex(caviar.Unavailable, f"no coordinator answers at {self.server.address}: .*cut off"):
            client.study("s")

    def test_a_call_that_its_own_client_closes_is_not(self):
        client = self.connect(GetStudy=[STUDY])
        entered, leave = threading.Event(), threading.Event()
        self.addCleanup(leave.set)

        def answer(call):
            entered.set()
            leave.wait(60)
            return grpc.unary_unary_rpc_method_handler(lambda request, context: b"")

        with mock.patch.object(self.server, "service", answer):
            failures = []

            def call():
                try:
                    client.study("s")
                except caviar.Error as error:
                    failures.append(error.code)

            caller = threading.Thread(target=call)
            caller.start()
            self.assertTrue(entered.wait(60))
            client.close()
            caller.join(60)
        self.assertEqual(failures, ["CANCELLED"])

    def test_errors_by_reason(self):
        def failing(code, reason):
            return code, "words", request_pb2.ErrorDetail(reason=reason)

        for answer, kind in (
                (failing(grpc.StatusCode.ALREADY_EXISTS, "NAME_TAKEN"), caviar.AlreadyExists),
                (failing(grpc.StatusCode.NOT_FOUND, ""), caviar.NotFound),
                (failing(grpc.StatusCode.FAILED_PRECONDITION, "NO_TRIAL"), caviar.NoTrial),
                (failing(grpc.StatusCode.PERMISSION_DENIED, "ROLE"), caviar.PermissionDenied),
                (failing(grpc.StatusCode.ABORTED, "LEASE_LOST"), caviar.LeaseLost)):
            client = self.connect(GetStudy=[answer])
            with self.assertRaisesRegex(kind, "^words$") as caught:
                client.study("s")
            self.assertEqual(caught.exception.reason, answer[2].reason)

    def test_violations_of_fields(self):
        detail = request_pb2.ErrorDetail(reason="INVALID_FIELD")
        detail.field_violations.add(field="limits.max_trials", description="is 0; at least 1")
        detail.field_violations.add(field="study", description="is empty")
        client = self.connect(GetStudy=[(grpc.StatusCode.INVALID_ARGUMENT, "limits.max_trials: is 0 (and 1 more)", detail)])
        with self.assertRaises(caviar.InvalidArgument) as caught:
            client.study("s")
        self.assertEqual(caught.exception.violations,
                         [("limits.max_trials", "is 0; at least 1"), ("study", "is empty")])
        self.assertEqual(str(caught.exception), "limits.max_trials: is 0; at least 1\nstudy: is empty")

    def test_a_damaged_detail_does_no_harm(self):
        client = self.connect(GetStudy=[(grpc.StatusCode.INVALID_ARGUMENT, "words", None)])
        with self.assertRaisesRegex(caviar.InvalidArgument, "^words$"):
            client.study("s")

    def test_a_tell_is_repeated_as_it_was(self):
        answer = study_service_pb2.AskTrialResponse(trial=trial_pb2.Trial(number=4))
        answer.token.epoch, answer.token.counter = 5, 6
        client = self.connect(GetStudy=[STUDY], AskTrial=[answer],
                              TellTrial=[AWAY, trial_pb2.Trial(state=trial_pb2.Trial.COMPLETED)])
        self.assertEqual(client.study("s").ask(lease=3600).tell(0.5), "COMPLETED")
        tells = [study_service_pb2.TellTrialRequest.FromString(request)
                 for method, request in self.server.requests if method == "TellTrial"]
        self.assertEqual(len(tells), 2)
        self.assertEqual(tells[0], tells[1])
        self.assertEqual((tells[0].number, tells[0].token.counter, dict(tells[0].completed.metrics)),
                         (4, 6, {"accuracy": 0.5}))

    def test_an_asked_trials_lease_is_renewed_until_it_is_told(self):
        answer = study_service_pb2.AskTrialResponse(trial=trial_pb2.Trial(number=4))
        go_on = study_service_pb2.ReportTrialResponse(directive=study_service_pb2.DIRECTIVE_CONTINUE)
        client = self.connect(GetStudy=[STUDY], AskTrial=[answer], ReportTrial=[go_on] * 2 + [AWAY] + [
            (grpc.StatusCode.ABORTED, "gone", request_pb2.ErrorDetail(reason="LEASE_LOST"))] * 50)
        trial = client.study("s").ask(lease=0.03)
        trial._renewing.join(60)  # the thread ends with the lease
        self.assertFalse(trial._renewing.is_alive())
        self.assertTrue(trial.stopped)
        renewals = [study_service_pb2.ReportTrialRequest.FromString(request)
                    for method, request in self.server.requests if method == "ReportTrial"]
        self.assertGreaterEqual(len(renewals), 4)
        self.assertTrue(all(each.number == 4 and not each.measurements for each in renewals))


class RequestIdsTest(unittest.TestCase):
    def test_a_child_draws_an_id_of_its_own(self):
        ids = RequestIds()
        mine = ids.next()
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(write, str(ids.next()).encode())
            os._exit(0)
        os.waitpid(child, 0)
        theirs = re.search('client_id: "([0-9a-f]{32})"\nsequence: 1\n', os.read(read, 1000).decode())
        self.assertIsNotNone(theirs)
        self.assertNotEqual(theirs.group(1), mine.client_id)
        self.assertEqual((mine.sequence, ids.next().sequence), (1, 2))


if __name__ == "__main__":
    unittest.main()
