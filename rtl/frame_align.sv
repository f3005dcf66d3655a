// Drops the first start_i bytes of every frame, so that an inner Ethernet header comes to stand where the outer one
// was: two clocks. A frame that ends before its start becomes an empty one (one beat, nothing kept).
//
//   input beats      | 0 ........ | 1 ........ | 2 ...   |      start = one beat and r bytes
//   output beats                     | 0 ........ | 1 .. |      each from the held beat and the one after it
//
// The held beat leaves when nothing of a later beat is needed or that beat stands at the input, so each input beat
// gives one output beat at most and none has to wait for room: a beat a clock.
module frame_align #(
    parameter int BeatBytes = 64,
    parameter int IdBits    = 16,
    parameter int StartBits = 10   // more than one beat's
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   valid_i,
    input  logic                   first_i,
    input  logic                   last_i,
    input  logic [8*BeatBytes-1:0] data_i,
    input  logic [BeatBytes-1:0]   keep_i,
    input  logic [IdBits-1:0]      id_i,
    input  logic [StartBits-1:0]   start_i,
    output logic                   valid_o,
    output logic                   first_o,
    output logic                   last_o,
    output logic [8*BeatBytes-1:0] data_o,
    output logic [BeatBytes-1:0]   keep_o,
    output logic [IdBits-1:0]      id_o
);

  localparam int ByteBits = $clog2(BeatBytes);

  // What comes with a frame's first beat.
  logic [IdBits-1:0] id, frame_id_q;
  logic [ByteBits-1:0] shift, frame_shift_q;
  assign id = first_i ? id_i : frame_id_q;
  assign shift = first_i ? start_i[ByteBits-1:0] : frame_shift_q;

  // Beats still to be skipped.
  logic [StartBits-ByteBits-1:0] skip, skip_q;
  assign skip = first_i ? start_i[StartBits-1:ByteBits] : skip_q;

  logic held_q, first_q, last_q, spent_q, begun_q;
  logic [8*BeatBytes-1:0] data_q;
  logic [BeatBytes-1:0] keep_q;
  logic [IdBits-1:0] id_q;
  logic [ByteBits-1:0] shift_q;

  logic take, release_held, ends_here, next_counts;
  assign take = valid_i & (skip == '0 | last_i);
  assign release_held = held_q & (shift_q == '0 | last_q | valid_i);
  assign next_counts = ~last_q & shift_q != '0;
  // The beat after the held one is the frame's last and has nothing beyond what moves into this output beat.
  assign ends_here = next_counts & last_i & ~keep_i[shift_q];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      held_q <= 1'b0;
      valid_o <= 1'b0;
    end else begin
      held_q <= take | (held_q & ~release_held);
      valid_o <= release_held & ~spent_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      frame_id_q <= id;
      frame_shift_q <= shift;
      skip_q <= skip == '0 ? '0 : skip - 1'b1;
      begun_q <= take & ~last_i;
      if (take) begin
        first_q <= first_i | ~begun_q;
        last_q <= last_i;
        spent_q <= held_q & ends_here & ~first_i;
        data_q <= data_i;
        keep_q <= skip == '0 ? keep_i : '0;
        id_q <= id;
        shift_q <= shift;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (release_held & ~spent_q) begin
      first_o <= first_q;
      last_o <= last_q | ends_here;
      id_o <= id_q;
      data_o <= (8*BeatBytes)'({data_i, data_q} >> {shift_q, 3'd0});
      keep_o <= BeatBytes'({next_counts ? keep_i : BeatBytes'(0), keep_q} >> shift_q);
    end
  end

endmodule
