// Takes a 16-byte address out of passing beats, wherever it lies: three clocks. In the first two it works out where the
// bytes are, in the third, when the beat itself is there, it takes them. The address begins in a beat with begins_i at
// byte at_i; what does not fit there is in the next one, which has continues_i. Bytes are kept in their places modulo 16:
// bytes_o begins at byte phase_o, and parser_pkg::address_of turns it.
module address_capture #(
    parameter int BeatBytes = 64
) (
    input  logic                         clk_i,
    input  logic [2:0]                   load_i,      // a clock each
    // first clock
    input  logic                         has_i,       // there is an address, at at_i; it stays with its frame's beats
    input  logic                         begins_i,    // only with a beat of a frame that has one
    input  logic                         continues_i,
    input  logic [$clog2(BeatBytes)-1:0] at_i,
    // third clock
    input  logic [8*BeatBytes-1:0]       beat_i,
    // behind it
    output logic                         captured_o,  // has_i; complete once the frame's last beat with a part is through
    output logic [127:0]                 bytes_o,
    output logic [3:0]                   phase_o
);

  localparam int GroupBits = $clog2(BeatBytes) - 4;  // groups of 16 bytes in a beat

  logic has_q1, begins_q1, continues_q1, has_q2;
  logic [GroupBits-1:0] group_q1;
  logic [15:0] above_q1;  // a bit for each of bytes_o: it is in the group behind that in which the address begins
  logic [3:0] phase_q1, phase_q2;
  logic [15:0] take_q2;                // it comes with this beat
  logic [16*GroupBits-1:0] from_q2;    // and from this group

  always_ff @(posedge clk_i) begin : where
    integer b;
    begins_q1 <= begins_i;
    continues_q1 <= continues_i;
    if (load_i[0]) has_q1 <= has_i;
    if (has_i) begin
      group_q1 <= at_i[4+:GroupBits];
      phase_q1 <= at_i[3:0];
      for (b = 0; b < 16; b = b + 1) above_q1[b] <= 4'(b) < at_i[3:0];
    end
  end

  always_ff @(posedge clk_i) begin : aim
    integer b;
    if (load_i[1]) has_q2 <= has_q1;
    if (has_q1) phase_q2 <= phase_q1;
    take_q2 <= '0;
    if (begins_q1 | continues_q1) begin
      for (b = 0; b < 16; b = b + 1) begin
        take_q2[b] <= above_q1[b] & (&group_q1) ? continues_q1 : begins_q1;
        from_q2[GroupBits*b+:GroupBits] <= group_q1 + GroupBits'(above_q1[b]);
      end
    end
  end

  always_ff @(posedge clk_i) begin : capture
    integer b;
    if (load_i[2]) captured_o <= has_q2;
    if (has_q2) phase_o <= phase_q2;
    if (take_q2 != '0) begin
      for (b = 0; b < 16; b = b + 1) begin
        if (take_q2[b]) bytes_o[8*b+:8] <= beat_i[128*from_q2[GroupBits*b+:GroupBits]+8*b+:8];
      end
    end
  end

endmodule
