# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures that Fovea and v7.0 both read: a folder in YOLO's form, and a project of it."""
import xml.etree.ElementTree as xml

SUBSETS = ('train', 'val')


def from_voc(voc, folder):
    """Links to the pictures, and labels as v7.0's reference runs had them: corners as they stand, boxes without area left out."""
    names, files = [], []
    for subset in SUBSETS:
        for stem in (voc / f'ImageSets/Main/{subset}.txt').read_text().split():
            annotation = xml.parse(voc / f'Annotations/{stem}.xml').getroot()
            width, height = (float(annotation.findtext(f'size/{side}')) for side in ('width', 'height'))
            lines = []
            for item in annotation.iter('object'):
                x1, y1, x2, y2 = (float(item.findtext(f'bndbox/{corner}')) for corner in ('xmin', 'ymin', 'xmax', 'ymax'))
                name = item.findtext('name')
                if name not in names:
                    names.append(name)
                if x2 > x1 and y2 > y1:
                    lines.append((name, (x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height))
            files.append((subset, stem, lines))
    names.sort()
    for subset in SUBSETS:
        for kind in ('images', 'labels'):
            (folder / kind / subset).mkdir(parents=True)
    for subset, stem, lines in files:
        (folder / f'images/{subset}/{stem}.jpg').symlink_to(voc / f'JPEGImages/{stem}.jpg')
        text = ''.join('{} {:.6f} {:.6f} {:.6f} {:.6f}\n'.format(names.index(name), *box) for name, *box in lines)
        (folder / f'labels/{subset}/{stem}.txt').write_text(text)
    (folder / 'data.yaml').write_text(f'path: {folder}\ntrain: images/train\nval: images/val\nnames: {names}\n')


def make_project(options, fovea, folder):
    """folder/pictures, and the project folder/project of them."""
    project, pictures = folder / 'project', folder / 'pictures'
    if not project.exists():
        if options.voc:
            from_voc(options.voc, pictures)
        else:
            fovea.call('sample', pictures, '--train', 64, '--val', 16, '--test', 1)
        fovea.call('init', project)
        fovea.call('import', project, pictures)
    return project


def starting_weights(options):
    return ('--weights', options.weights) if options.weights else ('--scratch',)
