// Sixteen bytes of every beat, and the walk over IPv6 options that goes through them. What a walk needs of a beat's
// bytes is made as they come in, and kept: their map (option_map), and how long a header would be that began at each
// word. The step through the column is then two look-ups of a quarter each, the second one with what does not need the
// map.
//
// A walk comes in from the column before, or begins here, behind the first word of a header of destination options; it
// leaves at a place counted from this column's end. Both are codes of option_map, where all ones in the upper bits is
// nowhere, for good. One that begins here replaces the one that comes in: a home address option is longer than a
// column, so the replaced walk's header has no room for one any more. For the same reason the last header that begins
// here is the one that counts.
module option_column #(
    parameter int PlaceBits   = 8,
    parameter int PointerBits = 7,
    parameter int AtBits      = 6   // of places of the memory
) (
    input  logic                   clk_i,
    // the beats' bytes in this column and the one behind; kept five clocks later
    input  logic                   maps_i,      // with any of map_load_i and keep_i: one test for who simulates
    input  logic [4:0]             map_load_i,  // a clock each
    input  logic [8*17-1:0]        bytes_i,
    input  logic                   keep_i,
    input  logic [AtBits-1:0]      keep_at_i,
    // a walk: two clocks to read, two for the step
    input  logic                   walks_i,    // with any of load_i
    input  logic [3:0]             load_i,
    input  logic [AtBits-1:0]      read_at_i,  // with load_i[0]
    input  logic [3:0]             starts_i,   // with load_i[1]: words at which headers of destination options begin
    // the walk as the column before left it, with load_i[2]
    input  logic                   fresh_i,    // no walk so far
    input  logic                   here_i,     // place_i is in this column
    input  logic [PlaceBits-1:0]   place_i,
    input  logic [PointerBits-1:0] room_i,
    // two clocks later
    output logic                   looked_o,   // the walk has been here; if it is nowhere now, at byte place_o[3:0]
    output logic                   here_o,     // place_o is in the next column
    output logic [PlaceBits-1:0]   place_o,
    output logic [PointerBits-1:0] room_o      // words from this column's begin to the end of the walk's header
);

  localparam int UpperBits = PlaceBits - 4;
  // In units of eight bytes; a header of as many ends beyond every budget.
  localparam int LengthBits = PointerBits - 2;
  localparam logic [LengthBits-1:0] Longest = {LengthBits{1'b1}};  // not '1: to Yosys that is 1
  localparam logic [UpperBits-1:0] Nowhere = {UpperBits{1'b1}};

  // A header's length at each word, beside the map.
  logic [16*PlaceBits-1:0] map;
  logic [4*LengthBits-1:0] lengths1_q, lengths2_q, lengths3_q, lengths4_q, lengths_q;

  option_map #(.PlaceBits(PlaceBits)) u_map (.clk_i, .moves_i(maps_i), .load_i(map_load_i), .bytes_i, .map_o(map));

  always_ff @(posedge clk_i) begin : reduce
    integer w;
    logic [7:0] length;
    logic [4*LengthBits-1:0] lengths;
    if (maps_i) begin
      lengths_q <= lengths4_q;
      lengths4_q <= lengths3_q;
      lengths3_q <= lengths2_q;
      lengths2_q <= lengths1_q;
      if (map_load_i[0]) begin
        for (w = 0; w < 4; w = w + 1) begin
          length = bytes_i[32*w+8+:8];
          lengths[LengthBits*w+:LengthBits] = length >= 8'(Longest) ? Longest : length[LengthBits-1:0];
        end
        lengths1_q <= lengths;
      end
    end
  end

  // For each byte: its place, and whether that is in the next column.
  localparam int CodeBits = PlaceBits + 1;
  localparam int KeptBits = 16 * CodeBits + 4 * LengthBits;
  (* no_rw_check *) logic [KeptBits-1:0] kept_q [2**AtBits];

  always_ff @(posedge clk_i) begin : keep
    integer b;
    logic [PlaceBits-1:0] place;
    logic [16*CodeBits-1:0] codes;
    if (maps_i) begin
      if (keep_i) begin
        for (b = 0; b < 16; b = b + 1) begin
          place = map[PlaceBits*b+:PlaceBits];
          codes[CodeBits*b+:CodeBits] = {place >> 4 == '0, place};
        end
        kept_q[keep_at_i] <= {lengths_q, codes};
      end
    end
  end

  // A memory's output is slow: it goes into a register of its own first.
  logic [KeptBits-1:0] read_q1;
  logic [4*LengthBits-1:0] lengths_q2;
  logic [16*CodeBits-1:0] codes_q2;
  logic begins_q2;
  logic [1:0] word_q2;

  // Between the look-ups: the codes at the four bytes of the word in which place_i is, and the code that counts if the
  // walk is not here, or begins here.
  logic here_q3, looked_q3, begins_q3;
  logic [4*CodeBits-1:0] near_q3;
  logic [1:0] byte_q3;
  logic [CodeBits-1:0] aside_q3;
  logic [1:0] word_q3;
  logic [LengthBits-1:0] length_q3;
  logic [PointerBits-1:0] room_q3;

  always_ff @(posedge clk_i) begin : follow
    integer n;
    logic [UpperBits-1:0] upper;
    if (walks_i) begin
      if (load_i[0]) read_q1 <= kept_q[read_at_i];
      if (load_i[1]) begin
        {lengths_q2, codes_q2} <= read_q1;
        begins_q2 <= starts_i != '0;
        word_q2 <= starts_i[3] ? 2'd3 : starts_i[2] ? 2'd2 : {1'b0, starts_i[1]};
      end
      if (load_i[2]) begin
        upper = place_i[PlaceBits-1:4];
        here_q3 <= here_i & ~fresh_i & ~begins_q2;
        looked_q3 <= begins_q2 | (here_i & ~fresh_i);
        begins_q3 <= begins_q2;
        for (n = 0; n < 4; n = n + 1) begin
          near_q3[CodeBits*n+:CodeBits] <=
              place_i[3] ? (place_i[2] ? codes_q2[CodeBits*(12+n)+:CodeBits] : codes_q2[CodeBits*(8+n)+:CodeBits]) :
                           (place_i[2] ? codes_q2[CodeBits*(4+n)+:CodeBits] : codes_q2[CodeBits*n+:CodeBits]);
        end
        byte_q3 <= place_i[1:0];
        // Options begin two bytes into the first word of their header.
        aside_q3 <= begins_q2 ?
            (word_q2[1] ? (word_q2[0] ? codes_q2[CodeBits*14+:CodeBits] : codes_q2[CodeBits*10+:CodeBits]) :
                          (word_q2[0] ? codes_q2[CodeBits*6+:CodeBits] : codes_q2[CodeBits*2+:CodeBits])) :
            {upper == UpperBits'(1) & ~fresh_i, fresh_i || upper == Nowhere ? Nowhere : upper - 1'b1, place_i[3:0]};
        word_q3 <= word_q2;
        length_q3 <= word_q2[1] ?
            (word_q2[0] ? lengths_q2[LengthBits*3+:LengthBits] : lengths_q2[LengthBits*2+:LengthBits]) :
            (word_q2[0] ? lengths_q2[LengthBits+:LengthBits] : lengths_q2[0+:LengthBits]);
        room_q3 <= room_i[PointerBits-1:2] == '0 ? '0 : {room_i[PointerBits-1:2] - 1'b1, room_i[1:0]};
      end
      if (load_i[3]) begin
        looked_o <= looked_q3;
        {here_o, place_o} <= here_q3 ? near_q3[CodeBits*byte_q3+:CodeBits] : aside_q3;
        // Two words, and two for each unit of the length.
        room_o <= begins_q3 ? PointerBits'(word_q3) + PointerBits'({length_q3, 1'b0}) + PointerBits'(2) : room_q3;
      end
    end
  end

endmodule
