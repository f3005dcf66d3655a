// Receive-side steering of frames: frame_parser in front of steering_pipeline. Frames in, hash, hash report and receive
// queue out, in order, a beat a clock. Both parts' files have their rules; the configuration in force when a frame's
// fields leave the parser applies to it.
//
// Latency: MaxExtensions + 13 clocks from the beat that settles the fields, two more with StartOffset.
// Contract with the model: an edge with an empty pipeline, tvalid_i and cfg_valid_i low changes no register.
module receive_steering #(
    parameter int DataBits      = 512,  // 128, 256, 512 or 1024
    parameter int HeaderBytes   = 256,  // see frame_parser
    parameter int MaxExtensions = 4,    // likewise
    parameter int StartOffset   = 1,    // likewise
    parameter int Entries       = 512   // indirection table entries of a bank: a power of two, 1 to 512
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    // frames
    input  logic [DataBits-1:0]               tdata_i,
    input  logic [DataBits/8-1:0]             tkeep_i,
    input  logic                              tvalid_i,
    output logic                              tready_o,
    input  logic                              tlast_i,
    input  logic [15:0]                       tuser_i,         // comes back with the result
    input  logic [9:0]                        start_offset_i,
    // configuration bus
    input  logic                              cfg_valid_i,
    output logic                              cfg_ready_o,
    input  logic [rss_pkg::CFG_ADDR_BITS-1:0] cfg_addr_i,
    input  logic [31:0]                       cfg_data_i,
    output logic                              active_bank_o,
    // results
    output logic                              out_valid_o,
    input  logic                              out_ready_i,
    output logic [15:0]                       out_id_o,
    output logic [31:0]                       out_hash_o,  // 0 with REPORT_NONE
    output logic [3:0]                        out_report_o,
    output logic [15:0]                       out_queue_o,
    output logic                              out_bank_o,
    output logic                              out_over_budget_o
);

  logic valid, ready, extension_headers, over_budget;
  logic [15:0] id, source_port, destination_port;
  logic [1:0] network, transport;
  logic [127:0] source, destination, ex_source, ex_destination;

  frame_parser #(
      .DataBits(DataBits), .HeaderBytes(HeaderBytes), .MaxExtensions(MaxExtensions), .IdBits(16),
      .StartOffset(StartOffset)
  ) u_parser (
      .clk_i, .rst_ni,
      .tdata_i, .tkeep_i, .tvalid_i, .tready_o, .tlast_i, .tuser_i, .start_offset_i,
      .out_valid_o(valid), .out_ready_i(ready), .out_id_o(id), .out_network_o(network),
      .out_transport_o(transport), .out_extension_headers_o(extension_headers), .out_source_o(source),
      .out_destination_o(destination), .out_ex_source_o(ex_source), .out_ex_destination_o(ex_destination),
      .out_source_port_o(source_port), .out_destination_port_o(destination_port), .out_over_budget_o(over_budget)
  );

  steering_pipeline #(
      .Entries(Entries)
  ) u_steering (
      .clk_i, .rst_ni,
      .in_valid_i(valid), .in_ready_o(ready), .in_id_i(id), .in_network_i(network), .in_transport_i(transport),
      .in_extension_headers_i(extension_headers), .in_source_i(source), .in_destination_i(destination),
      .in_ex_source_i(ex_source), .in_ex_destination_i(ex_destination), .in_source_port_i(source_port),
      .in_destination_port_i(destination_port),
      .cfg_valid_i, .cfg_ready_o, .cfg_addr_i, .cfg_data_i, .active_bank_o,
      .out_valid_o, .out_ready_i, .out_id_o, .out_hash_o, .out_report_o, .out_queue_o, .out_bank_o
  );

  // Beside the steering pipeline, in step with its stages; 0 in empty ones, so that an idle edge moves nothing.
  localparam int Stages = 6;
  logic [Stages-1:0] over_budget_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) over_budget_q <= '0;
    else if (ready) over_budget_q <= {over_budget_q[Stages-2:0], valid & over_budget};
  end
  assign out_over_budget_o = over_budget_q[Stages-1];

endmodule
