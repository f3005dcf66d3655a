// A type 0 configuration header with capabilities: bytes, and for every bit whether software may write it or clears it
// by writing 1. BAR sizing needs nothing else: address bits below the size are simply not writable.
//
// The bytes know nothing of what they mean; whoever owns the space looks at them after a write. 4096 bytes can be
// addressed; extended capabilities do not exist, so from 256 on everything reads as 0.
#pragma once
#include <array>
#include <cstdint>

namespace rssnic {

// Registers of the header (PCI 3.0, 6.1) that the function itself deals with.
constexpr unsigned kCommandRegister = 0x04;
constexpr std::uint16_t kCommandMemory = 1u << 1;
constexpr std::uint16_t kCommandBusMaster = 1u << 2;
constexpr std::uint16_t kCommandParityResponse = 1u << 6;
constexpr std::uint16_t kCommandSerr = 1u << 8;
constexpr std::uint16_t kCommandInterruptDisable = 1u << 10;
constexpr unsigned kStatusRegister = 0x06;
constexpr std::uint16_t kStatusInterrupt = 1u << 3;
constexpr std::uint16_t kStatusCapabilityList = 1u << 4;
constexpr std::uint16_t kStatusErrorBits = 0xf900;  // parity, abort and system errors: written 1 to clear
constexpr unsigned kBaseAddressRegister = 0x10;     // six of four bytes
constexpr unsigned kCapabilitiesPointer = 0x34;

class ConfigSpace {
 public:
  // ---- software's view. Size 1, 2 or 4, naturally aligned (the caller has checked that); what lies beyond the bytes
  // reads as 0 and is ignored when written.
  std::uint32_t read(unsigned offset, unsigned size) const;
  void write(unsigned offset, unsigned size, std::uint32_t value);

  // ---- the function's own view: no masks. Lies within the first 256 bytes.
  std::uint32_t get(unsigned offset, unsigned size) const;
  void set(unsigned offset, unsigned size, std::uint32_t value);
  // A 64-bit base address as software left it; 0 while it was never written.
  std::uint64_t bar_address(unsigned bar) const;

  // ---- building
  void allow_write(unsigned offset, unsigned size, std::uint32_t mask);
  void clear_by_one(unsigned offset, unsigned size, std::uint32_t mask);
  // A 64-bit, not prefetchable memory BAR in slots `bar` and `bar + 1`; the size is a power of two, at least 16.
  void add_memory_bar(unsigned bar, std::uint64_t bytes);
  // Appends to the capability list and returns the offset of the new structure, of which the two header bytes are set.
  unsigned add_capability(std::uint8_t id, unsigned bytes);

 private:
  static constexpr unsigned kBytes = 256;
  static constexpr unsigned kFirstCapability = 0x40;

  std::array<std::uint8_t, kBytes> value_{};
  std::array<std::uint8_t, kBytes> writable_{};
  std::array<std::uint8_t, kBytes> clear_by_one_{};
  unsigned last_link_ = kCapabilitiesPointer;  // where the offset of the next capability goes
  unsigned next_capability_ = kFirstCapability;
};

}  // namespace rssnic
