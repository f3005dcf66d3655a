// Finds, for every byte of a beat, what a walk over IPv6 options that comes by there meets: the beat's first home
// address option (type 0xC9, length 16), or the place behind the beat where the walk goes on. Five clocks, a beat a
// clock, whatever the number of options: each step doubles the reach of all bytes' jumps.
//
// map_o holds JumpBits for every byte: a place counted from the beat's begin. One in this beat is a home address
// option's begin, one behind its end is where the walk goes on there; with 8 bits, 255 stands for everything from there
// on. Headers play no part here: whoever looks up a byte knows that an option begins there and where its header ends.
//
//  +---------+---------+-------------------+
//  |  type   | length  | length bytes      |   RFC 8200, 4.2; type 0 (Pad1) is one byte, without a length
//  +---------+---------+-------------------+
module option_map #(
    parameter int BeatBytes = 64,  // at most 128
    parameter int JumpBits  = 8    // 8 or 16
) (
    input  logic                          clk_i,
    input  logic [4:0]                    load_i,
    /* verilator lint_off UNUSEDSIGNAL */  // the second of the two bytes
    input  logic [8*BeatBytes+15:0]       beat_i,  // and the two bytes behind it
    /* verilator lint_on UNUSEDSIGNAL */
    output logic [BeatBytes*JumpBits-1:0] map_o
);

  logic [BeatBytes*JumpBits-1:0] jumps_q, reach4, reach16, reach32;

  always_ff @(posedge clk_i) begin : jumps
    integer b;
    logic [7:0] kind, length;
    logic [15:0] next;
    if (load_i[0]) begin
      for (b = 0; b < BeatBytes; b = b + 1) begin
        kind = beat_i[8*b+:8];
        length = beat_i[8*b+8+:8];
        next = kind == 8'hc9 & length == 8'd16 ? 16'(b) : kind == 8'd0 ? 16'(b + 1) : 16'(b + 2) + 16'(length);
        jumps_q[JumpBits*b+:JumpBits] <= next[15:8] != 8'd0 && JumpBits == 8 ? JumpBits'(255) : JumpBits'(next);
      end
    end
  end

  option_reach #(.BeatBytes(BeatBytes), .JumpBits(JumpBits), .First(1), .Last(2)) u_reach4 (
      .clk_i, .load_i(load_i[1]), .map_i(jumps_q), .map_o(reach4));
  option_reach #(.BeatBytes(BeatBytes), .JumpBits(JumpBits), .First(4), .Last(8)) u_reach16 (
      .clk_i, .load_i(load_i[2]), .map_i(reach4), .map_o(reach16));
  option_reach #(.BeatBytes(BeatBytes), .JumpBits(JumpBits), .First(16), .Last(16)) u_reach32 (
      .clk_i, .load_i(load_i[3]), .map_i(reach16), .map_o(reach32));
  option_reach #(.BeatBytes(BeatBytes), .JumpBits(JumpBits), .First(32), .Last(BeatBytes / 2)) u_reach_all (
      .clk_i, .load_i(load_i[4]), .map_i(reach32), .map_o);

endmodule
