"""Line charts, as SVG and as text. No more than `plot.py` needs, and nothing to install."""

import dataclasses
import html
import math

WIDTH, HEIGHT = 640, 340
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 54, 46
COLUMNS, ROWS = 64, 16


@dataclasses.dataclass
class Line:
    name: str
    colour: str
    # (x, y, lowest y, highest y), x growing.
    points: list


@dataclasses.dataclass
class Axis:
    name: str
    # None: as far as the points go.
    least: float = None
    most: float = None
    logarithmic: bool = False

    def fitted(self, values):
        least = min(values, default=1.0) if self.least is None else self.least
        most = max(values, default=least) if self.most is None else self.most
        return Axis(self.name, least, most if most > least else least + 1, self.logarithmic)

    def share(self, value):
        """0 at the axis' start, 1 at its end."""
        scale = math.log if self.logarithmic else float
        start, end = scale(self.least), scale(self.most)
        return min(max((scale(value) - start) / (end - start), 0), 1)

    def ticks(self):
        if self.logarithmic:
            first, last = math.ceil(math.log10(self.least) - 1e-9), math.log10(self.most) + 1e-9
            return [10.0 ** power for power in range(first, math.floor(last) + 1)]
        rough = (self.most - self.least) / 6
        unit = 10 ** math.floor(math.log10(rough))
        step = next(unit * factor for factor in [1, 2, 5, 10] if unit * factor >= rough)
        first = math.ceil(self.least / step - 1e-9)
        return [step * k for k in range(first, math.floor(self.most / step + 1e-9) + 1)]


class Figure:
    def __init__(self, title, x, y, lines):
        self.title = title
        self.lines = lines
        self.x = x.fitted([point[0] for line in lines for point in line.points])
        self.y = y.fitted([point[3] for line in lines for point in line.points])

    def svg(self):
        parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
                 f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
                 f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
                 f'<text x="{LEFT}" y="18" font-size="13">{html.escape(self.title)}</text>']
        parts += self._svg_axes()
        at = LEFT
        for line in self.lines:
            parts += self._svg_line(line)
            parts.append(f'<rect x="{at}" y="31" width="18" height="4" fill="{line.colour}"/>'
                         f'<text x="{at + 24}" y="37">{html.escape(line.name)}</text>')
            at += 48 + 7 * len(line.name)
        return "\n".join(parts + ["</svg>", ""])

    def _place(self, x, y):
        return (LEFT + self.x.share(x) * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - self.y.share(y) * (HEIGHT - TOP - BOTTOM))

    def _svg_axes(self):
        parts = []
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        for tick in self.y.ticks():
            y = self._place(self.x.least, tick)[1]
            parts.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#ddd"/>'
                         f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
        for tick in self.x.ticks():
            x = self._place(tick, self.y.least)[0]
            parts.append(f'<path d="M{x:.1f} {bottom}v5" stroke="#444"/><text x="{x:.1f}" '
                         f'y="{bottom + 18}" text-anchor="middle">{tick:g}</text>')
        middle = (TOP + bottom) / 2
        parts.append(f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#444"/>'
                     f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
                     f'{html.escape(self.x.name)}</text><text transform="translate(14 {middle}) '
                     f'rotate(-90)" text-anchor="middle">{html.escape(self.y.name)}</text>')
        return parts

    def _svg_line(self, line):
        """With a bar from the lowest to the highest at each point."""
        places = [self._place(x, y) for x, y, _, _ in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts = [f'<polyline points="{path}" fill="none" stroke="{line.colour}" '
                 'stroke-width="2"/>']
        for (x, y), (value, _, least, most) in zip(places, line.points):
            low, high = self._place(value, least)[1], self._place(value, most)[1]
            parts.append(f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{line.colour}"/>'
                         f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{line.colour}"/>')
        return parts

    def text(self):
        """The first letter of a line's name stands for its points; of equals, the last line's."""
        grid = [[" "] * COLUMNS for _ in range(ROWS)]
        for line in self.lines:
            for x, y, _, _ in line.points:
                row = ROWS - 1 - round(self.y.share(y) * (ROWS - 1))
                grid[row][round(self.x.share(x) * (COLUMNS - 1))] = line.name[0]
        labels = [""] * ROWS
        for tick in self.y.ticks():
            labels[ROWS - 1 - round(self.y.share(tick) * (ROWS - 1))] = f"{tick:g}"
        rows = [f"{label:>6} |{''.join(cells).rstrip()}" for label, cells in zip(labels, grid)]
        below = [" "] * (COLUMNS + 8)
        for tick in self.x.ticks():
            at = round(self.x.share(tick) * (COLUMNS - 1))
            below[at:at + len(f"{tick:g}")] = f"{tick:g}"
        legend = "   ".join(f"{line.name[0]} {line.name}" for line in self.lines)
        return "\n".join([self.title, f"  ({self.y.name};  {legend})", *rows,
                          " " * 7 + "+" + "-" * COLUMNS, " " * 8 + "".join(below).rstrip(),
                          f"{self.x.name:>{COLUMNS // 2 + 12}}", ""])
