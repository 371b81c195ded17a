"""optimize(): a loop around a function."""

import logging
import math
import os
import shutil
import socket
import tempfile
import threading
import unittest
from unittest import mock

import grpc
from google.protobuf import duration_pb2

import caviar
from caviar.v1 import request_pb2, study_pb2, study_service_pb2, trial_pb2
from coordinator import Coordinator, CoordinatorTest
from fake_server import FakeServer


class OptimizeTest(CoordinatorTest):
    def setUp(self):
        logging.getLogger("caviar").setLevel(logging.CRITICAL)

    def states(self, study):
        return [trial["state"] for trial in study.trials()]

    def test_a_function_of_parameters(self):
        study = self.create()
        self.assertEqual(study.optimize(lambda x, layers: x * layers, trials=5), 5)
        self.assertEqual(self.states(study), ["COMPLETED"] * 5)
        best = study.best()
        self.assertEqual(best["objective"], best["parameters"]["x"] * best["parameters"]["layers"])

    def test_a_function_of_a_trial_until_the_study_ends(self):
        study = self.create(limits={"max_trials": 4})
        seen = []

        def evaluate(trial):
            seen.append(trial.number)
            trial.report(1, accuracy=0.1)
            return {"accuracy": trial.parameters["x"], "size": 3}

        self.assertEqual(study.optimize(evaluate), 4)
        self.assertEqual(seen, [0, 1, 2, 3])
        self.assertEqual(study.show()["end_reason"], "MAX_TRIALS")

    def test_what_a_function_may_do_wrong(self):
        study = self.create()
        results = iter([lambda: 0.5, lambda: math.nan, lambda: 1 / 0, lambda: None, lambda: "much", lambda: {"loss": 1}])
        self.assertEqual(study.optimize(lambda x, layers: next(results)(), trials=6), 6)
        self.assertEqual(self.states(study), ["COMPLETED", "INFEASIBLE", "FAILED", "FAILED", "FAILED", "FAILED"])
        messages = [trial["message"] for trial in study.trials()]
        self.assertEqual(messages[2], "ZeroDivisionError: division by zero")
        self.assertIn("has to return the objective", messages[3])
        self.assertIn("has to be a number", messages[4])
        self.assertIn("accuracy", messages[5])

    def test_a_function_that_never_works_is_given_up(self):
        study = self.create()
        with self.assertRaises(NameError):
            study.optimize(lambda x, layers: no_such_name, trials=50)  # noqa: F821
        self.assertEqual(self.states(study), ["FAILED"] * 5)

    def test_an_interrupt_leaves_the_trial_to_others(self):
        study = self.create()

        def interrupted(x, layers):
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            study.optimize(interrupted, trials=3)
        self.assertEqual(self.states(study), ["RUNNING"])
        for thread in threading.enumerate():
            if thread.name.startswith(f"lease of {study.name}/"):
                thread.join(60)
                self.assertFalse(thread.is_alive(), "nobody renews its lease")

    def test_pruned_trials_leave_by_an_exception(self):
        study = self.create(pruner={"algorithm": "median", "warm_up": 1, "grace": 1})
        left = []

        def evaluate(x, layers):
            good = not left
            for step in range(1, 4):
                left.append(step)
                # As a training script does it.
                caviar.report(step, accuracy=0.9 if good else 0.1)
            return 0.9 if good else 0.1

        study.optimize(evaluate, trials=2)
        self.assertEqual(self.states(study), ["COMPLETED", "PRUNED"])
        self.assertEqual(left, [1, 2, 3, 1])

    def test_parameters_are_those_of_the_trial(self):
        study = self.create(parameters={"net.layers": {"min": 1, "max": 4}})
        seen = []

        def evaluate(trial):
            seen.append((caviar.parameters(net={"layers": 0, "units": 8}), trial.parameters["net.layers"]))
            return 1

        study.optimize(evaluate, trials=1)
        self.assertEqual(seen[0][0], {"net": {"layers": seen[0][1], "units": 8}})
        self.assertEqual(caviar.parameters(x=1), {"x": 1}, "no longer after it")

    def test_its_own_pruned_is_a_failure(self):
        study = self.create(limits={"max_trials": 1})

        def evaluate(x, layers):
            raise caviar.Pruned("enough")

        study.optimize(evaluate)
        self.assertEqual(self.states(study), ["FAILED"])

    def test_where_others_hold_all_that_may_run_it_waits_for_them(self):
        study = self.create(limits={"max_trials": 6, "parallel": 1})
        theirs = study.ask()
        refused = threading.Event()
        ask = study.ask

        def watched(lease):
            try:
                return ask(lease)
            except caviar.NoTrial:
                refused.set()
                raise

        with mock.patch.object(study, "ask", watched):
            done = []
            loop = threading.Thread(target=lambda: done.append(study.optimize(lambda x, layers: x)))
            loop.start()
            self.assertTrue(refused.wait(60))
            theirs.tell(0.5)
            loop.join()
        self.assertEqual(done, [5])
        self.assertEqual(self.states(study), ["COMPLETED"] * 6)

    def test_a_trial_that_is_cancelled_meanwhile_is_left_and_the_loop_goes_on(self):
        study = self.create()

        def evaluate(trial):
            if trial.number == 1:
                study.cancel(1)
            trial.report(1, accuracy=0.5)
            return 0.5

        self.assertEqual(study.optimize(evaluate, trials=3), 3)
        self.assertEqual(self.states(study), ["COMPLETED", "CANCELLED", "COMPLETED"])

    def test_a_study_that_workers_train_cannot_be_optimized(self):
        study = self.create(trainer={"batch_norm_network": {
            "data": {"format": "csv", "train": "x.csv", "label": "y"}, "epochs": 1}},
            objective={"metric": "validation_accuracy", "goal": "maximize"},
            parameters={"learning_rate": {"min": 0.001, "max": 0.1, "scale": "log"}})
        with self.assertRaisesRegex(caviar.NoTrial, "trained by workers"):
            study.optimize(lambda learning_rate: 1, trials=1)


