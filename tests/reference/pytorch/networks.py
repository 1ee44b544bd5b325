# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes networks.json: what whole networks with generated weights compute. See README.md.

    python3 networks.py DATA            reproduce the stored reference, then write networks.json
    python3 networks.py --check DATA    only reproduce
"""
import argparse
import json
import math
import os
import platform
import sys

import numpy
import torch

import generator
import stored
import yolov5

# As is recommended with the stored reference: relative for losses, absolute for heads, of the tensor's largest for
# statistics, relative L2 for gradients.
REPRODUCE = {'losses': 1e-5, 'heads': 1e-3, 'statistics': 1e-5, 'gradients': 1e-3}
GAINS = {'box': 0.05, 'obj': 0.3, 'cls': 0.5}

# In training BatchNorm's biases lie around this: rounding, which the statistics of few pixels make grow from layer to
# layer, then grows five times less.
SHIFT = 0.5

# Variant, pictures, height, width, classes, targets wanted in each picture, frozen layers, shift in training.
CASES = (
    ('n', 1, 64, 96, 80, (6,), 0, SHIFT),
    ('n', 2, 128, 96, 3, (7, 0), 0, SHIFT),
    ('n', 5, 64, 96, 1, (3, 1, 4, 0, 5), 0, SHIFT),
    ('n', 2, 96, 64, 3, (0, 0), 0, SHIFT),
    ('s', 1, 128, 96, 3, (8,), 0, SHIFT),
    ('s', 2, 64, 96, 20, (4, 5), 0, SHIFT),
    ('s', 5, 96, 64, 3, (2, 6, 0, 3, 4), 0, SHIFT),
    # Running variances are those that keep activations from growing without a shift.
    ('n', 3, 64, 128, 3, (5, 2, 0), 10, 0),
)
N_SUMS, N_SAMPLES = 2, 3


def relative_l2(values, expected):
    values, expected = (numpy.asarray(a, numpy.float64) for a in (values, expected))
    return float(numpy.linalg.norm(values - expected) / numpy.linalg.norm(expected))


def of_largest(values, expected):
    return float(abs(numpy.asarray(values, numpy.float64) - expected).max() / abs(expected).max())


def train(network, pictures, targets, gains):
    """Losses, heads and gradients of one step; running statistics are the network's."""
    heads = network.heads(pictures, True)
    losses, matches = yolov5.loss(heads, targets, gains)
    total = sum(losses) * len(pictures)
    learnt = [name for name in network.parameters if int(name.split('.')[1]) >= network.frozen_layers]
    gradients = torch.autograd.grad(total, [network.parameters[name] for name in learnt])
    return {
        'losses': [float(l) for l in losses],
        'total': float(total),
        'matches': matches,
        'heads': [head.detach().numpy() for head in heads],
        'gradients': {name: g.numpy() for name, g in zip(learnt, gradients)},
        'statistics': {name: s.numpy() for name, s in network.statistics.items()},
    }


# The stored reference

def reproduce(data):
    """The largest errors against backward_b2_128, for both precisions."""
    path = os.path.join(data, 'reference', 'backward_b2_128')
    expected = stored.read_safetensors(path + '.safetensors')
    weights = stored.read_checkpoint(os.path.join(data, 'weights', 'yolov5n.pt'))
    weights.update({name[5:]: values for name, values in expected.items() if name.startswith('init.')})
    with open(path + '.json', encoding='utf-8') as file:
        facts = json.load(file)
    pictures = torch.from_numpy(expected['input_u8'].copy()).float() / 255
    errors = {}
    for dtype in (torch.float32, torch.float64):
        network = yolov5.Network('n', facts['nc'], lambda name, shape: weights[name], dtype)
        run = train(network, pictures.to(dtype), expected['targets'], facts['gains'])
        losses = [facts['lbox'], facts['lobj'], facts['lcls'], facts['total']]
        errors[str(dtype)[6:]] = {
            'losses': max(abs(a / b - 1) for a, b in zip(run['losses'] + [run['total']], losses)),
            'heads': max(float(abs(head - expected[f'head.{i}']).max()) for i, head in enumerate(run['heads'])),
            'statistics': max(of_largest(s, expected[name]) for name, s in run['statistics'].items()),
            'gradients': max(relative_l2(g, expected['grad.' + name]) for name, g in run['gradients'].items()),
        }
        n_gradients = sum(name.startswith('grad.') for name in expected)
        assert run['matches'] == facts['matches_per_layer'] and len(run['gradients']) == n_gradients
    return errors


# Networks of our own

def make_targets(seed, n_classes, height, width, wanted):
    """Rows (image, class, cx, cy, w, h) of which no two share a cell and an anchor, single precision."""
    rows = []
    for image, count in enumerate(wanted):
        taken = set()
        u = (generator.uniform(seed, f'targets.{image}', 5000).reshape(1000, 5) + 1) / 2
        for class_id, cx, cy, w, h in u:
            row = numpy.array((image, int(class_id * n_classes), cx, cy, 0.06 * 12 ** w, 0.06 * 12 ** h), numpy.float32)
            cells = [(i, m[2:5]) for i in range(3) for m in yolov5.match([row], i, height, width)]
            if count == 0:
                break
            if len(set(cells)) == len(cells) and cells and taken.isdisjoint(cells):
                taken.update(cells)
                rows.append(row)
                count -= 1
        assert count == 0, 'no room for so many targets'
    return rows


def figures(seed, name, values):
    """What is kept of a tensor: L2 norm, sums of all values with random signs, some values."""
    values = numpy.asarray(values, numpy.float64).ravel()
    at = generator.bits(seed, 'samples ' + name, N_SAMPLES) % numpy.uint64(len(values))
    sums = [(values * generator.signs(seed, f'signs {i} {name}', len(values))).sum() for i in range(N_SUMS)]
    return [float(x) for x in [math.sqrt((values ** 2).sum()), *sums, *values[at.astype(numpy.int64)]]]


