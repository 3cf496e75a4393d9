"""Makes the picture files that Rust's encoders cannot write, with Pillow: python make.py

Deterministic for one version of Pillow (made with 13.0.0); the tests state the colours that Pillow reads back from them.
"""

from pathlib import Path

from PIL import Image

here = Path(__file__).parent

# Four 16x16 fields: whole blocks of a JPEG, so that the colours survive it. Inks in 0..255, C M Y K.
inks = [(255, 0, 0, 0), (0, 200, 40, 0), (0, 0, 255, 64), (30, 20, 10, 128)]
cmyk = Image.new("CMYK", (32, 32))
for index, ink in enumerate(inks):
    cmyk.paste(ink, (index % 2 * 16, index // 2 * 16, index % 2 * 16 + 16, index // 2 * 16 + 16))
cmyk.save(here / "cmyk.jpg", quality=95, subsampling=0)

# The same numbers under the other colour transform of the Adobe marker: Y Cb Cr K.
ycck = bytearray((here / "cmyk.jpg").read_bytes())
transform = ycck.index(b"Adobe") + 11
assert ycck[transform] == 0
ycck[transform] = 2
(here / "ycck.jpg").write_bytes(ycck)

for name in ["cmyk.jpg", "ycck.jpg"]:
    rgb = Image.open(here / name).convert("RGB")
    print(name, [rgb.getpixel((x, y)) for y in (8, 24) for x in (8, 24)])

ramp = Image.merge("RGB", [Image.linear_gradient("L").resize((48, 40)).rotate(turn) for turn in (0, 90, 180)])
ramp.save(here / "progressive.jpg", quality=80, progressive=True)
ramp.save(here / "lossy.webp", quality=80)

red, blue = Image.new("RGBA", (6, 4), (250, 20, 10, 255)), Image.new("RGBA", (6, 4), (0, 0, 255, 128))
red.putpixel((0, 0), (0, 0, 0, 0))
red.save(here / "animated.webp", save_all=True, append_images=[blue], duration=100, lossless=True, exact=True)
