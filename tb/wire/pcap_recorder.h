// Records the frames that the card transmits in a pcap file (Ethernet, nanoseconds, time 0 = cycle 0), through libpcap.
// The first error (no such folder, disk full) stays in error(); later frames are then dropped. close() reports what
// only shows when the last bytes are written.
#pragma once
#include <pcap/pcap.h>

#include <cstdint>
#include <memory>
#include <string>

#include "model/sim/wire_port.h"

namespace rssnic {

class PcapRecorder final : public WireSink {
 public:
  // Throws std::invalid_argument for a clock that makes no sense; file errors are in error().
  PcapRecorder(std::string path, double clock_mhz);

  void transmit(ConstBytes frame, Cycle when) override;
  void close();

  std::uint64_t frames() const { return frames_; }  // written
  const std::string& error() const { return error_; }

 private:
  struct Closer {
    void operator()(pcap_t* pcap) const { pcap_close(pcap); }
    void operator()(pcap_dumper_t* dumper) const { pcap_dump_close(dumper); }
  };

  void fail(const std::string& reason);

  const std::string path_;
  const double clock_mhz_;
  std::unique_ptr<pcap_t, Closer> pcap_;
  std::unique_ptr<pcap_dumper_t, Closer> dumper_;
  std::uint64_t frames_ = 0;
  std::string error_;
};

}  // namespace rssnic