def figures_error(found, expected, n):
    """Norm and sums relative to the norm, which is about the relative L2 error; samples to five times the root mean square."""
    errors = [abs(a - b) / expected[0] for a, b in zip(found, expected)]
    return max(*errors[:1 + N_SUMS], *(e * math.sqrt(n) / 5 for e in errors[1 + N_SUMS:]))


class Generated(yolov5.Network):
    def __init__(self, seed, case, dtype, shift, exponents):
        def fetch(name, shape):
            return generator.parameter(seed, name, shape, exponents.get(name.rpartition('.')[0]), shift)

        super().__init__(case[0], case[4], fetch, dtype, case[6])
        self.exponents = exponents

    def before_batch_norm(self, name, x):
        """Scales the running variances so that in evaluation activations neither fade nor grow."""
        self.exponents.setdefault(name, round(math.log2(float((x ** 2).mean()))))


def run_case(seed, case, targets, dtype, exponents):
    """Losses in evaluation and in training, matches, and every tensor; fills exponents where it is empty."""
    _, n, height, width, n_classes, _, _, shift = case
    gains = dict(GAINS, cls=GAINS['cls'] * n_classes / 80)
    pictures = torch.from_numpy(generator.pictures(seed, n, height, width)).permute(0, 3, 1, 2).float() / 255
    network = Generated(seed, case, dtype, 0, exponents)
    with torch.no_grad():
        heads = network.heads(pictures.to(dtype), False)
        eval_losses = [float(l) for l in yolov5.loss(heads, targets, gains)[0]]
        rows = yolov5.decode(heads).numpy()
    run = train(Generated(seed, case, dtype, shift, exponents), pictures.to(dtype), targets, gains)
    values = {'rows.boxes': rows[..., :4], 'rows.probabilities': rows[..., 4:]}
    values.update({'gradient ' + name: g for name, g in run['gradients'].items()})
    values.update(run['statistics'])
    spread = [float(head.std()) for head in heads], [float(head.std()) for head in run['heads']]
    return eval_losses, run['losses'], run['matches'], values, spread


def kind_of(name):
    return name.split()[0] if name.startswith('gradient') else name if name.startswith('rows') else 'statistics'


def make_case(seed, case):
    variant, n, height, width, n_classes, wanted, frozen_layers, shift = case
    targets = make_targets(seed, n_classes, height, width, wanted)
    exponents = {}
    eval_losses, losses, matches, values, spread = run_case(seed, case, targets, torch.float64, exponents)
    single = run_case(seed, case, targets, torch.float32, exponents)
    kept = {name: figures(seed, name, v) for name, v in values.items()}
    noise = {'losses': max(abs(a / b - 1) for a, b in zip(single[0] + single[1], eval_losses + losses) if b != 0)}
    for name, v in values.items():
        error = figures_error(figures(seed, name, single[3][name]), kept[name], v.size)
        kind = kind_of(name)
        noise[kind] = max(noise.get(kind, 0), error)
    print(f'{variant}, {n} of {height} x {width}, {n_classes} classes: {len(targets)} targets, matches {matches}, '
          f'losses {losses}, logits\' spread {[round(s, 2) for s in spread[0] + spread[1]]}')
    print('  single against double precision:', ', '.join(f'{kind} {e:.1e}' for kind, e in noise.items()))
    return {
        'variant': variant, 'n': n, 'height': height, 'width': width, 'classes': n_classes, 'seed': seed,
        'frozen': frozen_layers, 'shift': shift,
        'gains': [GAINS['box'], GAINS['obj'], GAINS['cls'] * n_classes / 80],
        'targets': [[float(f'{x:.9g}') for x in row] for row in targets],
        'losses': losses, 'losses in evaluation': eval_losses, 'exponents': exponents, 'noise': noise, 'tensors': kept,
    }


def write(path, cases):
    """JSON with a line for each tensor and ten digits."""
    def short(value):
        if isinstance(value, list):
            return '[' + ','.join(map(short, value)) + ']'
        return f'{value:.10g}' if isinstance(value, float) else json.dumps(value, separators=(',', ':'))

    with open(path, 'w', encoding='utf-8') as file:
        file.write('{"cases":[\n')
        for i, case in enumerate(cases):
            file.write(',\n' if i else '')
            entries = [f'{json.dumps(k)}:{short(v)}' for k, v in case.items() if k not in ('tensors', 'noise')]
            noise = ','.join(f'{json.dumps(k)}:{v:.2g}' for k, v in case['noise'].items())
            file.write('{' + ',\n'.join(entries) + ',\n"noise":{' + noise + '},\n"tensors":{\n')
            file.write(',\n'.join(f'{json.dumps(name)}:{short(v)}' for name, v in case['tensors'].items()) + '}}')
        file.write('\n]}\n')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('data', help='folder that holds reference/ and weights/')
    parser.add_argument('--check', action='store_true', help='write nothing')
    arguments = parser.parse_args()
    print(f'Python {platform.python_version()}, PyTorch {torch.__version__}, NumPy {numpy.__version__}')
    failed = False
    for precision, errors in reproduce(arguments.data).items():
        print(f'backward_b2_128 against {precision}:', ', '.join(f'{k} {e:.1e}' for k, e in errors.items()))
        failed |= any(not e <= REPRODUCE[k] for k, e in errors.items())
    if failed:
        sys.exit('The stored reference is not reproduced: nothing was written.')
    if not arguments.check:
        cases = [make_case(20 + i, case) for i, case in enumerate(CASES)]
        write(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'networks.json'), cases)


if __name__ == '__main__':
    main()
