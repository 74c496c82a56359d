"""Makes the fonts of this folder: the letters of Western European languages and a few signs, without hinting.

    pip install fonttools brotli
    npm pack @fontsource/roboto@5.3.0 && tar xzf fontsource-roboto-5.3.0.tgz
    python subset.py package/files .
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

LETTERS = [*range(0x20, 0x7F), *range(0xA0, 0x100)]
# Δ – — ‘ ’ “ ” … − ≤ ≥
SIGNS = [0x394, 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2026, 0x2212, 0x2264, 0x2265]
WEIGHTS = {"regular": 400, "bold": 700}


def main(source: Path, target: Path) -> None:
    for name, weight in WEIGHTS.items():
        font = TTFont(source / f"roboto-latin-{weight}-normal.woff2")
        options = Options()
        options.hinting = False
        options.layout_features = ["kern"]
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=LETTERS + SIGNS)
        subsetter.subset(font)
        for flavor, ending in [("woff2", "woff2"), (None, "ttf")]:
            font.flavor = flavor
            font.save(target / f"roboto-{name}.{ending}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
