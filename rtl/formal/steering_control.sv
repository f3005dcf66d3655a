// What steering_core promises at its ports, for proofs: every input is arbitrary in every clock, but for a reset in the
// first, and that a COMMIT stays until it is taken, as HashTables 1 asks for. One packet, any, is followed to its result;
// of the others it is known when their results are due. With HashTables 1 the hash is the one of key_hash.sv, whose results tell the key.
//
// Ports only, so that the core may be built otherwise inside: Latency and CommitWait are all that is known about it.
module steering_control #(
    parameter int HashTables = 0,
    parameter int HoldIdle   = 1,
    parameter int Latency    = 7,  // clocks from soon_valid_i to the result
    parameter int CommitWait = 0   // most clocks that a COMMIT waits; with HashTables 1 without packets of the shadow bank
) (
    input logic         clk_i,
    input logic         rst_ni,
    input logic         follow_i,  // from this packet on, if none is followed
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

  logic cfg_ready, active_bank, out_valid, out_bank;
  logic [15:0] out_id;
  logic [31:0] out_hash;
  logic [3:0] out_report;

  steering_core #(
      .Entries(4), .HashTables(HashTables), .HoldIdle(HoldIdle)
  ) u_dut (
      .clk_i, .rst_ni, .soon_valid_i, .soon_network_i, .soon_transport_i, .soon_extension_headers_i, .in_id_i,
      .in_source_i, .in_destination_i, .in_ex_source_i, .in_ex_destination_i, .in_source_port_i, .in_destination_port_i,
      .cfg_valid_i, .cfg_ready_o(cfg_ready), .cfg_go_i, .cfg_addr_i, .cfg_data_i, .active_bank_o(active_bank),
      .out_valid_o(out_valid), .out_id_o(out_id), .out_bank_o(out_bank), .out_hash_o(out_hash), .out_report_o(out_report),
      .out_queue_o()
  );

  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;

  logic accepted, commit, written;
  assign accepted = rst_ni & soon_valid_i;
  assign commit = cfg_addr_i == rss_pkg::CFG_COMMIT;
  assign written = rst_ni & cfg_valid_i & cfg_ready & cfg_go_i;

  // Packets on their way, the last bit that of the packet whose result is due: whether there is one, its bank, and
  // whether it is the one that is followed.
  logic [Latency-1:0] due_q, due_bank_q, followed_q;
  logic shadow_flies, follow;
  assign shadow_flies = |(due_q & (due_bank_q ^ {Latency{active_bank}}));
  assign follow = accepted & follow_i & followed_q == '0;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      due_q <= '0;
      followed_q <= '0;
    end else begin
      due_q <= {due_q[Latency-2:0], accepted};
      followed_q <= {followed_q[Latency-2:0], follow};
    end
    due_bank_q <= {due_bank_q[Latency-2:0], active_bank};
  end

  logic [15:0] id_q;
  always_ff @(posedge clk_i) if (followed_q[0]) id_q <= in_id_i;

  // Clocks that a COMMIT has waited without cause, and whether it has to stay.
  logic commit_waits_q;
  logic [3:0] waited_q;
  always_ff @(posedge clk_i) begin
    commit_waits_q <= rst_ni & cfg_valid_i & commit & ~written;
    if (!rst_ni || !cfg_valid_i || !commit || cfg_ready || (HashTables != 0 && shadow_flies)) waited_q <= 4'd0;
    else if (waited_q != 4'd15) waited_q <= waited_q + 4'd1;
  end

  always_comb begin
    assume (started_q || !rst_ni);
    assume (!commit_waits_q || (cfg_valid_i && commit));
  end

  // The clock before.
  logic rst_q, active_q, swapped_q;
  always_ff @(posedge clk_i) begin
    rst_q <= rst_ni;
    active_q <= active_bank;
    swapped_q <= written & commit;
  end

  always_comb begin
    if (started_q) begin
      // A result for each packet, in its clock, and no others: nothing lost, invented or out of order; as itself, in the
      // bank of its acceptance.
      on_time : assert (out_valid == due_q[Latency-1]);
      in_its_bank : assert (!out_valid || out_bank == due_bank_q[Latency-1]);
      as_itself : assert (!followed_q[Latency-1] || out_id == id_q);
      // Banks: the words of one are written only while none of its packets is on its way; COMMIT and nothing else
      // exchanges them, at once.
      no_write_under_packets : assert (!written || commit || !shadow_flies);
      writes_go_on : assert (shadow_flies || commit || cfg_ready);
      commit_goes_on : assert (waited_q <= 4'(CommitWait));
      swap : assert (active_bank == (rst_q & (active_q ^ swapped_q)));
    end
  end

  // Hashes are made with the key of the packet's bank, which came into force with the bank; without a hash there is 0.
  if (HashTables != 0) begin : g_tables
    logic [1:0] key_q, known_q, in_force_q;  // by bank
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        known_q <= 2'd0;
        in_force_q <= 2'd0;
      end else if (written) begin
        if (cfg_addr_i == rss_pkg::CFG_KEY) begin
          if (active_bank) {key_q[0], known_q[0]} <= {cfg_data_i[31], 1'b1};
          else {key_q[1], known_q[1]} <= {cfg_data_i[31], 1'b1};
        end
        if (commit) begin
          if (active_bank) in_force_q[0] <= known_q[0];
          else in_force_q[1] <= known_q[1];
        end
      end
    end

    always_comb begin
      if (started_q) begin
        key_of_its_bank : assert (!out_valid ||
            (out_report == rss_pkg::REPORT_NONE ? out_hash == '0 : !in_force_q[out_bank] || out_hash[0] == key_q[out_bank]));
      end
    end
  end

endmodule
