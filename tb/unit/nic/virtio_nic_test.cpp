// The SystemC shell: error responses of pci_target, DMI and transport DMA, window edges, INTA#, a foreign bus, and
// equal stamps in both steppings. One simulation a process, so each test builds its own.
#include "model/nic/virtio_nic.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <functional>
#include <systemc>

#include "tb/check/session.h"
#include "tb/host/root_complex.h"
#include "tb/wire/generator.h"

namespace rssnic {
namespace {

using sc_core::sc_module;
using sc_core::sc_module_name;

// Runs a function as an SC_THREAD and ends the simulation with it.
struct Thread final : sc_module {
  Thread(const sc_module_name& name, std::function<void()> body) : sc_module(name), body_(std::move(body)) {
    SC_HAS_PROCESS(Thread);
    SC_THREAD(run);
  }
  void run() {
    body_();
    sc_core::sc_stop();
  }
  const std::function<void()> body_;
};

struct Bench {
  explicit Bench(NicParameters parameters = {})
      : nic("nic", parameters, make_reference_engine(), nullptr, nullptr, nullptr) {}
  VirtioNic nic;
  RootComplex root_complex{"root_complex", nic};
  void run(std::function<void()> body) {
    Thread thread("thread", std::move(body));
    sc_core::sc_start();
  }
};

tlm::tlm_response_status access(RootComplex& bus, tlm::tlm_command command, int space, std::uint64_t address,
                                unsigned size, std::uint8_t* enables = nullptr) {
  std::uint8_t data[16] = {};
  PciSpace extension;
  extension.space = space;
  tlm::tlm_generic_payload payload;
  payload.set_command(command);
  payload.set_address(address);
  payload.set_data_ptr(data);
  payload.set_data_length(size);
  payload.set_streaming_width(size);
  payload.set_byte_enable_ptr(enables);
  payload.set_byte_enable_length(enables ? size : 0);
  payload.set_extension(&extension);
  sc_core::sc_time delay;
  bus.pci_initiator->b_transport(payload, delay);
  payload.clear_extension(&extension);
  return payload.get_response_status();
}

TEST(VirtioNic, UnsupportedRequestsAreAddressErrors) {
  Bench bench;
  bench.run([&] {
    auto& bus = bench.root_complex;
    EXPECT_EQ(access(bus, tlm::TLM_READ_COMMAND, 0, 0, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE) << "memory decoding is off";
    bus.config_write(4, 2, 2);
    EXPECT_EQ(access(bus, tlm::TLM_READ_COMMAND, 0, 0, 4), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(access(bus, tlm::TLM_READ_COMMAND, 0, bench.nic.card().parameters().num_queues() + (1u << 30), 4),
              tlm::TLM_ADDRESS_ERROR_RESPONSE);
    EXPECT_EQ(access(bus, tlm::TLM_READ_COMMAND, 4, 0, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE) << "no such BAR";
    EXPECT_EQ(access(bus, tlm::TLM_READ_COMMAND, 7, 0, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    EXPECT_EQ(access(bus, tlm::TLM_READ_COMMAND, -2, 0, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    EXPECT_EQ(access(bus, tlm::TLM_READ_COMMAND, PciSpace::kConfiguration, 4094, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    EXPECT_EQ(access(bus, tlm::TLM_READ_COMMAND, 0, ~std::uint64_t{0}, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  });
}

TEST(VirtioNic, AccessesThatTheFunctionDoesNotTakeAreCompleterAborts) {
  Bench bench;
  bench.run([&] {
    auto& bus = bench.root_complex;
    bus.config_write(4, 2, 2);
    for (const unsigned size : {0u, 3u, 5u, 16u}) {
      EXPECT_EQ(access(bus, tlm::TLM_READ_COMMAND, 0, 0, size), tlm::TLM_BURST_ERROR_RESPONSE) << size;
    }
    EXPECT_EQ(access(bus, tlm::TLM_READ_COMMAND, 0, 2, 4), tlm::TLM_BURST_ERROR_RESPONSE) << "not aligned";
    EXPECT_EQ(access(bus, tlm::TLM_READ_COMMAND, PciSpace::kConfiguration, 0, 8), tlm::TLM_BURST_ERROR_RESPONSE);
    std::uint8_t enables[4] = {0xff, 0, 0xff, 0};
    EXPECT_EQ(access(bus, tlm::TLM_WRITE_COMMAND, 0, 0, 4, enables), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    EXPECT_EQ(access(bus, tlm::TLM_IGNORE_COMMAND, 0, 0, 4), tlm::TLM_COMMAND_ERROR_RESPONSE);
  });
}

TEST(VirtioNic, AnAccessWithoutTheExtensionMeansConfigurationSpace) {
  Bench bench;
  bench.run([&] {
    std::uint8_t data[4] = {};
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_READ_COMMAND);
    payload.set_address(0);
    payload.set_data_ptr(data);
    payload.set_data_length(4);
    payload.set_streaming_width(4);
    sc_core::sc_time delay;
    bench.root_complex.pci_initiator->b_transport(payload, delay);
    EXPECT_EQ(load_le32(data), 0x10411af4u);
  });
}

TEST(VirtioNic, WindowsWithoutActivityHaveNoEdgeUnlessAskedFor) {
  NicParameters parameters;
  parameters.window_cycles = 64;
  Bench bench(parameters);
  bench.run([&] {
    bench.root_complex.wait_window();
    const Cycle first = bench.root_complex.now();
    EXPECT_EQ(first % 64, 0u);
    bench.root_complex.wait_window();
    EXPECT_EQ(bench.root_complex.now(), first + 64);
    EXPECT_FALSE(bench.root_complex.wait_activity()) << "an idle card does nothing by itself";
  });
}

TEST(VirtioNic, TheClockPeriodIsWholePicoseconds) {
  NicParameters parameters;
  parameters.card.pcie.clock_mhz = 322.265625;
  Bench bench(parameters);
  EXPECT_EQ(bench.nic.clock_period(), sc_core::sc_time(3103, sc_core::SC_PS));
}

// A generated load through the SystemC card, every packet checked.
void run_load(HostAccess host_access, Cycle* end = nullptr) {
  GeneratorParameters load;
  load.packets = 1500;
  load.imix = true;
  load.flows = 50;
  load.ipv6_percent = 30;
  Generator generator(load);
  std::uint64_t packets = 0;
  check::Scoreboard scoreboard(generator, {}, [&](const check::PacketRow& row) {
    ++packets;
    EXPECT_EQ(row.mismatch, "");
  });
  VirtioNic nic("nic", {}, make_rtl_engine(), &scoreboard, nullptr, &scoreboard);
  RootComplex root_complex("root_complex", nic, host_access);
  Thread thread("thread", [&] {
    check::SessionOptions options;
    options.driver.queue_pairs = 4;
    RssCommand rss;
    rss.key.assign(kMicrosoftKey.begin(), kMicrosoftKey.end());
    rss.table = {0, 1, 2, 3};
    options.rss = rss;
    check::Session session(root_complex, scoreboard, options, [&] { nic.wire_ready(); });
    session.begin();
    session.run(std::atomic<bool>{false});
  });
  sc_core::sc_start();
  EXPECT_EQ(packets, load.packets);
  EXPECT_EQ(scoreboard.mismatches(), 0u);
  if (end) *end = nic.card().now();
}

TEST(VirtioNic, PacketsPassWithDirectMemory) { run_load({}); }

TEST(VirtioNic, PacketsPassByTransportCallsWhereTheHostGrantsNoDirectMemory) {
  HostAccess access;
  access.direct_memory = false;
  run_load(access);
}

TEST(VirtioNic, LatencyThatTheHostAnnotatesDelaysReads) {
  HostAccess access;
  access.direct_memory = false;
  access.latency = sc_core::sc_time(10, sc_core::SC_US);
  Cycle end = 0;
  run_load(access, &end);
  EXPECT_GT(end, 3 * 2500u) << "index, ring and descriptors are read one after the other, 2500 cycles each";
}

TEST(VirtioNic, DirectMemoryKeepsTheLatencyThatTheHostStates) {
  HostAccess access;
  access.latency = sc_core::sc_time(10, sc_core::SC_US);
  Cycle end = 0;
  run_load(access, &end);
  // The first access goes by transport call; only if those by direct memory wait as well do two commands (four reads
  // each, one after the other) and the refills of the rings add up to this.
  EXPECT_GT(end, 12 * 2500u);
}

TEST(VirtioNic, TheInterruptLineFollowsTheFunctionWhileMsixIsOff) {
  Bench bench;
  bench.run([&] {
    auto& bus = bench.root_complex;
    VirtioNetDriver driver(bus, {});
    driver.start();
    bus.config_write(driver.layout().msix_capability + 2, 2, 0);
    const std::vector<std::uint8_t> frame(60, 0x11);
    ASSERT_TRUE(driver.transmit(0, {frame.data(), frame.size()}));
    EXPECT_FALSE(bus.inta());
    for (unsigned window = 0; window < 50 && !bus.inta(); ++window) bus.wait_window();
    EXPECT_TRUE(bus.inta());
    EXPECT_EQ(bus.mmio_read(driver.layout().isr.address, 1), 1u);
    bus.wait_window();
    EXPECT_FALSE(bus.inta()) << "reading the ISR takes the line back";
  });
}

TEST(VirtioNic, WindowEdgesStayOnTheirGridWhateverTheTimeOfAnAccess) {
  Bench bench;
  bench.run([&] {
    sc_core::wait(sc_core::sc_time(4003, sc_core::SC_NS));  // three quarters into cycle 1000
    bench.root_complex.config_read(0, 4);
    for (unsigned i = 0; i < 3; ++i) {
      bench.root_complex.wait_window();
      EXPECT_EQ(sc_core::sc_time_stamp().value() % (64 * bench.nic.clock_period().value()), 0u);
    }
  });
}

// Sends every frame back into the card from within the card's own call.
struct Reflector final : WireSource, WireSink {
  const WireFrame* front() override { return frames.empty() ? nullptr : &frame; }
  void pop() override {
    frames.pop_front();
    arm();
  }
  void transmit(ConstBytes bytes, Cycle) override {
    frames.emplace_back(bytes.data, bytes.data + bytes.size);
    arm();
    nic->wire_ready();
    accesses_refused +=
        access(*bus, tlm::TLM_READ_COMMAND, PciSpace::kConfiguration, 0, 4) == tlm::TLM_GENERIC_ERROR_RESPONSE;
  }
  void arm() {
    if (!frames.empty()) frame.bytes = {frames.front().data(), frames.front().size()};
  }
  VirtioNic* nic = nullptr;
  RootComplex* bus = nullptr;
  std::deque<std::vector<std::uint8_t>> frames;
  WireFrame frame;
  unsigned accesses_refused = 0;
};

TEST(VirtioNic, AWireThatReflectsFromWithinTheCardsCallDoesNoHarm) {
  Reflector wire;
  VirtioNic nic("nic", {}, make_reference_engine(), &wire, &wire, nullptr);
  RootComplex root_complex("root_complex", nic);
  wire.nic = &nic;
  wire.bus = &root_complex;
  unsigned received = 0;
  Thread thread("thread", [&] {
    VirtioNetDriver driver(root_complex, {});
    driver.start();
    driver.set_promiscuous(true);
    for (unsigned i = 0; i < 60; ++i) {
      const std::vector<std::uint8_t> frame(60 + i, static_cast<std::uint8_t>(i));
      ASSERT_TRUE(driver.transmit(0, {frame.data(), frame.size()}));
    }
    while (root_complex.wait_activity()) driver.poll([&](const ReceivedPacket&) { ++received; });
    EXPECT_FALSE(driver.needs_reset());
  });
  sc_core::sc_start();
  EXPECT_EQ(received, 60u);
  EXPECT_EQ(wire.accesses_refused, 60u);
}

TEST(VirtioNic, SenselessParametersAreRefused) {
  NicParameters parameters;
  parameters.window_cycles = 0;
  EXPECT_THROW(Bench bench(parameters), std::invalid_argument);
}

TEST(VirtioNic, AClockThatSystemCCannotCountIsRefused) {
  NicParameters parameters;
  parameters.card.pcie.clock_mhz = 0;
  EXPECT_THROW(Bench bench(parameters), std::invalid_argument);
}

// Somebody else's bus: what it takes to use the card without the test bench of this project.
struct ForeignHost final : sc_module {
  tlm_utils::simple_initiator_socket<ForeignHost> config_master;
  tlm_utils::simple_target_socket<ForeignHost> memory;
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(1 << 16);
  std::uint32_t identity = 0;

  explicit ForeignHost(const sc_module_name& name) : sc_module(name) {
    memory.register_b_transport(this, &ForeignHost::serve);
    SC_HAS_PROCESS(ForeignHost);
    SC_THREAD(run);
  }
  void serve(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    delay += sc_core::sc_time(100, sc_core::SC_NS);
    if (payload.get_address() + payload.get_data_length() > bytes.size()) {
      return payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    }
    std::uint8_t* const at = bytes.data() + payload.get_address();
    if (payload.is_read()) std::memcpy(payload.get_data_ptr(), at, payload.get_data_length());
    if (payload.is_write()) std::memcpy(at, payload.get_data_ptr(), payload.get_data_length());
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }
  void run() {
    PciSpace configuration_space;
    tlm::tlm_generic_payload read;
    read.set_command(tlm::TLM_READ_COMMAND);
    read.set_address(0);  // vendor and device ID
    read.set_data_ptr(reinterpret_cast<unsigned char*>(&identity));
    read.set_data_length(4);
    read.set_streaming_width(4);
    read.set_extension(&configuration_space);
    sc_core::sc_time delay;
    config_master->b_transport(read, delay);
    read.clear_extension(&configuration_space);
    sc_core::sc_stop();
  }
};

TEST(VirtioNic, BindsToAForeignBus) {
  VirtioNic nic("nic", {}, make_rtl_engine(), nullptr, nullptr, nullptr);
  ForeignHost host("host");
  host.config_master.bind(nic.pci_target);
  nic.dma_initiator.bind(host.memory);
  sc_core::sc_start();
  EXPECT_EQ(host.identity, 0x10411af4u);
}

}  // namespace
}  // namespace rssnic
