// One step of the walk over IPv6 extension headers, one clock: takes the walk where the hop before left it and leaves
// it behind the next extension header. Beats pass one by one; a header that begins in a later beat is waited for, beats
// of other frames in between cannot be. Anything that is no extension header passes through as it is.
//
// walk_i is high with the beat in which the hop before knew where the walk goes on: once a frame. Pointers are words
// from the begin of that beat; pointer_i and kind_i stay until the next frame's walk.
module extension_hop #(
    parameter int BeatBytes   = 64,
    parameter int PointerBits = 7,
    parameter int FirstHop    = 0   // 1: the walk comes from an IPv6 header
) (
    input  logic                         clk_i,
    input  logic                         load_i,
    input  logic                         valid_i,     // there is a beat; without load_i there is none
    input  logic                         first_i,
    input  logic                         extended_i,  // the frame has extension headers, or it does not matter
    input  logic [8*BeatBytes-1:0]       words_i,     // of extension_words, for this beat
    input  logic                         walk_i,
    input  logic [PointerBits-1:0]       pointer_i,
    input  logic [2:0]                   kind_i,
    // what the hop before found in this beat, at which word: a type 2 routing header with an address, or a header of
    // destination options that has room for a home address
    input  logic                         found_routing_i,
    input  logic                         found_options_i,
    input  logic [$clog2(BeatBytes)-3:0] found_at_i,
    // and those before it: the first routing header; all words at which options begin, and whether there are any
    input  logic                         routing_i,
    input  logic [$clog2(BeatBytes)-3:0] routing_at_i,
    input  logic [BeatBytes/4-1:0]       starts_i,
    input  logic                         has_starts_i,
    // one clock later
    output logic [8*BeatBytes-1:0]       words_o,
    output logic                         walk_o,
    output logic [PointerBits-1:0]       pointer_o,
    output logic [2:0]                   kind_o,
    output logic                         found_routing_o,
    output logic                         found_options_o,
    output logic [$clog2(BeatBytes)-3:0] found_at_o,
    output logic                         routing_o,
    output logic [$clog2(BeatBytes)-3:0] routing_at_o,
    output logic [BeatBytes/4-1:0]       starts_o,
    output logic                         has_starts_o
);

  localparam int Words = BeatBytes / 4;
  localparam int WordBits = $clog2(Words);

  // Behind the IPv6 header a header can begin at three words alone: 14, 15 or 16, by the number of tags; with 64 bytes a
  // beat the third is the next one's first.
  localparam int Behind2 = 16 % Words;

  // In how many beats a walk that waits is to go on; where in that beat, pointer_i still says.
  logic waits_q;
  logic [PointerBits-WordBits-1:0] beats_q;

  always_ff @(posedge clk_i) begin : hop
    logic skips, hops, here;
    logic [WordBits-1:0] at;
    logic [PointerBits-WordBits-1:0] beats;
    /* verilator lint_off UNUSEDSIGNAL */  // the unused bits of a word, and of its ends
    logic [31:0] word;
    /* verilator lint_on UNUSEDSIGNAL */
    if (load_i) begin
      walk_o <= walk_i;
      if (valid_i & walk_i) begin
        pointer_o <= pointer_i;
        kind_o <= kind_i;
      end
      if (extended_i) begin
        skips = kind_i >= parser_pkg::KIND_SKIPPED;
        at = pointer_i[WordBits-1:0];
        beats = walk_i ? pointer_i[PointerBits-1:WordBits] : beats_q;
        hops = skips & (walk_i | (waits_q & ~first_i));
        here = hops & beats == '0;
        if (skips) walk_o <= here;
        words_o <= words_i;
        found_routing_o <= 1'b0;
        found_options_o <= 1'b0;
        found_at_o <= at;
        routing_o <= routing_i | found_routing_i;
        routing_at_o <= routing_i ? routing_at_i : found_at_i;
        starts_o <= starts_i;
        has_starts_o <= has_starts_i | found_options_i;
        if (found_options_i) starts_o[found_at_i] <= 1'b1;
        if (valid_i) begin
          waits_q <= hops & ~here;
          beats_q <= beats - 1'b1;
        end
        if (here) begin
          word = FirstHop == 0 ? words_i[{at, 5'd0}+:32] :
                 at[0] ? words_i[32*15+:32] : at[1] ? words_i[32*14+:32] : words_i[32*Behind2+:32];
          if (valid_i) begin
            pointer_o <= kind_i == parser_pkg::KIND_AUTHENTICATION ? word[20+:PointerBits] :
                         kind_i == parser_pkg::KIND_FRAGMENT ? PointerBits'(at) + PointerBits'(2) : word[8+:PointerBits];
            kind_o <= kind_i == parser_pkg::KIND_FRAGMENT & word[3] ? parser_pkg::KIND_OTHER : word[2:0];
          end
          found_routing_o <= kind_i == parser_pkg::KIND_ROUTING & word[4];
          found_options_o <= kind_i == parser_pkg::KIND_OPTIONS & word[5];
        end
      end
    end
  end

endmodule
