// What frame_parser promises at its ports about the results of frames without destination options that need a search
// (scripts/prove takes searches, which says so inside, for 0), for proofs: every input is arbitrary in every clock, but
// for a reset in the first. Beats travel beside the parser in a line of as many clocks as a result takes from the beat that
// settles its frame, so that each result meets that beat at the line's end. Which of a frame's beats that is, the headers
// say: here it may be any. Beats behind the budget are none; they are forgotten as they are taken.
//
// For 512 bits without StartOffset; with other widths beat_input, and with StartOffset frame_align, is in front.
module parser_control #(
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

  logic soon, valid;

  frame_parser u_dut (
      .clk_i, .rst_ni, .tdata_i, .tkeep_i, .tvalid_i, .tlast_i, .tuser_i, .start_offset_i,
      .soon_valid_o(soon), .soon_network_o(), .soon_transport_o(), .soon_extension_headers_o(),
      .out_valid_o(valid), .out_id_o(), .out_network_o(), .out_transport_o(), .out_extension_headers_o(),
      .out_source_o(), .out_destination_o(), .out_ex_source_o(), .out_ex_destination_o(), .out_source_port_o(),
      .out_destination_port_o(), .out_over_budget_o()
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

  // The line; the oldest beat is at the upper end.
  logic [Latency-1:0] beat_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) beat_q <= '0;
    else beat_q <= {beat_q[Latency-2:0], tvalid_i & number != '0};
  end

  logic soon_q;
  logic [Latency-1:0] first_q, last_q, ends_q;
  always_ff @(posedge clk_i) begin
    soon_q <= rst_ni & soon;
    first_q <= {first_q[Latency-2:0], fresh_q};
    last_q <= {last_q[Latency-2:0], tlast_i};
    ends_q <= {ends_q[Latency-2:0], number[Beats-1]};
  end

  // Whether the frame at the line's end has had its result.
  logic beat, done, done_q;
  assign beat = beat_q[Latency-1];
  assign done = done_q & ~first_q[Latency-1];
  always_ff @(posedge clk_i) if (beat) done_q <= done | valid;

  always_comb begin
    if (started_q) begin
      // A result for each frame, one, with one of its beats; so they come in the frames' order.
      nothing_invented : assert (!valid || beat);
      settled_once : assert (!(valid && beat && done));
      nothing_lost : assert (!(beat && (last_q[Latency-1] || ends_q[Latency-1])) || valid || done);
      announced : assert (valid == soon_q);
    end
  end

endmodule
