// Decides which hash a packet gets and lines up what is hashed (virtio 1.4, 5.1.9.4.3.1 to 5.1.9.4.3.4).
//
// Two clocks, for the sake of the clock frequency. load_i[0] takes what decides: report_o belongs to that packet from
// then on. load_i[1] takes addresses and ports, with or after load_i[0] of the next packet, and tuple_o belongs to the
// packet from then on. tuple_o is left-aligned and zero-padded: source address, destination address and, for TCP and UDP
// types, source port, destination port. Nothing enabled fits: REPORT_NONE and a tuple of zeros, whose Toeplitz hash is 0
// under every key.
//
// An IPv4 address sits in the top 32 bits of its port. The ex_* addresses are those of the _EX hash types: whoever
// walks the headers has put the plain address there when there is no home address or type 2 routing header.
module field_select (
    input  logic                           clk_i,
    input  logic [1:0]                     load_i,
    // with load_i[0]: configuration of the packet's bank, and the header fields that decide
    input  logic [rss_pkg::HASH_TYPES-1:0] types_i,
    input  logic                           ex_always_i,  // every IPv6 packet counts as one with extension headers
    input  logic [1:0]                     network_i,
    input  logic [1:0]                     transport_i,
    input  logic                           extension_headers_i,
    output logic [3:0]                     report_o,
    // with load_i[1]: what may be hashed
    input  logic [127:0]                   source_i,
    input  logic [127:0]                   destination_i,
    input  logic [127:0]                   ex_source_i,
    input  logic [127:0]                   ex_destination_i,
    input  logic [15:0]                    source_port_i,
    input  logic [15:0]                    destination_port_i,
    output logic [rss_pkg::TUPLE_BITS-1:0] tuple_o
);

  // The report, and what is made of it. A function called inside the clocked block, for the sake of simulation speed:
  // see toeplitz_hash.
  logic hashes_q, ipv4_q, ex_q, ports_q;

  always_ff @(posedge clk_i) begin : decide
    logic [3:0] report;
    if (load_i[0]) begin
      report = report_pkg::report_of(types_i, network_i, transport_i, extension_headers_i | ex_always_i);
      report_o <= report;
      hashes_q <= report != rss_pkg::REPORT_NONE;
      ipv4_q <= network_i == rss_pkg::NETWORK_IPV4;
      ex_q <= report >= rss_pkg::REPORT_IPV6_EX;
      ports_q <= ~(report == rss_pkg::REPORT_IPV4 | report == rss_pkg::REPORT_IPV6 | report == rss_pkg::REPORT_IPV6_EX);
    end
  end

  // if and else, not case: Yosys 0.23 turns a case into twice the cells here.
  always_ff @(posedge clk_i) begin : select
    logic [31:0] ports;
    if (load_i[1]) begin
      ports = ports_q ? {source_port_i, destination_port_i} : 32'd0;
      if (!hashes_q) tuple_o <= '0;
      else if (ipv4_q) tuple_o <= {source_i[127:96], destination_i[127:96], ports, 192'd0};
      else if (ex_q) tuple_o <= {ex_source_i, ex_destination_i, ports};
      else tuple_o <= {source_i, destination_i, ports};
    end
  end

endmodule
