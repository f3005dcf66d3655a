// One capture file, record by record: pcap and pcapng as libpcap reads them (both byte orders, micro- and nanoseconds,
// several sections and interfaces), each record with all the bytes that were captured. Records of a link type other
// than Ethernet are skipped and counted. One record is in memory at a time. A file that cannot be opened, is no
// capture, is damaged, or holds a frame of more than kMaxFrameBytes gives its good records, then null and an error();
// bad content never throws. It does not look into the frames.
#pragma once
#include <pcap/pcap.h>

#include <cstdint>
#include <memory>
#include <string>

#include "model/bytes.h"
#include "model/sim/wire_port.h"
#include "tb/wire/capture_stream.h"

namespace rssnic {


struct CaptureRecord {
  ConstBytes bytes;           // valid until the next call of next()
  std::uint64_t index = 0;    // 1-based record number in the file, skipped records counted
  std::uint64_t time_ns = 0;  // since 1970; 0 where the file has no time (pcapng simple packets)
};

class CaptureFile {
 public:
  explicit CaptureFile(std::string path);

  // The next Ethernet record; null at the end of the file or of its readable part.
  const CaptureRecord* next();

  std::uint64_t skipped() const { return skipped_; }   // records of other link types so far
  const std::string& error() const { return error_; }  // empty while all is well; names the file
  const std::string& path() const { return path_; }

 private:
  struct PcapCloser {
    void operator()(pcap_t* pcap) const { pcap_close(pcap); }
  };

  void open_stream();
  void fail(const std::string& reason);

  const std::string path_;
  CaptureStream stream_;
  std::unique_ptr<pcap_t, PcapCloser> pcap_;
  CaptureRecord record_;
  std::uint64_t records_ = 0;
  std::uint64_t skipped_ = 0;
  std::string error_;
};

}  // namespace rssnic
