"""Optuna's samplers and the cmaes library in the same simulation as caviar_search_quality's.

Problems, durations of trials and regrets come from `caviar_search_quality --serve`; what is printed has the same columns.
A peer's time an ask is the processor time of asking and telling: some fit their models in one, some in the other.
"""

import argparse
import heapq
import json
import math
import multiprocessing
import subprocess
import sys
import time
import warnings

import cmaes
import numpy
import optuna


class Server:
    """The program that knows the problems."""

    def __init__(self, program, problems):
        self.process = subprocess.Popen(
            [program, '--serve', '--problems', problems], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + '\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f'search_peers.py: no answer to {request}')
        return json.loads(answer)


def plain(value):
    """A v1::Value in JSON; 64-bit numbers are strings there."""
    kind, content = next(iter(value.items()))
    return int(content) if kind == 'intValue' else content


class OptunaPeer:
    """A study of Optuna. Its spaces have no scale 1 - log, and no ordinals: the logarithm of 1 - x and the rank stand for
    them."""

    def __init__(self, sampler, problem):
        self.study = optuna.create_study(sampler=sampler)
        self.parameters = problem['parameters']
        self.trials = {}

    def suggest(self, trial, parameter):
        name, kind, scale = parameter['name'], parameter['type'], parameter.get('scale', 'LINEAR')
        if kind == 'BOOL':
            return trial.suggest_categorical(name, [False, True])
        if kind == 'CATEGORICAL':
            return trial.suggest_categorical(name, [plain(value) for value in parameter['values']])
        if kind == 'ORDINAL':
            return plain(parameter['values'][trial.suggest_int(name, 0, len(parameter['values']) - 1)])
        low, high = parameter['min'], parameter['max']
        if kind == 'INT':
            return trial.suggest_int(name, int(low), int(high), log=scale == 'LOG')
        if scale == 'ONE_MINUS_LOG':
            value = 1 - trial.suggest_float(name, 1 - high, 1 - low, log=True)
            return min(max(value, low), high)
        assert scale in ('LINEAR', 'LOG'), scale
        return trial.suggest_float(name, low, high, log=scale == 'LOG')

    def ask(self, number):
        trial = self.trials[number] = self.study.ask()
        configuration = {}
        for parameter in self.parameters:  # (parents come first in these problems)
            if all(configuration.get(condition['parameter']) in [plain(value) for value in condition['values']]
                   for condition in parameter.get('when', [])):
                configuration[parameter['name']] = self.suggest(trial, parameter)
        return {'configuration': configuration}

    def tell(self, number, value):
        if value is None:
            self.study.tell(self.trials.pop(number), state=optuna.trial.TrialState.FAIL)
        else:
            self.study.tell(self.trials.pop(number), value)


class CmaesPeer:
    """The library itself, on the cube whose cells are the values of whole numbers and categories. A generation ends when
    as many trials as it has members have ended, of whichever generation they were."""

    def __init__(self, seed, problem):
        dimensions = problem['dimensions']
        self.cma = cmaes.CMA(mean=numpy.full(dimensions, 0.5), sigma=1 / 6, seed=seed,
                             bounds=numpy.tile([0.0, 1.0], (dimensions, 1)))
        self.asked = {}
        self.told = []
        self.worst = 0.0

    def ask(self, number):
        self.asked[number] = self.cma.ask()
        return {'point': self.asked[number].tolist()}

    def tell(self, number, value):
        if value is not None:
            self.worst = max(self.worst, value)
        self.told.append((self.asked.pop(number), self.worst + 1 if value is None else value))
        if len(self.told) == self.cma.population_size:
            self.cma.tell(self.told)
            self.told = []


PEERS = {
    'optuna_tpe_multivariate': lambda seed, workers, problem: OptunaPeer(optuna.samplers.TPESampler(
        multivariate=True, group=True, constant_liar=workers > 1, seed=seed), problem),
    'optuna_tpe_univariate': lambda seed, workers, problem: OptunaPeer(optuna.samplers.TPESampler(
        constant_liar=workers > 1, seed=seed), problem),
    'optuna_cmaes': lambda seed, workers, problem: OptunaPeer(optuna.samplers.CmaEsSampler(seed=seed), problem),
    'optuna_sobol': lambda seed, workers, problem: OptunaPeer(optuna.samplers.QMCSampler(
        scramble=True, seed=seed), problem),
    'optuna_random': lambda seed, workers, problem: OptunaPeer(optuna.samplers.RandomSampler(seed=seed), problem),
    'cmaes': lambda seed, workers, problem: CmaesPeer(seed, problem),
}


def simulate(server, name, workers, problem, seed, trials):
    """The regret of what looks best after each trial that ended, and the milliseconds that each took the peer."""
    described = server.ask(problem=problem, seed=seed, trials=trials)
    peer = PEERS[name](seed, workers, described)
    spent = []

    def timed(call, *arguments):
        before = time.thread_time()
        result = call(*arguments)
        spent.append(1e3 * (time.thread_time() - before))
        return result

    running, regrets, best, regret, asked = [], [], math.inf, math.inf, 0
    ask_ms = []

    def start(now):
        nonlocal asked
        if asked < trials:
            point = timed(peer.ask, asked)
            ask_ms.append(spent[-1])
            outcome = server.ask(number=asked, **point)
            heapq.heappush(running, (now + described['durations'][asked], asked, outcome))
            asked += 1

    for _ in range(workers):
        start(0.0)
    while running:
        now, number, outcome = heapq.heappop(running)
        timed(peer.tell, number, outcome['measured'])
        ask_ms[-1] += spent[-1]
        if outcome['measured'] is not None and outcome['measured'] < best:
            best, regret = outcome['measured'], outcome['regret']
        regrets.append(regret)
        start(now)
    return regrets, ask_ms


def run_cell(cell):
    options, name, workers, problem, seed = cell
    if not hasattr(run_cell, 'server'):
        run_cell.server = Server(options.program, options.problems)
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.simplefilter('ignore')  # of features that Optuna calls experimental
    regrets, ask_ms = simulate(run_cell.server, name, workers, problem, seed, options.trials)
    after = [regrets[max(options.trials // part, 1) - 1] for part in (4, 2, 1)]
    line = f'{name},{workers},{problem},{seed}'
    line += ''.join(f',{regret:.5g}' for regret in after)
    line += f',{numpy.mean(ask_ms):.4g},{numpy.mean(ask_ms[-10:]):.4g}'
    return line + (',' + ' '.join(f'{regret:.4g}' for regret in regrets) if options.curve else '')


def numbers(text):
    """0-9,20"""
    ends = [part.split('-') for part in text.split(',')]
    return [number for part in ends for number in range(int(part[0]), int(part[-1]) + 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--program', required=True, help='caviar_search_quality')
    parser.add_argument('--problems', required=True, help='search_problems.json')
    parser.add_argument('--peer', default=','.join(PEERS), help=', '.join(PEERS))
    parser.add_argument('--problem', default='public', help='as for caviar_search_quality')
    parser.add_argument('--seeds', type=numbers, default=list(range(10)))
    parser.add_argument('--workers', type=numbers, default=[1])
    parser.add_argument('--trials', type=int, default=100)
    parser.add_argument('--jobs', type=int, default=1)
    parser.add_argument('--curve', action='store_true', help='add a column: regret after each trial')
    options = parser.parse_args()
    problems = Server(options.program, options.problems).ask(names=options.problem.split(','))
    cells = [(options, name, workers, problem, seed) for name in options.peer.split(',')
             for workers in options.workers for problem in problems for seed in options.seeds]
    columns = [f'regret_{max(options.trials // part, 1)}' for part in (4, 2, 1)]
    print(','.join(['algorithm', 'workers', 'problem', 'seed', *columns, 'ask_ms', 'last_ask_ms'] +
                   ['curve'] * options.curve))
    with multiprocessing.Pool(options.jobs) as pool:
        for line in pool.imap(run_cell, cells):
            print(line, flush=True)


if __name__ == '__main__':
    main()
