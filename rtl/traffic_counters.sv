// What the register block counts of the frames that pass: results by hash report, frames over the budget, clocks in
// which either side waits (with several lanes: any of them), frames on their way. It watches the handshakes and takes
// no part in them; what it counts is a clock behind them.
//
// read_data_o: the word read with read_i, a clock later; 0 without read_i and for words that are not its own.
module traffic_counters #(
    parameter int Lanes = 1  // of receive_steering
) (
    input  logic                                      clk_i,
    input  logic                                      rst_ni,
    // frames in
    input  logic [Lanes-1:0]                          frame_valid_i,
    input  logic [Lanes-1:0]                          frame_ready_i,
    input  logic [Lanes-1:0]                          frame_last_i,
    // results out
    input  logic [Lanes-1:0]                          result_valid_i,
    input  logic                                      result_ready_i,
    input  logic [4*Lanes-1:0]                        result_report_i,
    input  logic [Lanes-1:0]                          result_over_budget_i,
    // registers
    input  logic                                      snapshot_i,
    input  logic                                      clear_i,
    input  logic                                      read_i,
    input  logic [rss_registers_pkg::ADDRESS_BITS-3:0] read_word_i,
    output logic [31:0]                               read_data_o
);

  // Counters: the reports', then these.
  localparam int OverBudget = rss_registers_pkg::PACKETS_COUNT;
  localparam int InputStalls = OverBudget + 1;
  localparam int ResultStalls = OverBudget + 2;
  localparam int Counters = OverBudget + 3;

  // A bit a lane, but for the stalls.
  logic [Lanes-1:0] taken, inside_q;  // inside: the next beat is not a frame's first
  logic [Lanes-1:0] entered_q, left_q, over_budget_q;
  logic [4*Lanes-1:0] report_q;
  logic input_stall_q, result_stall_q;
  assign taken = frame_valid_i & frame_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      {inside_q, entered_q, left_q, over_budget_q, input_stall_q, result_stall_q, report_q} <= '0;
    end else begin
      inside_q <= (taken & ~frame_last_i) | (~taken & inside_q);
      entered_q <= taken & ~inside_q;
      input_stall_q <= |(frame_valid_i & ~frame_ready_i);
      left_q <= result_ready_i ? result_valid_i : '0;
      result_stall_q <= |result_valid_i & ~result_ready_i;
      if (|result_valid_i & result_ready_i) {report_q, over_budget_q} <= {result_report_i, result_over_budget_i};
    end
  end

  localparam int EventBits = $clog2(Lanes + 1);

  function automatic logic [EventBits-1:0] count(input logic [Lanes-1:0] lanes);
    integer n;
    count = '0;
    for (n = 0; n < Lanes; n = n + 1) count = count + EventBits'(lanes[n]);
  endfunction

  logic [EventBits*Counters-1:0] events;
  logic [64*Counters-1:0] counts;
  assign events[EventBits*OverBudget+:EventBits] = count(left_q & over_budget_q);
  assign events[EventBits*InputStalls+:EventBits] = EventBits'(input_stall_q);
  assign events[EventBits*ResultStalls+:EventBits] = EventBits'(result_stall_q);

  for (genvar n = 0; n < OverBudget; n = n + 1) begin : g_report
    logic [Lanes-1:0] here;
    for (genvar lane = 0; lane < Lanes; lane = lane + 1) begin : g_lane
      assign here[lane] = left_q[lane] & report_q[4*lane+:4] == 4'(n);
    end
    assign events[EventBits*n+:EventBits] = count(here);
  end
  for (genvar n = 0; n < Counters; n = n + 1) begin : g_counter
    event_counter #(
        .EventBits(EventBits)
    ) u_counter (
        .clk_i, .rst_ni, .event_i(events[EventBits*n+:EventBits]), .snapshot_i, .clear_i,
        .snapshot_o(counts[64*n+:64])
    );
  end

  logic [rss_registers_pkg::OCCUPANCY_NOW_BITS-1:0] now_q, maximum_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      now_q <= '0;
      maximum_q <= '0;
    end else begin
      now_q <= now_q + rss_registers_pkg::OCCUPANCY_NOW_BITS'(count(entered_q)) -
               rss_registers_pkg::OCCUPANCY_NOW_BITS'(count(left_q));
      if (clear_i | now_q > maximum_q) maximum_q <= now_q;
    end
  end

  function automatic logic [31:0] address_of(input integer counter);
    address_of = counter == OverBudget ? 32'(rss_registers_pkg::OVER_BUDGET) :
                 counter == InputStalls ? 32'(rss_registers_pkg::INPUT_STALLS) :
                 counter == ResultStalls ? 32'(rss_registers_pkg::RESULT_STALLS) :
                 32'(rss_registers_pkg::PACKETS) + 32'(8 * counter);
  endfunction

  logic [31:0] read_data, address;
  assign address = 32'({read_word_i, 2'b00});

  always_comb begin : read
    integer n;
    read_data = '0;
    for (n = 0; n < Counters; n = n + 1) begin
      if (address == address_of(n)) read_data = read_data | counts[64*n+:32];
      if (address == address_of(n) + 4) read_data = read_data | counts[64*n+32+:32];
    end
    if (address == 32'(rss_registers_pkg::OCCUPANCY)) begin
      read_data[rss_registers_pkg::OCCUPANCY_NOW_LSB+:rss_registers_pkg::OCCUPANCY_NOW_BITS] = now_q;
      read_data[rss_registers_pkg::OCCUPANCY_MAXIMUM_LSB+:rss_registers_pkg::OCCUPANCY_MAXIMUM_BITS] = maximum_q;
    end
  end

  always_ff @(posedge clk_i) read_data_o <= read_i ? read_data : '0;

endmodule
