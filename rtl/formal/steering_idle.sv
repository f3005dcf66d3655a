// The model's licence to skip clocks (docs/timing.md): at an edge at which nothing is on its way through steering_core and
// nothing comes in, and in front of which no configuration word but a COMMIT was taken, which is written a clock later, no
// register changes and no memory is written. A COMMIT stays until it is taken, as HashTables 1 asks for. changes_o is not a
// port of the design: scripts/prove adds it to the netlist, as the OR over all flip-flops of D xor Q and over all write
// enables.
module steering_idle #(
    parameter int Latency = 8  // clocks from soon_valid_i to the result, or more
) (
    input logic         clk_i,
    input logic         rst_ni,
    input logic         soon_valid_i,
    input logic [1:0]   soon_network_i,
    input logic [1:0]   soon_transport_i,
    input logic         soon_extension_headers_i,
    input logic [15:0]  in_id_i,
    input logic [127:0] in_source_i,
    input logic [127:0] in_destination_i,
    input logic [127:0] in_ex_source_i,
    input logic [127:0] in_ex_destination_i,
    input logic [15:0]  in_source_port_i,
    input logic [15:0]  in_destination_port_i,
    input logic         cfg_valid_i,
    input logic         cfg_go_i,
    input logic [14:0]  cfg_addr_i,
    input logic [31:0]  cfg_data_i
);

  logic cfg_ready, changes;

  steering_core u_dut (
      .clk_i, .rst_ni, .soon_valid_i, .soon_network_i, .soon_transport_i, .soon_extension_headers_i, .in_id_i,
      .in_source_i, .in_destination_i, .in_ex_source_i, .in_ex_destination_i, .in_source_port_i, .in_destination_port_i,
      .cfg_valid_i, .cfg_ready_o(cfg_ready), .cfg_go_i, .cfg_addr_i, .cfg_data_i, .active_bank_o(),
      .out_valid_o(), .out_id_o(), .out_bank_o(), .out_hash_o(), .out_report_o(), .out_queue_o(),
      .changes_o(changes)
  );

  logic started_q, taken, commit, commit_waits_q, word_q;
  initial started_q = 1'b0;
  assign commit = cfg_valid_i & (cfg_addr_i == rss_pkg::CFG_COMMIT);
  assign taken = cfg_valid_i & cfg_ready & cfg_go_i;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    commit_waits_q <= rst_ni & commit & ~taken;
    word_q <= rst_ni & taken & ~commit;
  end
  always_comb begin
    assume (started_q || !rst_ni);
    assume (!commit_waits_q || commit);
  end

  logic [Latency-1:0] flies_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) flies_q <= '0;
    else flies_q <= {flies_q[Latency-2:0], soon_valid_i};
  end

  always_comb begin
    if (started_q) begin
      idle_changes_nothing : assert (!rst_ni || soon_valid_i || cfg_valid_i || word_q || flies_q != '0 || !changes);
    end
  end

endmodule
