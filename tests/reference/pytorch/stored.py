# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that others computed: safetensors files, and the weights of a YOLOv5 checkpoint without its code."""
import json
import pickle
import zipfile

import numpy

DTYPES = {'F64': 'f8', 'F32': 'f4', 'F16': 'f2', 'I64': 'i8', 'I32': 'i4', 'U8': 'u1'}
STORAGES = {'DoubleStorage': '<f8', 'FloatStorage': '<f4', 'HalfStorage': '<f2', 'LongStorage': '<i8'}


def read_safetensors(path):
    with open(path, 'rb') as file:
        data = file.read()
    start = 8 + int.from_bytes(data[:8], 'little')
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != '__metadata__':
            begin, end = entry['data_offsets']
            values = numpy.frombuffer(data[start + begin:start + end], '<' + DTYPES[entry['dtype']])
            tensors[name] = values.reshape(entry['shape'])
    return tensors


class Anything:
    """Stands for every class of a checkpoint: only attributes are of interest."""
    def __init__(self, *args):
        pass


class Unpickler(pickle.Unpickler):
    """Tensors become arrays, and nothing of the checkpoint's own is called."""
    def __init__(self, archive, pickled):
        super().__init__(archive.open(pickled))
        self.archive, self.folder = archive, pickled.removesuffix('data.pkl')

    def find_class(self, module, name):
        if name == '_rebuild_tensor_v2':
            return lambda storage, offset, size, strides, *_: numpy.lib.stride_tricks.as_strided(
                storage[offset:], size, [stride * storage.itemsize for stride in strides])
        if name == '_rebuild_parameter':
            return lambda values, *_: values
        if (module, name) == ('collections', 'OrderedDict'):
            return dict
        return STORAGES.get(name, Anything)

    def persistent_load(self, pid):
        _, dtype, key, *_ = pid
        return numpy.frombuffer(self.archive.read(f'{self.folder}data/{key}'), dtype)


def walk(module, prefix, state):
    attributes = vars(module)
    for kind in ('_parameters', '_buffers'):
        for name, values in attributes[kind].items():
            if values is not None:
                state[prefix + name] = values.astype(numpy.float32)
    for name, child in attributes['_modules'].items():
        walk(child, f'{prefix}{name}.', state)


def read_checkpoint(path):
    """float32 arrays by their state_dict names."""
    state = {}
    with zipfile.ZipFile(path) as archive:
        pickled = next(name for name in archive.namelist() if name.endswith('/data.pkl'))
        walk(Unpickler(archive, pickled).load()['model'], '', state)
    return state
