"""Makes the pairs that pictures are judged by, out of packages: python make.py FOLDER

Needs Pillow, scikit-image and scikit-learn from PyPI, and from Debian `opencv-doc` and the paintings of `gcompris-qt-data`, which need
not be installed: `apt-get download gcompris-qt-data`, `dpkg -x` it, and name its `paintings.rcc` by --rcc.

Writes FOLDER/<pair>.photo.png and FOLDER/<pair>.painting.png. No file of `gcompris-qt-data` may enter the project: its package is under
the GPL as a whole. The pairs of `FREE` may: the photos are NASA's and scikit-image's (public domain), and OpenCV's (Apache-2.0); the
painting is in the public domain.
"""

import argparse
import io
import re
import struct
import zlib
from pathlib import Path

import skimage
import sklearn
from PIL import Image

OPENCV = Path("/usr/share/doc/opencv-doc/examples/data")
SKIMAGE = Path(skimage.__file__).parent / "data"
SKLEARN = Path(sklearn.__file__).parent / "datasets/images"

# Where each photo comes from.
PHOTOS = {
    "home": OPENCV / "home.jpg",
    "squirrel": OPENCV / "squirrel_cls.jpg",
    "fruits": OPENCV / "fruits.jpg",
    "dog": OPENCV / "chicky_512.png",
    "street": OPENCV / "leuvenA.jpg",
    "astro": SKIMAGE / "astronaut.png",
    "cat": SKIMAGE / "chelsea.png",
    "coffee": SKIMAGE / "coffee.png",
    "rocket": SKIMAGE / "rocket.jpg",
    "pagoda": SKLEARN / "china.jpg",
    "flower": SKLEARN / "flower.jpg",
}

# The jigsaw board of each painting; `starry` is a file of its own.
BOARDS = {"wave": 7, "kandinsky": 19, "auvers": 22, "fan": 5, "lion": 16, "snow": 8, "poppies": 11, "prawns": 9, "cassatt": 21}

PAIRS = [
    ("home", "starry"),  # a building under a flat sky; impasto
    ("astro", "wave"),  # a portrait; a woodblock print
    ("cat", "kandinsky"),  # an animal; geometric
    ("squirrel", "auvers"),  # an animal, blurred ground; impasto
    ("coffee", "fan"),  # a still life; flat colours
    ("fruits", "lion"),  # a still life; a brush drawing
    ("rocket", "starry"),  # a dark photo; impasto
    ("pagoda", "snow"),  # a pale photo; a print of few colours
    ("flower", "poppies"),  # one form on a dark ground; flat colours with outlines
    ("dog", "prawns"),  # a portrait of an animal; a line drawing on white
    ("astro", "starry"),  # a portrait; impasto
    ("street", "cassatt"),  # dull buildings; broken strokes
    ("coffee", "starry"),  # a still life; impasto
]
FREE = ["home_starry", "rocket_starry", "astro_starry", "coffee_starry"]


def resources(blob):
    """The files of a compiled Qt resource, versions 1 to 3, as pairs of name and bytes."""
    magic, version, tree, data, names = struct.unpack(">4sIIII", blob[:20])
    assert magic == b"qres"
    size = 14 if version == 1 else 22

    def walk(index):
        at = tree + size * index
        name_at, flags = struct.unpack(">IH", blob[at : at + 6])
        if flags & 2:  # a folder
            count, first = struct.unpack(">II", blob[at + 6 : at + 14])
            for child in range(first, first + count):
                yield from walk(child)
            return
        (length,) = struct.unpack(">H", blob[names + name_at : names + name_at + 2])
        name = blob[names + name_at + 6 : names + name_at + 6 + 2 * length].decode("utf-16-be")
        (offset,) = struct.unpack(">I", blob[at + 10 : at + 14])
        (length,) = struct.unpack(">I", blob[data + offset : data + offset + 4])
        content = blob[data + offset + 4 : data + offset + 4 + length]
        yield name, zlib.decompress(content[4:]) if flags & 1 else content

    yield from walk(0)


def board(files, number):
    """The painting of a jigsaw board, its pieces laid where the board tells, without the rim that they leave empty."""
    text = files[f"board{number}_0.qml"].decode()
    width, height = (int(re.search(rf'"{side}"\s*:\s*"?(\d+)', text)[1]) for side in ("width", "height"))
    canvas = Image.new("RGBA", (width, height))
    piece = r'"pixmapfile"\s*:\s*"image/([^"]+)",\s*"x"\s*:\s*"?([\d.]+)"?,\s*"y"\s*:\s*"?([\d.]+)'
    for name, x, y in re.findall(piece, text):
        part = Image.open(io.BytesIO(files[name])).convert("RGBA")
        corner = (float(x) * width - part.width / 2, float(y) * height - part.height / 2)
        canvas.alpha_composite(part, tuple(max(0, round(value)) for value in corner))
    left, top, right, bottom = canvas.getchannel("A").point(lambda alpha: 255 * (alpha > 250)).getbbox()
    return without_seams(canvas.crop((left + 2, top + 2, right - 2, bottom - 2)))


def without_seams(painting):
    """What lies open between pieces, filled from around."""
    shrunk = painting.convert("RGBa").resize((painting.width // 4, painting.height // 4), Image.BOX).convert("RGBA")
    ground = shrunk.convert("RGB").resize(painting.size, Image.BICUBIC)
    ground.paste(painting, (0, 0), painting)
    return ground


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rcc", type=Path, default=Path("/usr/share/gcompris-qt/rcc/paintings.rcc"))
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    files = dict(resources(args.rcc.read_bytes()))
    paintings = {name: board(files, number) for name, number in BOARDS.items()}
    paintings["starry"] = Image.open(OPENCV / "starry_night.jpg").convert("RGB")
    for photo, painting in PAIRS:
        Image.open(PHOTOS[photo]).convert("RGB").save(args.folder / f"{photo}_{painting}.photo.png")
        paintings[painting].save(args.folder / f"{photo}_{painting}.painting.png")
        print(f"{photo}_{painting}")


main()
