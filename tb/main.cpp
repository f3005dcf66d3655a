// The rssnic command: dispatch to the subcommands. libsystemc has main() and calls sc_main().
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <systemc>

#include "tb/cli/commands.h"
#include "tb/cli/values.h"

namespace {

constexpr const char* kUsage =
    R"(rssnic: a cycle-accurate virtio-net card with RSS, and the bench that checks it

usage: rssnic COMMAND [OPTIONS]

  run PCAP...   replay captures through the card and check every packet
  hash          print the Toeplitz hash of an address pair
  serve         offer the card to QEMU over vfio-user
  info          print what the card is: features, sizes, defaults
  help          print this
  --version     print the version

rssnic COMMAND --help tells a command's options.
Exit status: 0 as the specification says, 1 a mismatch, 2 wrong usage, 3 unreadable or damaged input,
or an output that cannot be written; 130 interrupted.
)";

// Read by libsystemc before it calls sc_main(): no banner in front of what scripts read.
const int banner_off = setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 0);

int dispatch(const std::vector<std::string>& arguments) {
  using namespace rssnic::cli;
  if (arguments.empty()) {
    std::fputs(kUsage, stderr);
    return kExitUsage;
  }
  const std::string& command = arguments[0];
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (command == "run") return run_command(rest);
  if (command == "hash") return hash_command(rest);
  if (command == "serve") return serve_command(rest);
  if (command == "info") return info_command(rest);
  if (command == "help" && !rest.empty()) return dispatch({rest[0], "--help"});
  if (command == "help" || command == "--help" || command == "-h") {
    std::fputs(kUsage, stdout);
    return kExitOk;
  }
  if (command == "--version") {
    fmt::print("rssnic {}\n", RSSNIC_VERSION);
    return kExitOk;
  }
  throw UsageError(fmt::format("'{}' is no command; run, hash, serve, info and help are", command));
}

}  // namespace

int sc_main(int count, char* values[]) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow further is an error of write()
  try {
    const int status = dispatch({values + 1, values + count});
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) throw std::runtime_error("standard output cannot be written");
    return status;
  } catch (const rssnic::cli::UsageError& error) {
    fmt::print(stderr, "rssnic: {}\n", error.what());
    return rssnic::cli::kExitUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "rssnic: {}\n", error.what());
    return rssnic::cli::kExitInput;
  }
}
