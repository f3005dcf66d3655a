// Decides which hash a packet gets and lines up what is hashed (virtio 1.4, 5.1.9.4.3.1 to 5.1.9.4.3.4).
//
// Two clocks, for the sake of the clock frequency. load_i[0] takes what decides. load_i[1] takes addresses and ports,
// with or after load_i[0] of the next packet, and report_o and tuple_o belong to the packet from then on. tuple_o is
// left-aligned and zero-padded: source address, destination address and, for TCP and UDP types, source port,
// destination port. Nothing enabled fits: REPORT_NONE and a tuple of zeros, whose Toeplitz hash is 0 under every key.
//
// An IPv4 address sits in the top 32 bits of its port. The ex_* addresses are those of the _EX hash types: whoever
// walks the headers has put the plain address there when there is no home address or type 2 routing header.
module field_select (
    input  logic                           clk_i,
    input  logic [1:0]                     load_i,
    // with load_i[0]: each bank's rules (report_pkg), the packet's bank, and the header fields that decide
    input  logic [report_pkg::RULES_BITS-1:0] rules0_i,
    input  logic [report_pkg::RULES_BITS-1:0] rules1_i,
    input  logic                           bank_i,
    input  logic [1:0]                     network_i,
    input  logic [1:0]                     transport_i,
    input  logic                           extension_headers_i,
    // with load_i[1]: what may be hashed
    input  logic [127:0]                   source_i,
    input  logic [127:0]                   destination_i,
    input  logic [127:0]                   ex_source_i,
    input  logic [127:0]                   ex_destination_i,
    input  logic [15:0]                    source_port_i,
    input  logic [15:0]                    destination_port_i,
    output logic [3:0]                     report_o,
    output logic [rss_pkg::TUPLE_BITS-1:0] tuple_o
);

  // What is hashed: no more than one of ex, plain and IPv4. Each has a bit of its own, so that most of the tuple's bits
  // come from two of them and two data bits.
  logic ex_q, plain_q, ipv4_q, ports_q, tcp_q;

  always_ff @(posedge clk_i) begin : decide
    logic [3:0] kind, rule0, rule1;
    if (load_i[0]) begin
      kind = {network_i[1], extension_headers_i, transport_i};
      rule0 = rules0_i[{kind, 2'd0}+:4];
      rule1 = rules1_i[{kind, 2'd0}+:4];
      // The bank comes last, for its register stands far away.
      {ex_q, plain_q, ipv4_q, ports_q} <= !(^network_i) ? 4'd0 : bank_i ? rule1 : rule0;
      tcp_q <= transport_i == rss_pkg::TRANSPORT_TCP;
    end
  end

  // If and else, not case: Yosys 0.23 turns a case into twice the cells here. IPv4 comes last, for the bits that it
  // leaves 0.
  always_ff @(posedge clk_i) begin : select
    logic [31:0] ports;
    logic [3:0] transport;  // what it adds to the report without
    if (load_i[1]) begin
      ports = ports_q ? {source_port_i, destination_port_i} : 32'd0;
      transport = {2'd0, ports_q & ~tcp_q, ports_q & tcp_q};
      if (ex_q) begin
        tuple_o <= {ex_source_i, ex_destination_i, ports};
        report_o <= rss_pkg::REPORT_IPV6_EX + transport;
      end else if (plain_q) begin
        tuple_o <= {source_i, destination_i, ports};
        report_o <= rss_pkg::REPORT_IPV6 + transport;
      end else if (ipv4_q) begin
        tuple_o <= {source_i[127:96], destination_i[127:96], ports, 192'd0};
        report_o <= rss_pkg::REPORT_IPV4 + transport;
      end else begin
        tuple_o <= {rss_pkg::TUPLE_BITS{1'b0}};
        report_o <= rss_pkg::REPORT_NONE;
      end
    end
  end

endmodule
