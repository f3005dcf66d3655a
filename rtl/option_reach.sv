// One clock of option_map (which has the format): jumps that end within their block of First bytes in, jumps that end
// within their block of 2 * Last bytes out. A byte in the first half of such a block, whose jump leads into the second
// half, goes on from there; the block sizes from First to Last are joined one after the other.
module option_reach #(
    parameter int BeatBytes = 64,
    parameter int JumpBits  = 8,   // a power of two
    parameter int First     = 1,
    parameter int Last      = 1   // First times a power of two
) (
    input  logic                          clk_i,
    input  logic                          load_i,
    input  logic [BeatBytes*JumpBits-1:0] map_i,
    output logic [BeatBytes*JumpBits-1:0] map_o
);

  localparam int ByteBits = $clog2(BeatBytes);
  localparam logic [$clog2(JumpBits)-1:0] JumpZeros = '0;

  always_ff @(posedge clk_i) begin : join_blocks
    integer level, half, b;
    logic [BeatBytes*JumpBits-1:0] map;
    logic [JumpBits-1:0] jump;
    /* verilator lint_off UNUSEDSIGNAL */
    logic [JumpBits-1:0] behind;
    /* verilator lint_on UNUSEDSIGNAL */
    logic [ByteBits-1:0] to;
    if (load_i) begin
      map = map_i;
      for (level = $clog2(First); level <= $clog2(Last); level = level + 1) begin
        half = 1 << level;
        for (b = 0; b < BeatBytes; b = b + 1) begin
          if ((b & half) == 0) begin
            behind = JumpBits'((b | half) & ~(half - 1));  // the block's second half begins here
            jump = map[JumpBits*b+:JumpBits];
            // All but the last `level` bits are constant, so that only the second half is picked from.
            to = behind[ByteBits-1:0] | (jump[ByteBits-1:0] & ByteBits'(half - 1));
            if (jump >> level == behind >> level) map[JumpBits*b+:JumpBits] = map[{to, JumpZeros}+:JumpBits];
          end
        end
      end
      map_o <= map;
    end
  end

endmodule
