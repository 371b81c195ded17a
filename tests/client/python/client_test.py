"""Studies and asked trials on a real coordinator."""

import datetime
import math
import os
import sys
import threading
import time
import types
import unittest
import warnings
from unittest import mock

import caviar
from coordinator import CoordinatorTest


class ClientTest(CoordinatorTest):
    def test_ask_report_tell(self):
        study = self.create(limits={"max_trials": 3})
        first, second, third = study.ask(), study.ask(), study.ask()
        self.assertEqual([first.number, second.number, third.number], [0, 1, 2])
        self.assertEqual(list(first.parameters), ["x", "layers"], "in the study's order")
        self.assertIsInstance(first.parameters["x"], float)
        self.assertIsInstance(first.parameters["layers"], int)
        with self.assertRaisesRegex(caviar.NoTrial, "has handed out all of its 3 trials"):
            study.ask()
        self.assertEqual(first.report(1, accuracy=0.5, loss=2), "continue")
        self.assertEqual(first.tell(0.75, loss=1), "COMPLETED")
        self.assertEqual(second.tell(accuracy=math.nan), "INFEASIBLE")
        self.assertEqual(third.fail("no disk"), "FAILED")
        self.assertEqual(study.show()["state"], "ENDED")
        trials = study.trials(measurements=True)
        self.assertEqual([trial["state"] for trial in trials], ["COMPLETED", "INFEASIBLE", "FAILED"])
        self.assertEqual(trials[2]["message"], "no disk")
        self.assertEqual([(each["step"], each["metrics"]) for each in trials[0]["measurements"]],
                         [(1, {"accuracy": 0.5, "loss": 2.0}), (2, {"accuracy": 0.75, "loss": 1.0})])
        self.assertEqual((trials[0]["objective"], trials[1]["objective"]), (0.75, None))
        self.assertLess(abs(trials[0]["create_time"] - datetime.datetime.now(datetime.timezone.utc)),
                        datetime.timedelta(hours=1))

    def test_best(self):
        study = self.create()
        self.assertIsNone(study.best())
        values = [0.2, 0.9, 0.4]
        for value in values:
            study.ask().tell(value)
        self.assertEqual((study.best()["number"], study.best()["objective"]), (1, 0.9))
        self.assertEqual([trial["objective"] for trial in study.best(2)], [0.9, 0.4])
        self.assertEqual(list(study.best()["parameters"]), ["x", "layers"])

    def test_of_several_objectives_there_is_a_front(self):
        study = self.create(objectives=[{"metric": "accuracy", "goal": "maximize"},
                                        {"metric": "size", "goal": "minimize"}])
        for accuracy, size in ((0.9, 3), (0.8, 2), (0.7, 4)):
            trial = study.ask()
            with self.assertRaisesRegex(ValueError, "accuracy, size"):
                trial.tell(0.5)
            trial.tell(accuracy=accuracy, size=size)
        self.assertEqual([trial["outcome"]["accuracy"] for trial in study.best(10)], [0.9, 0.8])
        with self.assertRaisesRegex(ValueError, "Pareto front"):
            study.best()

    def test_names(self):
        study = self.create()
        with self.assertRaisesRegex(caviar.AlreadyExists, study.name):
            self.create()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.assertEqual(self.create(if_not_exists=True).name, study.name)
        with self.assertWarnsRegex(UserWarning, f"{study.name} exists already and is not what the definition says"):
            again = self.create(if_not_exists=True, parameters={"x": {"min": 0.0, "max": 2.0}})
        self.assertEqual(again.show()["parameters"][0]["max"], 1.0, "it stays as it is")
        self.assertIn(study.name, [each["name"] for each in self.client.studies()])
        with self.assertRaises(caviar.NotFound):
            self.client.study("nowhere")
        study.delete()
        with self.assertRaises(caviar.NotFound):
            self.client.study(study.name)

    def test_added_trials_stop_and_resume(self):
        study = self.create()
        self.assertEqual(study.add({"x": 0.5, "layers": 2}, accuracy=0.6)["state"], "COMPLETED")
        self.assertEqual(study.add({"x": 0.25, "layers": 3})["state"], "WAITING")
        self.assertEqual(study.ask().parameters, {"x": 0.25, "layers": 3})
        study.stop()
        with self.assertRaisesRegex(caviar.NoTrial, "STOPPED"):
            study.ask()
        study.resume()
        study.ask()
        study.stop(end=True)
        self.assertEqual(study.wait()["end_reason"], "PERSON")

    def test_wait_has_an_end(self):
        with self.assertRaisesRegex(TimeoutError, "ACTIVE"):
            self.create().wait(timeout=0)

    def test_as_a_context_manager_an_exception_fails_it(self):
        study = self.create(limits={"max_trials": 2})
        with self.assertRaises(ZeroDivisionError):
            with study.ask():
                1 / 0
        with study.ask() as trial:
            trial.tell(1)
        self.assertEqual([(trial["state"], trial["message"]) for trial in study.trials()],
                         [("FAILED", "ZeroDivisionError: division by zero"), ("COMPLETED", "")])

    def test_a_lease_is_kept_beyond_its_time_and_let_go(self):
        study = self.create(limits={"max_trials": 1})
        trial = study.ask(lease=1.0)
        renewed = threading.Semaphore(0)
        send = trial._send

        def count(*arguments, **more):
            answer = send(*arguments, **more)
            renewed.release()
            return answer

        with mock.patch.object(trial, "_send", count):
            for _ in range(5):  # five thirds of a second
                self.assertTrue(renewed.acquire(timeout=60))
        with self.assertRaises(caviar.NoTrial):
            study.ask()
        trial.abandon()
        deadline = time.monotonic() + 60
        while True:
            try:
                again = study.ask()
                break
            except caviar.NoTrial:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
        self.assertEqual(again.number, trial.number)
        with self.assertRaises(caviar.LeaseLost):
            trial.tell(0.5)
        self.assertEqual(again.tell(0.5), "COMPLETED")

    def test_the_coordinator_may_be_killed_meanwhile(self):
        study = self.create()
        trial = study.ask()
        self.coordinator.kill()
        states = []
        telling = threading.Thread(target=lambda: states.append(trial.tell(0.5)))
        telling.start()
        self.coordinator.start()
        telling.join()
        self.assertEqual(states, ["COMPLETED"])
        self.assertEqual(study.best()["number"], trial.number)

    def test_a_child_after_fork_connects_anew(self):
        study = self.create()
        study.ask().tell(0.25)
        child = os.fork()
        if child == 0:
            ok = False
            study._connection.patience = 0  # the first try has to do: nothing is left of the parent's connection
            try:
                ok = study.ask().tell(0.5) == "COMPLETED"
            finally:
                os._exit(0 if ok else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        study.ask().tell(0.75)
        self.assertEqual([trial["objective"] for trial in study.trials()], [0.25, 0.5, 0.75])

    def test_many_trials_are_read_page_by_page(self):
        study = self.create()
        for number in range(7):
            study.ask().tell(number)
        with mock.patch("caviar.study.PAGE", 3), mock.patch("caviar.study._WHOLE_PAGE", 2):
            for trials in (study.trials(), study.trials(measurements=True)):
                self.assertEqual([trial["number"] for trial in trials], list(range(7)))

    def test_a_frame_has_a_row_a_trial_and_a_column_a_parameter(self):
        study = self.create(parameters={"x": {"min": 0.0, "max": 1.0}, "state": {"values": ["a", "b"]},
                                        "y": {"min": 0.0, "max": 1.0, "when": {"state": "a"}}})
        study.add({"x": 0.5, "state": "b"}, accuracy=1)
        frame = mock.Mock()
        with mock.patch.dict(sys.modules, pandas=types.SimpleNamespace(DataFrame=frame)):
            self.assertIs(study.frame(), frame.return_value)
        (rows,), columns = frame.call_args
        self.assertEqual(columns["columns"][-3:], ["x", "parameters.state", "y"])
        self.assertEqual([(row["number"], row["state"], row["x"], row["parameters.state"], row["y"]) for row in rows],
                         [(0, "COMPLETED", 0.5, "b", None)])

    def test_code_is_uploaded_by_the_command_line(self):
        with self.assertRaisesRegex(caviar.InvalidArgument, "caviar study create"):
            self.create(trainer={"command": {"run": ["true"], "code": {"upload": "."}}})


if __name__ == "__main__":
    unittest.main()
