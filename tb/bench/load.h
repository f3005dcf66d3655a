// What is measured on: a sequence of frames that is in memory before the clock starts, so that neither a generator nor
// a file reader is part of a figure. Equal frames are kept once. The wire of a card plays it as often as asked for.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/sim/wire_port.h"

namespace rssnic::bench {

class Load {
 public:
  // Takes all frames of the source. Throws std::invalid_argument when there is none.
  Load(std::string name, WireSource& source);

  const std::string& name() const { return name_; }
  std::size_t distinct() const { return slices_.size(); }
  ConstBytes frame(std::size_t number) const { return {bytes_.data() + slices_[number].offset, slices_[number].size}; }
  // The sequence, as numbers below distinct().
  const std::vector<std::uint32_t>& order() const { return order_; }

 private:
  struct Slice {
    std::size_t offset;
    std::size_t size;
  };
  std::string name_;
  std::vector<std::uint8_t> bytes_;
  std::vector<Slice> slices_;
  std::vector<std::uint32_t> order_;
};

// A back-to-back wire. Tags go on counting from load to load, as a card that is not reset needs it.
class Line final : public WireSource {
 public:
  // `packets` frames from the load's beginning, over and over. The load outlives them.
  void play(const Load& load, std::uint64_t packets);

  const WireFrame* front() override { return left_ > 0 ? &frame_ : nullptr; }
  void pop() override;

 private:
  void show() { frame_.bytes = load_->frame(load_->order()[position_]); }

  const Load* load_ = nullptr;
  std::size_t position_ = 0;
  std::uint64_t left_ = 0;
  WireFrame frame_;
};

}  // namespace rssnic::bench
