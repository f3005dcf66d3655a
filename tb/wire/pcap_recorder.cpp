#include "tb/wire/pcap_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <new>
#include <utility>

#include "tb/wire/capture_file.h"
#include "tb/wire/pace.h"

namespace rssnic {

PcapRecorder::PcapRecorder(std::string path, double clock_mhz) : path_(std::move(path)), clock_mhz_(clock_mhz) {
  check_clock(clock_mhz);
  pcap_.reset(pcap_open_dead_with_tstamp_precision(DLT_EN10MB, kMaxFrameBytes, PCAP_TSTAMP_PRECISION_NANO));
  if (pcap_ == nullptr) throw std::bad_alloc();
  std::FILE* file = std::fopen(path_.c_str(), "wbe");
  if (file == nullptr) {
    fail(std::strerror(errno));
    return;
  }
  dumper_.reset(pcap_dump_fopen(pcap_.get(), file));  // closes the file when it fails
  if (dumper_ == nullptr) fail(pcap_geterr(pcap_.get()));
}

void PcapRecorder::transmit(ConstBytes frame, Cycle when) {
  if (dumper_ == nullptr) return;
  constexpr std::uint64_t kSecond = 1'000'000'000;
  constexpr double kLatest = 4e18;  // classic pcap has 32 bits of seconds
  const double time_ns = std::min(std::round(ns_of_cycle(when, clock_mhz_)), kLatest);
  const auto whole_ns = static_cast<std::uint64_t>(time_ns);
  pcap_pkthdr header{};
  header.ts.tv_sec = static_cast<decltype(header.ts.tv_sec)>(whole_ns / kSecond);
  header.ts.tv_usec = static_cast<decltype(header.ts.tv_usec)>(whole_ns % kSecond);
  header.len = static_cast<bpf_u_int32>(std::min<std::size_t>(frame.size, ~bpf_u_int32{0}));
  header.caplen = static_cast<bpf_u_int32>(std::min(frame.size, kMaxFrameBytes));
  errno = 0;
  pcap_dump(reinterpret_cast<u_char*>(dumper_.get()), &header, frame.data);
  if (std::ferror(pcap_dump_file(dumper_.get())) != 0) return fail(std::strerror(errno));
  ++frames_;
}

void PcapRecorder::close() {
  if (dumper_ == nullptr) return;
  if (pcap_dump_flush(dumper_.get()) != 0) return fail(std::strerror(errno));
  dumper_.reset();
}

void PcapRecorder::fail(const std::string& reason) {
  error_ = fmt::format("cannot write capture '{}': {}", path_, reason);
  dumper_.reset();
}

}  // namespace rssnic
