// Finds, for every byte of a column of 16, what a walk over IPv6 options that comes by there meets: the column's first
// home address option (type 0xC9, length 16), or the place behind the column where the walk goes on. Five clocks, a
// column a clock, whatever the number of options: each step doubles the reach of all bytes' jumps.
//
//  +---------+---------+-------------------+
//  |  type   | length  | length bytes      |   RFC 8200, 4.2; type 0 (Pad1) is one byte, without a length
//  +---------+---------+-------------------+
//
// map_o holds PlaceBits for every byte: a place counted from the column's end, modulo 2**PlaceBits. The last 16 codes
// are the column's own bytes: a home address option begins there. The others are where the walk goes on; with 8 bits,
// 239 also stands for all that is farther. Headers play no part here: whoever looks up a byte knows that an option
// begins there and where its header ends.
module option_map #(
    parameter int PlaceBits = 8  // 8 or 16
) (
    input  logic                    clk_i,
    input  logic                    moves_i,  // with any of load_i: one test for who simulates
    input  logic [4:0]              load_i,   // a clock each
    input  logic [8*17-1:0]         bytes_i,  // the column's, and the one behind
    output logic [16*PlaceBits-1:0] map_o
);

  logic [16*PlaceBits-1:0] map2_q, map4_q, map8_q;

  // Joins the two halves of each group of 2 * half bytes: a byte in the first one, whose jump leads into the second
  // one, goes on from there.
  function automatic logic [16*PlaceBits-1:0] joined(input logic [16*PlaceBits-1:0] half_map, input int level);
    integer half, b, second;
    logic [PlaceBits-1:0] jump, behind;
    logic [3:0] to;
    joined = half_map;
    half = 1 << level;
    for (b = 0; b < 16; b = b + 1) begin
      if ((b & half) == 0) begin
        second = (b | half) & ~(half - 1);  // the second half begins here
        behind = PlaceBits'(second - 16);
        jump = half_map[PlaceBits*b+:PlaceBits];
        // All but the last `level` bits are constant, so that only the second half is picked from.
        to = 4'(second) | (jump[3:0] & 4'(half - 1));
        if (jump >> level == behind >> level) joined[PlaceBits*b+:PlaceBits] = half_map[PlaceBits*to+:PlaceBits];
      end
    end
  endfunction

  // Where an option that begins at a byte ends, if it has a length, and whether that is beyond all places; whether it
  // has none, or ends the walk.
  localparam int EndBits = PlaceBits == 8 ? 8 : 10;
  logic [16*EndBits-1:0] end_q;
  logic [15:0] far_q, pad_q, home_q;

  always_ff @(posedge clk_i) begin : search
    integer b;
    logic [7:0] kind, length;
    logic [PlaceBits-1:0] first, second;
    if (moves_i) begin
      if (load_i[0]) begin
        for (b = 0; b < 16; b = b + 1) begin
          kind = bytes_i[8*b+:8];
          length = bytes_i[8*b+8+:8];
          pad_q[b] <= kind == 8'd0;
          home_q[b] <= kind == 8'hc9 & length == 8'd16;
          far_q[b] <= length >= 8'(254 - b) & PlaceBits == 8;
          end_q[EndBits*b+:EndBits] <= EndBits'(length) + EndBits'(b - 14);
        end
      end
      // The first jumps, and the first join with them: nothing but Pad1 leads to the next byte.
      if (load_i[1]) begin
        for (b = 0; b < 16; b = b + 2) begin
          first = home_q[b] ? PlaceBits'(b - 16) :
                  far_q[b] ? PlaceBits'(239) : PlaceBits'($signed(end_q[EndBits*b+:EndBits]));
          second = home_q[b+1] ? PlaceBits'(b - 15) : pad_q[b+1] ? PlaceBits'(b - 14) :
                   far_q[b+1] ? PlaceBits'(239) : PlaceBits'($signed(end_q[EndBits*(b+1)+:EndBits]));
          map2_q[PlaceBits*b+:PlaceBits] <= pad_q[b] ? second : first;
          map2_q[PlaceBits*(b+1)+:PlaceBits] <= second;
        end
      end
      if (load_i[2]) map4_q <= joined(map2_q, 1);
      if (load_i[3]) map8_q <= joined(map4_q, 2);
      if (load_i[4]) map_o <= joined(map8_q, 3);
    end
  end

endmodule
