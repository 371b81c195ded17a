"""Optuna's samplers for several objectives on caviar_pareto_quality's problems; prints the same columns.

Problems and missing shares come from `caviar_pareto_quality --serve`. A peer's time an ask is the processor time of asking.
"""

import argparse
import json
import subprocess
import sys
import time
import warnings

import optuna


def constraints(trial):
    return trial.user_attrs['excesses']


PEERS = {
    'optuna_tpe': lambda seed, constrained: optuna.samplers.TPESampler(
        multivariate=True, seed=seed, constraints_func=constraints if constrained else None),
    'optuna_nsga2': lambda seed, constrained: optuna.samplers.NSGAIISampler(
        seed=seed, population_size=20, constraints_func=constraints if constrained else None),
}


class Server:
    """The program that knows the problems."""

    def __init__(self, program):
        self.process = subprocess.Popen([program, '--serve'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + '\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f'pareto_peers.py: no answer to {request}')
        return json.loads(answer)


def simulate(server, name, problem, seed, trials):
    """The missing share after each trial, and the milliseconds an ask."""
    described = server.ask(problem=problem)
    constrained = described['constraints'] > 0
    study = optuna.create_study(directions=['minimize'] * described['objectives'],
                                sampler=PEERS[name](seed, constrained))
    spent = 0.0
    for _ in range(trials):
        before = time.thread_time()
        trial = study.ask()
        point = [trial.suggest_float(f'x{i}', 0, 1) for i in range(described['dimensions'])]
        spent += time.thread_time() - before
        outcome = server.ask(point=point)
        trial.set_user_attr('excesses', outcome['excesses'])
        study.tell(trial, outcome['values'])
    return server.ask(missing=True), 1e3 * spent / trials


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--program', required=True)
    parser.add_argument('--problem', required=True, help='a,b,...')
    parser.add_argument('--seeds', type=int, default=5)
    parser.add_argument('--trials', type=int, default=60)
    parser.add_argument('--sampler', default=','.join(PEERS))
    options = parser.parse_args()
    warnings.simplefilter('ignore')
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    server = Server(options.program)
    print('sampler,workers,problem,seed,third,two_thirds,end,ask_ms')
    for name in options.sampler.split(','):
        for problem in options.problem.split(','):
            for seed in range(options.seeds):
                missing, ask_ms = simulate(server, name, problem, seed, options.trials)
                after = [missing[options.trials * thirds // 3 - 1] for thirds in (1, 2, 3)]
                print(name, 1, problem, seed, *(f'{share:.5f}' for share in after), f'{ask_ms:.2f}', sep=',', flush=True)


if __name__ == '__main__':
    main()
