#!/usr/bin/env python3
"""Sums up one test run: tally.py RESULTS CTEST_EXIT PYTEST_EXIT.

RESULTS holds ctest.xml and pytest.xml (JUnit) and gtest/<program>.xml. Ends with the line
"N passed, N failed". A program that died counts as one failure; so does a runner that failed
without naming a test. Exit status: 0 when something passed and nothing failed.
"""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def add(self, name, case):
        if case.find("failure") is not None or case.find("error") is not None:
            self.failed.append(name)
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            self.skipped.append(name)
        else:
            self.passed += 1


def cases(path):
    return list(ElementTree.parse(path).iter("testcase")) if path.exists() else None


def full_name(case):
    return f"{case.get('classname')}.{case.get('name')}"


def count_units(tally, results):
    """One gtest case counts as one test; a program that is no gtest counts as one."""
    for program in cases(results / "ctest.xml") or []:
        name = program.get("name")
        inner = cases(results / "gtest" / f"{name}_test.xml")
        if inner is None:
            tally.add(name, program)
            continue
        failures = len(tally.failed)
        for case in inner:
            tally.add(f"{name}: {full_name(case)}", case)
        if program.find("failure") is not None and len(tally.failed) == failures:
            tally.failed.append(f"{name} (the program itself)")


def main():
    results, exits = Path(sys.argv[1]), [int(value) for value in sys.argv[2:4]]
    tally = Tally()
    count_units(tally, results)
    if exits[0] != 0 and not tally.failed:
        tally.failed.append(f"ctest (exit {exits[0]})")
    before = len(tally.failed)
    for case in cases(results / "pytest.xml") or []:
        tally.add(full_name(case), case)
    if exits[1] != 0 and len(tally.failed) == before:
        tally.failed.append(f"pytest (exit {exits[1]})")
    for name in tally.skipped:
        print(f"skipped: {name}")
    for name in tally.failed:
        print(f"FAILED: {name}")
    print(f"{tally.passed} passed, {len(tally.failed)} failed")
    return 0 if tally.passed and not tally.failed else 1


if __name__ == "__main__":
    sys.exit(main())
