# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of YOLOv5 in PyTorch, for compare.py: a line of JSON on stdout when it is ready, and one for each line "SECONDS" on stdin.

    OMP_NUM_THREADS=2 python3 peer_network.py (train|infer) MODEL IMGSZ BATCH [--compile]

A training step is forward, YOLOv5's loss, backward, and SGD with momentum and Nesterov, on pictures that lie in memory as floats. Left out, in
PyTorch's favour: augmentation, clipping, EMA, and finding which cells are responsible for which boxes. Inference has BatchNorm folded into the
convolutions and ends with decoded boxes, before NMS. Memory is channels-last, numbers are single precision.
"""
import argparse
import json
import pathlib
import resource
import sys
import time

import numpy
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'tests/reference/pytorch'))
import yolov5  # noqa: E402

BOXES_PER_PICTURE = 4


class Folded(yolov5.Network):
    """Without BatchNorm: its weights are taken to be in those of the convolutions already."""

    def conv(self, name, x, channels, kernel, stride=1):
        weight = self.tensor(self.parameters, name + '.conv.weight', channels, x.shape[1], kernel, kernel)
        bias = self.tensor(self.parameters, name + '.conv.bias', channels)
        return F.silu(F.conv2d(x, weight, bias, stride=stride, padding=2 if kernel == 6 else kernel // 2), inplace=True)


def fetch(rng):
    """Weights whose activations neither fade nor grow."""
    def one(name, shape):
        if len(shape) == 4:
            return rng.standard_normal(shape).astype(numpy.float32) / numpy.sqrt(numpy.prod(shape[1:], dtype=numpy.float32))
        ones = name.endswith('running_var') or name.endswith('bn.weight')
        return numpy.full(shape, float(ones), numpy.float32)
    return one


def make_targets(rng, n, imgsz):
    """Rows of boxes of which no two meet in a cell, which the reference loss does not know."""
    kept, taken = [], set()
    for image in range(n):
        for _ in range(BOXES_PER_PICTURE):
            row = (image, rng.integers(80), *rng.uniform(0.25, 0.75, 2), *rng.uniform(0.1, 0.4, 2))
            cells = {(i, m[0], *m[2:5]) for i in range(3) for m in yolov5.match([row], i, imgsz, imgsz)}
            if not cells & taken:
                taken |= cells
                kept.append(row)
    return kept


def channels_last(net):
    for p in net.parameters.values():
        if p.dim() == 4:
            p.data = p.data.contiguous(memory_format=torch.channels_last)


def make_train(args, rng, x):
    net = yolov5.Network(args.model, 80, fetch(rng), torch.float32)
    targets = make_targets(rng, args.batch, args.imgsz)
    matches = [yolov5.match(targets, i, args.imgsz, args.imgsz) for i in range(3)]
    yolov5.match = lambda _, i, *size: matches[i]
    net.heads(x[:1], True)
    channels_last(net)
    optimizer = torch.optim.SGD(net.parameters.values(), lr=1e-4, momentum=0.937, nesterov=True)
    gains = {'box': 0.05, 'obj': (args.imgsz / 640) ** 2, 'cls': 0.5}
    heads = torch.compile(lambda x: net.heads(x, True)) if args.compile else lambda x: net.heads(x, True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        losses, _ = yolov5.loss(heads(x), targets, gains)
        (sum(losses) * args.batch).backward()
        optimizer.step()
    return step


def make_infer(args, rng, x):
    net = Folded(args.model, 80, fetch(rng), torch.float32)
    with torch.no_grad():
        net.heads(x, False)
    channels_last(net)
    for p in net.parameters.values():
        p.requires_grad_(False)
    rows = torch.compile(lambda x: yolov5.decode(net.heads(x, False))) if args.compile else lambda x: yolov5.decode(net.heads(x, False))

    def step():
        with torch.no_grad():
            rows(x)
    return step


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('what', choices=('train', 'infer'))
    parser.add_argument('model', choices=tuple(yolov5.SIZES))
    parser.add_argument('imgsz', type=int)
    parser.add_argument('batch', type=int)
    parser.add_argument('--compile', action='store_true')
    args = parser.parse_args()

    torch.set_num_threads(2)
    rng = numpy.random.default_rng(0)
    x = torch.rand(args.batch, 3, args.imgsz, args.imgsz).contiguous(memory_format=torch.channels_last)
    step = {'train': make_train, 'infer': make_infer}[args.what](args, rng, x)
    for _ in range(2):
        step()
    print('{}', flush=True)
    for line in sys.stdin:
        steps, start = 0, time.perf_counter()
        while steps < 2 or time.perf_counter() - start < float(line):
            step()
            steps += 1
        seconds = time.perf_counter() - start
        print(json.dumps({'images_per_second': args.batch * steps / seconds, 'torch': torch.__version__,
                          'peak_resident_bytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)


main()
