// The order in which enabled hash types are tried (virtio 1.4, 5.1.9.4.3.1 to 5.1.9.4.3.4), and what comes of it:
// rules. They are made of the hash types as these are written, so that a packet needs no more than to look its own up.
//
// Rules are a bit for each kind of packet; t is in_transport_i, x is 1 with extension headers:
//   [t]              IPv4: is hashed
//   [4 + t]          IPv4: ports too
//   [8 + 4 * x + t]  IPv6: is hashed by the _EX addresses
//   [16 + 4 * x + t] IPv6: is hashed by the plain addresses
//   [24 + 4 * x + t] IPv6: ports too
package report_pkg;

  // ex_always: every IPv6 packet counts as one with extension headers. With these and no _EX type that fits, they are
  // skipped: the plain types apply.
  function automatic logic [31:0] rules_of(input logic [rss_pkg::HASH_TYPES-1:0] types, input logic ex_always);
    integer t, x;
    logic tcp, udp, ports4, ports6, ports_ex, ex;
    rules_of = 32'd0;
    for (t = 0; t < 4; t = t + 1) begin
      tcp = t[1:0] == rss_pkg::TRANSPORT_TCP;
      udp = t[1:0] == rss_pkg::TRANSPORT_UDP;
      ports4 = (tcp & types[rss_pkg::TYPE_TCPV4]) | (udp & types[rss_pkg::TYPE_UDPV4]);
      ports6 = (tcp & types[rss_pkg::TYPE_TCPV6]) | (udp & types[rss_pkg::TYPE_UDPV6]);
      rules_of[t] = ports4 | types[rss_pkg::TYPE_IPV4];
      rules_of[4+t] = ports4;
      for (x = 0; x < 2; x = x + 1) begin
        ports_ex = (tcp & types[rss_pkg::TYPE_TCP_EX]) | (udp & types[rss_pkg::TYPE_UDP_EX]);
        ex = (x[0] | ex_always) & (ports_ex | types[rss_pkg::TYPE_IP_EX]);
        rules_of[8+4*x+t] = ex;
        rules_of[16+4*x+t] = ~ex & (ports6 | types[rss_pkg::TYPE_IPV6]);
        rules_of[24+4*x+t] = ex ? ports_ex : ports6;
      end
    end
  endfunction

endpackage
