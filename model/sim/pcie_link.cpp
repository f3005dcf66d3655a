#include "model/sim/pcie_link.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace rssnic {
namespace {

constexpr std::uint64_t kPageBytes = 4096;  // a TLP never crosses one (PCI Express base specification, 2.2.7)

// How many TLPs a transfer takes when none may hold more than `limit` bytes or cross a 4 KiB boundary.
std::uint64_t tlps(std::uint64_t address, std::size_t size, std::size_t limit) {
  std::uint64_t count = 0;
  while (size > 0) {
    const std::size_t part = std::min<std::size_t>(size, kPageBytes - address % kPageBytes);
    count += (part + limit - 1) / limit;
    address += part;
    size -= part;
  }
  return count;
}

}  // namespace

double PcieParameters::bytes_per_cycle() const {
  constexpr double kGigatransfers[] = {2.5, 5.0, 8.0, 16.0, 32.0};
  const double coding = generation <= 2 ? 8.0 / 10.0 : 128.0 / 130.0;
  const double bytes_per_us = kGigatransfers[generation - 1] * 1000.0 * lanes * coding / 8.0;
  return bytes_per_us / clock_mhz;
}

PcieLink::PcieLink(Calendar& calendar, HostMemory& memory, const PcieParameters& parameters)
    : calendar_(calendar),
      memory_(memory),
      parameters_(parameters),
      fine_per_byte_((Fine{1} << kFineBits) / parameters.bytes_per_cycle()),
      reads_(parameters.tags) {
  for (std::uint32_t tag = parameters.tags; tag-- > 0;) free_tags_.push_back(tag);
}

// Adds a transfer to one direction, from `ready` on at the earliest; the first whole cycle at which it is through.
Cycle PcieLink::occupy(Moment& busy, Cycle ready, std::uint64_t bytes) const {
  if (busy.cycle < ready) busy = {ready, 0};
  const auto fine = busy.fine + static_cast<Fine>(std::llround(static_cast<double>(bytes) * fine_per_byte_));
  busy.cycle += fine >> kFineBits;
  busy.fine = fine & ((Fine{1} << kFineBits) - 1);
  return busy.cycle + (busy.fine > 0);
}

// Puts `payload` bytes of requests on the upstream lanes and returns the cycle in which the last byte reaches the host.
// `payload_on_link` is what travels with the request: the data of a write, nothing for a read.
Cycle PcieLink::send_upstream(std::uint64_t address, std::size_t payload, std::size_t limit,
                              std::size_t payload_on_link) {
  const std::uint64_t bytes = payload_on_link + tlps(address, payload, limit) * parameters_.header_bytes;
  upstream_bytes_ += bytes;
  return occupy(upstream_busy_, calendar_.now(), bytes) + parameters_.latency_cycles;
}

void PcieLink::want_tag(DmaClient& client) {
  if (client.waits_for_tag_) return;
  client.waits_for_tag_ = true;
  waiting_for_tag_.push_back(&client);
}

void PcieLink::write(DmaClient* client, std::uint32_t ticket, std::uint64_t address, ConstBytes from) {
  Write write;
  write.client = client;
  write.ticket = ticket;
  write.address = address;
  if (!spare_buffers_.empty()) {
    write.bytes = std::move(spare_buffers_.back());
    spare_buffers_.pop_back();
  }
  write.bytes.assign(from.data, from.data + from.size);
  writes_.push_back(std::move(write));
  const Cycle arrival = send_upstream(address, from.size, parameters_.max_payload_bytes, from.size);
  calendar_.at(arrival, Rank::link, this,
               [](void* self, std::uint64_t) { static_cast<PcieLink*>(self)->on_write_arrives(); });
}

void PcieLink::on_write_arrives() {
  Write write = std::move(writes_.front());
  writes_.pop_front();
  DmaStatus status = DmaStatus::ok;
  Cycle extra = 0;  // a posted write is visible when it arrives: what the target takes after that delays nobody
  if (!write.discarded) status = memory_.write(write.address, {write.bytes.data(), write.bytes.size()}, extra);
  spare_buffers_.push_back(std::move(write.bytes));
  if (!write.discarded && write.client != nullptr) write.client->on_dma(write.ticket, status);
}

void PcieLink::read(DmaClient& client, std::uint32_t ticket, std::uint64_t address, Bytes into) {
  assert(!free_tags_.empty() && into.size >= 1 && into.size <= parameters_.max_read_bytes);
  const std::uint32_t tag = free_tags_.back();
  free_tags_.pop_back();
  ++tags_used_;
  reads_[tag] = Read{&client, ticket, DmaStatus::ok, address, into};
  const Cycle arrival = send_upstream(address, into.size, parameters_.max_read_bytes, 0);
  calendar_.at(
      arrival, Rank::link, this,
      [](void* self, std::uint64_t t) { static_cast<PcieLink*>(self)->on_read_arrives(static_cast<std::uint32_t>(t)); },
      tag);
}

void PcieLink::on_read_arrives(std::uint32_t tag) {
  Read& read = reads_[tag];
  Cycle extra = 0;
  if (read.client != nullptr) read.status = memory_.read(read.address, read.into, extra);
  const std::uint64_t bytes =
      read.into.size + tlps(read.address, read.into.size, parameters_.max_payload_bytes) * parameters_.completion_bytes;
  downstream_bytes_ += bytes;
  const Cycle completion = occupy(downstream_busy_, calendar_.now() + extra, bytes) + parameters_.latency_cycles;
  calendar_.at(
      completion, Rank::link, this,
      [](void* self, std::uint64_t t) {
        static_cast<PcieLink*>(self)->on_read_completes(static_cast<std::uint32_t>(t));
      },
      tag);
}

void PcieLink::on_read_completes(std::uint32_t tag) {
  const Read read = reads_[tag];
  reads_[tag] = Read{};
  if (read.client != nullptr) read.client->on_dma(read.ticket, read.status);
  free_tags_.push_back(tag);  // only now: who has waited for it comes before the client that just got its data
  --tags_used_;
  while (!waiting_for_tag_.empty() && tags_used_ < parameters_.tags) {
    DmaClient* const next = waiting_for_tag_.front();
    waiting_for_tag_.pop_front();
    next->waits_for_tag_ = false;
    next->on_tag_free();
  }
}

Cycle PcieLink::posted_backlog() const {
  const Cycle sent = upstream_busy_.cycle + 1;
  return (sent > calendar_.now() ? sent - calendar_.now() : 0) + parameters_.latency_cycles;
}

void PcieLink::cancel_all() {
  for (Write& write : writes_) write.discarded = true;
  for (Read& read : reads_) read.client = nullptr;
  for (DmaClient* const client : waiting_for_tag_) client->waits_for_tag_ = false;
  waiting_for_tag_.clear();
}

}  // namespace rssnic
