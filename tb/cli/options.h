// Option parsing for all subcommands: Boost.Program_options with our wording of errors.
#pragma once
#include <boost/program_options.hpp>
#include <string>
#include <vector>

namespace rssnic::cli {

// Parses and notifies; throws UsageError for what Boost refuses. Abbreviated option names are not taken.
boost::program_options::variables_map parse_options(
    const boost::program_options::options_description& options,
    const boost::program_options::positional_options_description& positional,
    const std::vector<std::string>& arguments);

std::string to_text(const boost::program_options::options_description& options);

}  // namespace rssnic::cli
