#include "model/sim/pcie_link.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace rssnic {
namespace {

constexpr std::uint64_t kPageBytes = 4096;  // a TLP never crosses one (PCI Express base specification, 2.2.7)

// How many TLPs a transfer takes when none may hold more than `limit` bytes or cross a 4 KiB boundary.
std::uint64_t tlps(std::uint64_t address, std::size_t size, std::size_t limit) {
  if (size <= limit && address % kPageBytes + size <= kPageBytes) return size > 0;
  std::uint64_t count = 0;
  while (size > 0) {
    const std::size_t part = std::min<std::size_t>(size, kPageBytes - address % kPageBytes);
    count += (part + limit - 1) / limit;
    address += part;
    size -= part;
  }
  return count;
}

// Only interrupt messages are written for no client.
DmaPurpose purpose_of(const DmaClient* client, std::uint32_t ticket) {
  return client != nullptr ? client->dma_purpose(ticket) : DmaPurpose{"MSI-X", 0};
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
  const auto fine = busy.fine + static_cast<Fine>(static_cast<double>(bytes) * fine_per_byte_ + 0.5);
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
  Write& write = writes_.push();
  write.copy.assign(from.data, from.data + from.size);
  write.bytes = {write.copy.data(), write.copy.size()};
  post(write, client, ticket, address);
}

void PcieLink::write_in_place(DmaClient* client, std::uint32_t ticket, std::uint64_t address, ConstBytes from) {
  Write& write = writes_.push();
  write.bytes = from;
  post(write, client, ticket, address);
}

void PcieLink::post(Write& write, DmaClient* client, std::uint32_t ticket, std::uint64_t address) {
  write.client = client;
  write.ticket = ticket;
  write.address = address;
  write.discarded = false;
  const std::size_t size = write.bytes.size;
  if (probe_ != nullptr) probe_->on_request(true, purpose_of(client, ticket), address, size);
  const Cycle arrival = send_upstream(address, size, parameters_.max_payload_bytes, size);
  calendar_.at(arrival, Rank::link, this,
               [](void* self, std::uint64_t) { static_cast<PcieLink*>(self)->on_write_arrives(); });
}

void PcieLink::on_write_arrives() {
  Write& write = writes_.front();
  DmaClient* const client = write.discarded ? nullptr : write.client;
  const std::uint32_t ticket = write.ticket;
  DmaStatus status = DmaStatus::ok;
  Cycle extra = 0;  // a posted write is visible when it arrives: what the target takes after that delays nobody
  if (!write.discarded) status = memory_.write(write.address, write.bytes, extra);
  if (probe_ != nullptr && !write.discarded) {
    probe_->on_write_visible(purpose_of(client, ticket), write.address, write.bytes.size);
  }
  writes_.pop();
  if (client != nullptr) client->on_dma(ticket, status);
}

void PcieLink::read(DmaClient& client, std::uint32_t ticket, std::uint64_t address, Bytes into) {
  assert(!free_tags_.empty() && into.size >= 1 && into.size <= parameters_.max_read_bytes);
  const std::uint32_t tag = free_tags_.back();
  free_tags_.pop_back();
  ++tags_used_;
  reads_[tag] = Read{&client, ticket, DmaStatus::ok, address, into};
  if (probe_ != nullptr) probe_->on_request(false, purpose_of(&client, ticket), address, into.size);
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
  if (probe_ != nullptr && read.client != nullptr) {
    probe_->on_completion(purpose_of(read.client, read.ticket), read.address, read.into.size,
                          read.status == DmaStatus::ok);
  }
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

void PcieLink::cancel(DmaClient& client) {
  for (std::size_t i = 0; i < writes_.size(); ++i) {
    if (writes_[i].client == &client) writes_[i].discarded = true;
  }
  for (Read& read : reads_) {
    if (read.client == &client) read.client = nullptr;
  }
  if (!std::exchange(client.waits_for_tag_, false)) return;
  waiting_for_tag_.erase(std::find(waiting_for_tag_.begin(), waiting_for_tag_.end(), &client));
}

void PcieLink::cancel_all() {
  for (std::size_t i = 0; i < writes_.size(); ++i) writes_[i].discarded = true;
  for (Read& read : reads_) read.client = nullptr;
  for (DmaClient* const client : waiting_for_tag_) client->waits_for_tag_ = false;
  waiting_for_tag_.clear();
}

void PcieLink::stall(Cycle until) {
  for (Moment* const busy : {&upstream_busy_, &downstream_busy_}) {
    if (busy->cycle < until) *busy = {until, 0};
  }
}

}  // namespace rssnic
