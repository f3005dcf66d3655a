#!/usr/bin/env python3
"""Figures of scripts/synth: report.py FOLDER JSON PLACED YOSYS NEXTPNR DESIGN ... prints a table, and writes JSON if it has a
name; PLACED, if not empty, says that nothing was routed.

LUT4 counts what occupies a lookup table: LUT4 cells, two a carry cell, four a distributed RAM cell and two for its write
logic. The harness's own cells, which its first line tells, are subtracted.
"""
import json
import re
import statistics
import sys
from pathlib import Path

WEIGHT = {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6}


def figures_of(folder):
    cells = json.loads((folder / "stat.json").read_text())["modules"]["\\harness"]["num_cells_by_type"]
    own_luts, own_registers = map(int, (folder / "harness.v").read_text().split("\n", 1)[0].split()[1:])
    clocks = {}
    for path in sorted(folder.glob("seed-*.log")):
        found = re.findall(r"Max frequency for clock .*: ([0-9.]+) MHz", path.read_text())
        clocks[path.stem.split("-")[1]] = round(float(found[-1]), 1)  # as placed, and then as routed
    return {
        "lut4": sum(cells.get(cell, 0) * weight for cell, weight in WEIGHT.items()) - own_luts,
        "registers": cells.get("TRELLIS_FF", 0) - own_registers,
        "block_rams": cells.get("DP16KD", 0),
        "mhz_by_seed": clocks,
        "mhz_median": statistics.median(clocks.values()) if clocks else None,
    }


def main():
    folder, json_path, placed, yosys, nextpnr = Path(sys.argv[1]), *sys.argv[2:6]
    designs = {name: figures_of(folder / name) for name in sys.argv[6:]}
    result = {"yosys": yosys, "nextpnr": nextpnr, "device": "um5g-85k, speed 8", "aim_mhz": 300, "routed": not placed,
              "designs": designs}
    print(f"yosys {yosys}, nextpnr-ecp5 {nextpnr}, ECP5 {result['device']}{', as placed' if placed else ''}\n")
    print(f"{'design':26}{'LUT4':>7}{'FF':>7}{'EBR':>5}{'MHz':>8}  by seed")
    for name, f in designs.items():
        seeds = ", ".join(f"{seed}: {mhz}" for seed, mhz in f["mhz_by_seed"].items())
        median = f"{f['mhz_median']:8.1f}" if f["mhz_by_seed"] else f"{'-':>8}"
        print(f"{name:26}{f['lut4']:7}{f['registers']:7}{f['block_rams']:5}{median}  {seeds}")
    if json_path:
        Path(json_path).write_text(json.dumps(result, indent=2) + "\n")


main()
