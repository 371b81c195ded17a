"""Reads what caviar_search_quality and search_peers.py printed; prints tables and draws curves. Started by search_quality."""

import argparse
import collections
import csv
import math
import pathlib

import numpy

HERE = pathlib.Path(__file__).resolve().parent

GROUPS = {
    'public': ['branin2', 'hartmann6', 'ackley10', 'rosenbrock5', 'levy8', 'rastrigin5', 'rotellipsoid6', 'func3c'],
    'mixed': ['network9', 'methods8', 'ordinals6', 'categories6', 'noisy4'],
    'models': ['svc_digits', 'boosting_cancer', 'mlp_wine'],
}
SHORT = {'rosenbrock5': 'rosenbr.5', 'rotellipsoid6': 'ellipsoid6', 'boosting_cancer': 'boosting'}

# Algorithms, workers, the largest geometric mean of the regret over the public problems: on seeds 0-9, and on 10-39.
AIMS = [('gp', 1, .0050, .0060), ('auto', 1, .0050, .0060), ('tpe', 1, .022, None), ('cma_es', 1, .025, None),
        ('gp', 8, .0045, .0055), ('auto', 8, .0045, .0055), ('tpe', 8, .024, None), ('cma_es', 8, .028, None)]

# Below it differences are of no interest.
FLOOR = 1e-3

# A study: one algorithm on one problem and seed. `regret` after 25, 50 and 100 trials; `curve` after each, or None.
Study = collections.namedtuple('Study', 'algorithm workers problem seed regret ask last_ask curve recorded')


def read(path, recorded=False):
    with open(path, newline='') as file:
        reader = csv.reader(file)
        columns = next(reader)
        for row in reader:
            values = dict(zip(columns, row))
            regret = [max(FLOOR, float(value)) for name, value in values.items() if name.startswith('regret_')]
            curve = [float(value) for value in values['curve'].split()] if values.get('curve') else None
            yield Study(values['algorithm'] + (' *' if recorded else ''), int(values['workers']), values['problem'],
                        int(values['seed']), regret, float(values.get('ask_ms', 'nan')),
                        float(values.get('last_ask_ms', 'nan')), curve, recorded)


def trials_of(path):
    with open(path, newline='') as file:
        return max(int(name.removeprefix('regret_')) for name in next(csv.reader(file)) if name.startswith('regret_'))


def log_regrets(studies, problems, seeds):
    """[problems x seeds]; None where one is missing."""
    found = {(study.problem, study.seed): math.log(study.regret[-1]) for study in studies}
    cells = [[found.get((problem, seed)) for seed in seeds] for problem in problems]
    return None if any(value is None for row in cells for value in row) else numpy.array(cells)


def interval(logs):
    """The 95 % bootstrap interval of the geometric mean: each problem's seeds are drawn again, with replacement."""
    random = numpy.random.default_rng(0)
    drawn = random.integers(logs.shape[1], size=(4000, *logs.shape))
    means = numpy.take_along_axis(logs[None], drawn, axis=2).mean(axis=(1, 2))
    return numpy.exp(numpy.quantile(means, [0.025, 0.975]))


def ranks(all_logs):
    """The mean rank of each algorithm over all problems and seeds; equals share their ranks."""
    stacked = numpy.array(all_logs)  # [algorithms x problems x seeds]
    below = (stacked[:, None] > stacked[None]).sum(axis=1)
    equal = (stacked[:, None] == stacked[None]).sum(axis=1)
    return (below + (equal + 1) / 2).mean(axis=(1, 2))


def number(value):
    if math.isnan(value):
        return ''
    return f'{value:.4f}' if value < 0.1 else f'{value:.3f}'


def milliseconds(value):
    return '' if math.isnan(value) else f'{value:.3f}' if value < 1 else f'{value:.1f}'


