# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of figures as text."""
import statistics

FOVEA = 'Fovea'
MARKS = ('<!-- compare.py writes from here -->', '<!-- to here -->')


def figure(values):
    middle = statistics.median(values)
    return f'{middle:.0f}' if middle >= 100 else f'{middle:.1f}'


def ratio(row, peer):
    """Ratio of medians, with the least and the largest of one round: '0.41 (0.39–0.42)'."""
    ours, theirs = row['values'].get(FOVEA), row['values'].get(peer)
    if not ours or not theirs:
        return '–'
    rounds = [a / b for a, b in zip(ours, theirs)]
    text = f'{statistics.median(ours) / statistics.median(theirs):.2f}'
    return f'{text} ({min(rounds):.2f}–{max(rounds):.2f})' if len(rounds) > 1 else text


def line(row):
    parts = [f'{party} {figure(values)}' for party, values in row['values'].items()]
    parts += [f'{party}: {text}' for party, text in row['failures'].items()]
    parts += [f'ratio to {party} {ratio(row, party)}' for party in row['values'] if not party.startswith(FOVEA)]
    return f'{row["name"]} ({row["unit"]}): ' + '; '.join(parts)


def markdown(results):
    machine = results['machine']
    described = [f'{machine["cores"]} cores of {machine["processor"]}, {machine["memory_gib"]} GiB']
    described += [f'{name}: {driver}' for name, driver in machine['drivers'].items()]
    described += [f'{name} {version}' for name, version in machine['versions'].items()]
    text = ['. '.join(described) + '.', '', '| what | unit | who | median | ratio (of single rounds) | rounds | date |', '|---|---|---|---|---|---|---|']
    for row in results['rows']:
        name, unit = row['name'], row['unit']
        for party in [*row['values'], *row['failures']]:
            values = row['values'].get(party)
            cells = [name, unit, party, figure(values) if values else row['failures'][party],
                     '' if party.startswith(FOVEA) else ratio(row, party), str(len(values or ())), row['date']]
            text.append('| ' + ' | '.join(cells) + ' |')
            name = unit = ''
    return '\n'.join(text)


def replace(path, results):
    before, rest = path.read_text().split(MARKS[0])
    path.write_text(f'{before}{MARKS[0]}\n{markdown(results)}\n{MARKS[1]}{rest.split(MARKS[1])[1]}')
