// What steering_pipeline promises at its ports, for proofs: every input is arbitrary in every clock, but for a reset in
// the first. One packet, any, is followed from its acceptance to its result; the others are counted, by bank.
//
// Ports only, so that the pipeline may be built otherwise inside: Latency and Capacity are all that is known about it.
module steering_control #(
    parameter int Latency  = 6,  // clocks from in to out when nothing waits
    parameter int Capacity = 6   // packets that can be on their way
) (
    input logic         clk_i,
    input logic         rst_ni,
    input logic         follow_i,  // from this packet on, if none is followed
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

  logic in_ready, cfg_ready, active_bank, out_valid, out_bank;
  logic [15:0] out_id;

  steering_pipeline #(
      .Entries(4)
  ) u_dut (
      .clk_i, .rst_ni, .in_valid_i, .in_ready_o(in_ready), .in_id_i, .in_network_i, .in_transport_i,
      .in_extension_headers_i, .in_source_i, .in_destination_i, .in_ex_source_i, .in_ex_destination_i,
      .in_source_port_i, .in_destination_port_i, .cfg_valid_i, .cfg_ready_o(cfg_ready), .cfg_addr_i, .cfg_data_i,
      .active_bank_o(active_bank), .out_valid_o(out_valid), .out_ready_i, .out_id_o(out_id), .out_bank_o(out_bank),
      .out_hash_o(), .out_report_o(), .out_queue_o()
  );

  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;
  always_comb assume (started_q || !rst_ni);

  logic accepted, delivered, waits, commit, written;
  assign accepted = rst_ni & in_valid_i & in_ready;
  assign delivered = rst_ni & out_valid & out_ready_i;
  assign waits = rst_ni & out_valid & ~out_ready_i;
  assign commit = cfg_addr_i == rss_pkg::CFG_COMMIT;
  assign written = rst_ni & cfg_valid_i & cfg_ready;

  // Packets on their way, by bank; whether a result has waited since there were none.
  logic [3:0] flying0_q, flying1_q, flying;
  logic waited_q;
  assign flying = flying0_q + flying1_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      flying0_q <= 4'd0;
      flying1_q <= 4'd0;
      waited_q <= 1'b0;
    end else begin
      flying0_q <= flying0_q + 4'(accepted & ~active_bank) - 4'(delivered & ~out_bank);
      flying1_q <= flying1_q + 4'(accepted & active_bank) - 4'(delivered & out_bank);
      waited_q <= waits | (waited_q & flying != 4'd0);
    end
  end

  // The packet that is followed: what it came with, how many are before it, clocks in which no result waited.
  logic followed_q, bank_q;
  logic [15:0] id_q;
  logic [3:0] ahead_q, clocks_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      followed_q <= 1'b0;
    end else if (!followed_q) begin
      followed_q <= accepted & follow_i;
      id_q <= in_id_i;
      bank_q <= active_bank;
      ahead_q <= flying - 4'(delivered);
      clocks_q <= 4'd1;
    end else begin
      if (delivered) begin
        followed_q <= ahead_q != 4'd0;
        ahead_q <= ahead_q - 4'd1;
      end
      if (!waits) clocks_q <= clocks_q + 4'd1;
    end
  end

  // The clock before.
  logic waits_q, rst_q, active_q, out_bank_q;
  logic [15:0] out_id_q;
  logic swapped_q;
  always_ff @(posedge clk_i) begin
    waits_q <= waits;
    rst_q <= rst_ni;
    active_q <= active_bank;
    out_bank_q <= out_bank;
    out_id_q <= out_id;
    swapped_q <= written & commit;
  end

  always_comb begin
    if (started_q) begin
      // Results: from packets only, no more than fit, and stable until taken.
      nothing_invented : assert (!out_valid || flying != 4'd0);
      capacity : assert (flying <= 4'(Capacity));
      valid_stays : assert (!waits_q || !rst_q || out_valid);
      result_stays : assert (!waits_q || (out_id == out_id_q && out_bank == out_bank_q));
      // The packet that is followed comes out in its turn, as itself, in the bank of its acceptance, and in time.
      order : assert (!(followed_q && out_valid && ahead_q == 4'd0) || (out_id == id_q && out_bank == bank_q));
      nothing_lost : assert (!followed_q || clocks_q <= 4'(Latency));
      latency : assert (!(followed_q && out_valid && ahead_q == 4'd0 && !waited_q) || clocks_q == 4'(Latency));
      // A packet a clock while no result has to wait.
      full_rate : assert (!rst_ni || waited_q || waits || in_ready);
      // Banks: the words of one are written only while none of its packets is on its way; COMMIT and nothing else
      // exchanges them, at once.
      no_write_under_packets : assert (!written || commit || (active_bank ? flying0_q : flying1_q) == 4'd0);
      writes_go_on : assert ((active_bank ? flying0_q : flying1_q) != 4'd0 || cfg_ready);
      commit_goes_on : assert (!commit || cfg_ready);
      swap : assert (active_bank == (rst_q & (active_q ^ swapped_q)));
    end
  end

endmodule
