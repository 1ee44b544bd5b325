# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights, statistics and pictures from counters: tests/compute/nets/fv-test-network.c makes the same bits.

A value is SplitMix64 (Steele, Lea, Flood 2014) at (seed, name, index): no state, so any value can be had alone. All
scaling is exact in double precision and then rounded once to single precision.
"""
import math

import numpy

MASK = (1 << 64) - 1
GOLDEN = 0x9e3779b97f4a7c15


def mix(z):
    """SplitMix64's finaliser, of an array of uint64."""
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xbf58476d1ce4e5b9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94d049bb133111eb)
    return z ^ (z >> numpy.uint64(31))


def bits(seed, name, n):
    """n uint64 of the stream that belongs to a name, which is hashed by FNV-1a."""
    key = 0xcbf29ce484222325
    for byte in name.encode():
        key = (key ^ byte) * 0x100000001b3 & MASK
    start = mix(numpy.array([(seed * GOLDEN + key) & MASK], numpy.uint64))
    return mix(start + numpy.arange(1, n + 1, dtype=numpy.uint64) * numpy.uint64(GOLDEN))


def uniform(seed, name, n):
    """In [-1, 1): 24 bits, exact in single precision."""
    return (bits(seed, name, n) >> numpy.uint64(40)).astype(numpy.float64) / (1 << 23) - 1


def signs(seed, name, n):
    return numpy.where(bits(seed, name, n) >> numpy.uint64(63), 1.0, -1.0)


def parameter(seed, name, shape, exponent, shift):
    """A tensor of the state_dict. Running variances lie around 2 to the power of exponent, BatchNorm's biases around shift."""
    u = uniform(seed, name, math.prod(shape))
    if len(shape) == 4:
        values = u * float(numpy.float32(math.sqrt(8 / math.prod(shape[1:]))))
    elif name.endswith('.bn.weight'):
        values = 1 + u / 4
    elif name.endswith('.bn.bias'):
        values = shift + u / 4
    elif name.endswith('.running_var'):
        values = 2.0 ** exponent * (1 + u / 2)
    else:
        values = u / 4
    return values.astype(numpy.float32).reshape(shape)


def pictures(seed, n, height, width):
    """[n, height, width, 3] bytes: noise on blocks of 8 x 8 pixels, each of one colour."""
    fine = (bits(seed, 'pixels', n * height * width * 3) >> numpy.uint64(56)).reshape(n, height, width, 3)
    coarse = (bits(seed, 'blocks', n * height * width * 3 // 64) >> numpy.uint64(56))
    coarse = coarse.reshape(n, height // 8, width // 8, 3).repeat(8, 1).repeat(8, 2)
    return ((fine + coarse) >> numpy.uint64(1)).astype(numpy.uint8)
