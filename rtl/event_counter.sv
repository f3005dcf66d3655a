// Counts events, as many as event_i says in each clock, and keeps a copy of the count that stands still. The copy taken
// at a clock with snapshot_i holds the events of the clocks before; clear_i starts again from that clock's own. Both at
// once lose nothing.
//
// The upper half follows a clock behind the lower one, with snapshot and clear, so that no carry runs through more than
// half of the bits in a clock; the copy is whole all the same with the edge of snapshot_i. Two edges after the last event,
// snapshot or clear no register changes any more.
module event_counter #(
    parameter int HalfBits  = 32,  // of both halves
    parameter int EventBits = 1    // of event_i
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic [EventBits-1:0]  event_i,
    input  logic                  snapshot_i,
    input  logic                  clear_i,
    output logic [2*HalfBits-1:0] snapshot_o
);

  logic [HalfBits-1:0] low_q, high_q, low_copy_q, high_copy_q;
  logic carry_q, snapshot_q, clear_q;

  assign snapshot_o = {snapshot_q ? high_q : high_copy_q, low_copy_q};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      low_q <= '0;
      high_q <= '0;
      carry_q <= 1'b0;
      snapshot_q <= 1'b0;
      clear_q <= 1'b0;
      low_copy_q <= '0;
      high_copy_q <= '0;
    end else begin
      {carry_q, low_q} <= {1'b0, clear_i ? {HalfBits{1'b0}} : low_q} + (HalfBits + 1)'(event_i);
      if (snapshot_i) low_copy_q <= low_q;
      snapshot_q <= snapshot_i;
      clear_q <= clear_i;
      high_q <= (clear_q ? '0 : high_q) + HalfBits'(carry_q);
      if (snapshot_q) high_copy_q <= high_q;
    end
  end

endmodule
