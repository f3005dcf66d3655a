// What virtio 1.4 (5.1.9.4.3 and 5.1.9.5.7.3) asks a device to do with one received frame: which hash it reports, the
// Toeplitz value and the receive queue. Where the text is silent it follows the project's policies: fragments have no
// ports, up to two VLAN tags, lengths in IP headers are not looked at, a cut extension header means no hash at all.
// It is the judge of the model and shares no code with it. The judge is a pure function of configuration and frame,
// safe to call from several threads. It does not look into tunnels or verify checksums.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/bytes.h"

namespace rssnic::check {

struct OracleConfig {
  std::uint32_t hash_types = 0x1ff;     // bit = hash report value - 1; bits above 8 mean nothing
  std::vector<std::uint8_t> key;        // shorter than 40 bytes: zeros follow; bytes past 40 are never used
  std::vector<std::uint16_t> table{0};  // receive queue numbers from 0; the size is a power of two
  std::uint16_t unclassified_queue = 0;
  bool ex_report_always = false;  // QEMU's habit: every IPv6 packet counts as one with extension headers
  // What the device's parser reads: so many bytes of a frame, so many extension headers; 0: no limit. IPv6 packets
  // whose headers go on behind that have no hash, as if they were cut there.
  std::size_t header_bytes = 0;
  unsigned extension_headers = 0;
};

struct Verdict {
  std::uint16_t report = 0;  // virtio_net_hdr.hash_report
  std::uint32_t hash = 0;    // 0 with report 0
  std::uint16_t queue = 0;
  bool searched = false;  // the device had to look for a home address: destination options have room for one
};

class Oracle {
 public:
  // The longest hash input: two IPv6 addresses and two ports.
  static constexpr std::size_t kMaxInputBytes = 36;

  // Throws std::invalid_argument if the table size is not a power of two.
  explicit Oracle(OracleConfig config);

  Verdict judge(ConstBytes frame) const;

  // Throws std::invalid_argument if the input is longer than kMaxInputBytes.
  std::uint32_t toeplitz(ConstBytes input) const;

 private:
  OracleConfig config_;
  // What a byte value contributes at an input position: index is position * 256 + value.
  std::vector<std::uint32_t> contribution_;
};

}  // namespace rssnic::check
