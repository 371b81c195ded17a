"""What a training script calls: parameters, reports, its folders."""

import contextlib
import io
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from unittest import mock

import caviar


class FakeWorker:
    """Answers each line that comes to its socket with `answer(line)`; None: closes the connection."""

    def __init__(self, folder, answer):
        self.address = f"unix:{folder}/report"
        self.lines = []
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{folder}/report")
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rwb") as stream:
            for line in stream:
                self.lines.append(json.loads(line))
                answer = self._answer(self.lines[-1])
                if answer is None:
                    return
                stream.write(answer.encode() + b"\n")
                stream.flush()


class ReportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def worker(self, answer):
        worker = FakeWorker(self.folder, answer)
        self.addCleanup(worker.close)
        patch = mock.patch.dict(os.environ, CAVIAR_REPORT_ADDRESS=worker.address, CAVIAR_TRIAL="3")
        patch.start()
        self.addCleanup(patch.stop)
        return worker

    def test_sends_a_line_and_returns_the_workers_word(self):
        words = iter(["continue", "pause", "stop"])
        worker = self.worker(lambda line: next(words))
        self.assertEqual(caviar.report(1, accuracy=0.5, loss=2), "continue")
        self.assertEqual(caviar.report(step=2, accuracy=0.75), "pause")
        self.assertEqual(caviar.report(3, **{"validation.accuracy": 1}), "stop")
        self.assertEqual(worker.lines, [{"step": 1, "accuracy": 0.5, "loss": 2.0}, {"step": 2, "accuracy": 0.75},
                                        {"step": 3, "validation.accuracy": 1.0}])

    def test_tells_what_is_not_finite(self):
        worker = self.worker(lambda line: "continue")
        caviar.report(1, loss=float("nan"), bound=float("-inf"))
        self.assertEqual(str(worker.lines), "[{'step': 1, 'loss': nan, 'bound': -inf}]")

    def test_takes_numbers_in_any_form_and_nothing_else(self):
        class Tensor:  # as PyTorch's and NumPy's
            def __float__(self):
                return 0.25

            def __index__(self):
                return 4

        worker = self.worker(lambda line: "continue")
        caviar.report(Tensor(), accuracy=Tensor())
        self.assertEqual(worker.lines, [{"step": 4, "accuracy": 0.25}])
        for step, metrics in ((1, {"accuracy": "0.9"}), (1, {"accuracy": None}), (1.5, {"accuracy": 0.9})):
            with self.assertRaises(TypeError):
                caviar.report(step, **metrics)
        with self.assertRaises(ValueError):
            caviar.report(1)
        self.assertEqual(len(worker.lines), 1)

    def test_what_the_worker_refuses_is_an_error_with_its_words(self):
        self.worker(lambda line: "error: step 3 is not after step 5")
        with self.assertRaisesRegex(caviar.Error, "^step 3 is not after step 5$"):
            caviar.report(3, accuracy=1)

    def test_a_worker_that_closes_is_an_error_and_the_next_report_connects_anew(self):
        words = iter([None, "stop"])
        self.worker(lambda line: next(words))
        with self.assertRaisesRegex(caviar.Error, "did not take a report"):
            caviar.report(1, accuracy=1)
        self.assertEqual(caviar.report(2, accuracy=1), "stop")

    def test_each_thread_gets_its_own_answers(self):
        self.worker(lambda line: "stop" if line["thread"] % 2 else "continue")
        wrong = []

        def run(thread):
            for step in range(200):
                if caviar.report(step, thread=thread) != ("stop" if thread % 2 else "continue"):
                    wrong.append((thread, step))

        threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_a_child_after_fork_has_a_connection_of_its_own(self):
        # Each of the two is answered once the other's line has come too: on one connection it never does.
        both = threading.Barrier(2)

        def answer(line):
            if line["who"] == 0:
                return "continue"
            try:
                both.wait(20)
            except threading.BrokenBarrierError:
                return "error: the other one did not come"
            return "stop" if line["who"] == 1 else "pause"

        self.worker(answer)
        self.assertEqual(caviar.report(0, who=0), "continue")
        child = os.fork()
        if child == 0:
            answered = ""
            with contextlib.suppress(BaseException):
                answered = caviar.report(1, who=2)
            os._exit(0 if answered == "pause" else 1)
        try:
            self.assertEqual(caviar.report(1, who=1), "stop")
        finally:
            status = os.waitpid(child, 0)[1]
        self.assertEqual(status, 0)

    def printed(self, **environment):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CAVIAR_")}
        out, err = io.StringIO(), io.StringIO()
        with mock.patch.dict(os.environ, {**clean, **environment}, clear=True):
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                answers = [caviar.report(step, accuracy=0.5 * step, loss=3) for step in (1, 2)]
        self.assertEqual(answers, ["continue", "continue"])
        return out.getvalue(), err.getvalue()

    def test_outside_of_a_trial_it_prints_a_line_for_people(self):
        self.assertEqual(self.printed(), ("step 1: accuracy 0.5, loss 3\nstep 2: accuracy 1, loss 3\n", ""))

    def test_where_the_socket_is_out_of_reach_it_prints_lines_for_the_worker(self):
        lines = ('caviar: {"step": 1, "accuracy": 0.5, "loss": 3.0}\n'
                 'caviar: {"step": 2, "accuracy": 1.0, "loss": 3.0}\n')
        self.assertEqual(self.printed(CAVIAR_TRIAL="3"), (lines, ""))
        out, err = self.printed(CAVIAR_TRIAL="3", CAVIAR_REPORT_ADDRESS=f"unix:{self.folder}/nowhere")
        self.assertEqual(out, lines)
        self.assertEqual(err.count("cannot be reached"), 1, "said once")


