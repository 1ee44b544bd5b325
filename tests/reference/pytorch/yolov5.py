# SPDX-License-Identifier: GPL-3.0-or-later
"""YOLOv5 (v6.0/v7.0, n to x) and its loss in PyTorch, in single or double precision.

A network is a table and a walk over it; parameters are asked for by their state_dict names where the walk needs them, so
that they may come from a file or from a generator. Nothing is computed by formulas other than the published ones.
"""
import math

import numpy
import torch
import torch.nn.functional as F

STRIDES = (8, 16, 32)
ANCHORS = (((10, 13), (16, 30), (33, 23)), ((30, 61), (62, 45), (59, 119)), ((116, 90), (156, 198), (373, 326)))
BALANCE = (4.0, 1.0, 0.4)
SIZES = {'n': (0.33, 0.25), 's': (0.33, 0.50), 'm': (0.67, 0.75), 'l': (1.0, 1.0), 'x': (1.33, 1.25)}  # depth, width

CONV, C3, SPPF, UPSAMPLE, CONCAT = 'conv c3 sppf upsample concat'.split()
LAYERS = (
    (CONV, 64, 6, 2), (CONV, 128, 3, 2), (C3, 128, 3, True), (CONV, 256, 3, 2), (C3, 256, 6, True),
    (CONV, 512, 3, 2), (C3, 512, 9, True), (CONV, 1024, 3, 2), (C3, 1024, 3, True), (SPPF, 1024, 5),
    (CONV, 512, 1, 1), (UPSAMPLE,), (CONCAT, 6), (C3, 512, 3, False),
    (CONV, 256, 1, 1), (UPSAMPLE,), (CONCAT, 4), (C3, 256, 3, False),
    (CONV, 256, 3, 2), (CONCAT, 14), (C3, 512, 3, False),
    (CONV, 512, 3, 2), (CONCAT, 10), (C3, 1024, 3, False),
)
HEAD_LAYERS = (17, 20, 23)


