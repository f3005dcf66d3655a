// Looks for a home address (RFC 6275, 6.3) in the destination options of a frame: one search per extension header, all
// in the same clock, each from its header's first option over all its beats. The first good one wins: the right length,
// within its header, the first header first.
//
// Two clocks: the map is looked up, then ends are compared. A search of a later beat begins where the map of the beat
// before said; that register to map to register is the only loop. A frame gives at most one find (found_o) a beat; who
// captures it takes the first.
module home_address_search #(
    parameter int BeatBytes   = 64,
    parameter int PointerBits = 7,
    parameter int JumpBits    = 8,
    parameter int Searches    = 4
) (
    input  logic                                      clk_i,
    input  logic [1:0]                                load_i,
    input  logic                                      first_i,
    input  logic [BeatBytes*JumpBits-1:0]             map_i,  // of option_map, for this beat
    // headers of destination options that begin in this beat: first and last word + 1, from the beat's begin
    input  logic [Searches-1:0]                       options_i,
    input  logic [Searches*($clog2(BeatBytes)-2)-1:0] options_at_i,
    input  logic [Searches*PointerBits-1:0]           options_end_i,
    // two clocks later: the address's first byte, from the beat's begin; it may lie in the next beat
    output logic                                      found_o,
    output logic [$clog2(BeatBytes):0]                found_at_o
);

  localparam int ByteBits = $clog2(BeatBytes);
  localparam int WordBits = ByteBits - 2;
  localparam logic [$clog2(JumpBits)-1:0] JumpZeros = '0;

  logic [Searches-1:0] searches_q;
  logic [Searches*JumpBits-1:0] at_q;
  logic [Searches*PointerBits-1:0] end_q;

  // What the searches met, and how far their headers reach.
  logic [Searches-1:0] met_q;
  logic [Searches*ByteBits-1:0] met_at_q;
  logic [Searches*PointerBits-1:0] met_end_q;

  always_ff @(posedge clk_i) begin : search
    integer s;
    logic [JumpBits-1:0] at, met;
    logic [PointerBits-1:0] ends;
    logic here, found;
    if (load_i[0]) begin
      for (s = 0; s < Searches; s = s + 1) begin
        met_q[s] <= 1'b0;
        searches_q[s] <= 1'b0;
        if (options_i[s] || (searches_q[s] && !first_i)) begin
          at = options_i[s] ? JumpBits'({options_at_i[s*WordBits+:WordBits], 2'd2}) : at_q[s*JumpBits+:JumpBits];
          ends = options_i[s] ? options_end_i[s*PointerBits+:PointerBits] : end_q[s*PointerBits+:PointerBits];
          here = at[JumpBits-1:ByteBits] == '0;
          met = here ? map_i[{at[ByteBits-1:0], JumpZeros}+:JumpBits] : at;
          found = met[JumpBits-1:ByteBits] == '0;
          met_q[s] <= found;
          met_at_q[s*ByteBits+:ByteBits] <= met[ByteBits-1:0];
          met_end_q[s*PointerBits+:PointerBits] <= ends;
          searches_q[s] <= !found && ends > PointerBits'(BeatBytes / 4);
          at_q[s*JumpBits+:JumpBits] <= met - JumpBits'(BeatBytes);
          end_q[s*PointerBits+:PointerBits] <= ends - PointerBits'(BeatBytes / 4);
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin : check
    integer s;
    logic [PointerBits-1:0] address_end;
    if (load_i[1]) begin
      found_o <= 1'b0;
      for (s = Searches - 1; s >= 0; s = s - 1) begin
        // The option's 18 bytes, up to the next word.
        address_end = PointerBits'((9'(met_at_q[s*ByteBits+:ByteBits]) + 9'd21) >> 2);
        if (met_q[s] && address_end <= met_end_q[s*PointerBits+:PointerBits]) begin
          found_o <= 1'b1;
          found_at_o <= (ByteBits+1)'(met_at_q[s*ByteBits+:ByteBits]) + (ByteBits+1)'(2);
        end
      end
    end
  end

endmodule
