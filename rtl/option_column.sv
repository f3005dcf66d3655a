// Sixteen bytes of every beat, and the walk over IPv6 options that goes through them. Beats are written as they come and
// read again when a walk is to go through: nine clocks from read_at_i to the step, load_i[n] being high n clocks after.
//
// A walk comes in from the column before, or begins here, behind the first word of a header of destination options; it
// leaves at a place counted from this column's end. Both are codes of option_map, where all ones in the upper bits is
// nowhere, for good. One that begins here replaces the one that comes in: a home address option is longer than a column,
// so the replaced walk's header has no room for one any more. For the same reason the last header that begins here is the
// one that counts.
module option_column #(
    parameter int PlaceBits   = 8,
    parameter int PointerBits = 7,
    parameter int AtBits      = 6   // of places of the memory
) (
    input  logic                   clk_i,
    // the beats' bytes in this column and the one behind
    input  logic                   write_i,
    input  logic [AtBits-1:0]      write_at_i,
    input  logic [8*17-1:0]        bytes_i,
    // words at which headers of destination options begin
    input  logic                   starts_write_i,
    input  logic [AtBits-1:0]      starts_at_i,
    input  logic [3:0]             starts_i,
    // a walk
    input  logic [9:0]             load_i,
    input  logic [AtBits-1:0]      read_at_i,  // with load_i[0]
    // the walk as the column before left it, with load_i[9]
    input  logic                   here_i,     // place_i is in this column
    input  logic [PlaceBits-1:0]   place_i,
    input  logic [PointerBits-1:0] room_i,
    // one clock later
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

  (* no_rw_check *) logic [8*17-1:0] bytes_q [2**AtBits];
  (* no_rw_check *) logic [3:0] starts_q [2**AtBits];

  always_ff @(posedge clk_i) if (write_i) bytes_q[write_at_i] <= bytes_i;
  always_ff @(posedge clk_i) if (starts_write_i) starts_q[starts_at_i] <= starts_i;

  // A memory's output is slow: it goes into a register of its own first.
  logic [8*17-1:0] read_q1, read_q2;
  logic [3:0] starts_q1, starts_q2;
  logic [16*PlaceBits-1:0] map, map_q9;

  option_map #(.PlaceBits(PlaceBits)) u_map (.clk_i, .load_i(load_i[7:2]), .bytes_i(read_q2), .map_o(map));

  // Where the walk begins: its place is known with the map, five clocks later.
  localparam int StartBits = 1 + 2 + LengthBits;
  logic begins_q3;
  logic [1:0] word_q3;
  logic [7:0] length_q3;
  logic [5*StartBits-1:0] starts_q8;  // the oldest in the upper bits

  logic start_q9;
  logic [1:0] word_q9;
  logic [LengthBits-1:0] length_q9;
  logic [PlaceBits-1:0] start_place_q9;
  // Whether the places of the map, and that of the start, are in the next column.
  logic [15:0] next_q9;
  logic start_next_q9;

  always_ff @(posedge clk_i) begin : follow
    integer b;
    logic start;
    logic [1:0] last, word;
    logic [LengthBits-1:0] length;
    logic [15:0] next;
    logic [UpperBits-1:0] upper;
    if (load_i != '0) begin
      if (load_i[0]) begin
        read_q1 <= bytes_q[read_at_i];
        starts_q1 <= starts_q[read_at_i];
      end
      if (load_i[1]) begin
        read_q2 <= read_q1;
        starts_q2 <= starts_q1;
      end
      if (load_i[2]) begin
        last = starts_q2[3] ? 2'd3 : starts_q2[2] ? 2'd2 : {1'b0, starts_q2[1]};
        begins_q3 <= starts_q2 != '0;
        word_q3 <= last;
        length_q3 <= last[1] ? (last[0] ? read_q2[8*13+:8] : read_q2[8*9+:8]) :
                               (last[0] ? read_q2[8*5+:8] : read_q2[8*1+:8]);
      end
      length = length_q3 >= 8'(Longest) ? Longest : length_q3[LengthBits-1:0];
      starts_q8 <= {starts_q8[4*StartBits-1:0], begins_q3, word_q3, length};
      if (load_i[8]) begin
        {start, word, length} = starts_q8[4*StartBits+:StartBits];
        {start_q9, word_q9, length_q9} <= {start, word, length};
        for (b = 0; b < 16; b = b + 1) next[b] = map[PlaceBits*b+4+:UpperBits] == '0;
        map_q9 <= map;
        next_q9 <= next;
        // Options begin two bytes into the first word of their header.
        start_place_q9 <= word[1] ? (word[0] ? map[14*PlaceBits+:PlaceBits] : map[10*PlaceBits+:PlaceBits]) :
                                    (word[0] ? map[6*PlaceBits+:PlaceBits] : map[2*PlaceBits+:PlaceBits]);
        start_next_q9 <= word[1] ? (word[0] ? next[14] : next[10]) : (word[0] ? next[6] : next[2]);
      end
      // The step.
      if (load_i[9]) begin
        upper = place_i[PlaceBits-1:4];
        looked_o <= start_q9 | here_i;
        here_o <= start_q9 ? start_next_q9 : here_i ? next_q9[place_i[3:0]] : upper == UpperBits'(1);
        place_o <= start_q9 ? start_place_q9 :
                   here_i ? map_q9[PlaceBits*place_i[3:0]+:PlaceBits] :
                   {upper != Nowhere ? upper - 1'b1 : Nowhere, place_i[3:0]};
        // Two words, and two for each unit of the length.
        room_o <= start_q9 ? PointerBits'(word_q9) + PointerBits'({length_q9, 1'b0}) + PointerBits'(2) :
                  room_i[PointerBits-1:2] == '0 ? '0 : {room_i[PointerBits-1:2] - 1'b1, room_i[1:0]};
      end
    end
  end

endmodule
