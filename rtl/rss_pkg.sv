// Constants that the steering pipeline's modules and their users share: widths, codes of the header fields, hash types
// and hash reports (virtio 1.4, 5.1.9.4.3 and 5.1.9.4.5), and the map of the configuration bus. Holds no types and no
// functions.
package rss_pkg;

  /* verilator lint_off UNUSEDPARAM */  // some are for users of the ports only

  localparam int TUPLE_BITS = 288;  // IPv6: two addresses, two ports
  localparam int HASH_BITS = 32;
  localparam int KEY_BITS = TUPLE_BITS + HASH_BITS;
  localparam int KEY_WORDS = KEY_BITS / 32;
  localparam int HASH_TYPES = 9;

  // in_network_i
  localparam logic [1:0] NETWORK_NONE = 2'd0;
  localparam logic [1:0] NETWORK_IPV4 = 2'd1;
  localparam logic [1:0] NETWORK_IPV6 = 2'd2;

  // in_transport_i: NONE is also everything without a complete TCP or UDP header.
  localparam logic [1:0] TRANSPORT_NONE = 2'd0;
  localparam logic [1:0] TRANSPORT_TCP = 2'd1;
  localparam logic [1:0] TRANSPORT_UDP = 2'd2;

  // Bit numbers of VIRTIO_NET_HASH_TYPE_xxx.
  localparam int TYPE_IPV4 = 0;
  localparam int TYPE_TCPV4 = 1;
  localparam int TYPE_UDPV4 = 2;
  localparam int TYPE_IPV6 = 3;
  localparam int TYPE_TCPV6 = 4;
  localparam int TYPE_UDPV6 = 5;
  localparam int TYPE_IP_EX = 6;
  localparam int TYPE_TCP_EX = 7;
  localparam int TYPE_UDP_EX = 8;

  // VIRTIO_NET_HASH_REPORT_xxx: the type's bit number plus one.
  localparam logic [3:0] REPORT_NONE = 4'd0;
  localparam logic [3:0] REPORT_IPV4 = 4'd1;
  localparam logic [3:0] REPORT_TCPV4 = 4'd2;
  localparam logic [3:0] REPORT_UDPV4 = 4'd3;
  localparam logic [3:0] REPORT_IPV6 = 4'd4;
  localparam logic [3:0] REPORT_TCPV6 = 4'd5;
  localparam logic [3:0] REPORT_UDPV6 = 4'd6;
  localparam logic [3:0] REPORT_IPV6_EX = 4'd7;
  localparam logic [3:0] REPORT_TCPV6_EX = 4'd8;
  localparam logic [3:0] REPORT_UDPV6_EX = 4'd9;

  // Indirection table: as many as a hash can point at, in pairs.
  localparam int INDEX_BITS = 15;
  localparam int PAIR_BITS = INDEX_BITS - 1;

  // Configuration bus, 32-bit words. The lower half of the addresses is the table's.
  localparam int CFG_ADDR_BITS = PAIR_BITS + 1;
  localparam logic [14:0] CFG_TABLE = 15'h0000;         // to 0x3fff: entry 2n in [15:0], entry 2n + 1 in [31:16]
  localparam logic [14:0] CFG_KEY = 15'h4000;           // to 0x4009: first key byte in [31:24] of the first word
  localparam logic [14:0] CFG_TYPES = 15'h4010;         // [8:0] hash types, [CFG_EX_ALWAYS_BIT] see field_select
  localparam logic [14:0] CFG_MASK = 15'h4011;          // [14:0] indirection table mask
  localparam logic [14:0] CFG_UNCLASSIFIED = 15'h4012;  // [15:0] queue of packets without a hash
  localparam logic [14:0] CFG_COMMIT = 15'h401f;        // any data: exchanges the banks
  localparam int CFG_EX_ALWAYS_BIT = 16;

  /* verilator lint_on UNUSEDPARAM */

endpackage
