#!/usr/bin/env python3
"""Writes the harness around a design under synthesis: harness.py PORTS.json TOP > harness.v

Every input comes from a register of a shift register, every output goes into a register and from there into a second
shift register: all paths of the design run from register to register, the number of pins does not matter, and nothing
can be optimised away. The first shift register is a module of its own, harness_inputs, which must not be flattened
before synthesis: a design that registers an input would share that register with the next bit's. PORTS.json is what
yosys' write_json says of the design. The first line of the output is a comment with the harness's own cells,
"// LUT4 FF", to be subtracted; clk_i is its clock.
"""
import json
import sys


def main():
    with open(sys.argv[1]) as file:
        ports = json.load(file)["modules"][sys.argv[2]]["ports"]
    inputs = [(name, len(p["bits"])) for name, p in ports.items() if p["direction"] == "input" and name != "clk_i"]
    outputs = [(name, len(p["bits"])) for name, p in ports.items() if p["direction"] == "output"]
    ins = sum(width for _, width in inputs)
    outs = sum(width for _, width in outputs)

    def pins(group, vector):
        at, text = 0, []
        for name, width in group:
            text.append(f".{name}({vector}[{at}+:{width}])")
            at += width
        return text

    connections = ",\n      ".join([".clk_i(clk_i)"] + pins(inputs, "in_q") + pins(outputs, "out"))
    print(f"""// {outs - 1} {ins + 2 * outs}
(* keep_hierarchy *)
module harness_inputs(input clk_i, input serial_i, output reg [{ins - 1}:0] in_q);
  always @(posedge clk_i) in_q <= {{in_q, serial_i}};
endmodule

module harness(input clk_i, input serial_i, output serial_o);
  wire [{ins - 1}:0] in_q;
  reg [{outs - 1}:0] out_q, collect_q;
  wire [{outs - 1}:0] out;
  {sys.argv[2]} dut (
      {connections});
  harness_inputs inputs (clk_i, serial_i, in_q);
  always @(posedge clk_i) begin
    out_q <= out;
    collect_q <= {{collect_q, 1'b0}} ^ out_q;
  end
  assign serial_o = collect_q[{outs - 1}];
endmodule""")


main()
