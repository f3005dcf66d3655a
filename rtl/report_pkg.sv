// The order in which enabled hash types are tried (virtio 1.4, 5.1.9.4.3.1 to 5.1.9.4.3.4).
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

  function automatic logic [3:0] report_of(input logic [rss_pkg::HASH_TYPES-1:0] types, input logic [1:0] network,
                                           input logic [1:0] transport, input logic ex);
    report_of = network == rss_pkg::NETWORK_IPV4 ? ipv4_report(types, transport) :
                network == rss_pkg::NETWORK_IPV6 ? ipv6_report(types, transport, ex) : rss_pkg::REPORT_NONE;
  endfunction

endpackage
