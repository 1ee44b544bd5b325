# SPDX-License-Identifier: GPL-3.0-or-later
"""YOLOv5 v7.0's own loader and training, for compare.py, from a folder that holds its source.

    python3 peer_yolov5.py FOLDER loader DATA IMGSZ BATCH [--cache ram]
    python3 peer_yolov5.py FOLDER train ARGUMENTS OF train.py...

`loader` is that of training with hyp.scratch-low and two workers. It prints a line of JSON on stdout when it is ready, and one for
each line "SECONDS" on stdin. DATA is a folder with images/train and labels/train. Nothing of v7.0 is changed but what looks for fonts, packages and news on the network, and TensorBoard.
"""
import argparse
import json
import os
import pathlib
import resource
import sys
import time
import types

WORKERS = 2


class NoWriter:
    def __init__(self, *args, **kwargs):
        pass

    def __getattr__(self, name):
        return lambda *args, **kwargs: None


def stand_in(name, **members):
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module
    return module


def prepare(folder):
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    os.environ.update(YOLOv5_AUTOINSTALL='false', WANDB_MODE='disabled')
    # It asks the first only whether it runs in a notebook, and writes curves with the second.
    display = stand_in('IPython.display', display=print)
    stand_in('IPython', get_ipython=lambda: None, display=display)
    stand_in('torch.utils.tensorboard', SummaryWriter=NoWriter)
    import utils.general
    for name in ('check_requirements', 'check_git_status', 'check_font'):
        setattr(utils.general, name, lambda *args, **kwargs: None)
    utils.general.check_git_info = lambda *args: {'remote': None, 'branch': None, 'commit': None}


def load(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument('data', type=pathlib.Path)
    parser.add_argument('imgsz', type=int)
    parser.add_argument('batch', type=int)
    parser.add_argument('--cache')
    args = parser.parse_args(arguments)

    import cv2
    import yaml
    from utils.dataloaders import create_dataloader
    hyp = yaml.safe_load(pathlib.Path('data/hyps/hyp.scratch-low.yaml').read_text())
    loader, _ = create_dataloader(str(args.data / 'images/train'), args.imgsz, args.batch, 32, hyp=hyp, augment=True, cache=args.cache,
                                  workers=WORKERS, shuffle=True)
    # Whole batches only. Batches that were made ahead, while nobody measured, do not count.
    whole, ahead = len(loader.dataset) // args.batch, loader.prefetch_factor * WORKERS

    def batches():
        while True:
            for i, (images, *_) in enumerate(loader):
                if i < whole:
                    yield images
    stream = batches()
    next(stream)
    print('{}', flush=True)
    for line in sys.stdin:
        for _ in range(ahead):
            next(stream)
        images, start = 0, time.perf_counter()
        while images == 0 or time.perf_counter() - start < float(line):
            images += len(next(stream))
        seconds = time.perf_counter() - start
        print(json.dumps({'images_per_second': images / seconds, 'opencv': cv2.__version__,
                          'peak_resident_bytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)


def main():
    folder, what, *arguments = sys.argv[1:]
    prepare(pathlib.Path(folder).resolve())
    if what == 'loader':
        load(arguments)
    else:
        sys.argv = ['train.py', *arguments]
        import torch
        torch.set_num_threads(2)
        import train
        train.main(train.parse_opt())


main()
