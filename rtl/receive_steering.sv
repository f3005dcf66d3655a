// Receive-side steering of frames: Lanes times frame_parser in front of steering_core (steering_lane). Frames in, hash,
// hash report and receive queue out, in order, a beat a clock and lane. The parts' files have their rules; the
// configuration in force when a frame's headers have been read applies to it.
//
// Lanes: each is a stream of its own, and a frame stays in its lane; lane n has bit or slice n of every port below that
// is wider for them. Frames whose first beats are taken at the same edge are a group. Results leave group by group, in
// the order in which the groups began, a whole group at an edge: out_valid_o tells its lanes, out_ready_i takes all of
// them. Within a group the lower lane counts as the earlier. One configuration serves all lanes: its words are taken,
// and banks exchanged, at the same edge in all of them. With one lane every group is a frame.
//
// Back-pressure: the stages never wait. A group is let in for one of Credits, which it gives back as it leaves; results
// that wait do so in FIFOs of as many places. tready_o comes from registers: it does not depend on the other inputs of
// its clock, and is high in every clock as long as results are taken as they come.
//
// Latency: frame_parser's, and 6 clocks (one more with HashTables 1, and one more with more than 512 entries), from the
// beat that settles the fields, in a group the last such beat; and behind the groups before.
// Contract with the model: an edge with an empty pipeline, tvalid_i and cfg_valid_i low, and no word other than COMMIT
// taken at the edge before, changes no register (with HoldIdle 1).
module receive_steering #(
    parameter int Lanes         = 1,    // 1, 2 or 4
    parameter int DataBits      = 512,  // of a lane: 128, 256, 512 or 1024
    parameter int HeaderBytes   = 256,  // see frame_parser
    parameter int MaxExtensions = 4,    // likewise
    parameter int StartOffset   = 1,    // likewise
    parameter int Entries       = 512,  // indirection table entries of a bank: a power of two, 1 to 32768
    parameter int HashTables    = 0,    // see steering_core
    parameter int HoldIdle      = 1,    // see frame_parser
    // A power of two, 2 or more. By default as many as groups can be on their way if one begins in each clock: the beats
    // that frame_parser has room for, the stages behind it, and the three clocks that a credit takes to come back; with
    // several lanes also the clocks in which one lane's frame comes in while others begin groups. 64 are enough in the
    // smallest form, where no more than 63 were found for the worst streams. A lane has a frame of a group at most, so
    // its FIFO has room for all of its frames.
    parameter int Credits       =
        Lanes == 1 && HeaderBytes == 256 && MaxExtensions == 4 && DataBits <= 512 && StartOffset == 0 ? 64 :
        1 << $clog2(HeaderBytes / 4 + 2 * MaxExtensions + 2 +
                    (Lanes == 1 ? 0 : (HeaderBytes + 1023 * StartOffset) / (DataBits / 8)))
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    // frames
    input  logic [Lanes*DataBits-1:0]         tdata_i,
    input  logic [Lanes*DataBits/8-1:0]       tkeep_i,
    input  logic [Lanes-1:0]                  tvalid_i,
    output logic [Lanes-1:0]                  tready_o,
    input  logic [Lanes-1:0]                  tlast_i,
    input  logic [16*Lanes-1:0]               tuser_i,         // comes back with the result
    input  logic [10*Lanes-1:0]               start_offset_i,
    // configuration bus
    input  logic                              cfg_valid_i,
    output logic                              cfg_ready_o,
    input  logic [rss_pkg::CFG_ADDR_BITS-1:0] cfg_addr_i,
    input  logic [31:0]                       cfg_data_i,
    output logic                              active_bank_o,
    // results
    output logic [Lanes-1:0]                  out_valid_o,
    input  logic                              out_ready_i,
    output logic [16*Lanes-1:0]               out_id_o,
    output logic [32*Lanes-1:0]               out_hash_o,  // 0 with REPORT_NONE
    output logic [4*Lanes-1:0]                out_report_o,
    output logic [16*Lanes-1:0]               out_queue_o,
    output logic [Lanes-1:0]                  out_bank_o,
    output logic [Lanes-1:0]                  out_over_budget_o
);

  if (Lanes != 1 && Lanes != 2 && Lanes != 4) begin : g_illegal
    // Elaboration stops here: there is no such module, and its name is the message.
    receive_steering_lanes_must_be_1_2_or_4 illegal ();
  end
  if (Credits < 2 || (Credits & (Credits - 1)) != 0) begin : g_illegal_credits
    receive_steering_credits_must_be_a_power_of_two_from_2_on illegal ();
  end

  localparam int CreditBits = $clog2(Credits) + 1;

  logic [Lanes-1:0] begins, waits, head, take, lane_cfg_ready;
  logic leaves;
  logic opens, open_q, closed_q;  // open: a group may begin at this edge. Twice, for the pins and for the lanes' parsers
  logic [CreditBits-1:0] groups_q;  // on their way

  assign out_valid_o = (head & ~waits) == '0 ? head : '0;
  assign take = out_ready_i ? out_valid_o : '0;
  assign leaves = |take;

  // Frames begin and results leave at far ends of the pipeline. Without HoldIdle both have a clock to get to the
  // counter; a group that is on that way has begun all the same.
  logic counts_in, counts_out, uncounted;
  if (HoldIdle != 0) begin : g_at_once
    assign counts_in = |begins;
    assign counts_out = leaves;
    assign uncounted = 1'b0;
  end else begin : g_later
    logic begins_q, leaves_q;
    always_ff @(posedge clk_i) begin
      begins_q <= rst_ni & |begins;
      leaves_q <= rst_ni & leaves;
    end
    assign counts_in = begins_q;
    assign counts_out = leaves_q;
    assign uncounted = begins_q;
  end

  assign opens = groups_q < CreditBits'(Credits - 1) - CreditBits'(uncounted);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      {open_q, closed_q} <= 2'b10;
      groups_q <= '0;
    end else begin
      if (counts_in & ~counts_out) groups_q <= groups_q + 1'b1;
      else if (counts_out & ~counts_in) groups_q <= groups_q - 1'b1;
      {open_q, closed_q} <= {opens, ~opens};
    end
  end

  if (Lanes > 1) begin : g_order
    lane_order #(
        .Lanes(Lanes), .Groups(Credits)
    ) u_order (
        .clk_i, .rst_ni, .begins_i(begins), .head_o(head), .leaves_i(leaves)
    );
  end else begin : g_one
    assign head = '1;
  end

  /* verilator lint_off UNUSEDSIGNAL */  // all alike: the lanes take the same words at the same edges
  logic [Lanes-1:0] lane_bank;
  /* verilator lint_on UNUSEDSIGNAL */
  assign cfg_ready_o = &lane_cfg_ready;
  assign active_bank_o = lane_bank[0];

  for (genvar n = 0; n < Lanes; n = n + 1) begin : g_lane
    steering_lane #(
        .DataBits(DataBits), .HeaderBytes(HeaderBytes), .MaxExtensions(MaxExtensions), .StartOffset(StartOffset),
        .Entries(Entries), .HashTables(HashTables), .HoldIdle(HoldIdle), .Places(Credits)
    ) u_lane (
        .clk_i, .rst_ni,
        .tdata_i(tdata_i[DataBits*n+:DataBits]), .tkeep_i(tkeep_i[DataBits/8*n+:DataBits/8]), .tvalid_i(tvalid_i[n]),
        .tready_o(tready_o[n]), .tlast_i(tlast_i[n]), .tuser_i(tuser_i[16*n+:16]),
        .start_offset_i(start_offset_i[10*n+:10]),
        .open_i(open_q), .closed_i(closed_q), .begins_o(begins[n]),
        .cfg_valid_i, .cfg_ready_o(lane_cfg_ready[n]), .cfg_go_i(Lanes == 1 ? 1'b1 : cfg_ready_o),
        .cfg_addr_i, .cfg_data_i,
        .active_bank_o(lane_bank[n]),
        .out_valid_o(waits[n]), .out_ready_i(take[n]), .out_id_o(out_id_o[16*n+:16]),
        .out_hash_o(out_hash_o[32*n+:32]), .out_report_o(out_report_o[4*n+:4]), .out_queue_o(out_queue_o[16*n+:16]),
        .out_bank_o(out_bank_o[n]), .out_over_budget_o(out_over_budget_o[n])
    );
  end

endmodule
