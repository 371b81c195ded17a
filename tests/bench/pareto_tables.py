"""Makes a table of what caviar_pareto_quality and pareto_peers.py print: the geometric mean over seeds of the missing share
of the best hypervolume at the end, by sampler and problem, and over problems at a third, two thirds and the end."""

import csv
import math
import sys


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def main():
    rows = []
    for path in sys.argv[1:]:
        with open(path, newline='', encoding='utf-8') as file:
            rows += list(csv.DictReader(file))
    problems = list(dict.fromkeys(row['problem'] for row in rows))
    samplers = list(dict.fromkeys((row['sampler'], row['workers']) for row in rows))
    heads = ['sampler', 'workers', *problems, 'all, ⅓', 'all, ⅔', '**all**', 'ms an ask']
    print('| ' + ' | '.join(heads) + ' |')
    print('| ' + ' | '.join(['---'] * len(heads)) + ' |')
    for sampler, workers in samplers:
        mine = [row for row in rows if (row['sampler'], row['workers']) == (sampler, workers)]
        if {row['problem'] for row in mine} != set(problems):
            continue  # it was cut short: means over other problems say nothing

        def mean(column, wanted, mine=mine):
            by_problem = [geometric_mean([float(row[column]) for row in mine if row['problem'] == problem])
                          for problem in wanted]
            return f'{geometric_mean(by_problem):.4f}'.lstrip('0')

        cells = [mean('end', [problem]) for problem in problems]
        whole = [mean(column, problems) for column in ('third', 'two_thirds', 'end')]
        ask_ms = sum(float(row['ask_ms']) for row in mine) / len(mine)
        print(f'| {sampler} | {workers} | ' + ' | '.join(cells + whole[:2] + [f'**{whole[2]}**', f'{ask_ms:.1f}']) + ' |')


if __name__ == '__main__':
    main()
