#include "model/net/queue_engine.h"

#include <utility>

namespace rssnic {

QueueEngine::QueueEngine(unsigned queue, std::unique_ptr<Virtqueue> ring, DmaPort& dma, QueueOwner& owner,
                         CardProbe* probe)
    : queue_(queue), ring_(std::move(ring)), dma_(dma), owner_(owner), probe_(probe) {}

DmaPurpose QueueEngine::dma_purpose(std::uint32_t ticket) const {
  constexpr const char* kNames[] = {"desc", "used", "flags", "event"};
  return {kNames[ticket], queue_};
}

void QueueEngine::kick() {
  if (faulted_) return;
  ring_->kick();
  pump();
}

void QueueEngine::pump(unsigned buffers) {
  prefetch_ = buffers;
  pump();
}

void QueueEngine::pump() {
  while (!faulted_ && fetches_.size() < kMaxFetches) {
    if (const std::optional<Store> event = ring_->event_store()) dma_.write(this, kEvent, event->address, event->bytes);
    if (dma_.tags_free() == 0) {
      dma_.want_tag(*this);
      return;
    }
    const std::optional<Fetch> fetch = ring_->next_fetch(prefetch_);
    if (!fetch) return;
    if (spare_fetches_.empty()) spare_fetches_.push_back(std::make_unique<PendingFetch>());
    fetches_.push_back(std::move(spare_fetches_.back()));
    spare_fetches_.pop_back();
    fetches_.back()->fetch = *fetch;
    if (probe_ != nullptr) probe_->on_fetch(queue_, fetch->length);
    dma_.read(*this, kFetched, fetch->address, {fetches_.back()->bytes.data(), fetch->length});
  }
}

void QueueEngine::push(const UsedEntry& entry, bool ends_packet) {
  ring_->push(entry);
  ++pushed_;
  packets_ += ends_packet;
}

void QueueEngine::publish() {
  if (faulted_) return;
  if (publishing_ > 0) {
    publish_wanted_ = true;
    return;
  }
  publish_wanted_ = false;
  publishing_ = pushed_;
  pushed_ = 0;
  if (probe_ != nullptr) probe_->on_publish(queue_, publishing_);
  while (const std::optional<Store> store = ring_->next_store()) {
    ++stores_in_flight_;
    dma_.write(this, kStored, store->address, store->bytes);
  }
  if (owner_.on_publishing(std::exchange(packets_, 0))) read_suppression();
}

void QueueEngine::notify() {
  if (!faulted_) read_suppression();
}

void QueueEngine::on_tag_free() {
  if (suppression_wanted_) read_suppression();
  pump();
}

void QueueEngine::on_dma(std::uint32_t ticket, DmaStatus status) {
  if (faulted_) return;
  if (status != DmaStatus::ok) ring_->fail(RingFault::bus_error);
  if (check_fault()) return;
  switch (ticket) {
    case kFetched:
      fetched();
      break;
    case kStored:
      stored();
      break;
    case kSuppression:
      suppression_in_flight_ = false;
      if (ring_->interrupt_wanted({suppression_.data(), suppression_bytes_})) owner_.on_interrupt(queue_);
      if (suppression_wanted_) read_suppression();
      break;
    case kEvent:
      break;
  }
}

void QueueEngine::fetched() {
  std::unique_ptr<PendingFetch> pending = std::move(fetches_.front());
  fetches_.pop_front();
  ++fetches_done_;
  ring_->fed(pending->fetch, {pending->bytes.data(), pending->fetch.length});
  spare_fetches_.push_back(std::move(pending));
  if (check_fault()) return;
  if (probe_ != nullptr) probe_->on_fed(queue_, ring_->chains_ready());
  pump();
  owner_.on_chains(queue_);
}

void QueueEngine::stored() {
  if (--stores_in_flight_ > 0) return;
  const std::size_t buffers = publishing_;
  publishing_ = 0;
  if (probe_ != nullptr) probe_->on_published(queue_, buffers);
  owner_.on_published(queue_, buffers);
  if (publish_wanted_) publish();
}

// The read follows the stores upstream and cannot pass them, so it finds what the driver wrote before it could see them
// or later. It answers for everything stored before it; what is stored while it is under way needs another.
void QueueEngine::read_suppression() {
  suppression_wanted_ = true;
  if (suppression_in_flight_) return;
  if (dma_.tags_free() == 0) {
    dma_.want_tag(*this);
    return;
  }
  suppression_wanted_ = false;
  suppression_in_flight_ = true;
  const Fetch fetch = ring_->suppression_fetch();
  suppression_bytes_ = fetch.length;
  dma_.read(*this, kSuppression, fetch.address, {suppression_.data(), suppression_bytes_});
}

bool QueueEngine::check_fault() {
  if (faulted_ || ring_->fault() == RingFault::none) return faulted_;
  faulted_ = true;
  owner_.on_ring_fault(queue_, ring_->fault());
  return true;
}

}  // namespace rssnic