def print_table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for index, row in enumerate(rows):
        cells = [cell.ljust(width) if column == 0 else cell.rjust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        print('| ' + ' | '.join(cells) + ' |')
        if index == 0:
            print('| ' + ' | '.join('-' * width if column == 0 else '-' * (width - 1) + ':'
                                    for column, width in enumerate(widths)) + ' |')
    print()


def compare(title, studies, problems, seeds, workers):
    """One table of all algorithms that have all of these studies, the best one first."""
    by_algorithm = collections.defaultdict(list)
    for study in studies:
        if study.workers == workers and study.problem in problems and study.seed in seeds:
            by_algorithm[study.algorithm].append(study)
    logs = {}
    for algorithm, mine in by_algorithm.items():
        cells = log_regrets(mine, problems, seeds)
        if cells is not None:
            logs[algorithm] = cells
    if not logs:
        return
    rank = dict(zip(logs, ranks(list(logs.values()))))
    rows = [['', *[SHORT.get(problem, problem) for problem in problems], '**all**', '95 %', 'mean', 'rank', 'ms', 'ms at end']]
    for algorithm in sorted(logs, key=lambda name: logs[name].mean()):
        cells, mine = logs[algorithm], by_algorithm[algorithm]
        low, high = interval(cells)
        rows.append([algorithm, *[number(value) for value in numpy.exp(cells.mean(axis=1))],
                     f'**{number(math.exp(cells.mean()))}**', f'{number(low)}..{number(high)}',
                     number(numpy.exp(cells).mean()), f'{rank[algorithm]:.2f}',
                     milliseconds(numpy.mean([study.ask for study in mine])),
                     milliseconds(numpy.mean([study.last_ask for study in mine]))])
    print(f'{title}, {workers} worker{"s" if workers > 1 else ""}, {describe(seeds)}:\n')
    print_table(rows)


def describe(seeds):
    if not seeds:
        return 'other seeds'
    return f'seed {seeds[0]}' if len(seeds) == 1 else f'seeds {seeds[0]}-{seeds[-1]}'


def geometric_mean(studies, algorithm, workers, problems, seeds):
    mine = [study for study in studies if (study.algorithm, study.workers) == (algorithm, workers)]
    cells = log_regrets(mine, problems, seeds)
    return None if cells is None else math.exp(cells.mean())


def print_aims(studies, first, others):
    rows = [['', 'workers', f'aim, {describe(first)}', 'measured', f'aim, {describe(others)}', 'measured']]
    for algorithm, workers, *aims in AIMS:
        # With eight workers the peers were measured without Rastrigin, and so the aims were set.
        problems = [problem for problem in GROUPS['public'] if workers == 1 or problem != 'rastrigin5']
        measured = [geometric_mean(studies, algorithm, workers, problems, seeds) if seeds else None
                    for seeds in (first, others)]
        if measured[0] is None:
            continue
        row = [algorithm, str(workers)]
        for aim, value in zip(aims, measured):
            row += [f'{aim:.4f}' if aim else '', number(value) if value else '']
        rows.append(row)
    if len(rows) > 1:
        print('The aims, on the public problems (with 8 workers without rastrigin5):\n')
        print_table(rows)


def draw(studies, path):
    """Best so far: the geometric mean of the regret over problems and seeds, after each trial."""
    import matplotlib

    matplotlib.use('svg')
    matplotlib.rcParams.update({'svg.hashsalt': 'caviar', 'svg.fonttype': 'none', 'font.size': 8})
    from matplotlib import pyplot

    panels = [('public problems', GROUPS['public'], 1), ('public problems', GROUPS['public'], 8),
              ('mixed problems', GROUPS['mixed'], 1), ('mixed problems', GROUPS['mixed'], 8)]
    figure, axes = pyplot.subplots(2, 2, figsize=(10, 8), sharex=True, sharey='row', layout='constrained')
    names = sorted({study.algorithm for study in studies if study.curve})
    ours = [name for name in names if not name.startswith(('optuna', 'cmaes'))]
    colours = {name: f'C{index % 10}' for index, name in enumerate([*ours, *[n for n in names if n not in ours]])}
    for axis, (title, problems, workers) in zip(axes.flat, panels):
        for name in names:
            curves = [study.curve for study in studies if study.curve and study.algorithm == name
                      and study.workers == workers and study.problem in problems and study.seed < 10]
            if not curves:
                continue
            length = max(map(len, curves))  # (a space that was used up has fewer)
            padded = numpy.array([curve + curve[-1:] * (length - len(curve)) for curve in curves])
            means = numpy.exp(numpy.log(padded).mean(axis=0))
            style = {'linewidth': 1.6} if name in ours else {'linewidth': 1, 'linestyle': '--'}
            axis.plot(range(1, length + 1), means, color=colours[name], label=name, **style)
        axis.set_yscale('log')
        axis.set_title(f'{title}, {workers} worker{"s" if workers > 1 else ""}')
        axis.grid(alpha=0.3, which='both', linewidth=0.4)
    for axis in axes[1]:
        axis.set_xlabel('trials that ended')
    for axis in axes[:, 0]:
        axis.set_ylabel('regret, geometric mean')
    axes[0, 0].legend(ncols=2, fontsize=7)
    figure.savefig(path, metadata={'Date': None})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--plot', help='an SVG file to write')
    parser.add_argument('files', nargs='+', help='CSV')
    options = parser.parse_args()
    studies = [study for path in options.files for study in read(path)]
    # Recorded are studies of 100 trials.
    everyone = studies + list(read(HERE / 'search_peers.csv', recorded=True) if trials_of(options.files[0]) == 100 else [])

    def seeds_of(group, below=10, least=0):
        return sorted({study.seed for study in studies if study.problem in GROUPS[group] and least <= study.seed < below})

    first, others = seeds_of('public'), seeds_of('public', 1000, 10)
    for workers in sorted({study.workers for study in studies}):
        compare('Public problems', everyone, GROUPS['public'], first, workers)
        if workers == 8 and len(everyone) > len(studies):
            seven = [problem for problem in GROUPS['public'] if problem != 'rastrigin5']
            compare('Public problems, those that were recorded', everyone, seven, first[:3], workers)
        if others:
            compare('Public problems', studies, GROUPS['public'], others, workers)
        for group, title in (('mixed', 'Mixed problems'), ('models', 'Trained models')):
            if seeds_of(group):
                compare(title, studies, GROUPS[group], seeds_of(group), workers)
    print_aims(studies, first, others)
    if options.plot:
        draw(studies, options.plot)


if __name__ == '__main__':
    main()
