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
    input  logic [1:0]                   tags_i,
    input  logic [2:0]                   ipv4_i,
    input  logic [14:0]                  end4_i,
    input  logic [8:0]                   kind4_i,
    input  logic [8:0]                   kind6_i,
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

  // With 64 bytes a beat: the walk is at the next beat's first word.
  logic waits_q;

  // Behind an extension header of this kind, which begins with this word.
  /* verilator lint_off UNUSEDSIGNAL */
  function automatic logic [PointerBits-1:0] behind(input int begins, input logic [2:0] kind, input logic [31:0] word);
    behind = kind == parser_pkg::KIND_FRAGMENT ? PointerBits'(begins + 2) :
             kind == parser_pkg::KIND_AUTHENTICATION ? word[20+:PointerBits] : word[8+:PointerBits];
  endfunction
  function automatic logic [2:0] kind_behind(input logic [2:0] kind, input logic [31:0] word);
    kind_behind = kind == parser_pkg::KIND_FRAGMENT & word[3] ? parser_pkg::KIND_OTHER : word[2:0];
  endfunction
  /* verilator lint_on UNUSEDSIGNAL */

  // Each place by itself, and the tags last of all: they are known late. A place without IP counts as IPv6; nothing comes
  // of such a frame.
  always_ff @(posedge clk_i) begin : hop
    integer t;
    logic [2:0] kind;
    /* verilator lint_off UNUSEDSIGNAL */
    logic [31:0] word;
    /* verilator lint_on UNUSEDSIGNAL */
    walk_o <= first_i;
    if (first_i) begin
      for (t = 0; t < 3; t = t + 1) begin
        if (tags_i == t[1:0]) begin
          kind = kind6_i[3*t+:3];
          word = words_i[32*t+:32];
          found_routing_o <= 1'b0;
          found_options_o <= 1'b0;
          waits_q <= 1'b0;
          if (ipv4_i[t]) begin
            pointer_o <= PointerBits'(end4_i[5*t+:5]);
            kind_o <= kind4_i[3*t+:3];
          end else if (kind < parser_pkg::KIND_SKIPPED) begin
            pointer_o <= PointerBits'(14 + t);
            kind_o <= kind;
          end else if (14 + t < Words) begin
            pointer_o <= behind(14 + t, kind, word);
            kind_o <= kind_behind(kind, word);
            found_routing_o <= kind == parser_pkg::KIND_ROUTING & word[4];
            found_options_o <= kind == parser_pkg::KIND_OPTIONS & word[5];
            found_at_o <= WordBits'(14 + t);
          end else begin
            pointer_o <= PointerBits'(14 + t);
            kind_o <= kind;
            walk_o <= 1'b0;
            waits_q <= 1'b1;
          end
        end
      end
    end else if (extended_i) begin
      kind = kind_o;
      word = words_i[95:64];
      found_routing_o <= 1'b0;
      found_options_o <= 1'b0;
      if (valid_i & waits_q) begin
        walk_o <= 1'b1;
        pointer_o <= behind(0, kind, word);
        kind_o <= kind_behind(kind, word);
        found_routing_o <= kind == parser_pkg::KIND_ROUTING & word[4];
        found_options_o <= kind == parser_pkg::KIND_OPTIONS & word[5];
        found_at_o <= '0;
        waits_q <= 1'b0;
      end
    end
  end

endmodule