TOO_LARGE = (grpc.StatusCode.RESOURCE_EXHAUSTED, "Received message larger than max (5000000 vs. 4194304)", None)
BUSY = (grpc.StatusCode.RESOURCE_EXHAUSTED, "the coordinator is busy",
        request_pb2.ErrorDetail(reason="OVERLOADED", retry_delay=duration_pb2.Duration(seconds=1)))
CUT_OFF = (grpc.StatusCode.CANCELLED, "CANCELLED", None)  # as gRPC does with calls while a coordinator shuts down


class UntoldTest(unittest.TestCase):
    def setUp(self):
        logging.getLogger("caviar").setLevel(logging.CRITICAL)

    def study(self, *told, patience=60.0, report=study_service_pb2.ReportTrialResponse()):
        asked = study_service_pb2.AskTrialResponse(
            trial=trial_pb2.Trial(number=0), token=trial_pb2.FencingToken(epoch=1, counter=1))
        study = study_pb2.Study(name="s", objective=study_pb2.Objective(metric="accuracy"))
        self.server = FakeServer(GetStudy=[study], AskTrial=[asked], TellTrial=list(told), ReportTrial=[report] * 1000)
        self.addCleanup(self.server.stop)
        client = caviar.connect(self.server.address, patience)
        self.addCleanup(client.close)
        return client.study("s")

    def outcomes(self):
        return [study_service_pb2.TellTrialRequest.FromString(request).WhichOneof("outcome")
                for method, request in self.server.requests if method == "TellTrial"]

    def test_a_result_is_told_again_where_the_coordinator_cut_the_call_off(self):
        study = self.study(CUT_OFF, CUT_OFF, trial_pb2.Trial(state=trial_pb2.Trial.COMPLETED))
        self.assertEqual(study.optimize(lambda: 0.5, trials=1), 1)
        self.assertEqual(self.outcomes(), ["completed"] * 3)

    def test_a_result_that_cannot_be_told_is_not_a_failure(self):
        for refusal, kind in ((CUT_OFF, caviar.Unavailable), (BUSY, caviar.Unavailable),
                              ((grpc.StatusCode.INTERNAL, "broken", None), caviar.Error),
                              ((grpc.StatusCode.UNKNOWN, "broken", None), caviar.Error),
                              ((grpc.StatusCode.UNAUTHENTICATED, "", None), caviar.Unauthenticated),
                              ((grpc.StatusCode.PERMISSION_DENIED, "", None), caviar.PermissionDenied)):
            with self.subTest(refusal[0]):
                study = self.study(*[refusal] * 1000, patience=0.2)
                with self.assertRaises(kind):
                    study.optimize(lambda: 0.5, trials=1)
                self.assertEqual(set(self.outcomes()), {"completed"})
                study = self.study(*[refusal] * 1000, patience=0.2)
                with self.assertRaises(kind), study.ask() as trial:
                    trial.tell(0.5)
                self.assertEqual(set(self.outcomes()), {"completed"})

    def test_a_result_that_is_refused_is_a_failure(self):
        failed = trial_pb2.Trial(state=trial_pb2.Trial.FAILED)
        for refusal in (TOO_LARGE, (grpc.StatusCode.FAILED_PRECONDITION, "no", None),
                        (grpc.StatusCode.INVALID_ARGUMENT, "no", None)):
            with self.subTest(refusal[0]):
                study = self.study(refusal, failed)
                self.assertEqual(study.optimize(lambda: 0.5, trials=1), 1)
                self.assertEqual(self.outcomes(), ["completed", "failed"])
                study = self.study(refusal, failed)
                with self.assertRaisesRegex(caviar.Error, refusal[1][:20]), study.ask() as trial:
                    trial.tell(0.5)
                self.assertEqual(self.outcomes(), ["completed", "failed"])

    def test_a_refused_result_whose_failure_cannot_be_told_is_raised(self):
        study = self.study(TOO_LARGE, *[CUT_OFF] * 1000, patience=0.2)
        with self.assertRaises(caviar.Unavailable):
            study.optimize(lambda: 0.5, trials=1)

    def test_a_report_that_cannot_be_sent_is_not_a_failure(self):
        for refusal in (CUT_OFF, BUSY):
            study = self.study(patience=0.2, report=refusal)
            with self.assertRaises(caviar.Unavailable):
                study.optimize(lambda trial: trial.report(1, accuracy=0.5), trials=1)
            self.assertEqual(self.outcomes(), [])


