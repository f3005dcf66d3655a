// Takes a 16-byte address out of passing beats, wherever it begins: one clock. found_i says that one begins at byte
// at_i, counted from the begin of the beat it comes with; it may lie in this beat, the next or partly in both. The
// first one of a frame is taken, later ones are ignored. Bytes are kept in their places modulo 16: bytes_o begins at byte
// phase_o, and parser_pkg::address_of turns it.
module address_capture #(
    parameter int BeatBytes = 64
) (
    input  logic                       clk_i,
    input  logic                       load_i,
    input  logic                       first_i,
    input  logic [8*BeatBytes-1:0]     beat_i,
    input  logic                       found_i,
    input  logic [$clog2(BeatBytes):0] at_i,
    // one clock later
    output logic                       captured_o,  // a find in this frame; complete once the frame reaches its end
    output logic [127:0]               bytes_o,
    output logic [3:0]                 phase_o
);

  localparam int GroupBits = $clog2(BeatBytes) - 4;  // groups of 16 bytes in a beat

  logic lower_due_q, upper_due_q;  // wait for the address's first group and for the one behind
  logic [GroupBits:0] group_q;

  always_ff @(posedge clk_i) begin : capture
    integer b;
    logic begins, lower;
    logic [GroupBits:0] group, above;
    logic [3:0] phase;
    logic [127:0] lower_group, upper_group;
    if (load_i) begin
      begins = found_i & (first_i | ~captured_o);
      if (first_i || begins) captured_o <= begins;
      if (begins || (!first_i && (lower_due_q || upper_due_q))) begin
        group = begins ? at_i[GroupBits+4:4] : group_q;
        phase = begins ? at_i[3:0] : phase_o;
        above = group + 1'b1;
        lower = begins | lower_due_q;
        lower_group = beat_i[{group[GroupBits-1:0], 7'd0}+:128];
        upper_group = beat_i[{above[GroupBits-1:0], 7'd0}+:128];
        for (b = 0; b < 16; b = b + 1) begin
          if (4'(b) >= phase) begin
            if (lower && !group[GroupBits]) bytes_o[8*b+:8] <= lower_group[8*b+:8];
          end else begin
            if (!above[GroupBits]) bytes_o[8*b+:8] <= upper_group[8*b+:8];
          end
        end
        lower_due_q <= lower & group[GroupBits];
        upper_due_q <= above[GroupBits];
        group_q <= {~group[GroupBits], group[GroupBits-1:0]};  // a beat's groups less; -1 with only the upper due
        phase_o <= phase;
      end else begin
        lower_due_q <= 1'b0;
        upper_due_q <= 1'b0;
      end
    end
  end

endmodule
