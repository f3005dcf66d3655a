// Decides which hash a packet gets and lines up what is hashed (virtio 1.4, 5.1.9.4.3.1 to 5.1.9.4.3.4).
//
// Loads at an edge with load_i; the outputs belong to that packet from then on. tuple_o is left-aligned and zero-
// padded: source address, destination address and, for TCP and UDP types, source port, destination port. Nothing
// enabled fits: REPORT_NONE and a tuple of zeros, whose Toeplitz hash is 0 under every key.
//
// An IPv4 address sits in the top 32 bits of its port. The ex_* addresses are those of the _EX hash types: whoever
// walks the headers has put the plain address there when there is no home address or type 2 routing header.
module field_select (
    input  logic                                clk_i,
    input  logic                                load_i,
    // configuration of the packet's bank
    input  logic [rss_pkg::HASH_TYPES-1:0]      types_i,
    input  logic                                ex_always_i,  // every IPv6 packet counts as one with extension headers
    // header fields
    input  logic [1:0]                          network_i,
    input  logic [1:0]                          transport_i,
    input  logic                                extension_headers_i,
    input  logic [127:0]                        source_i,
    input  logic [127:0]                        destination_i,
    input  logic [127:0]                        ex_source_i,
    input  logic [127:0]                        ex_destination_i,
    input  logic [15:0]                         source_port_i,
    input  logic [15:0]                         destination_port_i,
    // one clock later
    output logic [3:0]                          report_o,
    output logic [rss_pkg::TUPLE_BITS-1:0]      tuple_o
);

  // A function called inside the clocked block, for the sake of simulation speed: see toeplitz_hash.
  always_ff @(posedge clk_i) begin : select
    logic [3:0] report;
    logic [31:0] ports;
    if (load_i) begin
      report = report_pkg::report_of(types_i, network_i, transport_i, extension_headers_i | ex_always_i);
      case (report)
        rss_pkg::REPORT_IPV4, rss_pkg::REPORT_IPV6, rss_pkg::REPORT_IPV6_EX: ports = 32'd0;
        default: ports = {source_port_i, destination_port_i};
      endcase
      report_o <= report;
      // if and else, not case: Yosys 0.23 turns a case into twice the cells here.
      if (report == rss_pkg::REPORT_NONE) begin
        tuple_o <= 288'd0;
      end else if (network_i == rss_pkg::NETWORK_IPV4) begin
        tuple_o <= {source_i[127:96], destination_i[127:96], ports, 192'd0};
      end else if (report >= rss_pkg::REPORT_IPV6_EX) begin
        tuple_o <= {ex_source_i, ex_destination_i, ports};
      end else begin
        tuple_o <= {source_i, destination_i, ports};
      end
    end
  end

endmodule
