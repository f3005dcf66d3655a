"""Proofs of control: assertions of a wrapper module in rtl/formal, which has the design inside and arbitrary inputs.

Two engines look at the same assertions. The proof is property directed reachability (pdr of ABC, which comes with Yosys):
it finds an inductive invariant by itself, so what it proves holds in every clock after a first reset, without a bound
and without knowing the design's inside; ABC checks that invariant once more. Beside it yosys-smtbmc with z3 looks at the
first clocks after reset, on a netlist that has gone another way, where it is fast enough: a mistake in either shows.
"""

import json
import os
import re
import subprocess

from netlist import AS_GATES, ProofError, ToolError, run_yosys

PDR_SECONDS = 400
FIRST_CLOCKS, FIRST_SECONDS = 40, 10
DATA_BITS, WIDE_BITS = 16, 64
LOADS, REGISTERS = "loads_o", "registers_o"  # outputs of the netlist on its way


def prove(design, wrapper, files, assertions, clocks=0, idle_of=None, keep=None, without="", memories="", zero="",
          apart=False, first_clocks=False, **parameters):
    """Proves all assertions of formal/<wrapper>.sv, with these parameters, over the files; clocks is z3's bound, 0 leaves
    z3 out. With idle_of, the name of a module, the parameters are that module's, and it has an output changes_o (see
    _add_changes); keep is for _forget_data, without names modules in it that are left out (what they give is arbitrary, and
    their registers are not looked at), memories those that are kept as registers, zero nets that are taken for 0. apart
    has the assertions proved one by one. With first_clocks nothing is proved: a look at the first FIRST_CLOCKS finds most
    faults at once."""
    note = ""
    sources = f"read_verilog -formal -sv {' '.join(files)} formal/{wrapper}.sv; {_chparam(wrapper, parameters)}"
    if idle_of:
        path, note = _with_changes(design, files, idle_of, keep or {}, without.split(), memories.split(), zero.split(),
                                   parameters)
        sources = f"read_json {path}; read_verilog -formal -sv rss_pkg.sv formal/{wrapper}.sv; "
    names = os.path.join(design.scratch, "assertions.txt")
    aiger, smt = (os.path.join(design.scratch, f"{wrapper}.{kind}") for kind in ("aig", "smt2"))
    one = f"delete t:$assert c:{design.only} c:*.{design.only} %u %d; " if design.only else ""
    # Undriven bits, and what memories and registers hold that never load, are arbitrary; left unknown (x), they would make
    # any comparison true.
    arbitrary = "setundef -undriven -anyseq; "
    run_yosys(design.rtl, f"{sources}hierarchy -check -top {wrapper}; proc; flatten; opt_expr; opt_clean; "
                          f"{arbitrary}memory -nordff -nomap; opt_dff -nodffe -nosdff; {arbitrary}opt -nodffe -nosdff -fast; "
                          f"dffunmap; opt_clean; {arbitrary}"
                          f"tee -q -o {names} select -list t:$assert; {one}write_smt2 -wires {smt}; memory_map; techmap; dffunmap; "
                          f"simplemap; opt -nodffe -nosdff -fast; {arbitrary}abc -g AND -fast; opt_clean; write_aiger -zinit {aiger}",
              design.scratch)
    with open(names, encoding="utf-8") as file:
        found = [re.split(r"[/.]", line.strip())[-1] for line in file if line.strip()]
    if sorted(found) != sorted(assertions):
        raise ToolError(f"{wrapper}: the assertions are {' '.join(found) or 'none'}, which is not what is expected")
    if design.only:
        found = [design.only]
    if first_clocks:
        _abc(design, f"read_aiger {aiger}; fold; bmc3 -F {FIRST_CLOCKS} -T {FIRST_SECONDS}", found)
        return ""
    shown = _unbounded(design, aiger, found, apart)
    bounded = _bounded(design, smt, clocks) if clocks else ""
    return f"{note}{len(found)} assertions, {shown}{bounded}"


def _chparam(module, parameters):
    return "".join(f"chparam -set {name} {value} {module}; " for name, value in parameters.items())


