// Ethernet, VLAN tags and the fixed part of IP: what a frame's first beat says of the header behind it. One clock.
//
//   0            6            12        14        16        18        22
//  +------------+------------+---------+- - - - -+- - - - -+- - - - -+
//  | to         | from       |8100/88a8|   TCI   |8100/88a8|   TCI   |type     up to two tags, each of either kind
//  +------------+------------+---------+- - - - -+- - - - -+- - - - -+
//
// IP begins at byte 14, 18 or 22. Everything behind it lies on a grid of four bytes from there, so the beats are moved
// up by two bytes: word n of beat k is frame bytes 4n - 2 to 4n + 1 from the beat's begin, the first two from the beat
// before, and IP begins at word 4, 5 or 6. The last two bytes of a frame that ends with a full beat fall off: no header
// that is complete ends there.
//
// In the clock: the words, how many of them are complete in the frame, tags, and what each of the three places would be
// as IP: whether it is a complete header of the right version, and what the next header is, kind_of(); with the word
// behind it as an extension header. Behind the clock what the place that counts says of the whole frame.
module link_decode #(
    parameter int BeatBytes   = 64,
    parameter int PointerBits = 7,
    parameter int IdBits      = 16,
    parameter int HoldIdle    = 1    // see frame_parser
) (
    input  logic                             clk_i,
    input  logic                             load_i,
    input  logic                             valid_i,     // there is a beat; without load_i there is none
    input  logic                             first_i,
    input  logic                             last_i,
    input  logic [8*BeatBytes-1:0]           data_i,
    input  logic [BeatBytes-1:0]             keep_i,
    input  logic [IdBits-1:0]                id_i,
    // one clock later
    output logic [BeatBytes-1:0]             kept_o,      // bytes of the frame, as the beat came
    output logic [8*BeatBytes-1:0]           data_o,      // the beat as it came
    output logic [15:0]                      before_o,    // the two bytes before it
    // both, the words and the two bytes behind them; with HoldIdle not of IPv4 frames without tags
    output logic [8*BeatBytes+15:0]          beat_o,
    output logic [$clog2(BeatBytes)-2:0]     words_o,     // complete ones
    output logic                             first_o,     // only with a beat
    output logic                             last_o,
    output logic [1:0]                       network_o,   // or parser_pkg::NETWORK_EXTENDED, for all beats of the frame
    // with a frame's first beat
    output logic [IdBits-1:0]                id_o,
    output logic [1:0]                       tags_o,      // the place that counts
    // bit or slice t: at the place behind t tags
    output logic [2:0]                       ipv4_o,
    output logic [14:0]                      end4_o,      // the word behind IPv4's header
    output logic [8:0]                       kind4_o,     // what is behind IPv4, if it is that
    output logic [8:0]                       kind6_o,     // and what behind IPv6
    output logic [95:0]                      behind_o     // words 14, 15, and 16 or the first of a later beat
);

  localparam int Words = BeatBytes / 4;
  localparam int CountBits = $clog2(BeatBytes) - 1;
  localparam int Beyond = (1 << PointerBits) - 8;

  function automatic logic is_tag(input logic [15:0] type_le);
    is_tag = type_le == 16'h0081 | type_le == 16'ha888;
  endfunction

  // EtherTypes are compared as they lie, low byte first.
  logic tagged_q, tagged_twice_q;
  logic [1:0] network_q;
  logic [2:0] ipv6_q;
  logic [15:0] tail_q;

  logic [BeatBytes-1:0] kept;
  assign kept = last_i ? keep_i : {BeatBytes{1'b1}};

  // Word n is complete if its last byte, 4n + 1, is kept. The last bytes of complete words are a run of ones, so bit b
  // of their number is the parity of every 2**b-th of them.
  for (genvar b = 0; b < CountBits; b = b + 1) begin : g_count
    localparam int Every = 2 ** b;
    localparam logic [4*Every-1:0] LastByte = (4 * Every)'(2) << 4 * (Every - 1);
    always_ff @(posedge clk_i) if (load_i) words_o[b] <= ^(kept & {(Words / Every) {LastByte}});
  end

  logic has_tag;
  assign has_tag = is_tag(data_i[8*12+:16]);

  always_ff @(posedge clk_i) begin
    first_o <= valid_i & first_i;
    if (load_i) begin
      last_o <= last_i;
      data_o <= data_i;
      before_o <= tail_q;
      if ((first_i ? data_i[8*12+:16] != 16'h0008 : ~ipv4_o[0]) || HoldIdle == 0) beat_o <= {data_i, tail_q};
      kept_o <= kept;
      if (valid_i) tail_q <= data_i[8*BeatBytes-1-:16];
      if (first_i || HoldIdle == 0) begin
        id_o <= id_i;
        tagged_q <= has_tag;
        tagged_twice_q <= is_tag(data_i[8*16+:16]);
      end
    end
  end

  // Who has no tag is not looked at behind tags, and what is no IP at a place has no kind that counts there.
  for (genvar t = 0; t < 3; t = t + 1) begin : g_place
    logic [15:0] type_le;
    assign type_le = data_i[8*(12+4*t)+:16];

    always_ff @(posedge clk_i) begin : ip
      logic [7:0] version, protocol;
      logic [15:0] fragment;
      if (load_i && ((first_i && (t == 0 || has_tag)) || HoldIdle == 0)) begin
        version = data_i[8*(14+4*t)+:8];
        ipv4_o[t] <= type_le == 16'h0008 & version[7:4] == 4'd4 & version[3:0] >= 4'd5 & kept[4*(8+t)+1];
        ipv6_q[t] <= type_le == 16'hdd86 & version[7:4] == 4'd6 & kept[4*(13+t)+1];
        end4_o[5*t+:5] <= 5'(version[3:0]) + 5'(4 + t);
        if (type_le == 16'hdd86 || HoldIdle == 0) kind6_o[3*t+:3] <= parser_pkg::kind_of(data_i[8*(20+4*t)+:8]);
        // All fragments of a datagram are to meet in one queue: the first one has no ports either. An IPv6 extension
        // header's number means nothing here.
        if (type_le == 16'h0008 || HoldIdle == 0) begin
          fragment = data_i[8*(20+4*t)+:16];
          protocol = data_i[8*(23+4*t)+:8];
          kind4_o[3*t+:3] <= (fragment & 16'hff3f) != 16'd0 ? parser_pkg::KIND_OTHER :
                             protocol == 8'd6  ? parser_pkg::KIND_TCP :
                             protocol == 8'd17 ? parser_pkg::KIND_UDP : parser_pkg::KIND_OTHER;
        end
      end
    end

    if (t < 2 || Words > 16) begin : g_behind
      always_ff @(posedge clk_i) begin
        if (load_i && ((first_i && (t == 0 || has_tag) && type_le == 16'hdd86) || HoldIdle == 0)) begin
          behind_o[32*t+:32] <= parser_pkg::extension_word(14 + t, Beyond, data_i[8*(54+4*t)+:32], kept[57+4*t]);
        end
      end
    end else begin : g_behind_in_the_next
      always_ff @(posedge clk_i) begin
        if (load_i && (ipv6_q[t] || HoldIdle == 0)) begin
          behind_o[32*t+:32] <= parser_pkg::extension_word(0, Beyond, {data_i[15:0], tail_q}, kept[1]);
        end
      end
    end
  end

  assign tags_o = !tagged_q ? 2'd0 : !tagged_twice_q ? 2'd1 : 2'd2;

  // What the first beat says at the place that counts holds for those behind.
  logic ipv4, ipv6;
  logic [2:0] kind6;
  assign ipv4 = !tagged_q ? ipv4_o[0] : !tagged_twice_q ? ipv4_o[1] : ipv4_o[2];
  assign ipv6 = !tagged_q ? ipv6_q[0] : !tagged_twice_q ? ipv6_q[1] : ipv6_q[2];
  assign kind6 = !tagged_q ? kind6_o[2:0] : !tagged_twice_q ? kind6_o[5:3] : kind6_o[8:6];
  assign network_o = first_o ? {ipv6, ipv4 | (ipv6 & kind6 >= parser_pkg::KIND_SKIPPED)} : network_q;
  always_ff @(posedge clk_i) if (first_o) network_q <= network_o;

endmodule
