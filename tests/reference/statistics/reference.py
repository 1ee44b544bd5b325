#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What 'fovea-cli stats --json' has to say of coco128 and bccd, computed here from their files alone."""

import collections
import json
import pathlib
import struct
import sys
import xml.etree.ElementTree as xml

import numpy as np
from PIL import Image

IMGSZ = 640
SUBSETS = ("train", "val", "test")
ANCHORS = [(10, 13), (16, 30), (33, 23), (30, 61), (62, 45), (59, 119), (116, 90), (156, 198), (373, 326)]
Picture = collections.namedtuple("Picture", "path subset width height boxes")  # boxes: class, x1, y1, x2, y2


def jpeg_size(path):
    """Width and height from the frame header."""
    data = path.read_bytes()
    at = 2
    while True:
        assert data[at] == 0xFF, path
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]


def read_coco128(folder):
    text = (folder / "data.yaml").read_text()
    names = [line.split(":")[1].strip() for line in text.splitlines() if line.strip()[:1].isdigit()]
    pictures = []
    for subset in ("train", "val"):
        for path in sorted((folder / "images" / f"{subset}2017").glob("*.jpg")):
            width, height = jpeg_size(path)
            labels = folder / "labels" / f"{subset}2017" / f"{path.stem}.txt"
            boxes = []
            for line in labels.read_text().splitlines() if labels.exists() else []:
                c, x, y, w, h = line.split()
                x, y, w, h = float(x), float(y), float(w), float(h)
                boxes.append((int(c), (x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height))
            pictures.append(Picture(path, subset, width, height, boxes))
    return names, pictures


def read_bccd(folder):
    folder = folder / "BCCD"
    subset_of = {name: subset for subset in SUBSETS
                 for name in (folder / "ImageSets" / "Main" / f"{subset}.txt").read_text().split()}
    trees = {path.stem: xml.parse(path).getroot() for path in sorted((folder / "Annotations").glob("*.xml"))}
    names = sorted({one.findtext("name").strip() for tree in trees.values() for one in tree.iter("object")})
    pictures = []
    for stem, tree in trees.items():
        path = folder / "JPEGImages" / f"{stem}.jpg"
        width, height = jpeg_size(path)
        boxes = []
        for one in tree.iter("object"):
            corners = [float(one.find("bndbox").findtext(key)) for key in ("xmin", "ymin", "xmax", "ymax")]
            if corners[2] > corners[0] and corners[3] > corners[1]:
                boxes.append((names.index(one.findtext("name").strip()), *corners))
        pictures.append(Picture(path, subset_of.get(stem, "none"), width, height, boxes))
    return names, pictures


def cut(picture):
    """Boxes as an array of class, x1, y1, x2, y2 inside of the picture."""
    boxes = np.array(picture.boxes, dtype=np.float64).reshape(-1, 5)
    limits = [picture.width, picture.height, picture.width, picture.height]
    boxes[:, 1:] = np.clip(boxes[:, 1:], 0, limits)
    return boxes


def spread(values):
    values = np.asarray(values, dtype=np.float64)
    return {"min": values.min(), "p10": np.quantile(values, 0.1), "median": np.quantile(values, 0.5),
            "p90": np.quantile(values, 0.9), "max": values.max(), "mean": values.mean()}


def sizes(areas):
    return {"small": int((areas < 32**2).sum()), "medium": int(((areas >= 32**2) & (areas <= 96**2)).sum()),
            "large": int((areas > 96**2).sum())}


def crowding(boxes):
    """How many boxes touch another one, and how many overlap one of their class by more than 0.45."""
    if len(boxes) < 2:
        return 0, 0
    a, b = boxes[:, None, :], boxes[None, :, :]
    width = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    height = np.minimum(a[..., 4], b[..., 4]) - np.maximum(a[..., 2], b[..., 2])
    common = np.where((width > 0) & (height > 0), width * height, 0)
    area = (boxes[:, 3] - boxes[:, 1]) * (boxes[:, 4] - boxes[:, 2])
    overlap = common / (area[:, None] + area[None, :] - common)
    np.fill_diagonal(common, 0)
    np.fill_diagonal(overlap, 0)
    same = a[..., 0] == b[..., 0]
    return int((common > 0).any(1).sum()), int(((overlap > 0.45) & same).any(1).sum())


def fit(sides):
    """v7.0's check_anchors() without its random scales."""
    r = sides.astype(np.float32)[:, None] / np.array(ANCHORS, dtype=np.float32)[None]
    alike = np.minimum(r, 1 / r).min(2)
    return {"best_possible_recall": float((alike.max(1) > 0.25).mean()),
            "anchors_per_box": float((alike > 0.25).sum(1).mean())}


def content(pictures):
    """Means of colours and luma over all pictures, at their full size."""
    means = np.mean([np.asarray(Image.open(p.path).convert("RGB"), dtype=np.float64).mean((0, 1)) / 255 for p in pictures], axis=0)
    red, green, blue = (float(mean) for mean in means)
    return {"measured": len(pictures), "red": red, "green": green, "blue": blue,
            "brightness": {"mean": 0.299 * red + 0.587 * green + 0.114 * blue}}


def describe(names, pictures, anchors_of):
    arrays = [cut(picture) for picture in pictures]
    boxes = np.concatenate(arrays)
    width = np.concatenate([np.full(len(a), p.width) for a, p in zip(arrays, pictures)])
    height = np.concatenate([np.full(len(a), p.height) for a, p in zip(arrays, pictures)])
    sides = boxes[:, 3:] - boxes[:, 1:3]
    areas = sides.prod(1)
    ratio = IMGSZ / np.maximum(width, height)
    x, y = (boxes[:, 1] + boxes[:, 3]) / 2 / width, (boxes[:, 2] + boxes[:, 4]) / 2 / height
    counts = np.bincount(boxes[:, 0].astype(int), minlength=len(names))
    shares = counts[counts > 0] / counts.sum()
    entropy = float(-(shares * np.log2(shares)).sum())
    in_image = [len(set(a[:, 0])) for a in arrays]
    touching, overlapping = np.sum([crowding(a) for a in arrays], axis=0)
    heat, _, _ = np.histogram2d(y, x, bins=16, range=((0, 1), (0, 1)))
    common = collections.Counter((p.width, p.height) for p in pictures).most_common(1)[0]
    learned = np.concatenate([(a[:, 3:] - a[:, 1:3]) * (IMGSZ / max(p.width, p.height))
                              for a, p in zip(arrays, pictures) if p.subset in anchors_of])
    return {
        "images": len(pictures), "boxes": len(boxes), "backgrounds": sum(len(a) == 0 for a in arrays), "ignored": 0,
        "classes": [{"name": name, "images": sum(bool((a[:, 0] == c).any()) for a in arrays), "boxes": int(counts[c])}
                    for c, name in enumerate(names)],
        "balance": {"entropy": entropy, "evenness": entropy / np.log2(len(names)),
                    "ratio": counts.max() / counts[counts > 0].min()},
        "boxes_per_image": len(boxes) / len(pictures), "boxes_in_image": spread([len(a) for a in arrays]),
        "classes_in_image": float(np.mean([n for n in in_image if n > 0])),
        "single_class_images": sum(n == 1 for n in in_image),
        "sizes": sizes(areas), "sizes_at_imgsz": {"imgsz": IMGSZ, **sizes(areas * ratio**2)},
        "scale": spread(np.sqrt(areas / (width * height))), "narrow_at_imgsz": spread(sides.min(1) * ratio),
        "aspect": spread(sides[:, 0] / sides[:, 1]),
        "tall": int((sides[:, 1] > 3 * sides[:, 0]).sum()), "wide": int((sides[:, 0] > 3 * sides[:, 1]).sum()),
        "touching": int(touching), "overlapping": int(overlapping),
        "central": int(((abs(x - 0.5) < 0.25) & (abs(y - 0.5) < 0.25)).sum()), "heat": heat.astype(int).tolist(),
        "subsets": {s: n for s in SUBSETS if (n := sum(p.subset == s for p in pictures)) > 0},
        "pictures": {"width": spread([p.width for p in pictures]), "height": spread([p.height for p in pictures]),
                     "aspect": spread([p.width / p.height for p in pictures]),
                     "sizes": len({(p.width, p.height) for p in pictures}),
                     "common_size": {"width": common[0][0], "height": common[0][1], "images": common[1]}},
        "anchors": fit(learned),
    }


def main():
    data = pathlib.Path(sys.argv[1])
    here = pathlib.Path(__file__).parent
    for dataset, read in (("coco128", read_coco128), ("bccd", read_bccd)):
        names, pictures = read(data / "datasets" / dataset)
        val = [picture for picture in pictures if picture.subset == "val"]
        result = {"all": describe(names, pictures, ("train",)), "val": describe(names, val, ("val",)),
                  "content": content(pictures)}
        text = json.dumps(result, indent=1, default=float)
        (here / f"{dataset}.json").write_text(text + "\n")
        print(f"{dataset}: {result['all']['images']} pictures, {result['all']['boxes']} boxes")


if __name__ == "__main__":
    main()
