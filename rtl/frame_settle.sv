// When a frame's headers are complete, and what they come to: three clocks.
//
// Settled: no IP header; the last header that is read is complete; the frame ends; the budget ends. If the frame ends
// first, an IPv6 frame whose extension headers are incomplete comes to nothing, any other to a packet without a
// transport header. If the budget ends first, or there are more extension headers than hops, the frame comes to nothing
// and is over budget. settle_o is high for the first beat that settles its frame; the fields count with that beat.
module frame_settle #(
    parameter int BeatBytes   = 64,
    parameter int PointerBits = 7
) (
    input  logic                         clk_i,
    input  logic                         enters_i,       // a beat, in the first clock
    input  logic [1:0]                   load_i,         // second and third clock; the second may come late
    input  logic                         decides_i,      // a beat, in the third
    input  logic                         first_i,
    input  logic                         last_i,
    input  logic                         budget_ends_i,  // with this beat
    input  logic [$clog2(BeatBytes)-2:0] words_i,        // complete words of this beat
    input  logic [1:0]                   network_i,      // of link_decode
    // the walk's end, once a frame: the header behind the last extension header, in words from the beat's begin
    input  logic                         walk_i,
    input  logic [PointerBits-1:0]       pointer_i,
    input  logic [2:0]                   kind_i,
    // three clocks later
    output logic                         settle_o,
    output logic [1:0]                   network_o,
    output logic [1:0]                   transport_o,
    output logic                         over_budget_o,
    output logic                         ports_o,        // the header behind begins in this beat, at this word
    output logic [$clog2(BeatBytes)-3:0] ports_at_o,
    output logic [$clog2(BeatBytes)-4:0] ports_before_o  // the pair of words before its own
);

  localparam int Words = BeatBytes / 4;
  localparam int WordBits = $clog2(Words);

  // First clock: the walk's end, and how far this beat reaches, in words from the begin of the beat with which it was
  // known; later_q1 beats later.
  logic first_q1, last_q1, budget_ends_q1, walked_q1;
  logic [1:0] network_q1;
  logic [PointerBits-1:0] pointer_q1, end_q1, reach_q1;
  logic [PointerBits-WordBits-1:0] later_q1;
  logic [2:0] kind_q1;

  always_ff @(posedge clk_i) begin : follow
    logic [PointerBits-WordBits-1:0] later;
    if (enters_i) begin
      first_q1 <= first_i;
      last_q1 <= last_i;
      budget_ends_q1 <= budget_ends_i;
      network_q1 <= network_i;
      walked_q1 <= walk_i | (walked_q1 & ~first_i);
      if (walk_i) begin
        kind_q1 <= kind_i;
        pointer_q1 <= pointer_i;
        // The fixed part of a transport header must be there; extension_words leaves room for it.
        end_q1 <= kind_i == parser_pkg::KIND_TCP ? pointer_i + PointerBits'(5) :
                  kind_i == parser_pkg::KIND_UDP ? pointer_i + PointerBits'(2) : pointer_i;
      end
      later = walk_i ? '0 : later_q1 + 1'b1;
      later_q1 <= later;
      reach_q1 <= {later, {WordBits{1'b0}}} + PointerBits'(words_i);
    end
  end

  // Second clock: what is complete with it.
  logic first_q2, last_q2, budget_ends_q2, complete_q2, reached_q2, ports_q2;
  logic [1:0] network_q2;
  logic [WordBits-1:0] ports_at_q2;
  logic [2:0] kind_q2;

  always_ff @(posedge clk_i) begin : compare
    if (load_i[0]) begin
      first_q2 <= first_q1;
      last_q2 <= last_q1;
      budget_ends_q2 <= budget_ends_q1;
      network_q2 <= network_q1;
      kind_q2 <= kind_q1;
      complete_q2 <= walked_q1 & end_q1 <= reach_q1;
      reached_q2 <= walked_q1 & pointer_q1 <= reach_q1;
      ports_q2 <= walked_q1 & pointer_q1[PointerBits-1:WordBits] == later_q1;
      ports_at_q2 <= pointer_q1[WordBits-1:0];
    end
  end

  // Third clock.
  logic settles, over, done_q;
  assign settles = (first_q2 & network_q2 == rss_pkg::NETWORK_NONE) | complete_q2 | last_q2 | budget_ends_q2;
  assign over = network_q2 != rss_pkg::NETWORK_NONE &
                (complete_q2 ? kind_q2 >= parser_pkg::KIND_SKIPPED : budget_ends_q2 & ~last_q2);

  always_ff @(posedge clk_i) begin : decide
    if (load_i[1]) begin
      settle_o <= settles & (first_q2 | ~done_q);
      if (decides_i) done_q <= settles | (done_q & ~first_q2);
      over_budget_o <= over;
      network_o <= over | (network_q2[1] & ~reached_q2) ? rss_pkg::NETWORK_NONE :
                   network_q2[1] ? rss_pkg::NETWORK_IPV6 : network_q2;
      transport_o <= !complete_q2                       ? rss_pkg::TRANSPORT_NONE :
                     kind_q2 == parser_pkg::KIND_TCP    ? rss_pkg::TRANSPORT_TCP :
                     kind_q2 == parser_pkg::KIND_UDP    ? rss_pkg::TRANSPORT_UDP : rss_pkg::TRANSPORT_NONE;
      ports_o <= ports_q2;
      ports_at_o <= ports_at_q2;
      ports_before_o <= ports_at_q2[WordBits-1:1] - 1'b1;
    end
  end

endmodule
