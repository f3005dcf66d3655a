// Finds, for every byte of a block of 32, what a walk over IPv6 options that comes by there meets: the block's first
// home address option (type 0xC9, length 16), or the place behind the block where the walk goes on. Five clocks, a beat
// a clock, whatever the number of options: each step doubles the reach of all bytes' jumps.
//
//  +---------+---------+-------------------+
//  |  type   | length  | length bytes      |   RFC 8200, 4.2; type 0 (Pad1) is one byte, without a length
//  +---------+---------+-------------------+
//
// map_o holds PlaceBits for every byte: a place counted from the end of the byte's block, modulo 2**PlaceBits. The last
// 32 codes are the block's own bytes: a home address option begins there. The others are where the walk goes on; with
// 8 bits, 223 also stands for all that is farther. Headers play no part here: whoever looks up a byte knows that an
// option begins there and where its header ends.
module option_map #(
    parameter int BeatBytes = 64,  // a multiple of 32
    parameter int PlaceBits = 8    // 8 or 16
) (
    input  logic                           clk_i,
    input  logic [4:0]                     load_i,
    /* verilator lint_off UNUSEDSIGNAL */  // the second of the two bytes
    input  logic [8*BeatBytes+15:0]        beat_i,  // and the two bytes behind it
    /* verilator lint_on UNUSEDSIGNAL */
    output logic [BeatBytes*PlaceBits-1:0] map_o
);

  logic [BeatBytes*PlaceBits-1:0] jumps_q, reach4, reach8, reach16;

  always_ff @(posedge clk_i) begin : jumps
    integer b;
    logic [7:0] kind, length;
    logic [15:0] next;
    if (load_i[0]) begin
      for (b = 0; b < BeatBytes; b = b + 1) begin
        kind = beat_i[8*b+:8];
        length = beat_i[8*b+8+:8];
        next = kind == 8'hc9 & length == 8'd16 ? 16'(b % 32) :
               kind == 8'd0 ? 16'(b % 32 + 1) : 16'(b % 32 + 2) + 16'(length);
        jumps_q[PlaceBits*b+:PlaceBits] <=
            next[8] && PlaceBits == 8 ? PlaceBits'(223) : PlaceBits'(next - 16'd32);
      end
    end
  end

  option_reach #(.BeatBytes(BeatBytes), .PlaceBits(PlaceBits), .First(1), .Last(2)) u_reach4 (
      .clk_i, .load_i(load_i[1]), .map_i(jumps_q), .map_o(reach4));
  option_reach #(.BeatBytes(BeatBytes), .PlaceBits(PlaceBits), .First(4), .Last(4)) u_reach8 (
      .clk_i, .load_i(load_i[2]), .map_i(reach4), .map_o(reach8));
  option_reach #(.BeatBytes(BeatBytes), .PlaceBits(PlaceBits), .First(8), .Last(8)) u_reach16 (
      .clk_i, .load_i(load_i[3]), .map_i(reach8), .map_o(reach16));
  option_reach #(.BeatBytes(BeatBytes), .PlaceBits(PlaceBits), .First(16), .Last(16)) u_reach32 (
      .clk_i, .load_i(load_i[4]), .map_i(reach16), .map_o);

endmodule
