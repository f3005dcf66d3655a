// Bits that travel beside a pipeline: Stages registers, register s loads at an edge with load_i[s]. load_i has one bit
// more than it needs, so that none (a wire) is no special case for whoever uses it. Here and elsewhere: with split_var
// a vector's slices are kept apart by Verilator, which is faster.
module beat_delay #(
    parameter int Bits   = 1,
    parameter int Stages = 1
) (
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic            clk_i,
    input  logic [Stages:0] load_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic [Bits-1:0] bits_i,
    output logic [Bits-1:0] bits_o
);

  logic [(Stages+1)*Bits-1:0] chain /* verilator split_var */;
  assign chain[Bits-1:0] = bits_i;
  assign bits_o = chain[Stages*Bits+:Bits];

  for (genvar s = 0; s < Stages; s = s + 1) begin : g_stage
    logic [Bits-1:0] bits_q;
    always_ff @(posedge clk_i) if (load_i[s]) bits_q <= chain[s*Bits+:Bits];
    assign chain[(s+1)*Bits+:Bits] = bits_q;
  end

endmodule
