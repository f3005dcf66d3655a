// One step of the walk over IPv6 extension headers, one clock: takes the walk where the hop before left it and leaves
// it behind the next extension header. Beats pass one by one; a header that begins in a later beat is waited for, beats
// of other frames in between cannot be. Anything that is no extension header passes through as it is.
//
// walk_i is high with the beat in which the hop before knew where the walk goes on: once a frame. Pointers are words
// from the begin of the beat they come with.
module extension_hop #(
    parameter int BeatBytes   = 64,
    parameter int PointerBits = 7
) (
    input  logic                         clk_i,
    input  logic                         load_i,
    input  logic                         first_i,
    input  logic                         extended_i,  // the frame has extension headers
    input  logic [8*BeatBytes-1:0]       words_i,     // of extension_words, for this beat
    input  logic                         walk_i,
    input  logic [PointerBits-1:0]       pointer_i,
    input  logic [2:0]                   kind_i,
    // a type 2 routing header with an address that begins in this beat; the first one found wins
    input  logic                         routing_i,
    input  logic [$clog2(BeatBytes)-3:0] routing_at_i,
    // words of this beat at which headers of destination options begin that have room for a home address
    input  logic [BeatBytes/4-1:0]       starts_i,
    input  logic                         has_starts_i,
    // one clock later
    output logic [8*BeatBytes-1:0]       words_o,
    output logic                         walk_o,
    output logic [PointerBits-1:0]       pointer_o,
    output logic [2:0]                   kind_o,
    output logic                         routing_o,
    output logic [$clog2(BeatBytes)-3:0] routing_at_o,
    output logic [BeatBytes/4-1:0]       starts_o,
    output logic                         has_starts_o
);

  localparam int Words = BeatBytes / 4;
  localparam int WordBits = $clog2(Words);

  logic waits_q;
  logic [PointerBits-1:0] pointer_q;
  logic [2:0] kind_q;

  always_ff @(posedge clk_i) begin : hop
    logic hops, here;
    logic [PointerBits-1:0] pointer;
    logic [2:0] kind;
    /* verilator lint_off UNUSEDSIGNAL */  // the unused bits of a word, and of its ends
    logic [31:0] word;
    /* verilator lint_on UNUSEDSIGNAL */
    if (load_i) begin
      walk_o <= walk_i;
      pointer_o <= pointer_i;
      kind_o <= kind_i;
      routing_o <= routing_i;
      routing_at_o <= routing_at_i;
      if (extended_i) begin
        pointer = walk_i ? pointer_i : pointer_q;
        kind = walk_i ? kind_i : kind_q;
        hops = (walk_i | (waits_q & ~first_i)) & kind >= parser_pkg::KIND_SKIPPED;
        here = hops & pointer[PointerBits-1:WordBits] == '0;
        words_o <= words_i;
        starts_o <= starts_i;
        has_starts_o <= has_starts_i;
        waits_q <= hops & ~here;
        pointer_q <= pointer - PointerBits'(Words);
        kind_q <= kind;
        if (hops) begin
          word = words_i[{pointer[WordBits-1:0], 5'd0}+:32];
          walk_o <= here;
          pointer_o <= kind == parser_pkg::KIND_AUTHENTICATION ? word[20+:PointerBits] :
                       kind == parser_pkg::KIND_FRAGMENT       ? pointer + PointerBits'(2) : word[8+:PointerBits];
          kind_o <= kind == parser_pkg::KIND_FRAGMENT & word[3] ? parser_pkg::KIND_OTHER : word[2:0];
          if (here && !routing_i && kind == parser_pkg::KIND_ROUTING && word[4]) begin
            routing_o <= 1'b1;
            routing_at_o <= pointer[WordBits-1:0];
          end
          if (here && kind == parser_pkg::KIND_OPTIONS && word[5]) begin
            starts_o[pointer[WordBits-1:0]] <= 1'b1;
            has_starts_o <= 1'b1;
          end
        end
      end
    end
  end

endmodule