class Network:
    def __init__(self, variant, n_classes, fetch, dtype, frozen_layers=0):
        """fetch (name, shape) gives a float32 array for each name of the state_dict. Frozen layers learn nothing, and
        their batch normalisation stays with its running statistics."""
        self.depth, self.width = SIZES[variant]
        self.n_classes = n_classes
        self.fetch = fetch
        self.dtype = dtype
        self.frozen_layers = frozen_layers
        self.training = False
        self.parameters = {}
        self.statistics = {}

    def channels(self, n):
        return math.ceil(n * self.width / 8) * 8

    def tensor(self, store, name, *shape):
        if name not in store:
            values = torch.from_numpy(numpy.array(self.fetch(name, shape)))
            assert tuple(values.shape) == shape, (name, tuple(values.shape), shape)
            store[name] = values.to(self.dtype)
            if store is self.parameters:
                store[name].requires_grad_()
        return store[name]

    def before_batch_norm(self, name, x):
        pass

    def conv(self, name, x, channels, kernel, stride=1):
        """Convolution, batch normalisation, SiLU."""
        weight = self.tensor(self.parameters, name + '.conv.weight', channels, x.shape[1], kernel, kernel)
        gamma, beta = (self.tensor(self.parameters, name + '.bn.' + part, channels) for part in ('weight', 'bias'))
        x = F.conv2d(x, weight, stride=stride, padding=2 if kernel == 6 else kernel // 2)
        self.before_batch_norm(name + '.bn', x)
        mean, var = (self.tensor(self.statistics, name + '.bn.running_' + part, channels) for part in ('mean', 'var'))
        return F.silu(F.batch_norm(x, mean, var, gamma, beta, self.training, momentum=0.03, eps=1e-3))

    def c3(self, name, x, channels, repeats, shortcut):
        hidden = channels // 2
        y = self.conv(name + '.cv1', x, hidden, 1)
        for i in range(max(round(repeats * self.depth), 1)):
            inner = self.conv(f'{name}.m.{i}.cv2', self.conv(f'{name}.m.{i}.cv1', y, hidden, 1), hidden, 3)
            y = y + inner if shortcut else inner
        return self.conv(name + '.cv3', torch.cat((y, self.conv(name + '.cv2', x, hidden, 1)), 1), channels, 1)

    def sppf(self, name, x, channels, kernel):
        pyramid = [self.conv(name + '.cv1', x, x.shape[1] // 2, 1)]
        for _ in range(3):
            pyramid.append(F.max_pool2d(pyramid[-1], kernel, stride=1, padding=kernel // 2))
        return self.conv(name + '.cv2', torch.cat(pyramid, 1), channels, 1)

    def heads(self, x, training):
        """[n, 3, H, W] to three tensors of logits [n, 3, H / stride, W / stride, 5 + classes]."""
        outputs = []
        for i, (module, *args) in enumerate(LAYERS):
            name = f'model.{i}'
            self.training = training and i >= self.frozen_layers
            if module == CONV:
                x = self.conv(name, x, self.channels(args[0]), *args[1:])
            elif module == C3:
                x = self.c3(name, x, self.channels(args[0]), *args[1:])
            elif module == SPPF:
                x = self.sppf(name, x, self.channels(args[0]), *args[1:])
            elif module == UPSAMPLE:
                x = F.interpolate(x, scale_factor=2, mode='nearest')
            else:
                x = torch.cat((x, outputs[args[0]]), 1)
            outputs.append(x)
        return [self.head(f'model.{len(LAYERS)}.m.{i}', outputs[layer]) for i, layer in enumerate(HEAD_LAYERS)]

    def head(self, name, x):
        n, channels, height, width = x.shape
        length = 5 + self.n_classes
        weight = self.tensor(self.parameters, name + '.weight', 3 * length, channels, 1, 1)
        bias = self.tensor(self.parameters, name + '.bias', 3 * length)
        return F.conv2d(x, weight, bias).view(n, 3, length, height, width).permute(0, 1, 3, 4, 2)


def cells_of(heads, i, dtype):
    """Corners [H, W, 2] of a head's cells, and its anchors [3, 1, 1, 2], both in cells."""
    y, x = torch.meshgrid(*(torch.arange(n, dtype=dtype) for n in heads[i].shape[2:4]), indexing='ij')
    return torch.stack((x, y), -1), torch.tensor(ANCHORS[i], dtype=dtype).view(3, 1, 1, 2) / STRIDES[i]


def decode(heads):
    """[n, rows, 5 + classes]: centre, width, height in pixels, then probabilities; rows by head, anchor, y, x."""
    rows = []
    for i, head in enumerate(heads):
        corners, anchors = cells_of(heads, i, head.dtype)
        p = torch.sigmoid(head)
        centres = (2 * p[..., 0:2] - 0.5 + corners) * STRIDES[i]
        sides = (2 * p[..., 2:4]) ** 2 * anchors * STRIDES[i]
        rows.append(torch.cat((centres, sides, p[..., 4:]), -1).flatten(1, 3))
    return torch.cat(rows, 1)


def match(targets, i, height, width, anchor_t=4.0):
    """Matches of one head: (image, class, anchor, gy, gx, box), the box being x and y from the cell's corner, w and h.

    Everything that decides is computed in single precision, as it is where the targets are.
    """
    f = numpy.float32
    ny, nx = height // STRIDES[i], width // STRIDES[i]
    found = []
    for image, class_id, cx, cy, w, h in numpy.asarray(targets, f):
        x, y, w, h = cx * f(nx), cy * f(ny), w * f(nx), h * f(ny)
        cells = [(x, y)]
        for centre, n, step in ((x, nx, (1, 0)), (y, ny, (0, 1))):
            if centre % 1 < 0.5 and centre > 1:
                cells.append((x - f(0.5) * step[0], y - f(0.5) * step[1]))
            if (f(n) - centre) % 1 < 0.5 and f(n) - centre > 1:
                cells.append((x + f(0.5) * step[0], y + f(0.5) * step[1]))
        for anchor, sides in enumerate(ANCHORS[i]):
            ratios = [side / (f(s) / f(STRIDES[i])) for side, s in zip((w, h), sides)]
            if max(max(r, f(1) / r) for r in ratios) >= anchor_t:
                continue
            for gx, gy in cells:
                gx, gy = min(max(int(gx), 0), nx - 1), min(max(int(gy), 0), ny - 1)
                found.append((int(image), int(class_id), anchor, gy, gx, (x - f(gx), y - f(gy), w, h)))
    return found


def complete_iou(a, b, eps=1e-7):
    """Zheng et al. 2020; boxes are rows of centre, width and height."""
    low_a, high_a = a[:, :2] - a[:, 2:] / 2, a[:, :2] + a[:, 2:] / 2
    low_b, high_b = b[:, :2] - b[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2
    inter = (torch.minimum(high_a, high_b) - torch.maximum(low_a, low_b)).clamp(min=0).prod(1)
    iou = inter / (a[:, 2:].prod(1) + b[:, 2:].prod(1) - inter + eps)
    hull = torch.maximum(high_a, high_b) - torch.minimum(low_a, low_b)
    distance = ((a[:, :2] - b[:, :2]) ** 2).sum(1) / ((hull ** 2).sum(1) + eps)
    v = 4 / math.pi ** 2 * (torch.atan(b[:, 2] / b[:, 3]) - torch.atan(a[:, 2] / a[:, 3])) ** 2
    with torch.no_grad():
        alpha = v / (v - iou + 1 + eps)
    return iou - distance - alpha * v


def loss(heads, targets, gains):
    """(box, objectness, class), gains included, and the matches of each head. Not for targets that share a cell."""
    n, _, height, width, length = heads[0].shape
    height, width = height * STRIDES[0], width * STRIDES[0]
    box = objectness = classes = torch.zeros((), dtype=heads[0].dtype)
    n_matches = []
    for i, head in enumerate(heads):
        matches = match(targets, i, height, width)
        wanted = torch.zeros(head.shape[:4], dtype=head.dtype)
        n_matches.append(len(matches))
        if matches:
            image, class_id, anchor, gy, gx = (torch.tensor(column) for column in list(zip(*matches))[:5])
            at = (image, anchor, gy, gx)
            assert len(set(zip(*(column.tolist() for column in at)))) == len(matches), 'two matches on one cell'
            logits = head[at]
            truth = torch.tensor(numpy.array([m[5] for m in matches], numpy.float32)).to(head.dtype)
            p = torch.sigmoid(logits[:, :4])
            anchors = torch.tensor(ANCHORS[i], dtype=head.dtype)[anchor] / STRIDES[i]
            ciou = complete_iou(torch.cat((2 * p[:, :2] - 0.5, (2 * p[:, 2:]) ** 2 * anchors), 1), truth)
            box = box + (1 - ciou).mean()
            wanted[at] = ciou.detach().clamp(min=0)
            if length > 6:
                truth = F.one_hot(class_id, length - 5).to(head.dtype)
                classes = classes + F.binary_cross_entropy_with_logits(logits[:, 5:], truth)
        objectness = objectness + BALANCE[i] * F.binary_cross_entropy_with_logits(head[..., 4], wanted)
    return (gains['box'] * box, gains['obj'] * objectness, gains['cls'] * classes), n_matches
