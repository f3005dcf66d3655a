"""Proof of a form of the hash whose key comes in bit by bit: toeplitz_karatsuba_hash, for all keys and tuples.

Writer: what a clock does to the key's registers, for every state of them; from that, what 320 bits leave in the chains.
Reader: a tuple's hash by the registers in force, as polynomials. Both together are the Toeplitz definition. The names of
five registers are known here.
"""

from data_path import KEY_BITS, TUPLE_BITS, from_left, loads_of_one_packet, require_equal, require_stages, toeplitz
from netlist import ONE, ProofError, Run, Variables, ZERO, add, invert, multiply, total

WORD_BITS = 32
CHAINS = 8


def hash_with_shifted_key(design, top, files):
    netlist = design.synthesise(files, top)
    key = _Key(netlist)
    words = _require_clocks(netlist, key)
    registers, monomials = _require_hash(netlist, key)
    return (f"writer: {len(key.chains)} registers in {CHAINS} chains, {words} words; "
            f"reader: {monomials} monomials, {registers} registers")


class _Key:
    """Registers of the key's way, by name. Those of chains and keys that nobody reads are not in the netlist."""

    def __init__(self, netlist):
        by_name = {name: bit for bit, name in netlist.register_names.items()}

        def vector(name):
            return {i: by_name[f"{name}[{i}]"] for i in range(CHAINS * KEY_BITS) if f"{name}[{i}]" in by_name}

        self.chains, self.keys = vector("chains_q"), vector("keys_q")
        self.word = [by_name[f"word_q[{i}]"] for i in range(WORD_BITS - 1)] + [by_name["newest[0]"]]  # two names for one
        self.count = [by_name[f"count_q[{i}]"] for i in range(5)]
        self.shifts = by_name["shifts_q"]
        self.sums = {}  # by chain: its next bit is the sum of the key bits taken so many clocks before
        if not set(self.keys) <= set(self.chains):
            raise ProofError("a register of the key in force has none to come from")


def _require_clocks(netlist, key):
    """A word is taken while none is on its way, its bits go into the chains one by one, the first one first, and nothing
    else moves them; the key in force changes with swap_i alone, to what the chains hold."""
    variables = Variables()

    def one_clock(shifts, **inputs):
        return Run(netlist, variables, [{name: [value] if value in (ZERO, ONE) else value for name, value in inputs.items()}],
                   {key.shifts: shifts})

    moved = list(key.chains.values()) + key.word + key.count + [key.shifts]
    require_equal("key_ready_o", one_clock(variables("on its way")).output("key_ready_o", 0),
                  [invert(variables("on its way"))], variables)

    run = one_clock(ZERO, rst_ni=ONE, key_valid_i=ZERO)
    require_equal("the key's way without a word", run.bits(moved, 1), run.bits(moved, 0), variables)
    word = variables.vector(WORD_BITS, "word")
    run = one_clock(ZERO, rst_ni=ONE, key_valid_i=ONE, key_word_i=word)
    require_equal("the word that is taken", run.bits(moved, 1),
                  run.bits(list(key.chains.values()), 0) + word + [ZERO] * 5 + [ONE], variables)

    run = one_clock(ONE, rst_ni=ONE)
    require_equal("the word on its way", run.bits(key.word, 1), [ZERO] + run.bits(key.word, 0)[:-1], variables)
    count, carry, counted = run.bits(key.count, 0), ONE, []
    for bit in count:
        counted.append(add(bit, carry))
        carry = multiply(bit, carry)
    require_equal("count of its bits", run.bits(key.count + [key.shifts], 1), counted + [invert(carry)], variables)
    for i, register in key.chains.items():
        if i % KEY_BITS:
            if i - 1 not in key.chains:
                raise ProofError(f"chains_q[{i}] has none to come from")
            require_equal(f"chains_q[{i}]", [run.bit(register, 1)], [run.bit(key.chains[i - 1], 0)], variables)
        else:
            _take_sum(key, run, variables, i // KEY_BITS, run.bit(register, 1))

    require_equal("the key's way after a reset", [one_clock(variables("any"), rst_ni=ZERO).bit(key.shifts, 1)], [ZERO],
                  variables)
    swap = variables("swap")
    run = one_clock(variables("any"), swap_i=[swap])
    for i, register in key.keys.items():
        held, new = run.bit(register, 0), run.bit(key.chains[i], 0)
        require_equal(f"keys_q[{i}]", [run.bit(register, 1)], [add(held, multiply(swap, add(held, new)))], variables)
    return KEY_BITS // WORD_BITS


def _take_sum(key, run, variables, chain, newest):
    """The newest key bit is word_q[31], those before it are in the first chain."""
    ages = {next(iter(run.bit(key.word[WORD_BITS - 1], 0))): 0}
    ages.update({next(iter(run.bit(key.chains[i], 0))): i + 1 for i in range(KEY_BITS) if i in key.chains})
    if not set(newest) <= set(ages):
        raise ProofError(f"chain {chain} takes {variables.text(newest)}, which is no sum of key bits")
    key.sums[chain] = [ages[m] for m in newest]


def _require_hash(netlist, key):
    variables = Variables()
    stages = len(netlist.inputs["load_i"])
    registers = require_stages(netlist, "hash_o", stages, but=set(key.keys.values()))
    tuple_bits, key_bits = variables.vector(TUPLE_BITS, "tuple"), variables.vector(KEY_BITS, "key")

    # After the last of the key's bits, the one of this age is the newest at this place of each chain; what came before the
    # key is anything.
    def sum_at(place):
        chain, age = divmod(place, KEY_BITS)
        last = KEY_BITS - 1 - age
        return total(key_bits[last - a] if last >= a else variables("before the key", last - a) for a in key.sums[chain])

    monomials = 0
    for case, swap in (("the key in force", ZERO), ("the key that is swapped in", ONE)):
        source = key.chains if swap else key.keys
        state = {register: sum_at(i) for i, register in source.items() if i in key.keys}
        inputs = loads_of_one_packet(variables, stages)
        inputs[0].update(tuple_i=from_left(tuple_bits), swap_i=[swap])  # later ones are anything
        found = Run(netlist, variables, inputs, state).output("hash_o", stages)
        require_equal(f"hash_o, {case}", found, toeplitz(tuple_bits, key_bits), variables)
        monomials += sum(map(len, found))
    return registers, monomials
