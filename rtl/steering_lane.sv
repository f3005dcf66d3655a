// One lane of receive_steering: frame_parser, steering_core, and a FIFO for results that wait for their taker or for
// those of other lanes. Nothing waits in front of the FIFO: a frame begins only while open_i is high, and who drives
// that lets no more frames in than Places. A frame that has begun goes on whatever open_i says.
//
// Configuration words are taken at edges with cfg_valid_i, cfg_ready_o and cfg_go_i: lanes that share a bus take them
// together. Contract with the model: as receive_steering.
module steering_lane #(
    parameter int DataBits      = 512,  // this and what follows: see receive_steering
    parameter int HeaderBytes   = 256,
    parameter int MaxExtensions = 4,
    parameter int StartOffset   = 1,
    parameter int Entries       = 512,
    parameter int HashTables    = 0,
    parameter int HoldIdle      = 1,
    parameter int Places        = 64    // of the FIFO, a power of two
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    // frames
    input  logic [DataBits-1:0]               tdata_i,
    input  logic [DataBits/8-1:0]             tkeep_i,
    input  logic                              tvalid_i,
    output logic                              tready_o,
    input  logic                              tlast_i,
    input  logic [15:0]                       tuser_i,
    input  logic [9:0]                        start_offset_i,
    input  logic                              open_i,    // a frame may begin at this edge
    input  logic                              closed_i,  // ~open_i
    output logic                              begins_o,  // one does
    // configuration bus
    input  logic                              cfg_valid_i,
    output logic                              cfg_ready_o,
    input  logic                              cfg_go_i,
    input  logic [rss_pkg::CFG_ADDR_BITS-1:0] cfg_addr_i,
    input  logic [31:0]                       cfg_data_i,
    output logic                              active_bank_o,
    // results
    output logic                              out_valid_o,
    input  logic                              out_ready_i,
    output logic [15:0]                       out_id_o,
    output logic [31:0]                       out_hash_o,
    output logic [3:0]                        out_report_o,
    output logic [15:0]                       out_queue_o,
    output logic                              out_bank_o,
    output logic                              out_over_budget_o
);

  // Whether the next beat is a frame's first, for the pins and for the parser, which are far from each other.
  logic accept, inside_q, fresh_q;

  assign tready_o = inside_q | open_i;
  assign accept = tvalid_i & ~(fresh_q & closed_i);
  assign begins_o = accept & fresh_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) {inside_q, fresh_q} <= 2'b01;
    else if (accept) {inside_q, fresh_q} <= {~tlast_i, tlast_i};
  end

  logic soon, soon_extension_headers, over_budget;
  logic [1:0] soon_network, soon_transport;
  logic [15:0] id, source_port, destination_port;
  logic [127:0] source, destination, ex_source, ex_destination;
  /* verilator lint_off UNUSEDSIGNAL */  // known a clock before
  logic valid, extension_headers;
  logic [1:0] network, transport;
  /* verilator lint_on UNUSEDSIGNAL */

  frame_parser #(
      .DataBits(DataBits), .HeaderBytes(HeaderBytes), .MaxExtensions(MaxExtensions), .IdBits(16),
      .StartOffset(StartOffset), .HoldIdle(HoldIdle)
  ) u_parser (
      .clk_i, .rst_ni,
      .tdata_i, .tkeep_i, .tvalid_i(accept), .tlast_i, .tuser_i, .start_offset_i,
      .soon_valid_o(soon), .soon_network_o(soon_network), .soon_transport_o(soon_transport),
      .soon_extension_headers_o(soon_extension_headers),
      .out_valid_o(valid), .out_id_o(id), .out_network_o(network),
      .out_transport_o(transport), .out_extension_headers_o(extension_headers), .out_source_o(source),
      .out_destination_o(destination), .out_ex_source_o(ex_source), .out_ex_destination_o(ex_destination),
      .out_source_port_o(source_port), .out_destination_port_o(destination_port), .out_over_budget_o(over_budget)
  );

  localparam int IdBits = 16 + 1;
  logic steered, bank;
  logic [IdBits-1:0] steered_id;
  logic [15:0] queue;
  logic [31:0] hash;
  logic [3:0] report;

  steering_core #(
      .Entries(Entries), .HashTables(HashTables), .HoldIdle(HoldIdle), .IdBits(IdBits)
  ) u_steering (
      .clk_i, .rst_ni,
      .soon_valid_i(soon), .soon_network_i(soon_network), .soon_transport_i(soon_transport),
      .soon_extension_headers_i(soon_extension_headers),
      .in_id_i({over_budget, id}), .in_source_i(source), .in_destination_i(destination),
      .in_ex_source_i(ex_source), .in_ex_destination_i(ex_destination), .in_source_port_i(source_port),
      .in_destination_port_i(destination_port),
      .cfg_valid_i, .cfg_ready_o, .cfg_go_i, .cfg_addr_i, .cfg_data_i, .active_bank_o,
      .out_valid_o(steered), .out_id_o(steered_id), .out_hash_o(hash), .out_report_o(report),
      .out_queue_o(queue), .out_bank_o(bank)
  );

  result_fifo #(
      .Bits(IdBits + 32 + 4 + 16 + 1), .Depth(Places)
  ) u_results (
      .clk_i, .rst_ni,
      .in_valid_i(steered), .in_i({report, bank, steered_id, queue, hash}),
      .out_valid_o, .out_ready_i,
      .out_o({out_report_o, out_bank_o, out_over_budget_o, out_id_o, out_queue_o, out_hash_o})
  );

endmodule
