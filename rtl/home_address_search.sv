// Looks for a home address (RFC 6275, 6.3) in the destination options of a frame. The first good one wins: the right
// length, within its header. One walk a frame goes block by block through the maps of its beats; each block of each
// beat of the budget has a step of its own, a clock after that of the block before, so that nothing has to go around a
// loop in one clock:
//
//   beat k, block j: step stage k * (Blocks - 1) + j - 1       (Blocks: of 32 bytes, in a beat)
//
// A frame's first block holds no options. What a walk meets ends it, whether it is good or not: a header whose first
// home address option does not fit has none.
//
// A beat is in front of step stage s when load_i[s] loads that stage; its find comes with load_i[Stages].
module home_address_search #(
    parameter int BeatBytes   = 64,
    parameter int Beats       = 4,   // of the budget
    parameter int PointerBits = 7,
    parameter int PlaceBits   = 8,
    parameter int Headers     = 4,
    parameter int Stages      = Beats * (BeatBytes / 32 - 1)  // no other value
) (
    input  logic                                     clk_i,
    // a clock before stage 0: headers of destination options that begin in this beat, and their first word
    input  logic                                     load_starts_i,
    input  logic [Headers-1:0]                       options_i,
    input  logic [Headers*($clog2(BeatBytes)-2)-1:0] options_at_i,
    // in front of stage 0
    input  logic [Stages:0]                          load_i,
    input  logic [Beats-1:0]                         beat_i,       // which of its frame's beats: one bit is set
    input  logic [BeatBytes*PlaceBits-1:0]           map_i,        // of option_map
    input  logic [Headers-1:0]                       end_valid_i,  // as options_i
    input  logic [Headers*PointerBits-1:0]           end_i,        // their last word + 1
    // behind the last: the address's first byte, from the beat's begin; it may lie in the next beat
    output logic                                     found_o,
    output logic [$clog2(BeatBytes):0]               found_at_o
);

  localparam int ByteBits = $clog2(BeatBytes);
  localparam int WordBits = ByteBits - 2;
  localparam int Words = BeatBytes / 4;
  localparam int Blocks = BeatBytes / 32;
  localparam int OwnerBits = $clog2(Headers);
  localparam int BlockBits = 32 * PlaceBits;
  localparam int MetBits = 2 + 2 * PlaceBits + 2 * OwnerBits;
  localparam int StartBits = 2 * (1 + 2 + OwnerBits);  // of a block

  // Where walks begin: {owners, words, valid} of each block's halves.
  logic [Blocks*StartBits-1:0] starts_q;

  always_ff @(posedge clk_i) begin : starts
    integer half, h;
    logic [2*Blocks-1:0] valid;
    logic [4*Blocks-1:0] words;
    logic [2*Blocks*OwnerBits-1:0] owners;
    if (load_starts_i) begin
      valid = '0;
      words = '0;
      owners = '0;
      for (half = 0; half < 2 * Blocks; half = half + 1) begin
        for (h = 0; h < Headers; h = h + 1) begin
          if (options_i[h] && options_at_i[h*WordBits+2+:WordBits-2] == (WordBits-2)'(half)) begin
            valid[half] = 1'b1;
            words[2*half+:2] = options_at_i[h*WordBits+:2];
            owners[half*OwnerBits+:OwnerBits] = OwnerBits'(h);
          end
        end
      end
      for (h = 0; h < Blocks; h = h + 1) begin
        starts_q[h*StartBits+:StartBits] <=
            {owners[2*h*OwnerBits+:2*OwnerBits], words[4*h+:4], valid[2*h+:2]};
      end
    end
  end

  // Where headers end, in words from the beat's begin; 0 for what ended before.
  logic [Headers*PointerBits-1:0] ends_q, ends;

  always_ff @(posedge clk_i) begin : header_ends
    integer h;
    logic [PointerBits-1:0] prior;
    if (load_i[0]) begin
      for (h = 0; h < Headers; h = h + 1) begin
        prior = ends_q[h*PointerBits+:PointerBits];
        ends_q[h*PointerBits+:PointerBits] <=
            end_valid_i[h] ? end_i[h*PointerBits+:PointerBits] :
            prior > PointerBits'(Words) ? prior - PointerBits'(Words) : '0;
      end
    end
  end

  beat_delay #(
      .Bits(Headers * PointerBits), .Stages(Stages - 1)
  ) u_ends (
      .clk_i, .load_i(load_i[Stages:1]), .bits_i(ends_q), .bits_o(ends)
  );

  /* verilator lint_off UNUSEDSIGNAL */  // no block has a step in every stage, and nobody is behind the last
  // Slice s of these is in front of stage s, but for met: slice s is behind it.
  logic [(Stages+1)*Beats-1:0] beat;
  logic [Stages*BeatBytes*PlaceBits-1:0] map;
  logic [Stages*Blocks*StartBits-1:0] starts_at;
  logic [Stages*Blocks*MetBits-1:0] met;
  logic [Beats*Blocks*PlaceBits-1:0] place;
  logic [Beats*Blocks*OwnerBits-1:0] owner;
  /* verilator lint_on UNUSEDSIGNAL */

  assign beat[Beats-1:0] = beat_i;
  assign map[BeatBytes*PlaceBits-1:0] = map_i;
  assign starts_at[Blocks*StartBits-1:0] = starts_q;
  assign place[PlaceBits-1:0] = '0;
  assign owner[OwnerBits-1:0] = '0;

  for (genvar s = 0; s < Stages; s = s + 1) begin : g_stage
    logic [Beats-1:0] beat_q;
    always_ff @(posedge clk_i) if (load_i[s]) beat_q <= beat[s*Beats+:Beats];
    assign beat[(s+1)*Beats+:Beats] = beat_q;

    if (s + 1 < Stages) begin : g_along
      logic [BeatBytes*PlaceBits-1:0] map_q;
      logic [Blocks*StartBits-1:0] starts_at_q;
      always_ff @(posedge clk_i) begin
        if (load_i[s]) begin
          map_q <= map[s*BeatBytes*PlaceBits+:BeatBytes*PlaceBits];
          starts_at_q <= starts_at[s*Blocks*StartBits+:Blocks*StartBits];
        end
      end
      assign map[(s+1)*BeatBytes*PlaceBits+:BeatBytes*PlaceBits] = map_q;
      assign starts_at[(s+1)*Blocks*StartBits+:Blocks*StartBits] = starts_at_q;
    end

    for (genvar j = 0; j < Blocks; j = j + 1) begin : g_block
      // The beat whose block j has its step here, if there is one.
      localparam int K = (s + 1 - j) / (Blocks - 1);
      localparam int At = s * Blocks + j;
      logic [MetBits-1:0] prior;

      if (s == 0) begin : g_first
        assign prior = '0;
      end else begin : g_behind
        logic [MetBits-1:0] prior_q;
        always_ff @(posedge clk_i) if (load_i[s]) prior_q <= met[(At-Blocks)*MetBits+:MetBits];
        assign prior = prior_q;
      end

      if (s + 1 >= j && K * (Blocks - 1) + j == s + 1 && K < Beats && K + j > 0) begin : g_step
        localparam int Number = K * Blocks + j;
        logic [MetBits-1:0] met_here;
        logic [1:0] looked;
        logic [2*PlaceBits-1:0] met_place;
        logic [2*OwnerBits-1:0] met_owner;

        option_step #(
            .PlaceBits(PlaceBits), .OwnerBits(OwnerBits)
        ) u_step (
            .clk_i, .load_i(load_i[s] & beat[s*Beats+K]),
            .map_i(map[s*BeatBytes*PlaceBits+j*BlockBits+:BlockBits]),
            .begun_i(Number > 1), .place_i(place[(Number-1)*PlaceBits+:PlaceBits]),
            .owner_i(owner[(Number-1)*OwnerBits+:OwnerBits]),
            .starts_i(starts_at[At*StartBits+:2]), .start_at_i(starts_at[At*StartBits+2+:4]),
            .start_owner_i(starts_at[At*StartBits+6+:2*OwnerBits]),
            .place_o(place[Number*PlaceBits+:PlaceBits]), .owner_o(owner[Number*OwnerBits+:OwnerBits]),
            .looked_o(looked), .met_o(met_place), .met_owner_o(met_owner)
        );
        assign met_here = {met_owner, met_place, looked};
        assign met[At*MetBits+:MetBits] = beat[(s+1)*Beats+K] ? met_here : prior;
      end else begin : g_pass
        assign met[At*MetBits+:MetBits] = prior;
      end
    end
  end

  always_ff @(posedge clk_i) begin : check
    integer n;
    logic [MetBits-1:0] m;
    logic [PlaceBits-1:0] at;
    logic [OwnerBits-1:0] who;
    logic [PointerBits-1:0] address_end;
    if (load_i[Stages]) begin
      found_o <= 1'b0;
      for (n = 2 * Blocks - 1; n >= 0; n = n - 1) begin
        m = met[((Stages-1)*Blocks+n/2)*MetBits+:MetBits];
        at = m[2+(n%2)*PlaceBits+:PlaceBits];
        who = m[2+2*PlaceBits+(n%2)*OwnerBits+:OwnerBits];
        // The option's 18 bytes, up to the next word.
        address_end = PointerBits'((9'(n / 2 * 32) + 9'(at[4:0]) + 9'd21) >> 2);
        if (m[n%2] && &at[PlaceBits-1:5] && address_end <= ends[who*PointerBits+:PointerBits]) begin
          found_o <= 1'b1;
          found_at_o <= (ByteBits+1)'(n / 2 * 32) + (ByteBits+1)'(at[4:0]) + (ByteBits+1)'(2);
        end
      end
    end
  end

endmodule
