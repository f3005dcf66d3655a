"""Proofs of the data path: what the modules compute, for all values of all inputs and from every state of their registers.

Each function takes a Design (where the RTL is) and returns a line that says what it has shown, or raises ProofError. The
specifications in here are written from the documents, not from the RTL, and share nothing with it but port names.
"""

from netlist import (ONE, ProofError, Run, Variables, ZERO, add, constant, invert, multiply, substitute, total, value_of)

TUPLE_BITS = 288
HASH_BITS = 32
KEY_BITS = TUPLE_BITS + HASH_BITS


def require_equal(what, found, wanted, variables):
    """Compares bits, and says which differ."""
    if len(found) != len(wanted):
        raise ProofError(f"{what}: {len(found)} bits instead of {len(wanted)}")
    for i, (f, w) in enumerate(zip(found, wanted)):
        if f != w:
            raise ProofError(f"{what}, bit {i}: has {variables.text(f - w, 3)} instead of {variables.text(w - f, 3)}")


def from_left(bits):
    """A port's bits in the order in which the documents count them: the first is the leftmost."""
    return list(reversed(bits))


def toeplitz(tuple_bits, key_bits):
    """The definition: bit i of the hash is the sum over j of tuple bit j times key bit i + j. All counted from the left;
    the result in port order."""
    return from_left([total(multiply(t, key_bits[i + j]) for j, t in enumerate(tuple_bits)) for i in range(HASH_BITS)])


# Pipelines whose stages have a load bit each.

def registers_behind(netlist, bits, but=frozenset()):
    """All registers that bits depend on, however many clocks back; not through memories, nor through those of `but`."""
    reached, todo = set(), list(netlist.fan_in(bits)[1])
    while todo:
        register = todo.pop()
        if register not in reached and register not in but:
            reached.add(register)
            todo += netlist.fan_in([netlist.registers[register]])[1]
    return reached


def require_stages(netlist, output, stages, but=frozenset()):
    """Every register of a result, up to those of `but`, belongs to one stage, and holds while that stage does not load:
    with this, what was shown for a packet that moves on in every clock holds for one that waits anywhere, as long as it
    likes."""
    variables = Variables()
    loads = variables.vector(stages, "load")
    run = Run(netlist, variables, [{"load_i": loads}])
    registers = registers_behind(netlist, netlist.outputs[output], but)
    for register in registers:
        following = run.bit(netlist.registers[register], 0)
        used = [name for name in variables.in_monomials(following) if name[0] == "load"]
        name = netlist.register_names[register]
        if len(used) != 1:
            raise ProofError(f"register {name} has {len(used)} load bits")
        if substitute(following, variables, {used[0]: ZERO}) != run.bit(register, 0):
            raise ProofError(f"register {name} changes without its load bit")
    return len(registers)


def loads_of_one_packet(variables, stages):
    """load_i for a packet that enters at clock 0: its own stage's bit is set, those of other packets are anything."""
    return [{"load_i": [ONE if k == t else variables("other load", k, t) for k in range(stages)]} for t in range(stages)]


def hash_without_memory(design, top, files):
    """toeplitz_hash and every form with its ports: clk_i, load_i, key_i, tuple_i, hash_o."""
    netlist = design.synthesise(files, top)
    stages = len(netlist.inputs["load_i"])
    registers = require_stages(netlist, "hash_o", stages)
    variables = Variables()
    inputs = loads_of_one_packet(variables, stages)
    tuple_bits, key_bits = variables.vector(TUPLE_BITS, "tuple"), variables.vector(KEY_BITS, "key")
    inputs[0].update(tuple_i=from_left(tuple_bits), key_i=from_left(key_bits))
    found = Run(netlist, variables, inputs).output("hash_o", stages)
    require_equal("hash_o", found, toeplitz(tuple_bits, key_bits), variables)
    return (f"{sum(map(len, found))} monomials, {stages} stages, {registers} registers, "
            f"{len(netlist.gates)} gates")


# The hash from tables: what the walk writes, and what a tuple reads.

class _Tables:
    """The byte that each memory belongs to, as writer or reader show it, and that both agree."""

    def __init__(self):
        self._byte = {}

    def set(self, memory, byte):
        if self._byte.setdefault(memory.name, byte) != byte:
            raise ProofError(f"memory {memory.name} belongs to bytes {self._byte[memory.name]} and {byte}")

    def all(self):
        return sorted(self._byte.values())


