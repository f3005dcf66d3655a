// Catches what nobody takes at once, results first of all: who gives cannot wait, who takes may. An empty one is a wire:
// what comes is at the output in the same clock, and is kept only if it is not taken there. in_valid_i has no ready: who
// counts Depth credits, or knows how many are ever on their way, never has more than places.
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

  localparam int PlaceBits = $clog2(Depth);

  logic [Bits-1:0] waiting_q [Depth];
  logic [PlaceBits-1:0] write_q, read_q;
  logic waits_q, put, get;

  assign out_valid_o = waits_q | in_valid_i;
  assign out_o = waits_q ? waiting_q[read_q] : in_i;
  assign put = in_valid_i & (waits_q | ~out_ready_i);
  assign get = waits_q & out_ready_i;

  always_ff @(posedge clk_i) if (put) waiting_q[write_q] <= in_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q <= '0;
      read_q <= '0;
      waits_q <= 1'b0;
    end else begin
      if (put) write_q <= write_q + 1'b1;
      if (get) read_q <= read_q + 1'b1;
      // All places taken and none look alike by the pointers; put at the same time keeps it from being empty.
      if (put) waits_q <= 1'b1;
      else if (get && read_q + 1'b1 == write_q) waits_q <= 1'b0;
    end
  end

endmodule
