// The scoreboard between a wire and a card that both are played by hand, a packet and a step at a time.
#pragma once
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>

#include "model/steering/rss_config.h"
#include "tb/check/scoreboard.h"
#include "tb/unit/check/frame_builder.h"

namespace rssnic::check {

class HandWire final : public WireSource {
 public:
  std::uint64_t add(Octets frame, bool may_wait, Cycle arrival) {
    frames_.push_back({std::move(frame), may_wait, arrival});
    return frames_.size() - 1;
  }
  const WireFrame* front() override {
    if (next_ == frames_.size()) return nullptr;
    const Frame& frame = frames_[next_];
    front_ = {view(frame.octets), frame.arrival, frame.may_wait, next_};
    return &front_;
  }
  void pop() override { ++next_; }
  const Octets& frame(std::uint64_t tag) const { return frames_.at(tag).octets; }

 private:
  struct Frame {
    Octets octets;
    bool may_wait;
    Cycle arrival;
  };
  std::deque<Frame> frames_;
  std::size_t next_ = 0;
  WireFrame front_;
};

// What the driver takes out of a ring, for tests to spoil.
struct Delivery {
  unsigned queue = 0;
  Octets header = Octets(20);
  Octets frame;
  bool poison_intact = true;
};

inline Expectation steer_by(std::vector<std::uint16_t> table, std::uint32_t hash_types = 0x1ff) {
  Expectation expectation;
  expectation.rss.hash_types = hash_types;
  expectation.rss.key.assign(kMicrosoftKey.begin(), kMicrosoftKey.end());
  expectation.rss.table = std::move(table);
  return expectation;
}
inline const std::vector<std::uint16_t> kFourQueues{0, 1, 2, 3};

// A TCP packet of this flow; frames of one flow are equal but for `number` in the last octet.
inline Octets flow_frame(unsigned flow, std::uint8_t number = 0) {
  return FrameBuilder()
      .ipv4("198.18.0.1", "198.18.0.2")
      .tcp(static_cast<std::uint16_t>(1000 + flow), 80)
      .payload(Octets{1, 2, 3, 4, 5, number})
      .frame();
}
inline Octets arp_frame() { return FrameBuilder().ethertype(0x0806).payload(46).frame(); }

// The scoreboard and everything around it; a step of a packet takes a cycle.
class Board {
 public:
  explicit Board(ScoreboardOptions options = {}, const Expectation& expectation = steer_by(kFourQueues))
      : scoreboard(wire, std::move(options), [this](const PacketRow& row) { rows.push_back(row); }) {
    scoreboard.begin_change(expectation);
    scoreboard.end_change();
    scoreboard.open_gate(clock);
    rules(expectation);
  }

  // By which rules correct() and steer() act; the scoreboard is told separately.
  void rules(const Expectation& expectation) {
    oracle_ = std::make_unique<Oracle>(expectation.rss);
    steers_ = expectation.steers;
  }
  Verdict due(std::uint64_t tag) const {
    Verdict verdict = oracle_->judge(view(wire.frame(tag)));
    if (!steers_) verdict.queue = 0;
    return verdict;
  }

  // The stages of a packet, as a sound card goes through them.
  std::uint64_t take(const Octets& frame, bool may_wait = true, Cycle arrival = 0) {
    const std::uint64_t tag = wire.add(frame, may_wait, arrival);
    EXPECT_NE(scoreboard.front(), nullptr);
    scoreboard.pop();
    return tag;
  }
  void enter(std::uint64_t tag) { scoreboard.on_ingress(tag, ++clock); }
  void steer(std::uint64_t tag) {
    const Verdict verdict = due(tag);
    scoreboard.on_steer(tag, {verdict.hash, verdict.report, verdict.queue}, ++clock);
  }
  std::uint64_t steered(const Octets& frame) {
    const std::uint64_t tag = take(frame);
    enter(tag);
    steer(tag);
    return tag;
  }
  void announce(std::uint64_t tag, unsigned queue) { scoreboard.on_deliver(tag, queue, ++clock); }
  void announce(std::uint64_t tag) { announce(tag, due(tag).queue); }
  Delivery correct(std::uint64_t tag) const {
    const Verdict verdict = due(tag);
    Delivery delivery;
    delivery.queue = verdict.queue;
    delivery.header[10] = 1;  // num_buffers
    store_le32(&delivery.header[12], verdict.hash);
    store_le16(&delivery.header[16], verdict.report);
    delivery.frame = wire.frame(tag);
    return delivery;
  }
  void receive(const Delivery& delivery) {
    ReceivedPacket packet;
    packet.queue = delivery.queue;
    packet.header = view(delivery.header);
    packet.frame = view(delivery.frame);
    packet.buffers = 1;
    packet.poison_intact = delivery.poison_intact;
    scoreboard.received(packet);
  }
  void land(std::uint64_t tag) {
    announce(tag);
    receive(correct(tag));
  }
  void drop(std::uint64_t tag, DropReason reason) { scoreboard.on_drop(tag, reason, ++clock); }

  // The row of a packet; a test fails unless it has exactly one.
  const PacketRow& row(std::uint64_t tag) const {
    static const PacketRow none;
    const PacketRow* found = nullptr;
    for (const PacketRow& row : rows) {
      if (row.stray || row.tag != tag) continue;
      if (found) ADD_FAILURE() << "packet " << tag << " has two rows";
      found = &row;
    }
    if (!found) ADD_FAILURE() << "packet " << tag << " has no row";
    return found ? *found : none;
  }
  std::string mismatch(std::uint64_t tag) const { return row(tag).mismatch; }
  // What is wrong beside the packets' own rows.
  std::vector<std::string> strays() const {
    std::vector<std::string> texts;
    for (const PacketRow& row : rows) {
      if (row.stray) texts.push_back(row.mismatch);
    }
    return texts;
  }

  HandWire wire;
  Cycle clock = 1000;
  std::vector<PacketRow> rows;
  Scoreboard scoreboard;

 private:
  std::unique_ptr<Oracle> oracle_;
  bool steers_ = true;
};

// Found is what a text contains; an empty text never is.
inline void expect_named(const std::string& mismatch, const std::string& words) {
  EXPECT_NE(mismatch.find(words), std::string::npos) << "\"" << mismatch << "\" does not say \"" << words << "\"";
}

}  // namespace rssnic::check
