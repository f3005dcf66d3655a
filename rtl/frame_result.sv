// The end of the parser: two clocks. Gathers the addresses and ports of a frame as its beats pass, and gives its fields
// behind the beat that settles it. Fields of a frame that came to nothing are 0.
//
// Loads: the first at an edge with load_i, the second at one with load_result_i, in the clock behind a beat with
// settle_i.
module frame_result #(
    parameter int BeatBytes   = 64,
    parameter int IdBits      = 16
) (
    input  logic                         clk_i,
    input  logic                         load_i,
    input  logic                         first_i,
    input  logic [IdBits-1:0]            id_i,
    input  logic                         ipv4_i,
    input  logic [1:0]                   tags_i,
    input  logic                         extended_i,
    input  logic [8*BeatBytes-1:0]       beat_i,
    // of frame_settle
    input  logic [1:0]                   network_i,
    input  logic [1:0]                   transport_i,
    input  logic                         over_budget_i,
    input  logic                         ports_i,
    input  logic [$clog2(BeatBytes)-3:0] ports_at_i,
    // addresses that begin in this beat
    input  logic                         routing_i,
    input  logic [$clog2(BeatBytes)-3:0] routing_at_i,  // word of the routing header
    input  logic                         home_i,
    input  logic [$clog2(BeatBytes)-1:0] home_at_i,     // byte of the address
    // second clock; the fields that decide on the hash a clock before
    output logic [1:0]                   soon_network_o,
    output logic [1:0]                   soon_transport_o,
    output logic                         soon_extension_headers_o,
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

  localparam int WordBits = $clog2(BeatBytes) - 2;

  function automatic logic [31:0] swap(input logic [31:0] word);
    swap = {word[7:0], word[15:8], word[23:16], word[31:24]};
  endfunction
  function automatic logic [127:0] swap4(input logic [127:0] words);
    swap4 = {swap(words[31:0]), swap(words[63:32]), swap(words[95:64]), swap(words[127:96])};
  endfunction

  // First clock.
  logic over_q, extended_q;
  logic [1:0] network_q, transport_q;
  logic [IdBits-1:0] id_q;
  logic [31:0] ports_q;
  logic [127:0] source_q, destination_q;

  always_ff @(posedge clk_i) begin : gather
    logic [255:0] ip;  // from the third word of IP on
    if (load_i) begin
      network_q <= network_i;
      transport_q <= transport_i;
      over_q <= over_budget_i;
      if (ports_i) ports_q <= swap(beat_i[{ports_at_i, 5'd0}+:32]);
      if (first_i) begin
        id_q <= id_i;
        extended_q <= extended_i;
        ip = tags_i == 2'd0 ? beat_i[32*6+:256] : tags_i == 2'd1 ? beat_i[32*7+:256] : beat_i[32*8+:256];
        if (ipv4_i) begin
          source_q <= {swap(ip[32*1+:32]), 96'd0};
          destination_q <= {swap(ip[32*2+:32]), 96'd0};
        end else begin
          source_q <= swap4(ip[127:0]);
          destination_q <= swap4(ip[255:128]);
        end
      end
    end
  end

  assign soon_network_o = network_q;
  assign soon_transport_o = transport_q;
  assign soon_extension_headers_o = extended_q;

  logic home_captured, routing_captured;
  logic [127:0] home, routing;
  logic [3:0] home_phase, routing_phase;

  address_capture #(.BeatBytes(BeatBytes)) u_home (
      .clk_i, .load_i(load_i & extended_i), .first_i, .beat_i,
      .found_i(home_i), .at_i({1'b0, home_at_i}), .captured_o(home_captured), .bytes_o(home),
      .phase_o(home_phase));

  address_capture #(.BeatBytes(BeatBytes)) u_routing (
      .clk_i, .load_i(load_i & extended_i), .first_i, .beat_i,
      .found_i(routing_i), .at_i({1'b0, routing_at_i, 2'd0} + (WordBits+3)'(8)),
      .captured_o(routing_captured), .bytes_o(routing), .phase_o(routing_phase));

  // Second clock.
  always_ff @(posedge clk_i) begin : result
    logic known;
    if (load_result_i) begin
      known = network_q != rss_pkg::NETWORK_NONE;
      id_o <= id_q;
      over_budget_o <= over_q;
      network_o <= network_q;
      transport_o <= known ? transport_q : rss_pkg::TRANSPORT_NONE;
      extension_headers_o <= known & extended_q;
      source_o <= known ? source_q : 128'd0;
      destination_o <= known ? destination_q : 128'd0;
      ex_source_o <= known ? source_q : 128'd0;
      ex_destination_o <= known ? destination_q : 128'd0;
      if (known & extended_q & home_captured) ex_source_o <= parser_pkg::address_of(home, home_phase);
      if (known & extended_q & routing_captured) ex_destination_o <= parser_pkg::address_of(routing, routing_phase);
      {source_port_o, destination_port_o} <= known && transport_q != rss_pkg::TRANSPORT_NONE ? ports_q : 32'd0;
    end
  end

endmodule