class ParametersTest(unittest.TestCase):
    def test_outside_of_a_trial_they_are_the_defaults(self):
        with mock.patch.dict(os.environ, clear=True):
            self.assertEqual(caviar.parameters(), {})
            self.assertEqual(caviar.parameters(lr=0.1), {"lr": 0.1})
            self.assertEqual(caviar.seed(5), 5)
            self.assertEqual(caviar.output_dir(), pathlib.Path("."))

    def test_the_trials_stand_over_the_defaults(self):
        given = {"lr": 0.3, "layers": 2, "optimizer": {"momentum": 0.9}}
        with mock.patch.dict(os.environ, CAVIAR_PARAMETERS=json.dumps(given), CAVIAR_SEED="17"):
            self.assertEqual(caviar.parameters(), given)
            self.assertEqual(caviar.parameters(lr=0.1, dropout=0.5, optimizer={"momentum": 0, "decay": 1}),
                             {"lr": 0.3, "layers": 2, "dropout": 0.5, "optimizer": {"momentum": 0.9, "decay": 1}})
            self.assertEqual(caviar.seed(5), 17)

    def test_the_file_counts(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"name": "größer", "flag": True}, file)
            file.flush()
            with mock.patch.dict(os.environ, CAVIAR_PARAMETERS_FILE=file.name, CAVIAR_PARAMETERS="{}"):
                self.assertEqual(caviar.parameters(), {"name": "größer", "flag": True})


class ImportTest(unittest.TestCase):
    def test_a_training_script_needs_the_standard_library_only(self):
        script = ("import sys; sys.modules['grpc'] = sys.modules['google'] = None\n"
                  "import caviar\n"
                  "caviar.report(1, accuracy=caviar.parameters(x=0.5)['x'])\n"
                  "with caviar.save_checkpoint(1) as path: path.write_text('x')\n"
                  "try: caviar.connect\n"
                  "except ImportError as error: print(error)\n")
        with tempfile.TemporaryDirectory() as folder:
            clean = {name: value for name, value in os.environ.items() if not name.startswith("CAVIAR_")}
            out = subprocess.run([sys.executable, "-B", "-c", script], cwd=folder, env=clean, check=True, text=True,
                                 stdout=subprocess.PIPE).stdout
        self.assertRegex(out, r"^step 1: accuracy 0\.5\ncaviar\.connect needs grpcio and protobuf: apt-get")


if __name__ == "__main__":
    unittest.main()
