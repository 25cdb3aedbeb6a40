"""Figures that the chaos tests measure, printed as one table at the end of the run."""

import pytest

FIGURES = pytest.StashKey()


class Figures:
    def __init__(self):
        self.rows = []

    def note(self, what, goal, measured):
        """To be called before the goal is asserted: a figure that is missed is shown too."""
        self.rows.append((what, goal, measured))


def pytest_configure(config):
    config.stash[FIGURES] = Figures()


@pytest.fixture
def figures(request):
    return request.config.stash[FIGURES]


def pytest_terminal_summary(terminalreporter, config):
    rows = [("figure", "goal", "measured"), *config.stash[FIGURES].rows]
    if len(rows) == 1:
        return
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    terminalreporter.section("figures")
    for what, goal, measured in rows:
        terminalreporter.write_line(f"{what:{widths[0]}}  {goal:{widths[1]}}  {measured}")
