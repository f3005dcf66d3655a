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

  function automatic logic [3:0] ipv4_report(input logic [rss_pkg::HASH_TYPES-1:0] types, input logic [1:0] transport);
    logic tcp, udp;
    tcp = transport == rss_pkg::TRANSPORT_TCP;
    udp = transport == rss_pkg::TRANSPORT_UDP;
    ipv4_report = tcp & types[rss_pkg::TYPE_TCPV4] ? rss_pkg::REPORT_TCPV4 :
                  udp & types[rss_pkg::TYPE_UDPV4] ? rss_pkg::REPORT_UDPV4 :
                  types[rss_pkg::TYPE_IPV4]        ? rss_pkg::REPORT_IPV4 : rss_pkg::REPORT_NONE;
  endfunction

  // With extension headers and no _EX type that fits, they are skipped: the plain list applies.
  function automatic logic [3:0] ipv6_report(input logic [rss_pkg::HASH_TYPES-1:0] types, input logic [1:0] transport,
                                             input logic ex);
    logic tcp, udp;
    tcp = transport == rss_pkg::TRANSPORT_TCP;
    udp = transport == rss_pkg::TRANSPORT_UDP;
    ipv6_report = ex & tcp & types[rss_pkg::TYPE_TCP_EX] ? rss_pkg::REPORT_TCPV6_EX :
                  ex & udp & types[rss_pkg::TYPE_UDP_EX] ? rss_pkg::REPORT_UDPV6_EX :
                  ex & types[rss_pkg::TYPE_IP_EX]        ? rss_pkg::REPORT_IPV6_EX :
                  tcp & types[rss_pkg::TYPE_TCPV6]       ? rss_pkg::REPORT_TCPV6 :
                  udp & types[rss_pkg::TYPE_UDPV6]       ? rss_pkg::REPORT_UDPV6 :
                  types[rss_pkg::TYPE_IPV6]              ? rss_pkg::REPORT_IPV6 : rss_pkg::REPORT_NONE;
  endfunction

  // ex_always: every IPv6 packet counts as one with extension headers.
  function automatic logic [31:0] rules_of(input logic [rss_pkg::HASH_TYPES-1:0] types, input logic ex_always);
    integer t, x;
    logic [3:0] report;
    rules_of = 32'd0;
    for (t = 0; t < 4; t = t + 1) begin
      report = ipv4_report(types, t[1:0]);
      rules_of[t] = report != rss_pkg::REPORT_NONE;
      rules_of[4+t] = report == rss_pkg::REPORT_TCPV4 | report == rss_pkg::REPORT_UDPV4;
      for (x = 0; x < 2; x = x + 1) begin
        report = ipv6_report(types, t[1:0], x[0] | ex_always);
        rules_of[8+4*x+t] = report >= rss_pkg::REPORT_IPV6_EX;
        rules_of[16+4*x+t] = report != rss_pkg::REPORT_NONE & report < rss_pkg::REPORT_IPV6_EX;
        rules_of[24+4*x+t] = report == rss_pkg::REPORT_TCPV6 | report == rss_pkg::REPORT_UDPV6 |
                             report == rss_pkg::REPORT_TCPV6_EX | report == rss_pkg::REPORT_UDPV6_EX;
      end
    end
  endfunction

endpackage
