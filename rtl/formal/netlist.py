"""Symbolic simulation of a synthesised netlist over GF(2), for proofs that hold for all values at once.

Every bit is a polynomial over GF(2) in algebraic normal form: two circuits compute the same exactly if their polynomials
are equal, so a comparison is a proof and not a test. synthesise() has Yosys turn SystemVerilog into gates, flip-flops and
memories; Run lets clocks pass, from a state in which every register bit and every memory word is a variable of its own
unless the caller says otherwise. Only what is asked for is computed, and what a constant decides is not looked into.

A polynomial is a frozenset of monomials, a monomial an int whose bits are the variables it multiplies (0 is the constant
one). Unknown bits (x) become variables nobody has named: a result that depends on them equals nothing.
"""

import json
import os
import subprocess
import sys

sys.setrecursionlimit(1_000_000)

ZERO = frozenset()
ONE = frozenset([0])


class ProofError(Exception):
    """A property that does not hold."""


class ToolError(Exception):
    """A tool that fails, or a netlist that the method cannot read: nothing is shown, neither way."""


def add(a, b):
    return a ^ b


def invert(a):
    return a ^ ONE


def multiply(a, b):
    if len(a) > len(b):
        a, b = b, a
    if not a:
        return ZERO
    if a == ONE:
        return b
    product = set()
    for x in a:
        row = {x | y for y in b}
        if len(row) == len(b):
            product ^= row
        else:  # monomials that became equal cancel in pairs
            for y in b:
                product ^= {x | y}
    return frozenset(product)


def total(polynomials):
    result = ZERO
    for p in polynomials:
        result = result ^ p
    return result


def constant(value, width):
    """Bits of a number, the lowest first, as everywhere in this file."""
    return [ONE if value >> i & 1 else ZERO for i in range(width)]


def value_of(bits):
    """The number that constant bits are, or None if one is not constant."""
    value = 0
    for i, p in enumerate(bits):
        if p == ONE:
            value |= 1 << i
        elif p:
            return None
    return value


class Variables:
    """Names of variables. A name is any hashable; asked for again, it is the same variable."""

    def __init__(self):
        self._number = {}
        self._names = []

    def __call__(self, *name):
        return frozenset([1 << self.number(name)])

    def number(self, name):
        if name not in self._number:
            self._number[name] = len(self._names)
            self._names.append(name)
        return self._number[name]

    def vector(self, width, *name):
        return [self(*name, i) for i in range(width)]

    def in_monomials(self, polynomial):
        """Names of all variables in a polynomial."""
        union = 0
        for monomial in polynomial:
            union |= monomial
        return self.in_mask(union)

    def in_mask(self, mask):
        names = []
        while mask:
            low = mask & -mask
            names.append(self._names[low.bit_length() - 1])
            mask ^= low
        return names

    def text(self, polynomial, most=6):
        def factor(name):
            return ".".join(str(part) for part in name)
        monomials = sorted(polynomial)
        words = ["*".join(factor(n) for n in self.in_mask(m)) or "1" for m in monomials[:most]]
        more = f" + {len(monomials) - most} more" if len(monomials) > most else ""
        return " + ".join(words) + more if words else "0"


def substitute(polynomial, variables, values):
    """The polynomial with some variables replaced: values maps names to polynomials."""
    replaced = {1 << variables.number(name): p for name, p in values.items()}
    mask = sum(replaced)
    result = set()
    for monomial in polynomial:
        hit = monomial & mask
        if not hit:
            result ^= {monomial}
            continue
        product = frozenset([monomial & ~mask])
        while hit:
            low = hit & -hit
            product = multiply(product, replaced[low])
            hit ^= low
        result ^= product
    return frozenset(result)


# Commands that leave gates, flip-flops without enable and reset, and memories.
AS_GATES = ("opt_expr; opt_clean; memory_collect; techmap; simplemap; opt_expr; dfflegalize -cell $_DFF_P_ x; opt_clean; "
            "check -assert; ")


