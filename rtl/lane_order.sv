// In which order the results of several lanes leave: a queue of groups. The lanes that begin a frame at the same edge
// are a group, a bit each; the oldest group stands at head_o until leaves_i, and the next one follows at that edge.
//
// A group is at head_o two edges after the one at which it began at the earliest. begins_i has no ready: who counts
// Groups credits never has more of them on their way than places.
// Contract with the model: an edge at which nothing begins, with no group here, changes no register.
module lane_order #(
    parameter int Lanes  = 2,
    parameter int Groups = 64  // a power of two
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic [Lanes-1:0] begins_i,
    output logic [Lanes-1:0] head_o,   // 0: no group
    input  logic             leaves_i
);

  localparam int PlaceBits = $clog2(Groups);

  logic [Lanes-1:0] group_q [Groups];
  logic [PlaceBits:0] write_q, read_q;  // a bit more than a place has: equal only if no group waits
  logic put, get, free;

  assign put = |begins_i;
  assign free = leaves_i | ~|head_o;
  assign get = free & write_q != read_q;

  always_ff @(posedge clk_i) if (put) group_q[write_q[PlaceBits-1:0]] <= begins_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q <= '0;
      read_q <= '0;
      head_o <= '0;
    end else begin
      if (put) write_q <= write_q + 1'b1;
      if (get) read_q <= read_q + 1'b1;
      if (free) head_o <= get ? group_q[read_q[PlaceBits-1:0]] : '0;
    end
  end

endmodule
