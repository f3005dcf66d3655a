// Packs the beats of a narrow AXI4-Stream into beats of BeatBits, so that all behind sees the same width and always the
// first 64 bytes of a frame at once: one clock, a beat a clock. Beats of BeatBits pass as they are, in no time.
//
// A packed beat is complete when it is full or its frame ends; valid_o is high for the one clock that follows. first_o
// counts with any beat, id_o and start_o with a frame's first. Bytes above the last one kept are whatever
// they were.
module beat_input #(
    parameter int DataBits  = 512,
    parameter int BeatBits  = 512,  // DataBits times a power of two
    parameter int IdBits    = 16,
    parameter int StartBits = 10
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
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

  logic fresh_q;  // the next beat is a frame's first

  always_ff @(posedge clk_i) begin
    if (!rst_ni) fresh_q <= 1'b1;
    else if (tvalid_i) fresh_q <= tlast_i;
  end

  if (DataBits == BeatBits) begin : g_pass
    assign valid_o = tvalid_i;
    assign first_o = fresh_q;
    assign last_o = tlast_i;
    assign data_o = tdata_i;
    assign keep_o = tkeep_i;
    assign id_o = tuser_i;
    assign start_o = start_i;
  end else begin : g_pack
    localparam int Slices = BeatBits / DataBits;
    localparam int SliceBits = $clog2(Slices);

    logic complete;
    logic [SliceBits-1:0] slice_q;
    assign complete = tlast_i | &slice_q;

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        valid_o <= 1'b0;
        slice_q <= '0;
      end else begin
        valid_o <= tvalid_i & complete;
        if (tvalid_i) slice_q <= complete ? '0 : slice_q + 1'b1;
      end
    end

    always_ff @(posedge clk_i) begin : load
      integer s;
      if (tvalid_i) begin
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
  end

endmodule