def _bounded(design, smt, clocks):
    result = subprocess.run(["yosys-smtbmc", "-s", "z3", "--presat", "-t", str(clocks), smt],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    failed = re.findall(r"Assert failed in \S+: (\S+)", result.stdout)
    if failed:
        raise ProofError(f"{failed[0]} fails within {clocks} clocks (z3)")
    if "Status: PASSED" not in result.stdout or "PREUNSAT" in result.stdout:
        raise ToolError("yosys-smtbmc: " + "\n".join(result.stdout.splitlines()[-3:]))
    return f"; z3: {clocks} clocks"


def _unbounded(design, aiger, names, apart):
    if not apart:
        invariant = _pdr(design, aiger, names, "scorr; ", PDR_SECONDS)
        return f"for ever: invariant of {invariant[1]} clauses over {invariant[2]} flip-flops"
    # One by one, after registers that are always alike were joined: luck decides which way is the quicker.
    clauses = 0
    for number, name in enumerate(names):
        only = f"cone -s -O {number}; scorr -k; "
        ways = [(only + way, seconds) for seconds in (4, 30, PDR_SECONDS) for way in ("dc2; scorr -C 5000 -F 3; ", "")]
        for way, seconds in ways:
            invariant = _pdr(design, aiger, [name], way, seconds, may_stop=(way, seconds) != ways[-1])
            if invariant:
                break
        clauses += int(invariant[1])
    return f"for ever: invariants of {clauses} clauses"


def _abc(design, commands, names):
    """What ABC says about outputs with these names."""
    said = subprocess.run(["yosys-abc", "-c", commands], cwd=design.scratch, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False).stdout
    failed = re.search(r"Output (\d+) of miter .* was asserted in frame (\d+)", said)
    if failed:
        raise ProofError(f"{names[int(failed[1])]} fails in clock {failed[2]}")
    return said


def _pdr(design, aiger, names, way, seconds, may_stop=False):
    """The invariant, as (text, clauses, flip-flops); None if it took too long and may."""
    said = _abc(design, f"read_aiger {aiger}; fold; {way}pdr -v -T {seconds}", names)
    # Out of time, ABC now and then says "Property proved", without an invariant: only one that it verified counts.
    invariant = re.search(r"Invariant F\[\d+\] : (\d+) clauses with (\d+) flops", said)
    if "Property proved" not in said or "Verification of invariant with" not in said or not invariant:
        if may_stop:
            return None
        raise ToolError("abc: " + "\n".join(said.splitlines()[-3:]))
    return invariant


class _Wires:
    """Unused net numbers of a module."""

    def __init__(self, module):
        self.last = max(b for net in module["netnames"].values() for b in net["bits"] if not isinstance(b, str))
        for cell in module["cells"].values():
            for bits in cell["connections"].values():
                self.last = max([self.last, *(b for b in bits if not isinstance(b, str))])

    def new(self, count=1):
        self.last += count
        return list(range(self.last - count + 1, self.last + 1))


def _output(module, name, bits):
    module["ports"][name] = {"direction": "output", "bits": bits}
    module["netnames"][name] = {"hide_name": 0, "bits": bits, "attributes": {}}


def _when_it_loads(wires, cells, register):
    """Bits that tell whether a register may change: one without an enable always may."""
    def active(port):
        bit = register["connections"][port]
        if int(register["parameters"][f"{port}_POLARITY"], 2):
            return bit
        output = wires.new()
        cells[f"$loads${output[0]}"] = {
            "hide_name": 1, "type": "$_NOT_", "parameters": {}, "attributes": {},
            "port_directions": {"A": "input", "Y": "output"}, "connections": {"A": bit, "Y": output}}
        return output

    if register["type"] == "$dff":
        return ["1"]
    # In $sdffe a reset acts without the enable.
    return active("EN") + (active("SRST") if register["type"] == "$sdffe" else [])


def _take_for_zero(module, names):
    """Whatever reads these nets reads 0."""
    zeros = {bit for name in names for bit in module["netnames"][name]["bits"]}
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] == "input":
                cell["connections"][port] = ["0" if bit in zeros else bit for bit in bits]
    return "".join(f"{name} is 0; " for name in names)


