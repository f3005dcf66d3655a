// The order in which enabled hash types are tried (virtio 1.4, 5.1.9.4.3.1 to 5.1.9.4.3.4), and what comes of it:
// rules. They are made of the hash types as these are written, so that a packet needs no more than to look its own up.
//
// The rule of a kind of packet is four bits, of which no more than one of the upper three is 1, at 4 * kind; a kind is
// {IPv6, extension headers, in_transport_i}:
//   3  is hashed by the _EX addresses
//   2  is hashed by the plain addresses, IPv6
//   1  is hashed by the addresses, IPv4
//   0  ports are hashed too
package report_pkg;

  localparam int RULES_BITS = 64;

  // ex_always: every IPv6 packet counts as one with extension headers. With these and no _EX type that fits, they are
  // skipped: the plain types apply.
  function automatic logic [RULES_BITS-1:0] rules_of(input logic [rss_pkg::HASH_TYPES-1:0] types,
                                                     input logic ex_always);
    integer t, x;
    logic tcp, udp, ports4, ports6, ports_ex, ex;
    for (t = 0; t < 4; t = t + 1) begin
      tcp = t[1:0] == rss_pkg::TRANSPORT_TCP;
      udp = t[1:0] == rss_pkg::TRANSPORT_UDP;
      ports4 = (tcp & types[rss_pkg::TYPE_TCPV4]) | (udp & types[rss_pkg::TYPE_UDPV4]);
      ports6 = (tcp & types[rss_pkg::TYPE_TCPV6]) | (udp & types[rss_pkg::TYPE_UDPV6]);
      ports_ex = (tcp & types[rss_pkg::TYPE_TCP_EX]) | (udp & types[rss_pkg::TYPE_UDP_EX]);
      for (x = 0; x < 2; x = x + 1) begin
        ex = (x[0] | ex_always) & (ports_ex | types[rss_pkg::TYPE_IP_EX]);
        rules_of[4*(4*x+t)+:4] = {2'd0, ports4 | types[rss_pkg::TYPE_IPV4], ports4};
        rules_of[4*(8+4*x+t)+:4] = {ex, ~ex & (ports6 | types[rss_pkg::TYPE_IPV6]), 1'b0, ex ? ports_ex : ports6};
      end
    end
  endfunction

endpackage
