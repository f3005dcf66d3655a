// The end of the parser: two clocks. Decides, beat by beat, whether the frame's headers are complete, and gives each
// frame's fields once, at the first beat that settles them; later beats of the frame are passed over.
//
// Settled: no IP header; the last header that is read is complete; the frame ends; the budget of BudgetBeats ends. If
// the frame ends first, an IPv6 frame whose extension headers are incomplete comes to nothing, any other to a packet
// without a transport header. If the budget ends first, or there are more extension headers than hops, the frame comes
// to nothing and over_budget_o is high.
//
// Loads: the first at an edge with load_i, the second when advance_i lets the result through. settled_o is high for
// the clock between the two.
module frame_result #(
    parameter int BeatBytes   = 64,
    parameter int PointerBits = 7,
    parameter int BudgetBeats = 4,
    parameter int IdBits      = 16
) (
    input  logic                         clk_i,
    input  logic                         load_i,
    input  logic                         first_i,
    input  logic                         last_i,
    input  logic [$clog2(BeatBytes)-2:0] words_i,  // complete words of this beat
    input  logic [IdBits-1:0]            id_i,
    input  logic [1:0]                   network_i,
    input  logic [1:0]                   tags_i,
    input  logic                         extended_i,
    input  logic [8*BeatBytes-1:0]       beat_i,
    // the walk's end, once a frame: the header behind the last extension header; the end of what must be there of it
    input  logic                         walk_i,
    input  logic [PointerBits-1:0]       pointer_i,
    input  logic [PointerBits-1:0]       end_i,
    input  logic [2:0]                   kind_i,
    // addresses that begin in this beat
    input  logic                         routing_i,
    input  logic [$clog2(BeatBytes)-3:0] routing_at_i,  // word of the routing header
    input  logic                         home_i,
    input  logic [$clog2(BeatBytes):0]   home_at_i,     // byte of the address
    output logic                         settle_o,      // this beat settles the frame: a result follows
    // second clock
    input  logic                         load_result_i,
    output logic [IdBits-1:0]            id_o,
    output logic [1:0]                   network_o,
    output logic [1:0]                   transport_o,
    output logic                         extension_headers_o,
    output logic [127:0]                 source_o,
    output logic [127:0]                 destination_o,
    output logic [127:0]                 ex_source_o,
    output logic [127:0]                 ex_destination_o,
    output logic [15:0]                  source_port_o,
    output logic [15:0]                  destination_port_o,
    output logic                         over_budget_o
);

  localparam int Words = BeatBytes / 4;
  localparam int WordBits = $clog2(Words);
  localparam int CountBits = $clog2(BudgetBeats + 1);

  function automatic logic [31:0] swap(input logic [31:0] word);
    swap = {word[7:0], word[15:8], word[23:16], word[31:24]};
  endfunction
  function automatic logic [127:0] swap4(input logic [127:0] words);
    swap4 = {swap(words[31:0]), swap(words[63:32]), swap(words[95:64]), swap(words[127:96])};
  endfunction

  // What is known of the frame from earlier beats.
  logic done_q, walked_q, reached_q, ports_taken_q;
  logic [CountBits-1:0] beats_q;
  logic [PointerBits-1:0] pointer_q, end_q;
  logic [2:0] kind_q;

  logic walked, reached, complete, budget_ends, settle;
  logic [CountBits-1:0] beats;
  logic [PointerBits-1:0] pointer, ends;
  logic [2:0] kind;

  // Once reached, the pointer is behind this beat and means nothing any more.
  assign walked = walk_i | (walked_q & ~first_i);
  assign pointer = walk_i ? pointer_i : pointer_q;
  assign ends = walk_i ? end_i : end_q;
  assign kind = walk_i ? kind_i : kind_q;
  assign reached = walked & ((reached_q & ~walk_i) | pointer <= PointerBits'(words_i));
  assign complete = walked & ends <= PointerBits'(words_i);
  assign beats = first_i ? CountBits'(1) : beats_q;
  assign budget_ends = beats == CountBits'(BudgetBeats);
  assign settle = (first_i & network_i == rss_pkg::NETWORK_NONE) | complete | last_i | budget_ends;
  assign settle_o = settle & (first_i | ~done_q);

  // First clock.
  logic cut_q, over_q, extended_q;
  logic [1:0] network_q, transport_q;
  logic [IdBits-1:0] id_q;
  logic [31:0] ports_q;
  logic [127:0] source_q, destination_q;

  always_ff @(posedge clk_i) begin : gather
    logic [255:0] ip;  // from the third word of IP on
    if (load_i) begin
      if (first_i) begin
        id_q <= id_i;
        network_q <= network_i;
        extended_q <= extended_i;
        ip = tags_i == 2'd0 ? beat_i[32*6+:256] : tags_i == 2'd1 ? beat_i[32*7+:256] : beat_i[32*8+:256];
        if (network_i == rss_pkg::NETWORK_IPV4) begin
          source_q <= {swap(ip[32*1+:32]), 96'd0};
          destination_q <= {swap(ip[32*2+:32]), 96'd0};
        end else begin
          source_q <= swap4(ip[127:0]);
          destination_q <= swap4(ip[255:128]);
        end
      end
      if (first_i || !done_q) begin
        done_q <= settle & ~last_i;
        beats_q <= beats + 1'b1;
        walked_q <= walked;
        reached_q <= reached;
        ports_taken_q <= walked & ((ports_taken_q & ~walk_i) | pointer[PointerBits-1:WordBits] == '0);
        pointer_q <= pointer - PointerBits'(Words);
        end_q <= ends - PointerBits'(Words);
        kind_q <= kind;
        if (walked && !(ports_taken_q && !walk_i) && pointer[PointerBits-1:WordBits] == '0) begin
          ports_q <= swap(beat_i[{pointer[WordBits-1:0], 5'd0}+:32]);
        end
        transport_q <= !complete                       ? rss_pkg::TRANSPORT_NONE :
                       kind == parser_pkg::KIND_TCP    ? rss_pkg::TRANSPORT_TCP :
                       kind == parser_pkg::KIND_UDP    ? rss_pkg::TRANSPORT_UDP : rss_pkg::TRANSPORT_NONE;
        over_q <= complete ? kind >= parser_pkg::KIND_SKIPPED : budget_ends & ~last_i;
        cut_q <= ~reached;
      end
    end
  end

  logic home_captured, routing_captured;
  logic [127:0] home, routing;

  address_capture #(.BeatBytes(BeatBytes)) u_home (
      .clk_i, .load_i(load_i & extended_i), .first_i, .beat_i,
      .found_i(home_i), .at_i(home_at_i), .captured_o(home_captured), .address_o(home));

  address_capture #(.BeatBytes(BeatBytes)) u_routing (
      .clk_i, .load_i(load_i & extended_i), .first_i, .beat_i,
      .found_i(routing_i), .at_i({1'b0, routing_at_i, 2'd0} + (WordBits+3)'(8)),
      .captured_o(routing_captured), .address_o(routing));

  // Second clock.
  always_ff @(posedge clk_i) begin : result
    logic known;
    if (load_result_i) begin
      known = network_q != rss_pkg::NETWORK_NONE & ~over_q & ~(cut_q & network_q == rss_pkg::NETWORK_IPV6);
      id_o <= id_q;
      over_budget_o <= over_q & network_q != rss_pkg::NETWORK_NONE;
      network_o <= known ? network_q : rss_pkg::NETWORK_NONE;
      transport_o <= known ? transport_q : rss_pkg::TRANSPORT_NONE;
      extension_headers_o <= known & extended_q;
      source_o <= known ? source_q : 128'd0;
      destination_o <= known ? destination_q : 128'd0;
      ex_source_o <= !known ? 128'd0 : extended_q && home_captured ? home : source_q;
      ex_destination_o <= !known ? 128'd0 : extended_q && routing_captured ? routing : destination_q;
      {source_port_o, destination_port_o} <= known && transport_q != rss_pkg::TRANSPORT_NONE ? ports_q : 32'd0;
    end
  end

endmodule
