// One clock of option_map (which has the format): jumps that end within their group of First bytes in, jumps that end
// within their group of 2 * Last bytes out. A byte in the first half of such a group, whose jump leads into the second
// half, goes on from there; the group sizes from First to Last are joined one after the other.
module option_reach #(
    parameter int BeatBytes = 64,
    parameter int PlaceBits = 8,   // a power of two
    parameter int First     = 1,
    parameter int Last      = 1    // First times a power of two, at most 16
) (
    input  logic                           clk_i,
    input  logic                           load_i,
    input  logic [BeatBytes*PlaceBits-1:0] map_i,
    output logic [BeatBytes*PlaceBits-1:0] map_o
);

  localparam int ByteBits = $clog2(BeatBytes);
  localparam logic [$clog2(PlaceBits)-1:0] PlaceZeros = '0;

  always_ff @(posedge clk_i) begin : join_halves
    integer level, half, b, second;
    logic [BeatBytes*PlaceBits-1:0] map;
    logic [PlaceBits-1:0] jump, behind;
    logic [ByteBits-1:0] to;
    if (load_i) begin
      map = map_i;
      for (level = $clog2(First); level <= $clog2(Last); level = level + 1) begin
        half = 1 << level;
        for (b = 0; b < BeatBytes; b = b + 1) begin
          if ((b & half) == 0) begin
            second = (b | half) & ~(half - 1);  // the second half begins here
            behind = PlaceBits'(second % 32 - 32);
            jump = map[PlaceBits*b+:PlaceBits];
            // All but the last `level` bits are constant, so that only the second half is picked from.
            to = ByteBits'(second) | (jump[ByteBits-1:0] & ByteBits'(half - 1));
            if (jump >> level == behind >> level) map[PlaceBits*b+:PlaceBits] = map[{to, PlaceZeros}+:PlaceBits];
          end
        end
      end
      map_o <= map;
    end
  end

endmodule
