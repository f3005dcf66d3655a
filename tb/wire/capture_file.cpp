#include "tb/wire/capture_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace rssnic {
namespace {

std::uint64_t time_in_ns(const timeval& time) {
  // A classic file's seconds are 32 bits without a sign; libpcap gives those from 2038 on as negative numbers. Damaged
  // stamps wrap around, which harms nobody: the player never goes back in time.
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::uint64_t seconds = static_cast<std::uint64_t>(time.tv_sec);
  const bool negative_32 = time.tv_sec < 0 && time.tv_sec >= INT32_MIN;
  return (negative_32 ? seconds & 0xffffffff : seconds) * kSecond + static_cast<std::uint64_t>(time.tv_usec);
}

}  // namespace

CaptureFile::CaptureFile(std::string path) : path_(std::move(path)) {
  if (!stream_.open_file(path_)) {
    error_ = fmt::format("cannot open capture '{}': {}; expected a readable pcap or pcapng file", path_,
                         std::strerror(errno));
    return;
  }
  open_stream();
}

void CaptureFile::open_stream() {
  pcap_.reset();
  std::FILE* stream = stream_.open();
  if (stream == nullptr) return fail(std::strerror(errno));
  char reason[PCAP_ERRBUF_SIZE] = "";
  pcap_.reset(pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, reason));
  if (pcap_ == nullptr) {
    std::fclose(stream);
    fail(fmt::format("libpcap: {}", reason));
  }
}

const CaptureRecord* CaptureFile::next() {
  while (pcap_ != nullptr) {
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    const int status = pcap_next_ex(pcap_.get(), &header, &bytes);
    if (status == PCAP_ERROR_BREAK && stream_.has_more()) {  // the end of this stream
      open_stream();
      continue;
    }
    if (status != 1) {
      if (status == PCAP_ERROR) fail(fmt::format("libpcap: {}", pcap_geterr(pcap_.get())));
      pcap_.reset();
      break;
    }
    ++records_;
    const bool ethernet = stream_.is_pcapng() ? stream_.take_packet() : pcap_datalink(pcap_.get()) == DLT_EN10MB;
    if (!ethernet) {
      ++skipped_;
      continue;
    }
    record_ = {ConstBytes(bytes, header->caplen), records_, time_in_ns(header->ts)};
    return &record_;
  }
  return nullptr;
}

void CaptureFile::fail(const std::string& reason) {
  error_ = records_ == 0 ? fmt::format("cannot read capture '{}': {}; expected a pcap or pcapng file", path_, reason)
                         : fmt::format("capture '{}' is damaged after record {}: {}", path_, records_, reason);
}

}  // namespace rssnic
