// One step of the walk over IPv6 extension headers, two clocks: takes the walk where the hop before left it and leaves
// it behind the next extension header. Beats pass one by one; a header that begins in a later beat is waited for, beats
// of other frames in between cannot be. Anything that is no extension header passes through as it is.
//
// walk_i is high with the beat in which the hop before knew where the walk goes on: once a frame, and never without a
// beat. Pointers are words from the begin of that beat; pointer_i and kind_i stay until the next frame's walk.
//
// First clock: whether the header begins in this beat, and four words, one of which it begins with. Second clock: that
// one, and what it says.
module extension_hop #(
    parameter int BeatBytes   = 64,
    parameter int PointerBits = 7
) (
    input  logic                         clk_i,
    // in the first clock, and in the second: a beat of a frame with extension headers, or whatever it is
    input  logic                         extended1_i,
    input  logic                         extended2_i,
    input  logic                         valid_i,     // there is a beat, in the first clock
    input  logic                         first_i,
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
    // two clocks later
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
  localparam int QuarterBits = 8 * BeatBytes / 4;

  // In how many beats a walk that waits is to go on; where in that beat, pointer_i still says.
  logic waits_q;
  logic [PointerBits-WordBits-1:0] beats_q;

  // An extension header is in this beat if walk_q is high and the kind is one.
  logic walk_q, skips_q, ends_q, authentication_q, fragment_q, is_routing_q, is_options_q;
  logic [PointerBits-1:0] pointer_q;  // where the walk goes on if that word does not say it
  logic [WordBits-1:0] at_q;
  logic [2:0] kind_q;
  /* verilator lint_off UNUSEDSIGNAL */  // the unused bits of a word, and of its ends
  logic [127:0] words4_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [8*BeatBytes-1:0] words_q;
  logic routing_q, has_starts_q;
  logic [WordBits-1:0] routing_at_q;
  logic [Words-1:0] starts_q;

  always_ff @(posedge clk_i) begin : reach
    integer q;
    logic skips, hops, here, fragment;
    logic [WordBits-1:0] at;
    logic [PointerBits-WordBits-1:0] beats;
    logic [QuarterBits-1:0] quarter;
    walk_q <= walk_i;
    if (walk_i) begin
      pointer_q <= pointer_i;
      kind_q <= kind_i;
    end
    if (extended1_i) begin
      skips = kind_i >= parser_pkg::KIND_SKIPPED;
      fragment = kind_i == parser_pkg::KIND_FRAGMENT;
      at = pointer_i[WordBits-1:0];
      beats = walk_i ? pointer_i[PointerBits-1:WordBits] : beats_q;
      hops = skips & (walk_i | (valid_i & waits_q & ~first_i));
      here = hops & beats == '0;
      if (skips) walk_q <= here;
      if (walk_i & fragment) pointer_q <= PointerBits'(at) + PointerBits'(2);
      if (valid_i) begin
        waits_q <= hops & ~here;
        beats_q <= beats - 1'b1;
      end
      skips_q <= skips;
      ends_q <= skips & ~fragment;
      at_q <= at;
      authentication_q <= kind_i == parser_pkg::KIND_AUTHENTICATION;
      fragment_q <= fragment;
      is_routing_q <= kind_i == parser_pkg::KIND_ROUTING;
      is_options_q <= kind_i == parser_pkg::KIND_OPTIONS;
      for (q = 0; q < 4; q = q + 1) begin
        quarter = words_i[QuarterBits*q+:QuarterBits];
        words4_q[32*q+:32] <= quarter[{at[WordBits-3:0], 5'd0}+:32];
      end
      words_q <= words_i;
      routing_q <= routing_i | found_routing_i;
      routing_at_q <= routing_i ? routing_at_i : found_at_i;
      starts_q <= starts_i;
      has_starts_q <= has_starts_i | found_options_i;
      if (found_options_i) starts_q[found_at_i] <= 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin : hop
    /* verilator lint_off UNUSEDSIGNAL */
    logic [31:0] word;
    /* verilator lint_on UNUSEDSIGNAL */
    walk_o <= walk_q;
    if (walk_q) begin
      pointer_o <= pointer_q;
      kind_o <= kind_q;
    end
    if (extended2_i) begin
      word = words4_q[{at_q[WordBits-1-:2], 5'd0}+:32];
      if (walk_q & ends_q) pointer_o <= authentication_q ? word[20+:PointerBits] : word[8+:PointerBits];
      if (walk_q & skips_q) kind_o <= fragment_q & word[3] ? parser_pkg::KIND_OTHER : word[2:0];
      found_routing_o <= walk_q & is_routing_q & word[4];
      found_options_o <= walk_q & is_options_q & word[5];
      found_at_o <= at_q;
      words_o <= words_q;
      routing_o <= routing_q;
      routing_at_o <= routing_at_q;
      starts_o <= starts_q;
      has_starts_o <= has_starts_q;
    end
  end

endmodule
