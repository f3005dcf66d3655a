// Keeps what cannot be taken at once, for who gives cannot wait: what comes (in_i) is for the taker itself, unless
// something waits or out_ready_i is low; then it is kept. What waits stands in a register, what waits behind it in a
// memory. in_valid_i has no ready: who counts Depth credits, or knows how many are ever on their way, never has more
// than places.
module waiting_fifo #(
    parameter int Bits  = 32,
    parameter int Depth = 32   // a power of two
) (
    input  logic            clk_i,
    input  logic            rst_ni,
    input  logic            in_valid_i,
    input  logic [Bits-1:0] in_i,
    input  logic            out_ready_i,
    output logic            waits_o,     // something waits: front_o first of all
    output logic [Bits-1:0] front_o
);

  localparam int PlaceBits = $clog2(Depth);

  (* ram_style = "distributed" *) logic [Bits-1:0] behind_q [Depth];
  logic [Bits-1:0] front_q;
  logic [PlaceBits-1:0] write_q, read_q, second_q;  // second: the place behind read's
  logic waits_q, more_q;

  assign waits_o = waits_q;
  assign front_o = front_q;

  // One condition around all, without a name for it: a simulator has done with an empty FIFO after one test. And what is
  // read comes before what is written, so that it needs no second copies.
  always_ff @(posedge clk_i) begin : hold
    logic put, get;
    if (waits_q | (in_valid_i & ~out_ready_i)) begin
      put = in_valid_i & waits_q & (more_q | ~out_ready_i);
      get = more_q & out_ready_i;
      waits_q <= in_valid_i | more_q | ~out_ready_i;
      if (get) front_q <= behind_q[read_q];
      else if (in_valid_i & ~put) front_q <= in_i;
      if (put) behind_q[write_q] <= in_i;
      // All places taken and none look alike by the pointers; put at the same time keeps it from being empty.
      if (put) more_q <= 1'b1;
      else if (get && second_q == write_q) more_q <= 1'b0;
      if (put) write_q <= write_q + 1'b1;
      if (get) begin
        read_q <= second_q;
        second_q <= second_q + 1'b1;
      end
    end
    if (!rst_ni) begin
      write_q <= '0;
      read_q <= '0;
      second_q <= PlaceBits'(1);
      more_q <= 1'b0;
      waits_q <= 1'b0;
    end
  end

endmodule
