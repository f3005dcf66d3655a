// Takes a 16-byte address out of passing beats, wherever it lies: two clocks. In the first it works out where the bytes
// are, in the second, when the beat itself is there, it takes them. The address begins in a beat with begins_i at
// byte at_i; what does not fit there is in the next one, which has continues_i. Half of the way to its place is made
// here, by whole groups of eight bytes: bytes_o begins at byte phase_o, and parser_pkg::address_of turns it.
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
    output logic [2:0]                   phase_o
);

  localparam int GroupBits = $clog2(BeatBytes) - 3;  // groups of eight bytes in a beat

  logic has_q;
  logic [2:0] phase_q;
  logic [16*GroupBits-1:0] group_q;  // for each of bytes_o the group that it is in
  logic [15:0] takes_q;              // and whether it is in the beat that is there

  always_ff @(posedge clk_i) begin : aim
    integer b;
    logic [GroupBits:0] group;
    if (load_i[0]) has_q <= has_i;
    takes_q <= '0;
    if (load_i[0] & has_i) begin
      phase_q <= at_i[2:0];
      for (b = 0; b < 16; b = b + 1) begin
        group = {1'b0, at_i[3+:GroupBits]} + (GroupBits + 1)'(b >= 8 ? 1 : 3'(b) < at_i[2:0] ? 2 : 0);
        group_q[GroupBits*b+:GroupBits] <= group[GroupBits-1:0];
        takes_q[b] <= group[GroupBits] ? continues_i : begins_i;
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
    if (takes_q != '0) begin
      bytes = {beat_i, before_i};
      for (b = 0; b < 16; b = b + 1) begin
        if (takes_q[b]) bytes_o[8*b+:8] <= bytes[64*group_q[GroupBits*b+:GroupBits]+8*(b%8)+:8];
      end
    end
  end

endmodule
