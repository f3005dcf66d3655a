#!/usr/bin/env python3
"""Puts the block RAMs of receive_steering in their places: floorplan.py NETLIST.json changes the file.

The device has block RAMs in few rows, far from each other, and a placer that fills a row before it thinks of the next one
tears memories apart. So rows are given: the search for home addresses left, the beats above, the hash and the indirection
table below right, as frames go. All else is the placer's.
"""
import json
import re
import sys

# Of um5g-85k: the columns of a row's block RAMs.
COLUMNS = [first + step for first in (4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114) for step in (0, 2, 4, 6)]

# Row: the first column, and the memories from there to the right.
PLAN = {
    22: (49, ["g_column[1]", "beats_q"]),
    46: (40, ["g_column[0]", "g_column[2]", "g_group[0]", "g_group[1]", "g_group[2]", "pairs_q"]),
    70: (40, ["g_column[3]", *(f"g_group[{n}]" for n in range(3, 9))]),
}


def in_order(name):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def main():
    with open(sys.argv[1]) as file:
        netlist = json.load(file)
    cells = netlist["modules"]["harness"]["cells"]
    rams = {name for name, cell in cells.items() if cell["type"] == "DP16KD"}
    for row, (first, memories) in PLAN.items():
        site = COLUMNS.index(first)
        for memory in memories:
            for name in sorted((name for name in rams if f".{memory}." in name), key=in_order):
                cells[name]["attributes"]["BEL"] = f"X{COLUMNS[site]}/Y{row}/EBR{site % 4}"
                rams.remove(name)
                site += 1
    if rams:
        sys.exit(f"floorplan: no place for {', '.join(sorted(rams))}")
    with open(sys.argv[1], "w") as file:
        json.dump(netlist, file)


main()
