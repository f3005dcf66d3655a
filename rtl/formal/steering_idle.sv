// The model's licence to skip clocks (docs/timing.md): at an edge at which nothing is on its way through
// steering_pipeline and nothing comes in, no register changes and no memory is written. changes_o is not a port of the
// design: scripts/prove adds it to the netlist, as the OR over all flip-flops of D xor Q and over all write enables.
module steering_idle (
    input logic         clk_i,
    input logic         rst_ni,
    input logic         in_valid_i,
    input logic [15:0]  in_id_i,
    input logic [1:0]   in_network_i,
    input logic [1:0]   in_transport_i,
    input logic         in_extension_headers_i,
    input logic [127:0] in_source_i,
    input logic [127:0] in_destination_i,
    input logic [127:0] in_ex_source_i,
    input logic [127:0] in_ex_destination_i,
    input logic [15:0]  in_source_port_i,
    input logic [15:0]  in_destination_port_i,
    input logic         cfg_valid_i,
    input logic [8:0]   cfg_addr_i,
    input logic [31:0]  cfg_data_i,
    input logic         out_ready_i
);

  logic in_ready, out_valid, changes;

  steering_pipeline u_dut (
      .clk_i, .rst_ni, .in_valid_i, .in_ready_o(in_ready), .in_id_i, .in_network_i, .in_transport_i,
      .in_extension_headers_i, .in_source_i, .in_destination_i, .in_ex_source_i, .in_ex_destination_i,
      .in_source_port_i, .in_destination_port_i, .cfg_valid_i, .cfg_ready_o(), .cfg_addr_i, .cfg_data_i,
      .active_bank_o(), .out_valid_o(out_valid), .out_ready_i, .out_id_o(), .out_bank_o(),
      .out_hash_o(), .out_report_o(), .out_queue_o(), .changes_o(changes)
  );

  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;
  always_comb assume (started_q || !rst_ni);

  logic [3:0] flying_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) flying_q <= 4'd0;
    else flying_q <= flying_q + 4'(in_valid_i & in_ready) - 4'(out_valid & out_ready_i);
  end

  always_comb begin
    if (started_q) begin
      idle_changes_nothing : assert (!rst_ni || in_valid_i || cfg_valid_i || flying_q != 4'd0 || !changes);
    end
  end

endmodule
