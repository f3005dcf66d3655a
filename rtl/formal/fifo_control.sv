// What result_fifo promises at its ports, for proofs, with its user's promise as an assumption: no more than Depth results
// here at a time. One result, any, is followed from the clock in which it comes to that in which it is taken.
module fifo_control #(
    parameter int Bits  = 2,
    parameter int Depth = 4
) (
    input logic            clk_i,
    input logic            rst_ni,
    input logic            follow_i,  // from this result on, if none is followed
    input logic            in_valid_i,
    input logic [Bits-1:0] in_i,
    input logic            out_ready_i
);

  localparam int CountBits = $clog2(Depth) + 1;

  logic out_valid;
  logic [Bits-1:0] out;

  result_fifo #(
      .Bits(Bits), .Depth(Depth)
  ) u_dut (
      .clk_i, .rst_ni, .in_valid_i, .in_i, .out_valid_o(out_valid), .out_ready_i, .out_o(out)
  );

  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;

  // Results that wait, and how many of them are before the one that is followed.
  logic follows, followed_q, taken;
  logic [CountBits-1:0] waiting_q, ahead, ahead_q;
  logic [Bits-1:0] followed, word_q;
  assign taken = out_valid & out_ready_i;
  assign follows = followed_q | (in_valid_i & follow_i);
  assign ahead = followed_q ? ahead_q : waiting_q;
  assign followed = followed_q ? word_q : in_i;
  always_comb begin
    assume (started_q || !rst_ni);
    assume (!in_valid_i || waiting_q < CountBits'(Depth));
  end

  logic waits_q;
  logic [Bits-1:0] out_q;
  always_ff @(posedge clk_i) begin
    waits_q <= rst_ni & out_valid & ~out_ready_i;
    out_q <= out;
    word_q <= followed;
    if (!rst_ni) begin
      waiting_q <= '0;
      followed_q <= 1'b0;
    end else begin
      waiting_q <= waiting_q + CountBits'(in_valid_i) - CountBits'(taken);
      followed_q <= follows & ~(taken & ahead == '0);
      ahead_q <= ahead - CountBits'(taken);
    end
  end

  always_comb begin
    if (started_q) begin
      // There is one at the output exactly while there is one at all, even as it comes, and each in its turn.
      nothing_lost : assert (out_valid || !(in_valid_i || waiting_q != '0));
      nothing_invented : assert (!out_valid || in_valid_i || waiting_q != '0);
      in_order : assert (!(follows && out_valid && ahead == '0) || out == followed);
      result_stays : assert (!waits_q || (out_valid && out == out_q));
    end
  end

endmodule
