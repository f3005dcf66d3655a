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
// First clock: the words, how many of them are complete in the frame (words_o), tags and EtherType. Second clock, all
// with the prefix ip_: network, and where and what the next header is, pointer and kind_of(); for a frame without a
// complete IP header of the right version: NETWORK_NONE.
module link_decode #(
    parameter int BeatBytes   = 64,
    parameter int PointerBits = 7,
    parameter int IdBits      = 16
) (
    input  logic                             clk_i,
    input  logic [1:0]                       load_i,
    input  logic                             first_i,
    input  logic                             last_i,
    input  logic [8*BeatBytes-1:0]           data_i,
    input  logic [BeatBytes-1:0]             keep_i,
    input  logic [IdBits-1:0]                id_i,
    // one clock later
    output logic [8*BeatBytes+15:0]          beat_o,  // the words, and the two bytes behind them
    output logic                             ipv6_o,      // by its EtherType; for all beats of the frame
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

  // Byte n is complete words' last but two: keep bit 4n + 1 says that word n is complete.
  function automatic logic [CountBits-1:0] words_of(input logic [BeatBytes-1:0] keep);
    integer w;
    words_of = '0;
    for (w = 0; w < Words; w = w + 1) words_of = words_of + CountBits'(keep[4*w+1]);
  endfunction

  function automatic logic is_tag(input logic [15:0] type_le);
    is_tag = type_le == 16'h0081 | type_le == 16'ha888;
  endfunction

  // First clock. EtherTypes are compared as they lie, low byte first.
  logic first_q, last_q, ipv4_q, ipv6_q, extended, extended_q;
  logic [1:0] tags_q;
  logic [CountBits-1:0] words_q;
  logic [IdBits-1:0] id_q;
  logic [15:0] tail_q;

  always_ff @(posedge clk_i) begin : ethernet
    logic [15:0] type_le;
    if (load_i[0]) begin
      first_q <= first_i;
      last_q <= last_i;
      beat_o <= {data_i, tail_q};
      tail_q <= data_i[8*BeatBytes-1-:16];
      words_q <= last_i ? words_of(keep_i) : CountBits'(Words);
      if (first_i) begin
        id_q <= id_i;
        if (!is_tag(data_i[8*12+:16])) begin
          tags_q <= 2'd0;
          type_le = data_i[8*12+:16];
        end else if (!is_tag(data_i[8*16+:16])) begin
          tags_q <= 2'd1;
          type_le = data_i[8*16+:16];
        end else begin
          tags_q <= 2'd2;
          type_le = data_i[8*20+:16];
        end
        ipv4_q <= type_le == 16'h0008;
        ipv6_q <= type_le == 16'hdd86;
      end
    end
  end

  // Second clock. The first three words of IP: version in byte 0; IPv4: fragment in bytes 6 and 7, protocol in byte 9;
  // IPv6: next header in byte 6.
  /* verilator lint_off UNUSEDSIGNAL */
  logic [95:0] ip;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [2:0] next_kind;
  assign ip = tags_q == 2'd0 ? beat_o[32*4+:96] : tags_q == 2'd1 ? beat_o[32*5+:96] : beat_o[32*6+:96];
  assign next_kind = parser_pkg::kind_of(ip[8*6+:8]);
  assign ipv6_o = ipv6_q;
  assign extended = first_q ? ipv6_q & next_kind >= parser_pkg::KIND_SKIPPED : extended_q;

  always_ff @(posedge clk_i) begin : network
    logic [2:0] kind;
    logic [CountBits-1:0] begins;
    if (load_i[1]) begin
      ip_first_o <= first_q;
      ip_last_o <= last_q;
      ip_words_o <= words_q;
      extended_q <= extended;
      ip_extended_o <= extended;
      if (first_q) begin
        begins = CountBits'(4) + CountBits'(tags_q);
        ip_id_o <= id_q;
        ip_tags_o <= tags_q;
        if (ipv4_q && ip[7:4] == 4'd4 && ip[3:0] >= 4'd5 && words_q >= begins + CountBits'(5)) begin
          // All fragments of a datagram are to meet in one queue: the first one has no ports either.
          kind = parser_pkg::kind_of(ip[8*9+:8]);
          ip_network_o <= rss_pkg::NETWORK_IPV4;
          ip_pointer_o <= PointerBits'(begins) + PointerBits'(ip[3:0]);
          ip_kind_o <= kind >= parser_pkg::KIND_SKIPPED || ip[8*6+:6] != 6'd0 || ip[8*7+:8] != 8'd0
              ? parser_pkg::KIND_OTHER : kind;
        end else if (ipv6_q && ip[7:4] == 4'd6 && words_q >= begins + CountBits'(10)) begin
          ip_network_o <= rss_pkg::NETWORK_IPV6;
          ip_pointer_o <= PointerBits'(begins) + PointerBits'(10);
          ip_kind_o <= next_kind;
        end else begin
          ip_network_o <= rss_pkg::NETWORK_NONE;
          ip_pointer_o <= '0;
          ip_kind_o <= parser_pkg::KIND_OTHER;
        end
      end
    end
  end

endmodule
