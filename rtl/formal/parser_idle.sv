// As steering_idle, for frame_parser with 512 bits and without StartOffset: an edge with tvalid_i low changes no register
// and writes no memory, once the last beat within a frame's budget has passed. Beats behind the budget leave nothing to be
// done, and a frame that waits for its next beat does not matter. For frames without a search, as in parser_control; the
// search's registers are looked at all the same. Behind a reset those without one may change for as long as behind a beat.
module parser_idle #(
    parameter int HeaderBytes   = 256,
    parameter int MaxExtensions = 4,
    parameter int Latency       = 2 * MaxExtensions + 5
) (
    input logic         clk_i,
    input logic         rst_ni,
    input logic [511:0] tdata_i,
    input logic [63:0]  tkeep_i,
    input logic         tvalid_i,
    input logic         tlast_i,
    input logic         tuser_i,
    input logic [9:0]   start_offset_i
);

  localparam int Beats = HeaderBytes / 64;  // of the budget

  logic changes;

  frame_parser u_dut (
      .clk_i, .rst_ni, .tdata_i, .tkeep_i, .tvalid_i, .tlast_i, .tuser_i, .start_offset_i,
      .soon_valid_o(), .soon_network_o(), .soon_transport_o(), .soon_extension_headers_o(),
      .out_valid_o(), .out_id_o(), .out_network_o(), .out_transport_o(), .out_extension_headers_o(),
      .out_source_o(), .out_destination_o(), .out_ex_source_o(), .out_ex_destination_o(), .out_source_port_o(),
      .out_destination_port_o(), .out_over_budget_o(), .changes_o(changes)
  );

  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;
  always_comb assume (started_q || !rst_ni);

  // The frame at the input: whether its first beat comes next, and which of its beats came last (none: behind the budget).
  logic fresh_q;
  logic [Beats-1:0] number, number_q;
  assign number = fresh_q ? Beats'(1) : number_q << 1;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) fresh_q <= 1'b1;
    else if (tvalid_i) fresh_q <= tlast_i;
    if (tvalid_i) number_q <= number;
  end

  // The line; the oldest beat is at the upper end. A reset is like a beat.
  logic [Latency-1:0] beat_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) beat_q <= Latency'(1);
    else beat_q <= {beat_q[Latency-2:0], tvalid_i & number != '0};
  end

  always_comb begin
    if (started_q) begin
      idle_changes_nothing : assert (!rst_ni || tvalid_i || beat_q != '0 || !changes);
    end
  end

endmodule