def hash_from_tables(design, top, files):
    netlist = design.synthesise(files, top)
    tables = _Tables()
    steps = _table_writer(netlist, tables)
    registers = _table_reader(netlist, tables)
    if tables.all() != list(range(TUPLE_BITS // 8)):
        raise ProofError(f"{len(tables.all())} memories instead of {TUPLE_BITS // 8}")
    return f"writer: induction over {steps} steps; reader: {len(tables.all())} memories, {registers} registers"


def _state_of(netlist, output):
    """The register behind an output port that is nothing but a register, or the inverse of one."""
    registers = netlist.fan_in(netlist.outputs[output])[1]
    if len(registers) != 1:
        raise ProofError(f"{output} is not one register")
    return registers.pop()


def _vector_registers(netlist, name, width, first=0):
    by_name = {n: bit for bit, n in netlist.register_names.items()}
    return [by_name[f"{name}[{i}]"] for i in range(first, first + width)]


def _table_writer(netlist, tables):
    """By induction over the walk: when the entry of some value of byte `byte` is in hand, byte_q has that byte's bit
    set, four_q that of its four bytes, window_q the 39 key bits from bit 8 * byte on, key_q the whole key, and entry_q
    what that value adds to the hash. The first step takes the key, each step gives entry_q and its place to registers,
    from which it is written in the next one, and goes to the next value. in_q and last_q say in advance what follows of
    the value. Behind the last value byte_q is 0, as after a reset, and a step that ends_q tells exchanges the banks.
    From the second step of a byte on key_bytes_q, and from the third on key_byte_q, has the key bits that come in
    behind its last value. No key is given during the walk; any other input is arbitrary."""
    variables = Variables()
    byte_count = TUPLE_BITS // 8
    key_q = _vector_registers(netlist, "key_q", KEY_BITS - 40, first=1)  # behind the first window, but for the last bit
    byte_q = _vector_registers(netlist, "byte_q", byte_count)
    four_q = _vector_registers(netlist, "four_q", byte_count // 4)
    window_q = _vector_registers(netlist, "window_q", 39)
    at_q = _vector_registers(netlist, "at_q", 8)
    entry_q = _vector_registers(netlist, "entry_q", HASH_BITS)
    key_bytes_q = _vector_registers(netlist, "key_bytes_q", 32)
    key_byte_q = _vector_registers(netlist, "key_byte_q", 8)
    walks_q, bank_q = _state_of(netlist, "key_ready_o"), _state_of(netlist, "bank_o")
    by_name = {name: bit for bit, name in netlist.register_names.items()}
    in_q, last_q, ends_q = by_name["in_q"], by_name["last_q"], by_name["ends_q"]
    write_q = [bit for name, bit in by_name.items() if ".write_q[" in name]
    if len(write_q) != byte_count:
        raise ProofError(f"{len(write_q)} registers that enable writes")
    if not netlist.outputs["bank_o"] == [bank_q]:
        raise ProofError("bank_o is not a register")
    walk_registers = key_q + byte_q + four_q + window_q + at_q + entry_q + [walks_q, bank_q, in_q, last_q, ends_q]
    bank = variables("bank")

    # From the left: the key, and those of its bits that the windows of the byte in hand are made of.
    key = variables.vector(KEY_BITS, "key")
    window = variables.vector(39, "window")

    def entry(value):
        """What a byte of this value adds: bit j of the byte, from the left, adds the 32 key bits from j on."""
        ones = [j for j in range(8) if value >> (7 - j) & 1]
        return from_left([total(window[i + j] for j in ones) for i in range(HASH_BITS)])

    def one_of(byte):
        return constant(1 << byte, byte_count)

    any_byte, any_four = variables.vector(byte_count, "byte"), variables.vector(byte_count // 4, "four")

    def four_of(byte):
        return any_four if byte == any_byte else [total(byte[i:i + 4]) for i in range(0, byte_count, 4)]

    def next_of(value):
        bit = (value ^ value >> 2 ^ value >> 3 ^ value >> 4 ^ (value < 2)) & 1
        return bit << 7 | value >> 1

    def state(byte, value):
        bits = dict(zip(key_q, from_left(key)[1:]))
        bits.update(zip(byte_q, byte))
        bits.update(zip(four_q, four_of(byte)))
        bits.update(zip(window_q, from_left(window)))
        bits.update(zip(at_q, constant(value, 8)))
        bits.update(zip(entry_q, entry(value)))
        bits[walks_q], bits[bank_q] = ONE, bank
        bits[in_q], bits[last_q], bits[ends_q] = constant(next_of(value) >> 7, 1)[0], constant(value == 1, 1)[0], ZERO
        return bits

    def go(state_bits):
        return Run(netlist, variables, [{"rst_ni": [ONE], "key_valid_i": [ZERO]}], state_bits)

    def enables(run, t=1):
        found = [run.bits(m.writes[0][0], t) for m in netlist.memories]
        for memory, bits in zip(netlist.memories, found):
            if len(memory.writes) != 1 or any(bit != bits[0] for bit in bits):
                raise ProofError(f"memory {memory.name} is written elsewhere or in part")
        return [bits[0] for bits in found]

    # The values in the order in which the walk comes by: 0 first, 1 last.
    values = [0]
    while values[-1] != 1 and len(values) < 256:
        values.append(next_of(values[-1]))
    if set(values) != set(range(256)):
        raise ProofError("the walk leaves values out")
    entries = [entry(value) for value in range(256)]
    last_byte = byte_count - 1

    # Which memory is written: the one of the byte, whatever the entry.
    enables_of_any_byte = enables(go(state(any_byte, 0)))
    for byte in range(last_byte + 1):
        on = enables(go(state(one_of(byte), 0)))
        written = [m for m, e in zip(netlist.memories, on) if e]
        if len(written) != 1 or on.count(ONE) != 1:
            raise ProofError(f"{len(written)} memories are written with byte {byte}")
        tables.set(written[0], byte)
        for value in values:
            run = go(state(one_of(byte), value))
            _, address, data = written[0].writes[0]
            require_equal(f"write address of {written[0].name}", run.bits(address, 1),
                          constant(value, 8) + [invert(bank)], variables)
            require_equal(f"word for {written[0].name}, value {value}", run.bits(data, 1), entries[value], variables)

    # From one entry to the next, for any byte; from a byte to the next; the end.
    for value, following_value in zip(values, values[1:] + [None]):
        run = go(state(any_byte, value))
        if enables(run) != enables_of_any_byte:
            raise ProofError(f"which memory is written depends on the entry, {value}")
        if following_value is not None:
            following = state(any_byte, following_value)
            require_equal(f"state after entry {value}", run.bits(walk_registers, 1),
                          [following[r] for r in walk_registers], variables)
    for byte in range(last_byte):
        behind = from_left(key[39 + 8 * byte:47 + 8 * byte])
        during = dict(zip(key_q, from_left(key)[1:]))
        during.update(zip(byte_q, one_of(byte)))
        during.update(zip(four_q, four_of(one_of(byte))))
        during[walks_q] = ONE
        places = go(during).bits(key_bytes_q, 1)
        if sum(places[i:i + 8] == behind for i in range(0, 32, 8)) != 1 or len([p for p in places if p]) != 8:
            raise ProofError(f"key bytes behind byte {byte}: not its own and three of 0")
        during.update(zip(key_bytes_q, places))
        require_equal(f"key byte behind byte {byte}", go(during).bits(key_byte_q, 1), behind, variables)
    for byte in range(last_byte + 1):
        at_last = state(one_of(byte), 1)
        ends = byte == last_byte
        if not ends:
            at_last.update(zip(key_byte_q, from_left(key[39 + 8 * byte:47 + 8 * byte])))
        run = go(at_last)
        require_equal(f"walk after byte {byte}", run.bits([walks_q, bank_q, ends_q, *byte_q, *four_q], 1),
                      [ONE, bank, ONE, *constant(0, byte_count + byte_count // 4)] if ends else
                      [ONE, bank, ZERO, *one_of(byte + 1), *four_of(one_of(byte + 1))],
                      variables)
        if not ends:
            following = state(one_of(byte + 1), 0)
            following.update(zip(window_q, from_left(window[8:] + key[39 + 8 * byte:47 + 8 * byte])))
            require_equal(f"state after byte {byte}", run.bits(walk_registers, 1),
                          [following[r] for r in walk_registers], variables)

    # Its end, whatever the value: at_q has gone on.
    ending = {walks_q: ONE, bank_q: bank, ends_q: ONE, last_q: ZERO,
              **dict.fromkeys([*byte_q, *four_q], ZERO)}
    following = state([ZERO] * byte_count, next_of(1))
    ending.update({register: following[register] for register in [in_q, *at_q]})
    run = go(ending)
    require_equal("walk's end", run.bits([walks_q, bank_q, ends_q, last_q, *byte_q, *four_q, *write_q], 1),
                  [ZERO, invert(bank), ZERO, ZERO, *constant(0, 2 * byte_count + byte_count // 4)], variables)

    # It begins with the key that is offered while it stands, and writes only as it walks; else nothing moves but by loads.
    idle = {register: ZERO for register in [walks_q, ends_q, last_q, *byte_q, *four_q, *write_q]}
    idle[bank_q] = bank
    run = Run(netlist, variables, [{"rst_ni": [ONE], "key_valid_i": [ONE], "key_i": from_left(key)}], idle)
    begin = state(one_of(0), 0)
    begin.update(zip(window_q, from_left(key[:39])))
    require_equal("walk's begin", run.bits(walk_registers, 1), [begin[r] for r in walk_registers], variables)
    if any(enables(run, 0) + enables(run, 1)):
        raise ProofError("a memory is written while the walk stands")
    stages = len(netlist.inputs["load_i"])
    run = Run(netlist, variables, [{"rst_ni": [ONE], "key_valid_i": [ZERO], "load_i": constant(0, stages)}], idle)
    registers = sorted(netlist.registers, key=netlist.register_names.get)
    require_equal("state without a walk", run.bits(registers, 1), run.bits(registers, 0), variables)
    if any(enables(run, 0) + enables(run, 1)):
        raise ProofError("a memory is written without a walk")
    run = Run(netlist, variables, [{"rst_ni": [ZERO]}])
    require_equal("walk and bank after reset", run.bits([walks_q, bank_q, ends_q, last_q, *byte_q, *four_q, *write_q], 1),
                  constant(0, 4 + 2 * byte_count + byte_count // 4), variables)
    return 256 * (last_byte + 1)


def _table_reader(netlist, tables):
    """A tuple's hash is the sum of the words at its bytes in its bank. With the words as the writer leaves them that is
    the definition: both are put together here."""
    stages = len(netlist.inputs["load_i"])
    registers = require_stages(netlist, "hash_o", stages)
    variables = Variables()
    inputs = loads_of_one_packet(variables, stages)
    tuple_bits, key_bits = variables.vector(TUPLE_BITS, "tuple"), variables.vector(KEY_BITS, "key")
    bank = variables("bank")
    inputs[0].update(tuple_i=from_left(tuple_bits), bank_i=[bank])
    byte_of = {}
    for byte in range(TUPLE_BITS // 8):
        byte_of[tuple(from_left(tuple_bits[8 * byte:8 * byte + 8]) + [bank])] = byte

    def read(memory, port, address, t):
        byte = byte_of.get(tuple(address))
        if byte is None:
            if t == 0:
                raise ProofError(f"memory {memory.name} is read at no byte of the tuple in the tuple's bank")
            return variables.vector(memory.width, "other word", memory.name, port, t)
        tables.set(memory, byte)
        return variables.vector(memory.width, "word", byte)

    found = Run(netlist, variables, inputs, read=read).output("hash_o", stages)
    words = {}
    for byte in range(TUPLE_BITS // 8):
        for i in range(HASH_BITS):
            windows = (multiply(tuple_bits[8 * byte + j], key_bits[8 * byte + j + i]) for j in range(8))
            words["word", byte, HASH_BITS - 1 - i] = total(windows)
    require_equal("sum of words", found,
                  [total(variables("word", byte, i) for byte in range(TUPLE_BITS // 8)) for i in range(HASH_BITS)],
                  variables)
    require_equal("hash_o", [substitute(f, variables, words) for f in found], toeplitz(tuple_bits, key_bits), variables)
    return registers


# field_select: virtio 1.4, 5.1.9.4.3.1 to 5.1.9.4.3.4, written down as a table.

NETWORK = {"ipv4": 1, "ipv6": 2}
TRANSPORT = {"tcp": 1, "udp": 2}

# Hash types in the order in which they are tried: bit number in the set of hash types (the report is one more), network,
# needs extension headers, transport (None: any), tuple.
HASH_TYPES = [
    (1, "ipv4", False, "tcp", "ports"),
    (2, "ipv4", False, "udp", "ports"),
    (0, "ipv4", False, None, "addresses"),
    (7, "ipv6", True, "tcp", "ports"),
    (8, "ipv6", True, "udp", "ports"),
    (6, "ipv6", True, None, "addresses"),
    (4, "ipv6", False, "tcp", "ports"),
    (5, "ipv6", False, "udp", "ports"),
    (3, "ipv6", False, None, "addresses"),
]


def hash_type_of(types, network, transport, extended):
    """The row that a packet is hashed by, or None."""
    for row in HASH_TYPES:
        bit, row_network, row_extended, row_transport, _ = row
        if (types >> bit & 1 and network == NETWORK[row_network] and (extended or not row_extended)
                and (row_transport is None or transport == TRANSPORT[row_transport])):
            return row
    return None


def tuple_of(row, fields):
    """What is hashed under a row, from the left; fields maps port names without in_ to bits from the left."""
    if row is None:
        return [ZERO] * TUPLE_BITS
    _, network, extended, _, what = row
    prefix, width = ("ex_" if extended else ""), (32 if network == "ipv4" else 128)
    bits = fields[prefix + "source"][:width] + fields[prefix + "destination"][:width]
    if what == "ports":
        bits = bits + fields["source_port"] + fields["destination_port"]
    return bits + [ZERO] * (TUPLE_BITS - len(bits))


FIELD_WIDTHS = {"source": 128, "destination": 128, "ex_source": 128, "ex_destination": 128, "source_port": 16,
                "destination_port": 16}


def polynomial_of_table(table, polynomials):
    """The polynomial with this truth table: bit n of table is its value where bit i of n is the value of variable i."""
    for i in range(len(polynomials)):
        low = sum(1 << n for n in range(1 << i)) if i < 4 else (1 << (1 << i)) - 1
        mask, width = low, 2 << i
        while width < 1 << len(polynomials):
            mask |= mask << width
            width *= 2
        table ^= (table & mask) << (1 << i)
    factors = [next(iter(p)) for p in polynomials]
    monomials = set()
    while table:
        n = (table & -table).bit_length() - 1
        table &= table - 1
        monomials.add(sum(f for i, f in enumerate(factors) if n >> i & 1))
    return frozenset(monomials)


RULES_BITS = 64


def rules_of(types_and_always):
    """The rules that config_bank keeps of nine hash types and the bit behind them, as polynomials of these."""
    tables = [0] * RULES_BITS
    for n in range(1 << 10):
        for kind in range(RULES_BITS // 4):
            network, headers, transport = ("ipv4", "ipv6")[kind >> 3], kind >> 2 & 1, kind & 3
            row = hash_type_of(n & 511, NETWORK[network], transport, n >> 9 or headers)
            if row is not None:
                tables[4 * kind + (1 if network == "ipv4" else 3 if row[2] else 2)] |= 1 << n
                tables[4 * kind] |= (row[4] == "ports") << n
    return [polynomial_of_table(table, types_and_always) for table in tables]


def selection(design, top, files):
    """Report and tuple for all 2^15 values of what decides, with addresses and ports as variables, which come a clock
    later; packets before and behind are anything. The hash types come as the rules that `configuration` shows to be kept
    of them; those of the other bank are anything."""
    netlist = design.synthesise(files, top)
    variables = Variables()
    require_stages(netlist, "tuple_o", 2)
    control = {"types_i": 9, "ex_always_i": 1, "network_i": 2, "transport_i": 2, "extension_headers_i": 1}
    inputs = {port: variables.vector(width, port) for port, width in control.items()}
    deciding = [bit for port in control for bit in inputs[port]]
    rules = rules_of(inputs.pop("types_i") + inputs.pop("ex_always_i"))
    other = variables.vector(RULES_BITS, "other")
    fields = {name: variables.vector(width, name) for name, width in FIELD_WIDTHS.items()}
    loads = loads_of_one_packet(variables, 2)
    inputs.update(loads[0])
    fields_later = {name + "_i": from_left(bits) for name, bits in fields.items()}

    where = dict.fromkeys([None] + HASH_TYPES, 0)
    for n in range(1 << len(deciding)):
        types, ex_always, network, transport, headers = n & 511, n >> 9 & 1, n >> 10 & 3, n >> 12 & 3, n >> 14
        where[hash_type_of(types, network, transport, ex_always or headers)] |= 1 << n
    chosen = {row: polynomial_of_table(table, deciding) for row, table in where.items()}

    report = [total(p for row, p in chosen.items() if row and row[0] + 1 >> i & 1) for i in range(4)]
    tuples = {row: tuple_of(row, fields) for row in chosen}
    wanted = [total(multiply(chosen[row], tuples[row][j]) for row in chosen) for j in range(TUPLE_BITS)]
    for bank in (ZERO, ONE):
        banks = {"bank_i": [bank], "rules0_i": rules if bank == ZERO else other, "rules1_i": rules if bank == ONE else other}
        run = Run(netlist, variables, [{**inputs, **banks}, {**loads[1], **fields_later}])
        require_equal("report_o", run.output("report_o", 2), report, variables)
        found = run.output("tuple_o", 2)
        require_equal("tuple_o", found, from_left(wanted), variables)
    run = Run(netlist, variables, [{"load_i": [variables("load"), ZERO]}])
    require_equal("report_o without load_i", run.output("report_o", 1), run.output("report_o", 0), variables)
    return f"{sum(map(len, found))} monomials, {len(netlist.registers)} registers"


# Configuration and table.

INDEX_BITS = 15
CFG_ADDRESS_BITS = 15
KEY, TYPES, MASK, UNCLASSIFIED, COMMIT = 0x4000, 0x4010, 0x4011, 0x4012, 0x401f


def configuration_words():
    """Address to the bits of a write that are kept: (port, bit of the port, bit of the word)."""
    words = {KEY + n: [("key_o", KEY_BITS - 32 * (n + 1) + i, i) for i in range(32)] for n in range(KEY_BITS // 32)}
    words[TYPES] = []  # kept as rules_of them
    words[MASK] = [("mask_o", i, i) for i in range(INDEX_BITS)]
    words[UNCLASSIFIED] = [("unclassified_o", i, i) for i in range(16)]
    return words


def address_cases(variables):
    """All addresses: those of the table are one case, the others one for each value of their lowest five bits; the bits
    between are variables. A case is the address where these are 0 (None for the table), the bits, and the variables."""
    middle = variables.vector(CFG_ADDRESS_BITS - 6, "address")
    yield None, variables.vector(5, "low address") + middle + [ZERO], middle
    for low in range(32):
        yield KEY + low, constant(low, 5) + middle + [ONE], middle


def name_of(polynomial, variables):
    """A variable that stands for a polynomial, the same for the same: what holds for any value of it holds for its own."""
    return polynomial if len(polynomial) < 2 else variables("value", variables.number(polynomial))


def configuration(design, top, files):
    """All addresses: a write changes its own bits and no others, with the data of its clock, a clock behind the address; no
    write changes nothing; reset. What comes in the clocks around is arbitrary."""
    netlist = design.synthesise(files, top)
    variables = Variables()
    ports = ("key_o", "rules_o", "mask_o", "unclassified_o")
    data, write = variables.vector(32, "data"), variables("write")
    words = {bit for port in ports for bit in netlist.outputs[port]}

    def behind(first, second):
        """The second of two clocks: all but the words as the first left it, from any state."""
        before = Run(netlist, variables, [first])
        return Run(netlist, variables, [second],
                   {q: name_of(before.bit(q, 1), variables) for q in netlist.registers if q not in words})

    for address, bits, middle in address_cases(variables):
        selected = ONE
        for bit in middle:
            selected = multiply(selected, invert(bit))
        written = multiply(write, name_of(selected, variables))
        run = behind({"rst_ni": [ONE], "select_i": [ONE], "addr_i": bits},
                     {"rst_ni": [ONE], "write_i": [write], "data_i": data})
        wanted = {port: run.output(port, 0) for port in ports}
        for port, bit, place in configuration_words().get(address, ()):
            held = wanted[port][bit]
            wanted[port][bit] = add(held, multiply(written, add(held, data[place])))
        if address == TYPES:
            wanted["rules_o"] = [add(held, multiply(written, add(held, rule)))
                                 for held, rule in zip(wanted["rules_o"], rules_of(data[:9] + [data[16]]))]
        for port in ports:
            where = f"{address:#x}" if address else "the table"
            require_equal(f"{port} after a write to {where}", run.output(port, 1), wanted[port], variables)
    # An address that is not taken changes nothing; a reset clears all but the key, whatever is written.
    untaken = Run(netlist, variables, [{"rst_ni": [ONE], "select_i": [ZERO], "write_i": [ZERO]}])
    registers = sorted(netlist.registers, key=netlist.register_names.get)
    require_equal("registers without select_i and write_i", untaken.bits(registers, 1), untaken.bits(registers, 0), variables)
    with_it = Run(netlist, variables, [{"rst_ni": [ZERO], "write_i": [write]}])
    without = Run(netlist, variables, [{"rst_ni": [ZERO], "write_i": [ZERO]}])
    for port in ports:
        if port == "key_o":
            require_equal(f"{port} after reset", without.output(port, 1), without.output(port, 0), variables)
        else:
            require_equal(f"{port} after reset", with_it.output(port, 1), [ZERO] * len(netlist.outputs[port]), variables)
    return f"{1 << CFG_ADDRESS_BITS} addresses, {len(netlist.registers)} registers"


def table(design, top, files, entries):
    """Read: the entry at hash & mask of the bank, or the unclassified queue. Write: a pair, if there is such a pair."""
    netlist = design.synthesise(files, top, Entries=entries)
    pairs = max(entries // 2, 2)
    pair_bits = pairs.bit_length() - 1
    if len(netlist.memories) != 1 or len(netlist.memories[0].writes) != 1 or netlist.memories[0].size != 2 * pairs:
        raise ProofError(f"not one memory of {2 * pairs} pairs with one write port")
    stages = len(netlist.inputs["load_i"])
    registers = require_stages(netlist, "queue_o", stages)

    variables = Variables()
    inputs = loads_of_one_packet(variables, stages)
    hash_bits, mask = variables.vector(INDEX_BITS, "hash"), variables.vector(INDEX_BITS, "mask")
    bank, classified, unclassified = variables("bank"), variables("classified"), variables.vector(16, "unclassified")
    inputs[0].update(hash_i=hash_bits, mask_i=mask, bank_i=[bank])
    inputs[-1].update(classified_i=[classified], unclassified_i=unclassified)
    index = [multiply(h, m) if 1 << i < entries else ZERO for i, (h, m) in enumerate(zip(hash_bits, mask))]
    pair = variables.vector(32, "pair")

    def read(memory, _, address, t):
        if t != stages - 2:
            return variables.vector(memory.width, "other pair", t)
        require_equal("read address", address, index[1:pair_bits + 1] + [bank], variables)
        return pair

    found = Run(netlist, variables, inputs, read=read).output("queue_o", stages)
    entry = [add(low, multiply(index[0], add(low, high))) for low, high in zip(pair[:16], pair[16:])]
    wanted = [add(u, multiply(classified, add(u, e))) for u, e in zip(unclassified, entry)]
    require_equal("queue_o", found, wanted, variables)

    write, data = variables("write"), variables.vector(32, "data")
    place = variables.vector(INDEX_BITS - 1, "pair number")
    enable, address, word = netlist.memories[0].writes[0]
    run = Run(netlist, variables, [{"select_i": [ONE], "write_bank_i": [bank], "write_pair_i": place},
                                   {"write_i": [write], "write_data_i": data}])
    exists = write
    for bit in place[pair_bits:]:
        exists = multiply(exists, invert(bit))
    require_equal("write enable", run.bits(enable, 1), [exists] * 32, variables)
    there = place[:pair_bits] + [ZERO] * (INDEX_BITS - 1 - pair_bits)
    run = Run(netlist, variables, [{"select_i": [ONE], "write_bank_i": [bank], "write_pair_i": there},
                                   {"write_i": [ONE], "write_data_i": data}])
    require_equal("written address", run.bits(address, 1), there[:pair_bits] + [bank], variables)
    require_equal("written word", run.bits(word, 1), data, variables)
    return f"{registers} registers, {2 * pairs} pairs"


# The whole core: one packet on its way, under a configuration that came over the bus.

def _configure(variables, types):
    """Clocks that reset the pipeline, write both banks and leave bank 1 in force, and the words of each bank: variables,
    but for the hash types."""
    quiet = {"soon_valid_i": [ZERO], "cfg_go_i": [ONE]}
    clocks = [{"rst_ni": [ZERO], **quiet}]
    written = {}
    for bank in (1, 0):
        words = {address: variables.vector(32, f"word of bank {bank}", address) for address in configuration_words()}
        words[TYPES] = constant(types[bank], 9) + words[TYPES][9:16] + [ZERO] + words[TYPES][17:]
        written[bank] = words
        for address, word in [*words.items(), (COMMIT, variables.vector(32, "commit", bank))]:
            clocks.append({"rst_ni": [ONE], "cfg_valid_i": [ONE], "cfg_addr_i": constant(address, CFG_ADDRESS_BITS),
                           "cfg_data_i": word, **quiet})
    return clocks[:-1], written  # the last COMMIT would put bank 0 in force


def pipeline(design, top, files, entries, latency):
    """From the ports: hash, report and queue of a packet are those of its fields under all words of its bank, whatever
    the packets before and behind it, and however often the banks are exchanged while it is on its way."""
    netlist = design.synthesise(files, top, Entries=entries)
    _require_banks(netlist)
    monomials = sum(_one_packet(netlist, entries, latency, bank, row) for row in [None] + HASH_TYPES for bank in (0, 1))
    return f"{2 * (1 + len(HASH_TYPES))} cases, {monomials} monomials"


def _one_packet(netlist, entries, latency, bank, row):
    variables = Variables()
    # Under the other bank's types the packet would have the other outcome.
    types = {bank: 1 << row[0], 1 - bank: 0} if row else {bank: 0, 1 - bank: 511}
    inputs, written = _configure(variables, types)
    # Packets of any kind, or none.
    other = {"rst_ni": [ONE], "cfg_go_i": [ONE], "cfg_addr_i": constant(COMMIT, CFG_ADDRESS_BITS)}
    if bank == 0:
        inputs.append({**other, "cfg_valid_i": [ONE]})
    inputs += [{**other, "cfg_valid_i": [ZERO]} for _ in range(latency)]
    fields = {name: variables.vector(width, name) for name, width in FIELD_WIDTHS.items()}
    _, network, extended, transport, _ = row or (0, "ipv4", False, None, None)
    number = variables.vector(16, "id")
    begin = len(inputs)
    inputs.append({**other, "soon_valid_i": [ONE],
                   "soon_network_i": constant(NETWORK[network], 2),
                   "soon_transport_i": constant(TRANSPORT.get(transport, 0), 2),
                   "soon_extension_headers_i": [ONE if extended else ZERO]})
    inputs.append({**other, "in_id_i": number, **{f"in_{name}_i": from_left(bits) for name, bits in fields.items()}})
    inputs += [other] * (latency - 1)

    words = written[bank]
    key = [bit for n in range(KEY_BITS // 32) for bit in from_left(words[KEY + n])]
    hash_bits = toeplitz(tuple_of(row, fields), key)
    index = [multiply(h, m) if 1 << i < entries else ZERO for i, (h, m) in enumerate(zip(hash_bits, words[MASK]))]
    pair_bits = max(entries // 2, 2).bit_length() - 1
    place = index[1:pair_bits + 1] + constant(bank, 1)
    pair = variables.vector(32, "pair")

    def read(memory, port, address, t):
        return pair if address == place else variables.vector(memory.width, "other pair", memory.name, port, t)

    run = Run(netlist, variables, inputs, read=read)
    end = begin + latency
    case = f"bank {bank}, report {row[0] + 1 if row else 0}"
    entry = [add(low, multiply(index[0], add(low, high))) for low, high in zip(pair[:16], pair[16:])]
    wanted = {"active_bank_o": (begin, constant(bank, 1)), "out_valid_o": (end, [ONE]),
              "out_id_o": (end, number), "out_bank_o": (end, constant(bank, 1)),
              "out_report_o": (end, constant(row[0] + 1 if row else 0, 4)), "out_hash_o": (end, hash_bits),
              "out_queue_o": (end, entry if row else words[UNCLASSIFIED][:16])}
    for port, (clock, bits) in wanted.items():
        require_equal(f"{port} ({case})", run.output(port, clock), bits, variables)
    return sum(map(len, hash_bits))


def _require_banks(netlist):
    """A word of the configuration changes only as it is written, a clock after the bus, and in the bank that was the shadow
    then; not if a reset was at that clock. (That nothing is written under a bank's packets is steering_control's.)"""
    (active,), (ready,) = netlist.outputs["active_bank_o"], netlist.outputs["cfg_ready_o"]
    control = {active} | netlist.fan_in([ready])[1]
    # What comes from the bus; and the words, which are written with it.
    taken = {q for q, d in netlist.registers.items() if q not in control and "cfg_valid_i" in netlist.fan_in([d])[0]}
    words = [q for q, d in netlist.registers.items() if q not in control | taken and taken & netlist.fan_in([d])[1]]

    def behind(variables, state, reset=False, **inputs):
        """The clock behind one with these inputs, from any state otherwise."""
        before = Run(netlist, variables, [{"rst_ni": [ZERO if reset else ONE], **inputs}], state)
        return Run(netlist, variables, [{"rst_ni": [ONE]}], {q: name_of(before.bit(q, 1), variables) for q in taken})

    changed = []
    for bank in (0, 1):
        variables = Variables()
        changed.append(set())
        in_force = {active: constant(bank, 1)[0]}
        for _, bits, _ in address_cases(variables):
            run = behind(variables, in_force, cfg_valid_i=[ONE], cfg_addr_i=bits)
            changed[bank] |= {q for q in words if run.bit(q, 1) != run.bit(q, 0)}
        go, place, data = variables("go"), variables.vector(CFG_ADDRESS_BITS, "address"), variables.vector(32, "data")
        run = behind(variables, in_force, cfg_valid_i=[ONE], cfg_go_i=[go], cfg_addr_i=place, cfg_data_i=data)
        (enable, address, word), = (w for m in netlist.memories for w in m.writes)
        pair_bits = len(address) - 1
        accepts = Run(netlist, variables, [{"cfg_addr_i": place[:-1] + [ZERO]}], in_force).bit(ready, 0)
        exists = ONE
        for bit in place[pair_bits:-1]:
            exists = multiply(exists, invert(bit))
        written = multiply(name_of(multiply(multiply(go, accepts), invert(place[-1])), variables), name_of(exists, variables))
        require_equal("write enable of the table", run.bits(enable, 0), [written] * 32, variables)
        for what, found, wanted in (("bank", address[-1:], constant(1 - bank, 1)), ("pair", address[:-1], place[:pair_bits]),
                                    ("data", word, data)):
            differ = (multiply(written, add(f, w)) for f, w in zip(run.bits(found, 0), wanted))
            require_equal(f"{what} of a write to the table", list(differ), [ZERO] * len(wanted), variables)
        for what, run in (("without a write", behind(variables, None, cfg_valid_i=[ZERO])),
                          ("behind a reset", behind(variables, None, reset=True, cfg_valid_i=[ONE]))):
            if any(run.bit(q, 1) != run.bit(q, 0) for q in words):
                raise ProofError(f"a word of the configuration changes {what}")
            if any(e for m in netlist.memories for w in m.writes for e in run.bits(w[0], 0)):
                raise ProofError(f"the table is written {what}")
    both = changed[0] & changed[1]
    if both or len(changed[0]) != len(changed[1]) or not changed[0]:
        raise ProofError(f"banks of {len(changed[1])} and {len(changed[0])} bits, {len(both)} of them in both")
