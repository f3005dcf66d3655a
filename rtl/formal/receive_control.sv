// What receive_steering promises at its ports, for proofs: every input is arbitrary in every clock, but for a reset in the
// first. frame_parser and steering_core are those of lane_parts; all around them is real: credits, the lanes' order,
// their FIFOs. One group of frames, any, is followed from its first beats to its results; the others are counted.
module receive_control #(
    parameter int Lanes    = 2,
    parameter int HoldIdle = 1,
    parameter int Credits  = 2
) (
    input logic             clk_i,
    input logic             rst_ni,
    input logic             follow_i,  // the group that begins at this edge, if none has been followed
    input logic [Lanes-1:0] tvalid_i,
    input logic [Lanes-1:0] tlast_i,
    input logic [Lanes-1:0] id_i,
    input logic [Lanes-1:0] go_i,      // see lane_parts
    input logic [Lanes-1:0] early_i,   // likewise
    input logic             out_ready_i
);

  localparam int CountBits = $clog2(Credits) + 2;

  logic [Lanes-1:0] tready, valid, id;
  logic [16*Lanes-1:0] tuser, out_id;
  logic [10*Lanes-1:0] start_offset;
  for (genvar n = 0; n < Lanes; n = n + 1) begin : g_lane
    assign tuser[16*n+:16] = {16{id_i[n]}};
    assign start_offset[10*n+:10] = {8'd0, early_i[n], go_i[n]};
    assign id[n] = out_id[16*n];
  end

  receive_steering #(
      .Lanes(Lanes), .DataBits(128), .Entries(4), .HoldIdle(HoldIdle), .Credits(Credits)
  ) u_dut (
      .clk_i, .rst_ni, .tdata_i('0), .tkeep_i('0), .tvalid_i, .tready_o(tready), .tlast_i, .tuser_i(tuser),
      .start_offset_i(start_offset), .cfg_valid_i(1'b0), .cfg_ready_o(), .cfg_addr_i('0), .cfg_data_i('0),
      .active_bank_o(), .out_valid_o(valid), .out_ready_i, .out_id_o(out_id), .out_hash_o(), .out_report_o(),
      .out_queue_o(), .out_bank_o(), .out_over_budget_o()
  );

  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;
  always_comb assume (started_q || !rst_ni);

  // Groups on their way; whether a credit was left for one more, and one that began at the edge between. Without HoldIdle
  // a credit comes back a clock later.
  logic [Lanes-1:0] inside_q, begins, accept;
  logic leaves, left_q, waits, slow, open_q;
  logic [CountBits-1:0] flying_q;
  assign accept = tvalid_i & tready;
  assign begins = accept & ~inside_q;
  assign leaves = valid != '0 & out_ready_i;
  assign waits = valid != '0 & ~out_ready_i;
  assign slow = waits | go_i != '1;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q <= '0;
      flying_q <= '0;
      open_q <= 1'b1;
      left_q <= 1'b0;
    end else begin
      left_q <= leaves & (HoldIdle == 0);
      open_q <= flying_q + CountBits'(left_q) < CountBits'(Credits - 1);
      inside_q <= (inside_q & ~accept) | (accept & ~tlast_i);
      flying_q <= flying_q + CountBits'(begins != '0) - CountBits'(leaves);
    end
  end

  // The group that is followed: its lanes and their ids, how many groups are before it, and clocks in which nothing kept
  // it from coming out.
  logic followed_q, gone_q, turn;
  logic [Lanes-1:0] lanes_q, ids_q;
  logic [CountBits-1:0] ahead_q;
  logic [3:0] clocks_q;
  assign turn = followed_q & ~gone_q & valid != '0 & ahead_q == '0;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      followed_q <= 1'b0;
      gone_q <= 1'b0;
      clocks_q <= 4'd0;
    end else if (!followed_q) begin
      followed_q <= follow_i & begins != '0;
      lanes_q <= begins;
      ids_q <= id_i;
      ahead_q <= flying_q - CountBits'(leaves);
    end else if (!gone_q) begin
      if (leaves) begin
        ahead_q <= ahead_q - 1'b1;
        gone_q <= ahead_q == '0;
      end
      clocks_q <= clocks_q + 4'(!slow && inside_q == '0);
    end
  end

  // The clock before.
  logic waits_q;
  logic [Lanes-1:0] valid_q, id_q;
  always_ff @(posedge clk_i) begin
    waits_q <= rst_ni & waits;
    valid_q <= valid;
    id_q <= id & valid;
  end

  always_comb begin
    if (started_q) begin
      capacity : assert (flying_q <= CountBits'(Credits));
      nothing_invented : assert (valid == '0 || flying_q != '0);
      nothing_lost : assert (!followed_q || clocks_q <= 4'd8);
      in_order : assert (!turn || valid == lanes_q);
      as_itself : assert (!turn || (id & lanes_q) == (ids_q & lanes_q));
      result_stays : assert (!waits_q || (valid == valid_q && (id & valid) == id_q));
      // All from registers, so from no input of the clock; high within a frame, and while there are credits.
      ready : assert (tready == (inside_q | {Lanes{open_q}}));
    end
  end

endmodule
