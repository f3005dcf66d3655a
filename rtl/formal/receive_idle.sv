// As steering_idle, for what receive_steering has around its parsers and cores (lane_parts stands for those): an edge with
// no group on its way, no beat and no configuration word changes no register and writes no memory. With as few credits as
// here the last one comes back a clock later than the last group leaves: so there was no group in the clock before either.
module receive_idle #(
    parameter int Lanes   = 2,
    parameter int Credits = 2
) (
    input logic                clk_i,
    input logic                rst_ni,
    input logic [Lanes-1:0]    tvalid_i,
    input logic [Lanes-1:0]    tlast_i,
    input logic [16*Lanes-1:0] tuser_i,
    input logic [10*Lanes-1:0] start_offset_i,
    input logic                out_ready_i
);

  logic changes;
  logic [Lanes-1:0] tready, valid;

  receive_steering u_dut (
      .clk_i, .rst_ni, .tdata_i('0), .tkeep_i('0), .tvalid_i, .tready_o(tready), .tlast_i, .tuser_i,
      .start_offset_i, .cfg_valid_i(1'b0), .cfg_ready_o(), .cfg_addr_i('0), .cfg_data_i('0),
      .active_bank_o(), .out_valid_o(valid), .out_ready_i, .out_id_o(), .out_hash_o(), .out_report_o(),
      .out_queue_o(), .out_bank_o(), .out_over_budget_o(), .changes_o(changes)
  );

  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;
  always_comb assume (started_q || !rst_ni);

  logic [Lanes-1:0] inside_q, accept;
  logic [$clog2(Credits)+1:0] flying_q, flying_before_q;
  assign accept = tvalid_i & tready;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q <= '0;
      flying_q <= '0;
      flying_before_q <= '0;
    end else begin
      flying_before_q <= flying_q;
      inside_q <= (inside_q & ~accept) | (accept & ~tlast_i);
      flying_q <= flying_q + 1'((accept & ~inside_q) != '0) - 1'(valid != '0 & out_ready_i);
    end
  end

  always_comb begin
    if (started_q) begin
      idle_changes_nothing : assert (!rst_ni || tvalid_i != '0 || flying_q != '0 || flying_before_q != '0 ||
                                    !changes);
    end
  end

endmodule
