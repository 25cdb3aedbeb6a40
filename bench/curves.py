"""Which rows become which curves: prompt rate over length, decode rate over sequences."""

import plot
from prompt_and_decode import SHALLOW
from settings import CACHE


X_NAMES = {"prompt": "prompt tokens", "decode": f"sequences, at depth {SHALLOW}"}


def draw(groups):
    """The paths written."""
    written = []
    for group in groups:
        if group.name not in X_NAMES:
            continue
        curves = {name: [(row.x, row.median(name)) for row in group.rows if row.x and row.median(name)]
                  for name in group.columns}
        path = CACHE / (group.title.replace(", ", "-").replace(" ", "-") + ".svg")
        if plot.write(path, group.title, X_NAMES[group.name], "tokens/s", curves):
            written.append(path)
    return written
