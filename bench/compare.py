#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures Fovea and its peers on this machine, one after the other in each round, and keeps what it finds; README.md tells how."""
import argparse
import contextlib
import datetime
import json
import os
import pathlib
import platform
import signal
import subprocess
import tempfile
import time

import data
import table
from parties import ALLOCATOR, HERE, Failed, Fovea, Peer, stop

FOVEA, OLD_DRIVER = 'Fovea', "Fovea, system's driver"
TORCH, NEWEST, YOLOV5 = 'PyTorch', 'newest PyTorch', 'YOLOv5 v7.0'

# What, model, imgsz, batch; those that a promise is about come first, and only they are measured with further drivers and peers.
STEPS = {
    'train': (('n', 320, 16), ('n', 640, 8), ('s', 320, 8), ('s', 640, 4)),
    'infer': (('n', 640, 1), ('n', 320, 1), ('s', 640, 1), ('s', 320, 1), ('n', 640, 8)),
}


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.fovea = Fovea(options.fovea)
        self.old = Fovea(options.fovea, system_driver=True) if options.system_driver else None
        self.rows = []
        self.versions = {}

    def alternate(self, parties, once=(), rounds=None):
        """A figure of each party in each round, and why there is none. Those in once are measured in the first round only."""
        values, failures = {}, {}
        for i in range(rounds or self.options.rounds):
            for party, ask in parties.items():
                if party in failures or (i > 0 and party in once):
                    continue
                try:
                    value = ask()
                    values.setdefault(party, []).append(value)
                except Failed as failure:
                    failures[party] = str(failure)
        return values, failures

    def add(self, name, unit, values, failures):
        row = {'name': name, 'unit': unit, 'values': values, 'failures': failures, 'date': datetime.date.today().isoformat()}
        self.rows.append(row)
        print(table.line(row), flush=True)

    def measure(self, name, unit, parties, **more):
        self.add(name, unit, *self.alternate(parties, **more))

    def peer(self, stack, name, python, script, *arguments, **more):
        """A function that asks such a peer, and notes what it runs on."""
        peer = Peer(python, script, *arguments, **more)
        stack.callback(peer.close)

        def ask():
            reply = peer.ask(self.options.seconds)
            self.versions.update({f'{name}: {key}': reply[key] for key in ('torch', 'opencv') if key in reply})
            return reply
        return ask

    def rate(self, ask):
        return lambda: ask()['images_per_second']

    def images(self, fovea, *arguments):
        return lambda: fovea.bench(*arguments)[0]['images_per_second']

    def steps(self, what):
        for i, (model, imgsz, batch) in enumerate(STEPS[what][:1 if self.options.quick else None]):
            with contextlib.ExitStack() as stack:
                case = (what, model, imgsz, batch)
                parties = {FOVEA: self.images(self.fovea, *case, self.options.seconds)}
                pythons = {TORCH: (self.options.python,), NEWEST: (self.options.newest, '--compile')}
                for name, (python, *more) in pythons.items():
                    if python and (i == 0 or name == TORCH):
                        parties[name] = self.rate(self.peer(stack, name, python, 'peer_network.py', *case, *more))
                if self.old and i == 0:
                    parties[OLD_DRIVER] = self.images(self.old, *case, self.options.seconds)
                self.measure(f'{what} yolov5{model}, {imgsz} px, batch {batch}', 'images/s', parties, once=(OLD_DRIVER,))

    def train(self):
        self.steps('train')

    def infer(self):
        self.steps('infer')

    def memory(self):
        """The largest resident size in two steps. It does not vary: once is enough."""
        case = ('train', 'n', 640, 16)
        with contextlib.ExitStack() as stack:
            parties = {FOVEA: lambda: self.fovea.bench(*case, 0.1)[1] / 2**20}
            if self.options.python:
                # Not the allocator that is tuned for speed: it takes more.
                ask = self.peer(stack, TORCH, self.options.python, 'peer_network.py', *case, tuned=False)
                parties[TORCH] = lambda: ask()['peak_resident_bytes'] / 2**20
            if self.old:
                parties[OLD_DRIVER] = lambda: self.old.bench(*case, 0.1)[1] / 2**20
            self.measure('peak resident size, train yolov5n, 640 px, batch 16', 'MiB', parties, rounds=1)

    def loader(self):
        """As each trains by default: Fovea keeps decoded pictures, v7.0 decodes them again. Then both in either way."""
        project = data.make_project(self.options, self.fovea, self.folder)
        pictures = self.folder / 'pictures'
        kept, anew = 'decoded pictures kept', 'each picture decoded anew'
        with contextlib.ExitStack() as stack:
            parties = {}
            for how, pool, cache in ((kept, 1024, ('--cache', 'ram')), (anew, 0, ())):
                parties[FOVEA, how] = self.images(self.fovea, 'loader', 'n', 320, 16, self.options.seconds, '--project', project, '--pool', pool)
                if self.options.yolov5:
                    parties[YOLOV5, how] = self.rate(self.peer(stack, YOLOV5, self.options.python, 'peer_yolov5.py', self.options.yolov5,
                                                               'loader', pictures, 320, 16, *cache))
            values, failures = self.alternate(parties)
        for text, ways in (('as each does by default', {FOVEA: kept, YOLOV5: anew}), (kept, {FOVEA: kept, YOLOV5: kept}),
                           (anew, {FOVEA: anew, YOLOV5: anew})):
            self.add(f'loader with mosaic, 320 px, batch 16, {text}', 'images/s',
                     *({party: all[party, how] for party, how in ways.items() if (party, how) in all} for all in (values, failures)))

    def start(self):
        project = data.make_project(self.options, self.fovea, self.folder)
        for imgsz in (320,) if self.options.quick else (320, 640):
            for kind in ('first start', 'later start'):
                parties = {}
                for name, fovea in ((FOVEA, self.fovea), (OLD_DRIVER, self.old)):
                    if fovea:
                        parties[name] = lambda fovea=fovea: self.time_start(fovea, project, imgsz, fresh=kind == 'first start')
                self.measure(f'from train to the first step, yolov5n, {imgsz} px, batch 16, {kind}', 's', parties, once=(OLD_DRIVER,),
                             rounds=None if imgsz == 320 else 1)

    def time_start(self, fovea, project, imgsz, fresh):
        with tempfile.TemporaryDirectory() as caches:
            environment = {'XDG_CACHE_HOME': caches, 'MESA_SHADER_CACHE_DIR': caches} if fresh else {}
            start = time.perf_counter()
            process = fovea.start('train', project, *data.starting_weights(self.options), '--imgsz', imgsz, '--batch', 16, '--epochs', 1,
                                  '--events', '-', environment=environment)
            seconds = next((at for at, event in fovea.events(process, start) if event['event'] == 'step'), None)
            stop(process)
        if seconds is None:
            raise Failed('the run ended before its first step')
        return seconds

    def accuracy(self):
        """Seconds from the start to a validation with mAP50 of at least 0.80; once, since it takes minutes."""
        project = data.make_project(self.options, self.fovea, self.folder)
        parties = {FOVEA: lambda: self.time_accuracy(project)}
        if self.options.yolov5:
            parties[YOLOV5] = self.time_accuracy_of_yolov5
        self.measure(f'from Start to mAP50 {self.options.map50:.2f}, 320 px, batch 16', 's', parties, rounds=1)

    def note_epoch(self, party, seconds, epoch, map50):
        print(f'  {party}: epoch {epoch + 1}, {seconds:.0f} s, mAP50 {map50:.3f}', flush=True)
        return map50 >= self.options.map50

    def time_accuracy(self, project):
        start = time.perf_counter()
        process = self.fovea.start('train', project, *data.starting_weights(self.options), '--recipe', HERE / 'recipe.json',
                                   *(('--epochs', self.options.epochs) if self.options.epochs else ()), '--events', '-')
        reached = next((at for at, event in self.fovea.events(process, start) if event['event'] == 'validation'
                        and self.note_epoch(FOVEA, at, event['epoch'], event['map50'])), None)
        stop(process)
        if reached is None:
            raise Failed('the run ended below')
        return reached

    def time_accuracy_of_yolov5(self):
        if not self.options.weights:
            raise Failed('v7.0 starts from weights: give --weights')
        results = self.folder / 'v7.0/run/results.csv'
        start, seen = time.perf_counter(), 0
        with open(self.folder / 'v7.0.log', 'w') as log:
            process = subprocess.Popen([self.options.python, HERE / 'peer_yolov5.py', self.options.yolov5, 'train', '--weights', self.options.weights,
                                        '--data', self.folder / 'pictures/data.yaml', '--imgsz', '320', '--batch-size', '16', '--workers', '2',
                                        '--epochs', str(self.options.epochs or 30), '--noplots', '--device', 'cpu',
                                        '--project', self.folder / 'v7.0', '--name', 'run', '--exist-ok'],
                                       stdout=log, stderr=log, start_new_session=True, env={**os.environ, **ALLOCATOR})
        try:
            while True:
                ended = process.poll() is not None
                header, *lines = results.read_text().splitlines() if results.exists() else ['']
                column = [name.strip() for name in header.split(',')].index('metrics/mAP_0.5') if lines else None
                for epoch, text in list(enumerate(lines))[seen:]:
                    at, map50 = time.perf_counter() - start, float(text.split(',')[column])
                    if self.note_epoch(YOLOV5, at, epoch, map50):
                        return at
                seen = len(lines)
                if ended:
                    log = (self.folder / 'v7.0.log').read_text()
                    raise Failed('the run ended below' if seen else log.strip().splitlines()[-1])
                time.sleep(0.2)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def machine(self):
        devices = {FOVEA: self.fovea, **({OLD_DRIVER: self.old} if self.old else {})}
        drivers = {name: '; '.join(f'{device["name"]}, {device["driver"]}' for device in fovea.call('devices')[0]['devices'][:1])
                   for name, fovea in devices.items()}
        model = next((line.split(':')[1].strip() for line in open('/proc/cpuinfo') if line.startswith('model name')), platform.machine())
        memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30
        return {'processor': model, 'cores': os.cpu_count(), 'memory_gib': round(memory), 'drivers': drivers, 'versions': self.versions}


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parts = ('train', 'infer', 'memory', 'loader', 'start', 'accuracy')
    parser.add_argument('parts', nargs='*', metavar='PART', help=f'what to measure: {", ".join(parts)}; all but the last by default')
    parser.add_argument('--fovea', type=pathlib.Path, default=HERE.parent / 'build/app/cli/fovea-cli', help='the program')
    parser.add_argument('--python', default='/usr/bin/python3', help="a Python with PyTorch, and what v7.0 needs; '' leaves PyTorch out")
    parser.add_argument('--newest', help='another Python, with the newest PyTorch, compiled there')
    parser.add_argument('--yolov5', type=pathlib.Path, help='a folder with the source of YOLOv5 v7.0')
    parser.add_argument('--voc', type=pathlib.Path, help='a data set in Pascal VOC form; without it, pictures are drawn')
    parser.add_argument('--weights', type=pathlib.Path, help='starting weights; without them, from scratch')
    parser.add_argument('--system-driver', action='store_true', help="Fovea on the system's Vulkan driver too, once")
    parser.add_argument('--quick', action='store_true', help='only what a promise is about')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--seconds', type=float, default=3, help='of each figure')
    parser.add_argument('--epochs', type=int, help='accuracy: other than the recipe has, or 30')
    parser.add_argument('--map50', type=float, default=0.8, help='accuracy: what is to be reached')
    parser.add_argument('--results', type=pathlib.Path, help='a JSON file: rows of the same name are replaced, others stay')
    parser.add_argument('--table', type=pathlib.Path, help='a Markdown file: what stands between its two marks becomes the table of --results')
    options = parser.parse_args()
    for part in options.parts:
        if part not in parts:
            parser.error(f'there is no part “{part}”; there are {", ".join(parts)}')
    for name in ('fovea', 'yolov5', 'voc', 'weights'):
        if getattr(options, name):
            setattr(options, name, getattr(options, name).resolve())
    options.parts = options.parts or parts[:-1]
    return options


def keep(bench, path):
    old = json.loads(path.read_text()) if path.exists() else {'rows': []}
    machine = bench.machine()
    for key in ('drivers', 'versions'):
        machine[key] = {**old.get('machine', {}).get(key, {}), **machine[key]}
    new = {row['name']: row for row in bench.rows}
    names = {row['name'] for row in old['rows']}
    rows = [new.get(row['name'], row) for row in old['rows']] + [row for row in bench.rows if row['name'] not in names]
    path.write_text(json.dumps({'machine': machine, 'rows': rows}, indent=1) + '\n')


def main():
    options = parse()
    with tempfile.TemporaryDirectory(prefix='fovea-compare-') as folder:
        bench = Bench(options, pathlib.Path(folder))
        for part in options.parts:
            getattr(bench, part)()
            if options.results:
                keep(bench, options.results)
    if options.results and options.table:
        table.replace(options.table, json.loads(options.results.read_text()))


main()
