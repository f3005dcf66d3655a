// The parser's first stage: registers the beats of an AXI4-Stream and packs narrow ones into beats of BeatBits, so that
// all behind it sees the same width and always the first 64 bytes of a frame at once. One beat in a clock.
//
// A packed beat is complete when it is full or its frame ends; valid_o is high for the one clock that follows. first_o,
// id_o and start_o belong to the frame of the beat and stay until its next. Bytes above the last one kept are whatever
// they were. Nothing moves while advance_i is low.
module beat_input #(
    parameter int DataBits  = 512,
    parameter int BeatBits  = 512,  // DataBits times a power of two
    parameter int IdBits    = 16,
    parameter int StartBits = 10
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  advance_i,
    input  logic                  tvalid_i,
    input  logic [DataBits-1:0]   tdata_i,
    input  logic [DataBits/8-1:0] tkeep_i,
    input  logic                  tlast_i,
    input  logic [IdBits-1:0]     tuser_i,
    input  logic [StartBits-1:0]  start_i,
    output logic                  valid_o,
    output logic                  first_o,
    output logic                  last_o,
    output logic [BeatBits-1:0]   data_o,
    output logic [BeatBits/8-1:0] keep_o,
    output logic [IdBits-1:0]     id_o,
    output logic [StartBits-1:0]  start_o
);

  localparam int Slices = BeatBits / DataBits;
  localparam int SliceBits = Slices > 1 ? $clog2(Slices) : 1;
  localparam logic [SliceBits-1:0] LastSlice = SliceBits'(Slices - 1);

  logic accept, complete, fresh_q;  // fresh: the next beat is a frame's first
  logic [SliceBits-1:0] slice_q;

  assign accept = tvalid_i & advance_i;
  assign complete = tlast_i | slice_q == LastSlice;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_o <= 1'b0;
      fresh_q <= 1'b1;
      slice_q <= '0;
    end else if (advance_i) begin
      valid_o <= accept & complete;
      if (accept) begin
        fresh_q <= tlast_i;
        slice_q <= complete ? '0 : slice_q + 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin : load
    integer s;
    if (accept) begin
      last_o <= tlast_i;
      if (slice_q == '0) first_o <= fresh_q;
      if (fresh_q) begin
        id_o <= tuser_i;
        start_o <= start_i;
      end
      for (s = 0; s < Slices; s = s + 1) begin
        if (slice_q == SliceBits'(s)) begin
          data_o[s*DataBits+:DataBits] <= tdata_i;
          keep_o[s*(DataBits/8)+:DataBits/8] <= tkeep_i;
        end else if (slice_q == '0) begin
          keep_o[s*(DataBits/8)+:DataBits/8] <= '0;
        end
      end
    end
  end

endmodule
