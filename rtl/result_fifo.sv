// A waiting_fifo with the way past it: an empty one is a wire. What comes is at the output in the same clock, and is
// kept only if it is not taken there.
module result_fifo #(
    parameter int Bits  = 32,
    parameter int Depth = 32   // a power of two
) (
    input  logic            clk_i,
    input  logic            rst_ni,
    input  logic            in_valid_i,
    input  logic [Bits-1:0] in_i,
    output logic            out_valid_o,
    input  logic            out_ready_i,
    output logic [Bits-1:0] out_o
);

  logic waits;
  logic [Bits-1:0] front;

  waiting_fifo #(
      .Bits(Bits), .Depth(Depth)
  ) u_waiting (
      .clk_i, .rst_ni, .in_valid_i, .in_i, .out_ready_i, .waits_o(waits), .front_o(front)
  );

  assign out_valid_o = waits | in_valid_i;
  assign out_o = waits ? front : in_i;

endmodule
