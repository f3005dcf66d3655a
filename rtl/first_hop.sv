// The walk's first step, one clock: where the header behind IP is and what it is; behind IPv6, if that is an extension
// header, the one behind this. It begins at one of three words alone: 14, 15 or 16, by the number of tags. With 64
// bytes a beat the last of these is the next beat's first, and the walk waits for that.
//
// Outputs as those of extension_hop.
module first_hop #(
    parameter int BeatBytes   = 64,
    parameter int PointerBits = 7
) (
    input  logic                         clk_i,
    // of link_decode, behind its first clock
    input  logic                         valid_i,     // there is a beat
    input  logic                         first_i,     // only with a beat
    input  logic                         extended_i,  // the frame has extension headers, or it does not matter
    input  logic [1:0]                   network_i,
    input  logic [1:0]                   tags_i,
    input  logic [4:0]                   end4_i,
    input  logic [2:0]                   kind_i,
    /* verilator lint_off UNUSEDSIGNAL */  // the unused bits of a word, and of its ends
    input  logic [95:0]                  words_i,
    /* verilator lint_on UNUSEDSIGNAL */
    // one clock later
    output logic                         walk_o,
    output logic [PointerBits-1:0]       pointer_o,
    output logic [2:0]                   kind_o,
    output logic                         found_routing_o,
    output logic                         found_options_o,
    output logic [$clog2(BeatBytes)-3:0] found_at_o
);

  localparam int Words = BeatBytes / 4;
  localparam int WordBits = $clog2(Words);

  logic waits_q;

  always_ff @(posedge clk_i) begin : hop
    logic skips, here, behind2;
    logic [2:0] kind;
    logic [WordBits-1:0] at;
    /* verilator lint_off UNUSEDSIGNAL */
    logic [31:0] word;
    /* verilator lint_on UNUSEDSIGNAL */
    walk_o <= first_i;
    if (first_i) begin
      pointer_o <= network_i == rss_pkg::NETWORK_IPV4 ? PointerBits'(4) + PointerBits'(end4_i) :
                                                        PointerBits'(14) + PointerBits'(tags_i);
      kind_o <= kind_i;
    end
    if (extended_i) begin
      kind = first_i ? kind_i : kind_o;
      skips = kind >= parser_pkg::KIND_SKIPPED;
      behind2 = ~first_i | tags_i[1];
      here = skips & (first_i ? Words > 16 || !tags_i[1] : valid_i & waits_q);
      at = behind2 ? WordBits'(16) : tags_i[0] ? WordBits'(15) : WordBits'(14);
      word = behind2 ? words_i[95:64] : tags_i[0] ? words_i[63:32] : words_i[31:0];
      if (skips) walk_o <= here;
      if (here & kind == parser_pkg::KIND_FRAGMENT) begin
        pointer_o <= PointerBits'(at) + PointerBits'(2);
        kind_o <= word[3] ? parser_pkg::KIND_OTHER : word[2:0];
      end else if (here) begin
        pointer_o <= kind == parser_pkg::KIND_AUTHENTICATION ? word[20+:PointerBits] : word[8+:PointerBits];
        kind_o <= word[2:0];
      end
      if (valid_i) waits_q <= first_i & skips & ~here;
      found_routing_o <= here & kind == parser_pkg::KIND_ROUTING & word[4];
      found_options_o <= here & kind == parser_pkg::KIND_OPTIONS & word[5];
      found_at_o <= at;
    end
  end

endmodule
