// Takes a 16-byte address out of passing beats, wherever it lies: two clocks. In the first it works out where the bytes
// are, in the second, when the beat itself is there, it takes them. The address begins in a beat with begins_i at
// byte at_i; what does not fit there is in the next one, which has continues_i. Bytes are kept in their places modulo
// 16: bytes_o begins at byte phase_o, and parser_pkg::address_of turns it.
module address_capture #(
    parameter int BeatBytes = 64
) (
    input  logic                         clk_i,
    input  logic [1:0]                   load_i,      // a clock each
    // first clock
    input  logic                         has_i,       // there is an address, at at_i; it stays with its frame's beats
    input  logic                         begins_i,    // only with a beat of a frame that has one
    input  logic                         continues_i,
    input  logic [$clog2(BeatBytes)-1:0] at_i,
    // second clock
    input  logic [8*BeatBytes-1:0]       beat_i,      // as it came
    input  logic [15:0]                  before_i,    // the two bytes before it, from which the address's are counted
    // behind it
    output logic                         captured_o,  // has_i; complete once the frame's last beat with a part is through
    output logic [127:0]                 bytes_o,
    output logic [3:0]                   phase_o
);

  localparam int GroupBits = $clog2(BeatBytes) - 4;  // groups of 16 bytes in a beat

  logic has_q, begins_q, continues_q, last_q;
  logic [3:0] phase_q;
  logic [GroupBits-1:0] group_q;
  logic [15:0] above_q;  // a bit for each of bytes_o: it is in the group behind

  always_ff @(posedge clk_i) begin : aim
    integer b;
    begins_q <= begins_i;
    continues_q <= continues_i;
    if (load_i[0]) has_q <= has_i;
    if (has_i) begin
      phase_q <= at_i[3:0];
      group_q <= at_i[4+:GroupBits];
      last_q <= &at_i[4+:GroupBits];
      for (b = 0; b < 16; b = b + 1) above_q[b] <= 4'(b) < at_i[3:0];
    end
  end

  always_ff @(posedge clk_i) begin : capture
    integer b;
    logic [GroupBits-1:0] from;
    /* verilator lint_off UNUSEDSIGNAL */  // the last two bytes
    logic [8*BeatBytes+15:0] bytes;
    /* verilator lint_on UNUSEDSIGNAL */
    if (load_i[1]) captured_o <= has_q;
    if (has_q) phase_o <= phase_q;
    if (begins_q | continues_q) begin
      bytes = {beat_i, before_i};
      for (b = 0; b < 16; b = b + 1) begin
        from = group_q + GroupBits'(above_q[b]);
        if (above_q[b] & last_q ? continues_q : begins_q) bytes_o[8*b+:8] <= bytes[128*from+8*b+:8];
      end
    end
  end

endmodule
