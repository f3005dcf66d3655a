// A walk over options goes through one block of 32 bytes: one clock. The walk of a frame comes in from the block before
// or begins here, behind the first words of a header of destination options; it leaves at a place counted from the end
// of this block. Both are codes of option_map, where all ones in the upper bits is nowhere, for good.
//
// Two finds are possible, by the walk that comes in and by one that begins in the block's second half. One that begins
// in a half replaces the walk before it: a home address option is longer than a half, so the replaced walk's header has
// no room for one any more (the walk that comes in may still find one if the new one begins in the second half). Who
// owns a walk is the number of its header.
module option_step #(
    parameter int PlaceBits = 8,
    parameter int OwnerBits = 2
) (
    input  logic                    clk_i,
    input  logic                    load_i,
    input  logic [32*PlaceBits-1:0] map_i,
    input  logic                    begun_i,     // the frame's walk was at the block before
    input  logic [PlaceBits-1:0]    place_i,     // its state there
    input  logic [OwnerBits-1:0]    owner_i,
    // the last header of destination options that begins in each half, the first half's in the lower bits
    input  logic [1:0]              starts_i,
    input  logic [3:0]              start_at_i,  // its word in the half
    input  logic [2*OwnerBits-1:0]  start_owner_i,
    // one clock later
    output logic [PlaceBits-1:0]    place_o,
    output logic [OwnerBits-1:0]    owner_o,
    // what was met, by the walk that comes in or begins in the first half, and the one that begins in the second half
    output logic [1:0]              looked_o,
    output logic [2*PlaceBits-1:0]  met_o,
    output logic [2*OwnerBits-1:0]  met_owner_o
);

  localparam int UpperBits = PlaceBits - 5;
  localparam logic [UpperBits-1:0] Nowhere = '1;
  localparam logic [$clog2(PlaceBits)-1:0] PlaceZeros = '0;

  // Options begin two bytes into the first word of their header.
  function automatic logic [PlaceBits-1:0] behind_start(input logic [16*PlaceBits-1:0] half, input logic [1:0] word);
    behind_start = half[{word, 2'd2, PlaceZeros}+:PlaceBits];
  endfunction

  // What the walk looks up here comes late, all else is ready for it.
  always_ff @(posedge clk_i) begin : step
    logic here, takes;
    logic [UpperBits-1:0] upper;
    logic [PlaceBits-1:0] looked_up, instead, second;
    logic [OwnerBits-1:0] first_owner, second_owner;
    if (load_i) begin
      upper = place_i[PlaceBits-1:5];
      here = begun_i & upper == '0;
      takes = here & ~starts_i[0];
      looked_up = map_i[{place_i[4:0], PlaceZeros}+:PlaceBits];
      instead = starts_i[0] ? behind_start(map_i[16*PlaceBits-1:0], start_at_i[1:0]) :
                {begun_i & upper != Nowhere ? upper - 1'b1 : Nowhere, place_i[4:0]};
      second = behind_start(map_i[32*PlaceBits-1:16*PlaceBits], start_at_i[3:2]);
      first_owner = starts_i[0] ? start_owner_i[OwnerBits-1:0] : owner_i;
      second_owner = start_owner_i[2*OwnerBits-1:OwnerBits];
      looked_o <= {starts_i[1], starts_i[0] | here};
      met_o <= {second, takes ? looked_up : instead};
      met_owner_o <= {second_owner, first_owner};
      place_o <= takes & ~starts_i[1] ? looked_up : starts_i[1] ? second : instead;
      owner_o <= starts_i[1] ? second_owner : first_owner;
    end
  end

endmodule
