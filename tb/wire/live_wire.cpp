#include "tb/wire/live_wire.h"

namespace rssnic {

const WireFrame* LiveWire::front() {
  if (frames_.empty()) return nullptr;
  const std::vector<std::uint8_t>& bytes = frames_.front();
  frame_.bytes = {bytes.data(), bytes.size()};
  return &frame_;
}

void LiveWire::receive(ConstBytes frame) {
  if (!has_room()) {
    ++lost_;
    return;
  }
  frames_.push().assign(frame.data, frame.data + frame.size);
  tell();
}

}  // namespace rssnic
