// A first-in, first-out queue whose elements keep their storage: a popped element is handed out again by push(), with
// whatever memory its members have grown to. So a queue of buffers allocates while it grows, and never again.
// References to elements hold until the next push().
#pragma once
#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace rssnic {

template <typename T>
class RecyclingQueue {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  // A new last element. It holds what an earlier one left in it: the caller assigns every member.
  T& push() {
    if (size_ == elements_.size()) grow();
    return elements_[position(size_++)];
  }
  // A new first element, likewise.
  T& push_front() {
    if (size_ == elements_.size()) grow();
    first_ = (first_ + elements_.size() - 1) & (elements_.size() - 1);
    ++size_;
    return elements_[first_];
  }
  T& front() { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }
  void pop() {
    assert(size_ > 0);
    first_ = position(1);
    --size_;
  }
  void clear() { size_ = 0; }
  T& operator[](std::size_t index) {
    assert(index < size_);
    return elements_[position(index)];
  }
  const T& operator[](std::size_t index) const {
    assert(index < size_);
    return elements_[position(index)];
  }

 private:
  static constexpr std::size_t kFirstSize = 16;  // sizes are powers of two

  std::size_t position(std::size_t index) const { return (first_ + index) & (elements_.size() - 1); }
  void grow() {
    std::vector<T> larger(elements_.empty() ? kFirstSize : 2 * elements_.size());
    for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move(elements_[position(i)]);
    elements_ = std::move(larger);
    first_ = 0;
  }

  std::vector<T> elements_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace rssnic
