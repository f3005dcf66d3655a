// What the frame parser's modules share: the kinds of header that the walk tells apart. A kind says how the walk goes
// on from a header; what number it has stands in kind_of alone.
package parser_pkg;

  localparam logic [2:0] KIND_OTHER = 3'd0;     // nothing to read: ICMP, ESP, a fragment's rest, ...
  localparam logic [2:0] KIND_TCP = 3'd1;
  localparam logic [2:0] KIND_UDP = 3'd2;
  localparam logic [2:0] KIND_SKIPPED = 3'd3;   // this and the kinds above: IPv6 extension headers
  localparam logic [2:0] KIND_ROUTING = 3'd4;
  localparam logic [2:0] KIND_OPTIONS = 3'd5;   // destination options
  localparam logic [2:0] KIND_FRAGMENT = 3'd6;
  localparam logic [2:0] KIND_AUTHENTICATION = 3'd7;

  // A frame's network on its way through the walk: rss_pkg's, or this.
  localparam logic [1:0] NETWORK_EXTENDED = 2'd3;  // IPv6 with extension headers

  // IANA protocol numbers, as in the IPv4 Protocol and IPv6 Next Header fields.
  function automatic logic [2:0] kind_of(input logic [7:0] number);
    case (number)
      8'd6: kind_of = KIND_TCP;
      8'd17: kind_of = KIND_UDP;
      8'd0, 8'd135, 8'd139, 8'd140: kind_of = KIND_SKIPPED;  // hop-by-hop, mobility, HIP, shim6
      8'd43: kind_of = KIND_ROUTING;
      8'd44: kind_of = KIND_FRAGMENT;
      8'd51: kind_of = KIND_AUTHENTICATION;
      8'd60: kind_of = KIND_OPTIONS;
      default: kind_of = KIND_OTHER;
    endcase
  endfunction

  // Begin, two words, and as many as the header says, in units of one (scale 0) or two words.
  function automatic logic [10:0] end_at(input int begins, input int beyond, input int scale, input logic [7:0] units);
    end_at = 32'(units) >= (beyond - begins - 2 + scale) / (scale + 1) ? 11'(beyond) :
             11'(begins + 2) + (scale != 0 ? 11'({units, 1'b0}) : 11'(units));
  endfunction

  // A word of a beat as if an IPv6 extension header began there:
  //
  //   31      30..20             19     18..8               7..6   5            4               3              2..0
  //  +---+-----------------------+---+---------------------+------+------------+----------------+--------------+--------+
  //  | 0 | end as authentication | 0 | end as other header |  0   | 24 bytes or| type 2 routing | real fragment| next's |
  //  |   |                       |   |                     |      | more, kept | with an address|              | kind   |
  //  +---+-----------------------+---+---------------------+------+------------+----------------+--------------+--------+
  //
  // Ends are words from the beat's begin, at most `beyond`, which is beyond every budget and leaves room for the fixed
  // part of a transport header; compared before they are added up, for the sake of speed. header: next header, length,
  // two bytes of its own, the first in [7:0]; it begins at the beat's word `begins`; kept: all of the word is in the
  // frame.
  function automatic logic [31:0] extension_word(input int begins, input int beyond, input logic [31:0] header,
                                                 input logic kept);
    extension_word = {
        1'b0, end_at(begins, beyond, 0, header[15:8]), 1'b0, end_at(begins, beyond, 1, header[15:8]),
        2'd0, header[15:8] >= 8'd2 & kept, header[23:16] == 8'd2 & header[15:8] >= 8'd2,
        {header[31:24] & 8'hf9, header[23:16]} != 16'd0, kind_of(header[7:0])};
  endfunction

  // An IPv6 address that begins at byte `phase` and goes around, the first byte in [7:0]; network order left to
  // right.
  function automatic logic [127:0] address_of(input logic [127:0] bytes, input logic [2:0] phase);
    integer b;
    logic [127:0] turned;
    turned = 128'({bytes, bytes} >> {phase, 3'd0});
    for (b = 0; b < 16; b = b + 1) address_of[127-8*b-:8] = turned[8*b+:8];
  endfunction

endpackage
