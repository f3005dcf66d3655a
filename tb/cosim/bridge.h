// The vfio-user server as a PCI bridge: on one side a client (QEMU) on a UNIX socket, on the other the card's TLM
// sockets. One thread of SystemC does everything, in turns: a window of the card, then what has come in. Register
// accesses act on the card between two windows. While nothing is to be done the thread sleeps in poll().
//
// Guest memory that the client shares is the card's host memory by DMI. The rest is reached by messages: writes are
// posted, reads wait. While a read waits, the client's own requests are answered, since it may answer the read only
// after them; so no message of this side ever waits for ever for a request that is not answered. Addresses that the
// client has not mapped are bus errors.
//
// Nothing passes posted writes (PCI Express 2.4.1): interrupts and replies behind them wait until the client has
// confirmed them. A client may be unable to confirm anything while a request of its own waits (QEMU is: both need the
// same lock). Such a one is recognised by a reply that has waited for kReplyPatience; from then on it gets its replies
// at once. What drivers rely on holds all the same: device_status does not tell that a reset is done before the writes
// are.
//
// Time. free: the card runs as fast as it can; only where it has nothing to do for a while does the pause last as long
// as it would (a timer of 100 us is not over at once). paced: never ahead of the clock on the wall either.
#pragma once
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "model/nic/virtio_nic.h"
#include "tb/cosim/connection.h"
#include "tb/cosim/device.h"
#include "tb/cosim/listener.h"
#include "tb/wire/live_wire.h"

namespace rssnic::cosim {

enum class Sync : std::uint8_t { free, paced };

struct BridgeStatistics {
  std::uint64_t clients = 0;
  std::uint64_t messages = 0;  // from the client
  std::uint64_t errors = 0;    // of these, answered with an error
  std::uint64_t dma_messages = 0;
  std::uint64_t interrupts = 0;    // eventfds written
  std::uint64_t replies_held = 0;  // until posted writes were confirmed
};

class Bridge final : public sc_core::sc_module, private FunctionPort {
 public:
  tlm_utils::simple_initiator_socket<Bridge> pci_initiator;
  tlm_utils::simple_target_socket<Bridge> dma_target;

  // Binds both sockets to the card. `log` gets a line when a client comes or goes, and warnings.
  Bridge(const sc_core::sc_module_name& name, VirtioNic& nic, LiveWire& wire, Listener& listener, Sync sync,
         std::function<void(const std::string&)> log);

  // How long a reply waits for posted writes.
  static constexpr std::chrono::nanoseconds kReplyPatience = std::chrono::milliseconds(100);
  void hold_replies_at_most(std::chrono::nanoseconds patience) { reply_patience_ = patience; }

  // Calls `ready` whenever `fd` can be read. Before the simulation starts.
  void watch(int fd, std::function<void()> ready) { watches_.push_back({fd, std::move(ready)}); }
  // Called between any two windows of the card, and whenever something has come in. Before the simulation starts.
  void each_turn(std::function<void()> call) { each_turn_ = std::move(call); }
  // Ends the simulation soon; from a watch.
  void stop() { stopping_ = true; }

  bool connected() const { return connection_ != nullptr; }
  const GuestMemory& memory() const { return memory_; }
  BridgeStatistics statistics() const;
  // A register of the card's common configuration; 0 before the simulation runs.
  std::uint32_t device_status();

 private:
  using Clock = std::chrono::steady_clock;
  using Wait = std::chrono::nanoseconds;
  struct Watch {
    int fd;
    std::function<void()> ready;
  };
  struct PostedWrite {
    std::uint16_t id;
    bool done;
  };
  // What waits behind so many posted writes.
  struct HeldVector {
    unsigned vector;
    std::uint64_t after;
  };
  struct HeldReply {
    std::vector<std::uint8_t> message;
    std::uint64_t after;
    Clock::time_point until;
  };

  void run();
  // The loop's two halves.
  void serve(Wait longest);
  void let_time_pass();
  Wait time_to_next_window();
  void catch_up();
  Cycle wall_cycle() const;
  Wait duration_of(Cycle cycles) const;
  void poll_and_dispatch(Wait longest, bool wire);

  void accept_client();
  void drop_client();
  void receive();
  void handle(Message& message);
  void take_reply(const Message& reply);
  void reply(std::vector<std::uint8_t> message);
  void release_replies();
  void send(const std::vector<std::uint8_t>& message);
  void lose(const std::string& reason);
  void update_line();

  // FunctionPort
  std::uint32_t config_read(unsigned offset, unsigned size) override;
  void config_write(unsigned offset, unsigned size, std::uint32_t value) override;
  std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned size) override;
  void bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) override;
  std::uint64_t bar_size(unsigned bar) const override { return bar_sizes_[bar]; }
  void memory_changed(std::uint64_t first, std::uint64_t last) override;
  void size_bars();

  // dma_target
  void b_transport(tlm::tlm_generic_payload& access, sc_core::sc_time& delay);
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& access, tlm::tlm_dmi& granted);
  bool dma_read(std::uint64_t address, Bytes into);
  bool dma_write(std::uint64_t address, ConstBytes from);
  bool message_read(std::uint64_t address, Bytes into);
  bool message_write(std::uint64_t address, ConstBytes from);
  void fire(unsigned vector);
  void release_vectors();

  VirtioNic& nic_;
  LiveWire& wire_;
  Listener& listener_;
  const Sync sync_;
  const std::function<void(const std::string&)> log_;
  std::vector<Watch> watches_;
  std::function<void()> each_turn_;
  bool stopping_ = false;

  GuestMemory memory_;
  Interrupts interrupts_;
  std::array<std::uint64_t, kBars> bar_sizes_{};
  std::unique_ptr<Device> device_;  // from the start of the simulation on

  std::unique_ptr<Connection> connection_;
  std::string lost_;  // why the connection is of no use any more; empty: it is
  std::uint16_t next_id_ = 0;
  std::optional<std::uint16_t> awaited_read_;  // the message whose reply the card waits for
  std::optional<Message> read_reply_;
  std::deque<PostedWrite> posted_;  // not confirmed, in order
  std::uint64_t writes_posted_ = 0, writes_confirmed_ = 0;
  std::deque<HeldVector> held_vectors_;
  std::optional<std::uint64_t> line_after_;  // INTA# is asserted, behind so many posted writes
  std::deque<HeldReply> held_replies_;
  Wait reply_patience_ = kReplyPatience;
  bool client_confirms_ = true;  // while it waits for replies
  bool write_refused_ = false;

  std::vector<pollfd> polls_;
  unsigned windows_since_poll_ = 0;
  Clock::time_point started_;
  Cycle rest_cycle_ = kNever;  // where the card came to rest, and when
  Clock::time_point rest_since_;
  BridgeStatistics statistics_;
};

}  // namespace rssnic::cosim
