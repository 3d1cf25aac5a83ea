#include "ipam/host-local/resolv_conf.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace netctl::host_local {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (auto begin = line.find_first_not_of(kBlanks); begin != std::string_view::npos;) {
    const auto end = std::min(line.find_first_of(kBlanks, begin), line.size());
    words.emplace_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(kBlanks, end);
  }
  return words;
}

void read_line(std::string_view line, cni::Dns& dns) {
  const std::vector<std::string> words = words_of(line);
  if (words.size() < 2 || words[0].starts_with('#') || words[0].starts_with(';')) return;
  const auto values = words.begin() + 1;
  if (words[0] == "nameserver") dns.nameservers.push_back(words[1]);
  if (words[0] == "domain") dns.domain = words[1];
  if (words[0] == "search") dns.search.insert(dns.search.end(), values, words.end());
  if (words[0] == "options") dns.options.insert(dns.options.end(), values, words.end());
}

}  // namespace

cni::Dns parse_resolv_conf(std::string_view text) {
  cni::Dns dns;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    read_line(text.substr(0, end), dns);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return dns;
}

}  // namespace netctl::host_local