def _forget_data(module, keep, files):
    """Makes data arbitrary: what memories give, what is picked by a variable index, and what registers hold that have an
    enable and more than DATA_BITS bits, or more than keep says for their file ("": for all others), or neither enable nor
    reset and more than WIDE_BITS bits. That allows more than the design can do, never less, and leaves control.

    Memories and such registers are taken out. Their enables and all other registers become outputs, so that none is
    optimised away when nothing reads it any more.
    """
    wires, cells = _Wires(module), module["cells"]
    arbitrary = memories = 0
    loads, registers = [], []
    for name, cell in list(cells.items()):
        kind, connections = cell["type"], cell["connections"]
        if kind in ("$dff", "$dffe", "$sdff", "$sdffe", "$sdffce"):
            width = len(connections["Q"])
            # Of the places in the RTL that Yosys notes, in no order, the innermost: a module's file is before its users'.
            places = {place.split(":")[0] for place in cell["attributes"].get("src", "").split("|")}
            file = next((f for f in files if f in places), "")
            most = keep.get(file, keep.get("", DATA_BITS)) if kind in ("$dffe", "$sdffe", "$sdffce") else WIDE_BITS
            if width > most and kind != "$sdff":
                arbitrary += width
                loads += _when_it_loads(wires, cells, cell)
                del cells[name]
                continue
            registers += connections["Q"]
        elif "$mem" in kind:
            memories += 1
            loads += connections["WR_EN"]
            del cells[name]  # what it gave has no driver now
        elif kind in ("$shiftx", "$shift", "$shr", "$shl"):
            connections["Y"] = wires.new(len(connections["Y"]))
        elif "dff" in kind or "latch" in kind or kind == "$sr":
            raise ToolError(f"register of kind {kind} is not understood")
    module.get("memories", {}).clear()
    _output(module, LOADS, loads)
    _output(module, REGISTERS, registers)
    return f"{len(registers)} registers ({arbitrary} as data), {memories} memories; "


def _add_changes(module):
    """Adds an output changes_o that is high before an edge at which a register changes or a memory is written."""
    wires, cells = _Wires(module), module["cells"]
    terms = module["ports"].pop(LOADS)["bits"]
    registers = module["ports"].pop(REGISTERS)["bits"]
    del module["netnames"][LOADS], module["netnames"][REGISTERS]

    def add(kind, **inputs):
        output = wires.new()
        cells[f"$changes${output[0]}"] = {
            "hide_name": 1, "type": kind, "parameters": {}, "attributes": {},
            "port_directions": {**dict.fromkeys(inputs, "input"), "Y": "output"},
            "connections": {**{port: [bit] for port, bit in inputs.items()}, "Y": output}}
        return output[0]

    flip_flops = [cell["connections"] for cell in cells.values() if cell["type"] == "$_DFF_P_"]
    if sorted(wire["Q"][0] for wire in flip_flops) != sorted(registers):
        raise ToolError(f"{len(flip_flops)} flip-flops, which are not the {len(registers)} registers there were")
    terms += [add("$_XOR_", A=wire["D"][0], B=wire["Q"][0]) for wire in flip_flops]
    terms = sorted({t for t in terms if t != "0"}, key=str)
    while len(terms) > 1:
        pairs = [terms[i:i + 2] for i in range(0, len(terms), 2)]
        terms = [add("$_OR_", A=p[0], B=p[1]) if len(p) == 2 else p[0] for p in pairs]
    _output(module, "changes_o", terms)


def _with_changes(design, files, top, keep, without, memories, zero, parameters):
    """A netlist of top with changes_o, as JSON, and what was done to it."""
    path = os.path.join(design.scratch, "changes.json")

    kept = "".join(f"memory_map c:*{memory}; " for memory in memories) + ("opt_dff; opt_clean; " if memories else "")
    gone = "".join(f"delete */t:*{module}; " for module in without) + (f"hierarchy -top {top}; " if without else "")

    def edit(change):
        with open(path, encoding="utf-8") as file:
            modules = json.load(file)
        module = modules["modules"][top]
        said = change(module)
        # Yosys makes up names again that it had made up before.
        module["cells"] = {f"cell{n}": cell for n, cell in enumerate(module["cells"].values())}
        module["netnames"] = {name: net for name, net in module["netnames"].items() if not net["hide_name"]}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(modules, file)
        return said

    run_yosys(design.rtl, f"read_verilog -sv {' '.join(files)}; {_chparam(top, parameters)}hierarchy -check -top {top}; "
                          f"{gone}proc; flatten; opt_expr; opt_clean; opt_dff; opt_clean; memory_collect; {kept}"
                          f"rename -top {top}; write_json {path}",
              design.scratch)
    note = edit(lambda module: _take_for_zero(module, zero) + _forget_data(module, keep, files))
    run_yosys(design.rtl, f"read_json {path}; setundef -undriven -anyseq; {AS_GATES}write_json {path}", design.scratch)
    edit(_add_changes)
    return path, note
