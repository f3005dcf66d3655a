// Takes a 16-byte address out of passing beats, wherever it lies: two clocks. In the first it works out where the bytes
// are, in the second, when the beat itself is there, it takes them. The address begins in a beat with begins_i at
// byte at_i; what does not fit there is in the next one, which has continues_i. Bytes are kept in their places modulo 16:
// bytes_o begins at byte phase_o, and parser_pkg::address_of turns it.
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
    input  logic [15:0]                  before_i,    // the two bytes before it: the address's bytes are counted from these
    // behind it
    output logic                         captured_o,  // has_i; complete once the frame's last beat with a part is through
    output logic [127:0]                 bytes_o,
    output logic [3:0]                   phase_o
);

  localparam int GroupBits = $clog2(BeatBytes) - 4;  // groups of 16 bytes in a beat

  logic has_q;
  logic [3:0] phase_q;
  logic [15:0] take_q;               // a bit for each of bytes_o: it comes with this beat
  logic [16*GroupBits-1:0] from_q;   // and from this group

  always_ff @(posedge clk_i) begin : aim
    integer b;
    logic above;  // in the group behind that in which the address begins
    if (load_i[0]) has_q <= has_i;
    take_q <= '0;
    if (has_i) begin
      phase_q <= at_i[3:0];
      for (b = 0; b < 16; b = b + 1) begin
        above = 4'(b) < at_i[3:0];
        take_q[b] <= above & (&at_i[4+:GroupBits]) ? continues_i : begins_i;
        from_q[GroupBits*b+:GroupBits] <= at_i[4+:GroupBits] + GroupBits'(above);
      end
    end
  end

  always_ff @(posedge clk_i) begin : capture
    integer b;
    /* verilator lint_off UNUSEDSIGNAL */  // the last two bytes
    logic [8*BeatBytes+15:0] bytes;
    /* verilator lint_on UNUSEDSIGNAL */
    if (load_i[1]) captured_o <= has_q;
    if (has_q) phase_o <= phase_q;
    if (take_q != '0) begin
      bytes = {beat_i, before_i};
      for (b = 0; b < 16; b = b + 1) begin
        if (take_q[b]) bytes_o[8*b+:8] <= bytes[128*from_q[GroupBits*b+:GroupBits]+8*b+:8];
      end
    end
  end

endmodule
