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

  // An IPv6 address that begins at byte `phase` of 16 and goes around, the first byte in [7:0]; network order left to
  // right.
  function automatic logic [127:0] address_of(input logic [127:0] bytes, input logic [3:0] phase);
    integer b;
    logic [127:0] turned;
    turned = 128'({bytes, bytes} >> {phase, 3'd0});
    for (b = 0; b < 16; b = b + 1) address_of[127-8*b-:8] = turned[8*b+:8];
  endfunction

endpackage
