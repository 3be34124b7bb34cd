"""Draw the icon: three vertebral bodies from the side, the middle one fractured, each with its six keypoints.

Run from the repository: ``python Resources/draw_icon.py``
"""

from pathlib import Path

from PIL import Image, ImageDraw

SIZE = 128
SCALE = 8
# Corners and middles of a body: anterior, middle and posterior as (x, superior y, inferior y) on a 128-pixel square.
BODIES = {
    "#d9dee3": (((30, 8, 38), (62, 12, 36), (94, 8, 38)), ((30, 92, 120), (62, 94, 117), (94, 92, 120))),
    "#e8a33d": (((28, 57, 73), (62, 55, 76), (94, 46, 84)),),
}
ROOT = Path(__file__).resolve().parents[1]


def draw_icon() -> Image.Image:
    """The icon, drawn large and made small for smooth edges."""
    icon = Image.new("RGBA", (SIZE * SCALE, SIZE * SCALE), (0, 0, 0, 0))
    pen = ImageDraw.Draw(icon)
    pen.rounded_rectangle((0, 0, SIZE * SCALE - 1, SIZE * SCALE - 1), 16 * SCALE, fill="#23303d")
    for color, bodies in BODIES.items():
        for body in bodies:
            superior = [(x, y) for x, y, _ in body]
            inferior = [(x, y) for x, _, y in reversed(body)]
            outline = [(x * SCALE, y * SCALE) for x, y in superior + inferior]
            pen.polygon(outline, fill=color)
            for x, y in outline:
                radius = 3.5 * SCALE
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill="#d0312d")
    return icon.resize((SIZE, SIZE), Image.Resampling.LANCZOS).quantize(64)


if __name__ == "__main__":
    for folder in (ROOT / "Resources" / "Icons", ROOT / "VertebralFractures" / "Resources" / "Icons"):
        folder.mkdir(parents=True, exist_ok=True)
        draw_icon().save(folder / "VertebralFractures.png", optimize=True)