def synthesise(rtl, files, top, parameters, scratch):
    """Reads files of the folder rtl and gives top as a netlist of gates, flip-flops and memories."""
    output = os.path.join(scratch, f"{top}.json")
    chparam = "".join(f"chparam -set {name} {value} {top}; " for name, value in parameters.items())
    run_yosys(rtl, f"read_verilog -sv {' '.join(files)}; {chparam}hierarchy -check -top {top}; proc; flatten; {AS_GATES}"
                   f"rename -top {top}; write_json {output}", scratch)
    with open(output, encoding="utf-8") as file:
        return Netlist(json.load(file)["modules"][top], top)


def run_yosys(rtl, commands, scratch):
    log = os.path.join(scratch, "yosys.log")
    result = subprocess.run(["yosys", "-Q", "-T", "-q", "-l", log, "-p", commands], cwd=rtl, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode:
        raise ToolError("yosys: " + "\n".join(result.stdout.splitlines()[-3:]))


class Memory:
    """A memory with reads that take no clock; registers before or behind are flip-flops of the netlist."""

    def __init__(self, name, cell):
        def number(key):
            return int(str(cell["parameters"][key]).lstrip("x") or "0", 2)

        def split(port, width):
            bits = cell["connections"][port]
            return [bits[i:i + width] for i in range(0, len(bits), width)]

        self.name = name
        self.width = number("WIDTH")
        self.size = number("SIZE")
        address_bits = number("ABITS")
        if number("RD_CLK_ENABLE") or number("OFFSET"):
            raise ToolError(f"memory {name}: a read port with a clock, or an offset, is not understood")
        self.reads = list(zip(split("RD_ADDR", address_bits), split("RD_DATA", self.width)))
        self.writes = list(zip(split("WR_EN", self.width), split("WR_ADDR", address_bits),
                               split("WR_DATA", self.width)))


class Netlist:
    """Gates, flip-flops and memories of a flat module with one clock."""

    GATES = {"$_AND_": "AB", "$_OR_": "AB", "$_XOR_": "AB", "$_XNOR_": "AB", "$_NOT_": "A", "$_BUF_": "A",
             "$_MUX_": "SAB", "$_NAND_": "AB", "$_NOR_": "AB", "$_ANDNOT_": "AB", "$_ORNOT_": "AB"}

    def __init__(self, module, name):
        self.name = name
        self.inputs = {n: p["bits"] for n, p in module["ports"].items() if p["direction"] == "input"}
        self.outputs = {n: p["bits"] for n, p in module["ports"].items() if p["direction"] == "output"}
        self.gates = {}        # output bit: kind, input bits
        self.registers = {}    # Q bit: D bit
        self.memories = []
        self.memory_bits = {}  # read data bit: memory, port, place
        for cell_name, cell in module["cells"].items():
            kind, wires = cell["type"], cell["connections"]
            if kind in self.GATES:
                self.gates[wires["Y"][0]] = kind, [wires[p][0] for p in self.GATES[kind]]
            elif kind == "$_DFF_P_":
                self.registers[wires["Q"][0]] = wires["D"][0]
            elif kind == "$mem_v2":
                memory = Memory(cell["parameters"]["MEMID"].lstrip("\\"), cell)
                self.memories.append(memory)
                for port, (_, data) in enumerate(memory.reads):
                    for place, bit in enumerate(data):
                        self.memory_bits[bit] = memory, port, place
            else:
                raise ToolError(f"{name}: cell {cell_name} of kind {kind} is not understood")
        self.input_bits = {bit: (port, i) for port, bits in self.inputs.items() for i, bit in enumerate(bits)}
        self.register_names = {}
        def outermost(item):
            return item[1]["hide_name"], item[0].count("."), item[0]

        for net, entry in sorted(module["netnames"].items(), key=outermost):
            for i, bit in enumerate(entry["bits"]):
                if bit in self.registers:
                    self.register_names.setdefault(bit, f"{net}[{i}]" if len(entry["bits"]) > 1 else net)

    def fan_in(self, bits):
        """What bits depend on within a clock: sets of input port names, register bits and memories' names. Goes through
        a memory's address."""
        ports, registers, memories, seen, todo = set(), set(), set(), set(), list(bits)
        while todo:
            bit = todo.pop()
            if bit in seen or isinstance(bit, str):
                continue
            seen.add(bit)
            if bit in self.gates:
                todo += self.gates[bit][1]
            elif bit in self.registers:
                registers.add(bit)
            elif bit in self.memory_bits:
                memory, port, _ = self.memory_bits[bit]
                memories.add(memory.name)
                todo += memory.reads[port][0]
            else:
                ports.add(self.input_bits[bit][0])
        return ports, registers, memories


class Run:
    """Clocks that pass through a netlist.

    inputs[t] maps input ports to polynomials for clock t; a port that is not named is a fresh variable in every clock.
    state maps register bits to polynomials at clock 0; others are variables. read(memory, port, address, t) gives the word
    of a read, by default fresh variables for each memory, port and clock. cuts maps any bits to polynomials that they are
    taken for, in all clocks.
    """

    def __init__(self, netlist, variables, inputs=(), state=None, read=None, cuts=None):
        self.netlist = netlist
        self.variables = variables
        self.inputs = list(inputs)
        self.state = state or {}
        self.cuts = cuts or {}
        self._read = read
        self._known = {}
        self._words = {}
        self._unknowns = 0

    def output(self, port, t):
        """Bits of an output port in clock t, before the edge that ends it."""
        return [self.bit(b, t) for b in self.netlist.outputs[port]]

    def bits(self, bits, t):
        return [self.bit(b, t) for b in bits]

    def bit(self, bit, t):
        if isinstance(bit, str):
            if bit in "01":
                return ONE if bit == "1" else ZERO
            self._unknowns += 1
            return self.variables("unknown", self._unknowns)
        key = bit, t
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._compute(bit, t)
        return known

    def _compute(self, bit, t):
        netlist = self.netlist
        if bit in self.cuts:
            return self.cuts[bit]
        gate = netlist.gates.get(bit)
        if gate is not None:
            return self._gate(gate[0], gate[1], t)
        if bit in netlist.registers:
            if t > 0:
                return self.bit(netlist.registers[bit], t - 1)
            start = self.state.get(bit)
            return self.register_variable(bit) if start is None else start
        if bit in netlist.memory_bits:
            memory, port, place = netlist.memory_bits[bit]
            return self._word(memory, port, t)[place]
        port, place = netlist.input_bits[bit]
        given = self.inputs[t].get(port) if t < len(self.inputs) else None
        return self.variables("input", port, place, t) if given is None else given[place]

    def register_variable(self, bit):
        return self.variables("state", self.netlist.register_names.get(bit, bit))

    def _word(self, memory, port, t):
        key = memory.name, port, t
        if key not in self._words:
            address = self.bits(memory.reads[port][0], t)
            self._words[key] = (self._read(memory, port, address, t) if self._read
                                else self.variables.vector(memory.width, "word", memory.name, port, t))
        return self._words[key]

    def _gate(self, kind, wires, t):
        a = self.bit(wires[0], t)
        if kind == "$_NOT_":
            return a ^ ONE
        if kind == "$_BUF_":
            return a
        if kind == "$_MUX_":  # wires: select, A, B
            if not a:
                return self.bit(wires[1], t)
            if a == ONE:
                return self.bit(wires[2], t)
            low, high = self.bit(wires[1], t), self.bit(wires[2], t)
            return low if low == high else low ^ multiply(a, low ^ high)
        if kind in ("$_XOR_", "$_XNOR_"):
            result = a ^ self.bit(wires[1], t)
            return result ^ ONE if kind == "$_XNOR_" else result
        # The rest are ANDs with inverters at their ends.
        invert_a, invert_b, invert_y = {"$_AND_": (0, 0, 0), "$_NAND_": (0, 0, 1), "$_OR_": (1, 1, 1),
                                        "$_NOR_": (1, 1, 0), "$_ANDNOT_": (0, 1, 0), "$_ORNOT_": (1, 0, 1)}[kind]
        if invert_a:
            a = a ^ ONE
        if a:
            b = self.bit(wires[1], t)
            result = multiply(a, b ^ ONE if invert_b else b)
        else:
            result = ZERO
        return result ^ ONE if invert_y else result
