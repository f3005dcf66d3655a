// An AXI4-Lite manager on the pins of a Verilated module: queues writes and reads, gives their halves at random times
// and takes the answers at random times. It checks what the protocol promises of the other side (an answer stands still
// while it waits, there is none that nobody asked for); what the answers should be is the tests' affair.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>
#include <vector>

namespace rssnic::test {

struct AxilPace {
  unsigned gap_percent = 0;    // clocks without a valid, for each channel by itself
  unsigned stall_percent = 0;  // clocks without a ready for answers
};

struct AxilAnswer {
  bool refused = false;    // SLVERR
  std::uint32_t data = 0;  // of a read
  bool operator==(const AxilAnswer& other) const { return refused == other.refused && data == other.data; }
  friend std::ostream& operator<<(std::ostream& out, const AxilAnswer& answer) {
    return out << (answer.refused ? "refused 0x" : "0x") << std::hex << answer.data << std::dec;
  }
};

template <typename Model>
class AxilMaster {
 public:
  AxilMaster(Model& model, std::uint32_t seed) : model_(model), random_(seed) {}

  void set_pace(const AxilPace& pace) { pace_ = pace; }

  void queue_write(std::uint32_t address, std::uint32_t data, unsigned strobes = 0xf) {
    addresses_.push_back(address);
    data_.push_back({data, strobes});
    ++writes_;
  }
  void queue_read(std::uint32_t address) {
    read_addresses_.push_back(address);
    ++reads_;
  }
  bool idle() const { return write_answers_.size() == writes_ && read_answers_.size() == reads_; }
  // Answers so far, in the order of what was queued.
  const std::vector<AxilAnswer>& write_answers() const { return write_answers_; }
  const std::vector<AxilAnswer>& read_answers() const { return read_answers_; }

  // A reset: what is under way and its answers are forgotten.
  void forget() {
    addresses_.clear();
    data_.clear();
    read_addresses_.clear();
    write_answers_.resize(writes_);
    read_answers_.resize(reads_);
    addresses_taken_ = data_taken_ = writes_;
    reads_taken_ = reads_;
    address_offered_ = data_offered_ = read_offered_ = false;
    waiting_write_ = waiting_read_ = {};
  }

  // Sets the inputs, before the model settles ahead of an edge. What is not valid is junk.
  void drive() {
    offer(address_offered_, !addresses_.empty());
    model_.axil_awvalid_i = address_offered_;
    model_.axil_awaddr_i = address_offered_ ? addresses_.front() : random_() & kAddressMask;
    offer(data_offered_, !data_.empty());
    model_.axil_wvalid_i = data_offered_;
    model_.axil_wdata_i = data_offered_ ? data_.front().data : static_cast<std::uint32_t>(random_());
    model_.axil_wstrb_i = static_cast<std::uint8_t>(data_offered_ ? data_.front().strobes : random_() & 0xf);
    offer(read_offered_, !read_addresses_.empty());
    model_.axil_arvalid_i = read_offered_;
    model_.axil_araddr_i = read_offered_ ? read_addresses_.front() : random_() & kAddressMask;
    model_.axil_bready_i = !percent(pace_.stall_percent);
    model_.axil_rready_i = !percent(pace_.stall_percent);
  }

  // Looks at the outputs, when the model has settled: what the edge will transfer.
  void observe() {
    take(model_.axil_bvalid_o, model_.axil_bready_i, model_.axil_bresp_o, 0, waiting_write_, write_answers_,
         std::min(addresses_taken_, data_taken_));
    take(model_.axil_rvalid_o, model_.axil_rready_i, model_.axil_rresp_o, model_.axil_rdata_o, waiting_read_,
         read_answers_, reads_taken_);
    addresses_taken_ += transferred(address_offered_, model_.axil_awready_o, addresses_);
    data_taken_ += transferred(data_offered_, model_.axil_wready_o, data_);
    reads_taken_ += transferred(read_offered_, model_.axil_arready_o, read_addresses_);
  }

 private:
  static constexpr std::uint32_t kAddressMask = 0x1ffff;
  struct Data {
    std::uint32_t data;
    unsigned strobes;
  };
  struct Waiting {
    bool waits = false;
    AxilAnswer answer;
  };

  bool percent(unsigned n) { return n != 0 && random_() % 100 < n; }
  void offer(bool& offered, bool any) {
    if (!offered) offered = any && !percent(pace_.gap_percent);
  }
  template <typename Queue>
  static std::size_t transferred(bool& offered, bool ready, Queue& queue) {
    if (!offered || !ready) return 0;
    offered = false;
    queue.pop_front();
    return 1;
  }
  static void take(bool valid, bool ready, unsigned response, std::uint32_t data, Waiting& waiting,
                   std::vector<AxilAnswer>& answers, std::size_t asked) {
    const AxilAnswer answer{response != 0, data};
    if (waiting.waits) {
      EXPECT_TRUE(valid) << "a waiting answer went away";
      EXPECT_EQ(answer, waiting.answer) << "a waiting answer changed";
    }
    waiting = {valid && !ready, answer};
    if (!valid || !ready) return;
    EXPECT_TRUE(response == 0 || response == 2) << "response " << response;
    answers.push_back(answer);
    EXPECT_LE(answers.size(), asked) << "an answer that nobody asked for";
  }

  Model& model_;
  std::mt19937 random_;
  AxilPace pace_;
  std::deque<std::uint32_t> addresses_, read_addresses_;
  std::deque<Data> data_;
  std::size_t writes_ = 0, reads_ = 0;  // queued
  std::size_t addresses_taken_ = 0, data_taken_ = 0, reads_taken_ = 0;
  bool address_offered_ = false, data_offered_ = false, read_offered_ = false;
  Waiting waiting_write_, waiting_read_;
  std::vector<AxilAnswer> write_answers_, read_answers_;
};

}  // namespace rssnic::test