class LimitTest(unittest.TestCase):
    def test_a_result_beyond_what_a_trial_may_measure_is_a_failure_and_the_loop_goes_on(self):
        logging.getLogger("caviar").setLevel(logging.CRITICAL)
        coordinator = Coordinator("--max-measurements", "3")
        self.addCleanup(shutil.rmtree, coordinator.folder)
        self.addCleanup(coordinator.kill)
        client = caviar.connect(coordinator.address)
        self.addCleanup(client.close)
        study = client.create_study({
            "study": "long", "objective": {"metric": "accuracy", "goal": "maximize"}, "trainer": {"external": {}},
            "limits": {"max_trials": 3}, "parameters": {"x": {"min": 0.0, "max": 1.0}}})

        def evaluate(trial):
            for step in range(3 - trial.number):
                trial.report(step, accuracy=0.1)
            return 0.5

        self.assertEqual(study.optimize(evaluate), 3)
        trials = study.trials()
        self.assertEqual([trial["state"] for trial in trials], ["FAILED", "COMPLETED", "COMPLETED"])
        self.assertIn("--max-measurements", trials[0]["message"])


class MovingTest(unittest.TestCase):
    def test_the_coordinator_may_move_meanwhile(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "address")
            coordinator = Coordinator("--address-file", file)
            self.addCleanup(shutil.rmtree, coordinator.folder)
            self.addCleanup(coordinator.kill)
            client = caviar.connect(f"file:{file}")
            self.addCleanup(client.close)
            study = client.create_study({
                "study": "moves", "objective": {"metric": "accuracy", "goal": "maximize"}, "trainer": {"external": {}},
                "limits": {"max_trials": 6}, "parameters": {"x": {"min": 0.0, "max": 1.0}}})
            addresses = [coordinator.address]

            def evaluate(trial):
                trial.report(1, accuracy=0.1)
                if trial.number in (1, 4):
                    coordinator.kill()
                    # Nothing else gets this port, and nothing answers at it.
                    taken = socket.socket()
                    self.addCleanup(taken.close)
                    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    taken.bind(("127.0.0.1", int(addresses[-1].rpartition(":")[2])))
                    coordinator.address = "127.0.0.1:0"
                    coordinator.start()
                    addresses.append(coordinator.address)
                trial.report(2, accuracy=0.2)
                return trial.parameters["x"]

            self.assertEqual(study.optimize(evaluate), 6)
            self.assertEqual(len(set(addresses)), 3)
            trials = study.trials()
            self.assertEqual([trial["state"] for trial in trials], ["COMPLETED"] * 6)
            self.assertEqual([len(trial["attempts"]) for trial in trials], [1] * 6, "nothing was done twice")


if __name__ == "__main__":
    unittest.main()
