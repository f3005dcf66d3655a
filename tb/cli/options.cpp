#include "tb/cli/options.h"

#include <fmt/format.h>

#include <sstream>

#include "tb/cli/values.h"

namespace rssnic::cli {

namespace po = boost::program_options;

po::variables_map parse_options(const po::options_description& options,
                                const po::positional_options_description& positional,
                                const std::vector<std::string>& arguments) {
  po::variables_map given;
  try {
    namespace style = po::command_line_style;
    constexpr int kStyle = style::unix_style & ~style::allow_guessing;
    po::store(po::command_line_parser(arguments).options(options).positional(positional).style(kStyle).run(), given);
    po::notify(given);
  } catch (const po::unknown_option& error) {
    throw UsageError(fmt::format("unknown option '{}'; --help lists what there is", error.get_option_name()));
  } catch (const po::error& error) {
    throw UsageError(error.what());
  }
  return given;
}

std::string to_text(const po::options_description& options) {
  std::ostringstream text;
  text << options;
  return text.str();
}

}  // namespace rssnic::cli
