// What rssnic serve leaves behind: waveforms that are complete whenever they can be, and the statistics as JSON. The
// client is the driver model. Needs fst2vcd and Python's jsonschema.
#include <nlohmann/json.hpp>
#include <set>

#include "tb/driver/virtio_net_driver.h"
#include "tb/host/plain_machine.h"
#include "tb/report/wave_save_file.h"
#include "tb/unit/cli/serve_bench.h"
#include "tb/unit/cosim/client_machine.h"
#include "tb/unit/vcd.h"

namespace rssnic::test {
namespace {

constexpr std::uint64_t kPeriod = 4000;

class ServeOutput : public ServeBench {
 protected:
  std::string wave() const { return file("card.fst").string(); }
  Vcd read_wave() const {
    return read_fst(wave(), {"ingress_count", "ingress_tag", "steer_count", "deliver_count", "deliver_tag",
                             "deliver_queue", "status_event", "status_count", "device_status", "vector_count"});
  }
  static std::uint64_t last(const Vcd& vcd, const char* name) { return vcd.at(name).number(vcd.times.back()); }
};

// A guest: brings the card up and sends frames into the loopback wire, which come back.
class Guest {
 public:
  explicit Guest(const std::string& socket)
      : no_card_({}, make_reference_engine(), nullptr, nullptr, nullptr),
        machine_(socket, no_card_.card()),
        driver_(machine_, options()) {
    driver_.start();
    driver_.set_promiscuous(true);
  }
  void pass_packets(unsigned count) {
    const std::vector<std::uint8_t> frame(200, 0x5a);
    for (unsigned packet = 0; packet < count; ++packet) {
      ASSERT_TRUE(driver_.transmit(0, {frame.data(), frame.size()}));
      std::size_t received = 0;
      for (unsigned turn = 0; received == 0; ++turn) {
        ASSERT_LT(turn, 100'000u) << packet << " packets have come back";
        machine_.wait_window();
        received = driver_.poll([](const ReceivedPacket&) {});
      }
    }
  }

 private:
  static DriverOptions options() {
    DriverOptions options;
    options.ring_size = 64;
    return options;
  }
  const PlainMachine no_card_;
  ClientMachine machine_;
  VirtioNetDriver driver_;
};

TEST_F(ServeOutput, AWaveformIsCompleteWhenASignalEndsTheServer) {
  for (const int signal : {SIGTERM, SIGINT}) {
    start({"--wire", "loopback", "--wave", wave()}, "rtl");
    Guest guest(socket());
    guest.pass_packets(20);
    ::kill(process_, signal);
    const std::string said = read_to("waveform:");
    EXPECT_NE(said.find("all cycles"), std::string::npos) << said;
    EXPECT_NE(said.find("gtkwave " + file("card.gtkw").string()), std::string::npos) << said;
    EXPECT_EQ(end(signal), 0);

    ASSERT_TRUE(report::wave_is_complete(wave()));
    const Vcd vcd = read_wave();
    for (const char* const count : {"ingress_count", "steer_count", "deliver_count"}) EXPECT_EQ(last(vcd, count), 20u);
    EXPECT_EQ(last(vcd, "deliver_tag"), 19u) << "frames of a live wire are numbered";
    EXPECT_EQ(last(vcd, "ingress_tag"), 19u);
    std::set<std::string> states;
    for (const auto& [time, bits] : vcd.at("status_event").changes()) states.insert(VcdSignal::to_text(bits));
    EXPECT_EQ(states.count("DRIVER_OK"), 1u);
    EXPECT_GT(last(vcd, "vector_count"), 0u);

    // The save file opens it at the first packet.
    const std::string save = read_text(file("card.gtkw"));
    const std::uint64_t ingress = vcd.at("ingress_count").changes().at(1).first / kPeriod * kPeriod + kPeriod / 2;
    EXPECT_NE(save.find(std::to_string(ingress)), std::string::npos) << ingress;
  }
}

TEST_F(ServeOutput, AWindowIsCompleteAsSoonAsItHasPassed) {
  constexpr Cycle kFrom = 10'000, kTo = 20'000;
  start(
      {"--wire", "loopback", "--wave", wave(), "--wave-from", std::to_string(kFrom), "--wave-to", std::to_string(kTo)},
      "rtl");
  Guest guest(socket());
  for (unsigned turn = 0; !std::filesystem::exists(file("card.gtkw")); ++turn) {
    ASSERT_LT(turn, 10'000u);
    guest.pass_packets(1);
  }
  ASSERT_TRUE(report::wave_is_complete(wave())) << "and the server goes on";
  const Vcd vcd = read_wave();
  EXPECT_GE(vcd.times.front(), kFrom * kPeriod);
  EXPECT_LE(vcd.times.back(), (kTo + 1) * kPeriod);
  EXPECT_GT(last(vcd, "deliver_count"), vcd.at("deliver_count").number(vcd.times.front()));
  guest.pass_packets(10);
  EXPECT_EQ(end(SIGTERM), 0);
  EXPECT_EQ(read_wave().times, vcd.times) << "nothing was added";
}

TEST_F(ServeOutput, AWaveformIsCompleteWhenTheClientHasGone) {
  start({"--wire", "loopback", "--wave", wave()}, "rtl");
  { Guest(socket()).pass_packets(10); }
  Guest next(socket());  // comes in when the first one has been seen off
  ASSERT_TRUE(report::wave_is_complete(wave()));
  const Vcd vcd = read_wave();
  EXPECT_EQ(last(vcd, "deliver_count"), 10u);
  EXPECT_EQ(last(vcd, "device_status"), 0u) << "the reset behind the client is in it";
  next.pass_packets(5);
  EXPECT_EQ(end(SIGTERM), 0);
  EXPECT_EQ(read_wave().times, vcd.times);
}

TEST_F(ServeOutput, AnEmptyWindowIsSaidToBeEmpty) {
  start({"--wire", "loopback", "--wave", wave(), "--wave-from", "1000000000000"}, "rtl");
  ::kill(process_, SIGTERM);
  EXPECT_NE(read_to("waveform:").find("is empty"), std::string::npos);
  EXPECT_EQ(end(SIGTERM), 0);
}

TEST_F(ServeOutput, StatisticsAreWrittenAsJsonWhenTheServerEnds) {
  const std::string json_file = file("statistics.json").string();
  start({"--wire", "loopback", "--json", json_file, "--queues", "3"});
  { Guest(socket()).pass_packets(7); }
  Guest guest(socket());
  guest.pass_packets(30);
  EXPECT_EQ(end(SIGTERM), 0);

  const CommandResult checked = run("python3", {RSSNIC_SOURCE_DIR "/tb/unit/cli/check_reports.py", "json",
                                                RSSNIC_SOURCE_DIR "/docs/json-schema-serve.json", json_file});
  EXPECT_EQ(checked.status, 0) << checked.out << checked.err;
  const auto json = nlohmann::json::parse(read_text(json_file));
  EXPECT_TRUE(json["client"]["connected"]) << "as it was when the signal came";
  EXPECT_EQ(json["client"]["clients"], 2);
  EXPECT_EQ(json["client"]["device_status"], 0xf);
  EXPECT_EQ(json["wire"]["description"], "loopback");
  EXPECT_EQ(json["received"], 37);
  EXPECT_EQ(json["delivered"], 37);
  EXPECT_EQ(json["transmitted"], 37);
  EXPECT_EQ(json["reports"]["none"], 37) << "no packets of the Internet";
  ASSERT_EQ(json["queues"].size(), 3u);
  EXPECT_EQ(json["queues"][0]["packets"], 37);
  EXPECT_EQ(json["dropped"], nlohmann::json::object());
  EXPECT_GT(json["messages"]["received"], 100);
  EXPECT_GT(json["messages"]["interrupts"], 0);
  const double card_s = json["time"]["card_s"];
  EXPECT_GT(card_s, 0);
  EXPECT_NEAR(static_cast<double>(json["throughput"]["received_per_card_s"]) * card_s, 37, 0.01);
}

}  // namespace
}  // namespace rssnic::test
