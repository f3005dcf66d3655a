// The end of the parser: three clocks. Gathers the addresses and ports of a frame as its beats pass, and gives its
// fields behind the beat that settles it. Behind a network of NETWORK_NONE the others mean nothing.
//
// The third clock is that behind the beat that settles the frame.
module frame_result #(
    parameter int BeatBytes   = 64,
    parameter int IdBits      = 16
) (
    input  logic                         clk_i,
    input  logic                         valid_i,     // a beat, in the second clock
    input  logic [2:0]                   load_i,      // a clock each
    // first clock: where addresses are, as address_capture takes it
    input  logic                         home_i,
    input  logic                         home_begins_i,
    input  logic                         home_continues_i,
    input  logic [$clog2(BeatBytes)-1:0] home_at_i,
    input  logic                         routing_i,
    input  logic                         routing_begins_i,
    input  logic                         routing_continues_i,
    input  logic [$clog2(BeatBytes)-1:0] routing_at_i,
    // second clock
    input  logic                         first_i,     // only with a beat
    input  logic [8*BeatBytes-1:0]       beat_i,      // as it came
    // the two bytes before it; identifier, tags, network of link_decode: of a frame's first beat
    input  logic [16+IdBits+3:0]         beside_i,
    // of frame_settle
    input  logic [1:0]                   network_i,
    input  logic [1:0]                   transport_i,
    input  logic                         over_budget_i,
    input  logic                         ports_i,
    input  logic [$clog2(BeatBytes)-3:0] ports_at_i,
    input  logic [$clog2(BeatBytes)-3:0] ports_before_i,
    // third clock; the fields that decide on the hash a clock before
    output logic [1:0]                   soon_network_o,
    output logic [1:0]                   soon_transport_o,
    output logic                         soon_extension_headers_o,
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

  function automatic logic [31:0] swap(input logic [31:0] word);
    swap = {word[7:0], word[15:8], word[23:16], word[31:24]};
  endfunction
  function automatic logic [127:0] swap4(input logic [127:0] words);
    swap4 = {swap(words[31:0]), swap(words[63:32]), swap(words[95:64]), swap(words[127:96])};
  endfunction

  logic [15:0] two_before;
  assign two_before = beside_i[IdBits+4+:16];

  // First and second clock.
  logic home_captured, routing_captured;
  logic [127:0] home, routing;
  logic [3:0] home_phase, routing_phase;

  address_capture #(.BeatBytes(BeatBytes)) u_home (
      .clk_i, .load_i(load_i[1:0]), .has_i(home_i), .begins_i(home_begins_i), .continues_i(home_continues_i),
      .at_i(home_at_i), .beat_i, .before_i(two_before), .captured_o(home_captured), .bytes_o(home),
      .phase_o(home_phase)
  );

  address_capture #(.BeatBytes(BeatBytes)) u_routing (
      .clk_i, .load_i(load_i[1:0]), .has_i(routing_i), .begins_i(routing_begins_i), .continues_i(routing_continues_i),
      .at_i(routing_at_i), .beat_i, .before_i(two_before), .captured_o(routing_captured), .bytes_o(routing),
      .phase_o(routing_phase)
  );

  // Second clock.
  logic over_q, extended_q;
  logic [1:0] network_q, transport_q;
  logic [IdBits-1:0] id_q;
  logic [31:0] ports_q;
  logic [127:0] source_q, destination_q;

  always_ff @(posedge clk_i) begin : gather
    logic ipv4;
    logic [1:0] tags;
    logic [63:0] addresses4;
    logic [255:0] addresses6;
    if (load_i[1]) begin
      network_q <= network_i;
      transport_q <= transport_i;
      over_q <= over_budget_i;
    end
    // Words are moved up by two bytes (link_decode).
    if (valid_i & ports_i) begin
      ports_q <= swap({beat_i[{ports_at_i, 5'd0}+:16],
                       ports_at_i == '0 ? two_before : beat_i[{ports_before_i, 5'd16}+:16]});
    end
    if (first_i) begin
      tags = beside_i[3:2];
      ipv4 = beside_i[1:0] == rss_pkg::NETWORK_IPV4;
      id_q <= beside_i[IdBits+3:4];
      extended_q <= beside_i[1:0] == parser_pkg::NETWORK_EXTENDED;
      if (ipv4) begin
        addresses4 = tags == 2'd0 ? beat_i[8*26+:64] : tags == 2'd1 ? beat_i[8*30+:64] : beat_i[8*34+:64];
        source_q <= {swap(addresses4[31:0]), 96'd0};
        destination_q <= {swap(addresses4[63:32]), 96'd0};
      end else begin
        addresses6 = tags == 2'd0 ? beat_i[8*22+:256] : tags == 2'd1 ? beat_i[8*26+:256] : beat_i[8*30+:256];
        source_q <= swap4(addresses6[127:0]);
        destination_q <= swap4(addresses6[255:128]);
      end
    end
  end

  assign soon_network_o = network_q;
  assign soon_transport_o = transport_q;
  assign soon_extension_headers_o = extended_q;

  // Third clock.
  always_ff @(posedge clk_i) begin
    if (load_i[2]) begin
      id_o <= id_q;
      over_budget_o <= over_q;
      network_o <= network_q;
      transport_o <= transport_q;
      extension_headers_o <= extended_q;
      source_o <= source_q;
      destination_o <= destination_q;
      ex_source_o <= source_q;
      ex_destination_o <= destination_q;
      if (home_captured) ex_source_o <= parser_pkg::address_of(home, home_phase);
      if (routing_captured) ex_destination_o <= parser_pkg::address_of(routing, routing_phase);
      {source_port_o, destination_port_o} <= ports_q;
    end
  end

endmodule
