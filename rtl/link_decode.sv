// Ethernet, VLAN tags and the fixed part of IP: from a frame's first beat to the place and kind of the header behind
// it. Two clocks.
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
// First clock: the words, how many of them are complete in the frame, tags, and what each of the three places would be
// as IP. Second clock, all with the prefix ip_: the place that counts; network, and where and what the next header is,
// pointer and kind_of(); for a frame without a complete IP header of the right version: NETWORK_NONE.
module link_decode #(
    parameter int BeatBytes   = 64,
    parameter int PointerBits = 7,
    parameter int IdBits      = 16,
    parameter int HoldIdle    = 1    // see frame_parser
) (
    input  logic                             clk_i,
    input  logic [1:0]                       load_i,
    input  logic [1:0]                       valid_i,  // there is a beat; without load_i there is none
    input  logic                             first_i,
    input  logic                             last_i,
    input  logic [8*BeatBytes-1:0]           data_i,
    input  logic [BeatBytes-1:0]             keep_i,
    input  logic [IdBits-1:0]                id_i,
    // one clock later
    output logic [BeatBytes-1:0]             kept_o,      // bytes of the frame, as the beat came
    output logic [8*BeatBytes+15:0]          beat_o,  // the words, and the two bytes behind them
    output logic                             ipv6_o,      // for all beats of the frame; with HoldIdle only
    // two clocks later
    output logic                             ip_first_o,
    output logic                             ip_last_o,
    output logic [$clog2(BeatBytes)-2:0]     ip_words_o,
    output logic [IdBits-1:0]                ip_id_o,
    output logic [1:0]                       ip_network_o,
    output logic [1:0]                       ip_tags_o,
    output logic                             ip_extended_o,
    output logic [PointerBits-1:0]           ip_pointer_o,
    output logic [2:0]                       ip_kind_o
);

  localparam int Words = BeatBytes / 4;
  localparam int CountBits = $clog2(BeatBytes) - 1;

  function automatic logic is_tag(input logic [15:0] type_le);
    is_tag = type_le == 16'h0081 | type_le == 16'ha888;
  endfunction

  // First clock. EtherTypes are compared as they lie, low byte first. Bit t of the vectors: with t tags.
  logic first_q, last_q, tagged_q, tagged_twice_q, extended, extended_q;
  logic [2:0] ipv4_q, ipv6_q;
  logic [14:0] ends4_q;  // words of IPv4's header and the tags
  logic [8:0] kind4_q, kind6_q;
  logic [CountBits-1:0] words_q;
  logic [IdBits-1:0] id_q;
  logic [15:0] tail_q;

  logic [BeatBytes-1:0] kept;
  assign kept = last_i ? keep_i : {BeatBytes{1'b1}};

  // Word n is complete if its last byte, 4n + 1, is kept. The last bytes of complete words are a run of ones, so bit b of
  // their number is the parity of every 2**b-th of them.
  for (genvar b = 0; b < CountBits; b = b + 1) begin : g_count
    localparam int Every = 2 ** b;
    localparam logic [4*Every-1:0] LastByte = (4 * Every)'(2) << 4 * (Every - 1);
    always_ff @(posedge clk_i) if (load_i[0]) words_q[b] <= ^(kept & {(Words / Every) {LastByte}});
  end

  always_ff @(posedge clk_i) begin : ethernet
    integer t;
    logic [15:0] type_le;
    /* verilator lint_off UNUSEDSIGNAL */
    logic [79:0] ip;  // its first ten bytes: version in byte 0; IPv6: next header in byte 6; IPv4: fragment in bytes 6
                      // and 7, protocol in byte 9
    /* verilator lint_on UNUSEDSIGNAL */
    if (load_i[0]) begin
      first_q <= first_i;
      last_q <= last_i;
      beat_o <= {data_i, tail_q};
      kept_o <= kept;
      if (valid_i[0]) tail_q <= data_i[8*BeatBytes-1-:16];
      if (first_i || HoldIdle == 0) begin
        id_q <= id_i;
        tagged_q <= is_tag(data_i[8*12+:16]);
        tagged_twice_q <= is_tag(data_i[8*16+:16]);
        for (t = 0; t < 3; t = t + 1) begin
          type_le = data_i[8*(12+4*t)+:16];
          ip = data_i[8*(14+4*t)+:80];
          // Who has no tag is not looked at behind tags, and what is no IP at a place has no kind that counts there.
          if (t == 0 || is_tag(data_i[8*12+:16]) || HoldIdle == 0) begin
            ipv4_q[t] <= type_le == 16'h0008 & ip[7:4] == 4'd4 & ip[3:0] >= 4'd5 & kept[4*(8+t)+1];
            ipv6_q[t] <= type_le == 16'hdd86 & ip[7:4] == 4'd6 & kept[4*(13+t)+1];
            ends4_q[5*t+:5] <= 5'(ip[3:0]) + 5'(t);
            if (type_le == 16'hdd86 || HoldIdle == 0) kind6_q[3*t+:3] <= parser_pkg::kind_of(ip[8*6+:8]);
            // All fragments of a datagram are to meet in one queue: the first one has no ports either. An IPv6 extension
            // header's number means nothing here.
            if (type_le == 16'h0008 || HoldIdle == 0) begin
              kind4_q[3*t+:3] <= ip[8*6+:6] != 6'd0 || ip[8*7+:8] != 8'd0 ? parser_pkg::KIND_OTHER :
                                 ip[8*9+:8] == 8'd6  ? parser_pkg::KIND_TCP :
                                 ip[8*9+:8] == 8'd17 ? parser_pkg::KIND_UDP : parser_pkg::KIND_OTHER;
            end
          end
        end
      end
    end
  end

  // Second clock.
  logic ipv4, ipv6;
  logic [1:0] tags;
  logic [2:0] kind4, kind6;
  logic [4:0] ends4;
  assign tags = !tagged_q ? 2'd0 : !tagged_twice_q ? 2'd1 : 2'd2;
  assign ipv4 = !tagged_q ? ipv4_q[0] : !tagged_twice_q ? ipv4_q[1] : ipv4_q[2];
  assign ipv6 = !tagged_q ? ipv6_q[0] : !tagged_twice_q ? ipv6_q[1] : ipv6_q[2];
  assign kind4 = !tagged_q ? kind4_q[2:0] : !tagged_twice_q ? kind4_q[5:3] : kind4_q[8:6];
  assign kind6 = !tagged_q ? kind6_q[2:0] : !tagged_twice_q ? kind6_q[5:3] : kind6_q[8:6];
  assign ends4 = !tagged_q ? ends4_q[4:0] : !tagged_twice_q ? ends4_q[9:5] : ends4_q[14:10];
  assign ipv6_o = ipv6;
  assign extended = first_q ? ipv6 & kind6 >= parser_pkg::KIND_SKIPPED : extended_q;

  always_ff @(posedge clk_i) begin : network
    if (load_i[1]) begin
      ip_first_o <= first_q;
      ip_last_o <= last_q;
      ip_words_o <= words_q;
      ip_extended_o <= extended;
      if (valid_i[1]) extended_q <= extended;
      if (valid_i[1] & first_q) begin
        ip_id_o <= id_q;
        ip_tags_o <= tags;
        ip_network_o <= ipv4 ? rss_pkg::NETWORK_IPV4 : ipv6 ? rss_pkg::NETWORK_IPV6 : rss_pkg::NETWORK_NONE;
        ip_pointer_o <= PointerBits'(4) + (ipv4 ? PointerBits'(ends4) : PointerBits'(10) + PointerBits'(tags));
        ip_kind_o <= ipv4 ? kind4 : ipv6 ? kind6 : parser_pkg::KIND_OTHER;
      end
    end
  end

endmodule
