// The end of the parser: three clocks. Gathers the addresses and ports of a frame as its beats pass, and gives its
// fields behind the beat that settles it. Behind a network of NETWORK_NONE the others mean nothing.
//
// The third clock is that behind the beat that settles the frame.
module frame_result #(
    parameter int BeatBytes   = 64,
    parameter int IdBits      = 16,
    parameter int HoldIdle    = 1   // see frame_parser
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
    // the two bytes before it; of a frame's first beat the identifier, whether there are extension headers, and as a bit
    // what there is: IPv6 behind 2, 1, 0 tags, IPv4 behind 2, 1, 0 tags
    input  logic [16+IdBits:0]           beside_i,
    input  logic [5:0]                   place_i,
    // of frame_settle
    input  logic [1:0]                   network_i,
    input  logic [1:0]                   transport_i,
    input  logic                         over_budget_i,
    input  logic                         ports_i,
    input  logic [$clog2(BeatBytes)-3:0] ports_at_i,
    input  logic [$clog2(BeatBytes)-4:0] ports_before_i,
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

  localparam int WordBits = $clog2(BeatBytes) - 2;

  function automatic logic [31:0] swap(input logic [31:0] word);
    swap = {word[7:0], word[15:8], word[23:16], word[31:24]};
  endfunction
  function automatic logic [127:0] swap4(input logic [127:0] words);
    swap4 = {swap(words[31:0]), swap(words[63:32]), swap(words[95:64]), swap(words[127:96])};
  endfunction

  logic [15:0] two_before;
  assign two_before = beside_i[IdBits+1+:16];

  // First and second clock.
  logic home_captured, routing_captured;
  logic [127:0] home, routing;
  logic [2:0] home_phase, routing_phase;

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
  logic [63:0] ports_q;  // the two words of a pair, of which ports_odd_q picks one
  logic ports_odd_q;
  logic [127:0] source_q, destination_q;

  always_ff @(posedge clk_i) begin : gather
    logic [63:0] addresses4;
    logic [255:0] addresses6;
    if (load_i[1]) begin
      network_q <= network_i;
      transport_q <= transport_i;
      over_q <= over_budget_i;
    end
    // Words are moved up by two bytes (link_decode).
    if (valid_i & ports_i) begin
      ports_q <= {beat_i[{ports_at_i[WordBits-1:1], 6'd0}+:48],
                  ports_at_i[WordBits-1:1] == '0 ? two_before : beat_i[{ports_before_i, 6'd48}+:16]};
      ports_odd_q <= ports_at_i[0];
    end
    if (first_i) begin
      {id_q, extended_q} <= beside_i[IdBits:0];
      // The tests save a simulator the places that a frame does not have. Without HoldIdle they are not there: as logic
      // they would only be late.
      addresses4 = '0;
      addresses6 = '0;
      if (place_i[2:0] != '0 || HoldIdle == 0)
        addresses4 = ({64{place_i[0]}} & beat_i[8*26+:64]) | ({64{place_i[1]}} & beat_i[8*30+:64]) |
                     ({64{place_i[2]}} & beat_i[8*34+:64]);
      if (place_i[5:3] != '0 || HoldIdle == 0)
        addresses6 = ({256{place_i[3]}} & beat_i[8*22+:256]) | ({256{place_i[4]}} & beat_i[8*26+:256]) |
                     ({256{place_i[5]}} & beat_i[8*30+:256]);
      source_q <= {swap(addresses4[31:0]), 96'd0} | swap4(addresses6[127:0]);
      destination_q <= {swap(addresses4[63:32]), 96'd0} | swap4(addresses6[255:128]);
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
      {source_port_o, destination_port_o} <= swap(ports_odd_q ? ports_q[63:32] : ports_q[31:0]);
    end
  end

endmodule
