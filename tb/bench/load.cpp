#include "tb/bench/load.h"

#include <map>
#include <stdexcept>

namespace rssnic::bench {

Load::Load(std::string name, WireSource& source) : name_(std::move(name)) {
  std::map<std::vector<std::uint8_t>, std::uint32_t> known;
  for (; const WireFrame* const frame = source.front(); source.pop()) {
    std::vector<std::uint8_t> bytes(frame->bytes.data, frame->bytes.data + frame->bytes.size);
    const auto [entry, is_new] = known.try_emplace(std::move(bytes), static_cast<std::uint32_t>(slices_.size()));
    if (is_new) {
      slices_.push_back({bytes_.size(), entry->first.size()});
      bytes_.insert(bytes_.end(), entry->first.begin(), entry->first.end());
    }
    order_.push_back(entry->second);
  }
  if (order_.empty()) throw std::invalid_argument("load '" + name_ + "': no frames; at least one is needed");
}

void Line::play(const Load& load, std::uint64_t packets) {
  load_ = &load;
  position_ = 0;
  left_ = packets;
  show();
}

void Line::pop() {
  ++frame_.tag;
  --left_;
  if (++position_ == load_->order().size()) position_ = 0;
  show();
}

}  // namespace rssnic::bench
