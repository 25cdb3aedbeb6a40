"""Rows of figures, and their plain text: one group a block, columns aligned, ratios where the comparison is."""

import dataclasses
import statistics


@dataclasses.dataclass
class Row:
    name: str
    unit: str
    values: dict = dataclasses.field(default_factory=dict)  # column: [figure of each round]
    reasons: dict = dataclasses.field(default_factory=dict)  # column: why there is none
    x: float = None  # where it stands on a curve, if on one

    def median(self, column):
        return statistics.median(self.values[column]) if self.values.get(column) else None


@dataclasses.dataclass
class Group:
    name: str
    title: str
    columns: list
    ratios: list = dataclasses.field(default_factory=list)  # (heading, column, column it is divided by)
    rows: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)

    def as_json(self):
        rows = [{"name": row.name, "unit": row.unit, "values": row.values, "reasons": row.reasons,
                 "medians": {column: row.median(column) for column in row.values}} for row in self.rows]
        return {"name": self.name, "title": self.title, "rows": rows, "notes": self.notes}


def figure(value):
    if value is None:
        return ""
    if value == int(value) and abs(value) < 1e9:
        return str(int(value))
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def ratio(row, over, under):
    a, b = row.median(over), row.median(under)
    return f"{a / b:.2f}" if a is not None and b else ""


def lines(group):
    head = [group.title, "unit", *group.columns, *(heading for heading, _, _ in group.ratios)]
    body = [[row.name, row.unit, *(figure(row.median(column)) for column in group.columns),
             *(ratio(row, over, under) for _, over, under in group.ratios)] for row in group.rows]
    # A column that nobody filled says nothing; its reason is below.
    kept = [i for i in range(len(head)) if i < 2 or any(line[i] for line in body)]
    table = [[line[i] for i in kept] for line in [head, *body]]
    widths = [max(len(line[i]) for line in table) for i in range(len(kept))]
    for line in table:
        cells = [cell.ljust(width) if i < 2 else cell.rjust(width) for i, (cell, width) in enumerate(zip(line, widths))]
        yield "  ".join(cells).rstrip()
    told = {}
    for row in group.rows:
        for column, reason in row.reasons.items():
            told.setdefault((column, reason), []).append(row.name)
    for (column, reason), names in told.items():
        where = "" if len(names) == len(group.rows) else f" ({', '.join(names)})"
        yield f"  no figure of {column}{where}: {reason}"
    for note in group.notes:
        yield f"  {note}"
