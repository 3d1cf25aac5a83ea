#include "runtime-core/nft/element_text.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl::nft {
namespace {

using test::FailsWith;
using test::Succeeds;

const std::vector<Set> kSets = {
    {.name = "publish4",
     .key = {Type::Ipv4Addr, Type::InetProto, Type::InetService},
     .data = {Type::Ipv4Addr, Type::InetService}},
    {.name = "hairpin6", .key = {Type::Ipv6Addr}, .data = {Type::Verdict}},
    {.name = "within", .key = {Type::IfName, Type::IfName}, .data = {Type::Verdict}},
    {.name = "publish4_range",
     .key = {Type::InetProto, Type::InetService},
     .data = {Type::Ipv4Addr},
     .ranges = true},
    {.name = "allowed", .key = {Type::IfName, Type::EtherAddr}},
};

const Set* find_set(std::string_view name) {
  const auto found = std::ranges::find(kSets, name, &Set::name);
  return found == kSets.end() ? nullptr : &*found;
}

TEST(ElementText, OfEveryKindOfSetIsReadAsItWasWritten) {
  for (const char* text : {
           R"(publish4 { 203.0.113.5 . udp . 53 comment "net/c1/eth0" : 10.0.0.2 . 5353 })",
           R"(hairpin6 { fd00::2 comment "net/c1/eth0" : jump hairpin_fd00__/64 })",
           R"(within { "br-a" . "br-a" comment "bridge br-a" : accept })",
           R"(publish4_range { tcp . 8000-8999 comment "net/c1/eth0" : 10.0.0.2 })",
           R"(publish4_range { tcp . 8000 : 10.0.0.2 })",
           R"(allowed { "veth1" . 02:00:00:00:00:01 comment "a : b { c } d" })",
           R"(allowed { "veth1" . 02:00:00:00:00:01 })",
       }) {
    const auto element = parse_element(text, find_set);
    ASSERT_THAT(element, Succeeds()) << text;
    EXPECT_EQ(to_text(*element), text);
  }
}

TEST(ElementText, HasItsPartsInTheirPlaces) {
  const auto element = parse_element(
      R"(publish4 { 203.0.113.5 . tcp . 8443 comment "o" : 10.0.0.2 . 443 })", find_set);
  ASSERT_THAT(element, Succeeds());
  EXPECT_EQ(*element, (Element{.set = "publish4",
                               .key = {IpAddress::v4(203, 0, 113, 5), Protocol::Tcp, Port{8443}},
                               .data = {IpAddress::v4(10, 0, 0, 2), Port{443}},
                               .comment = "o"}));
}

TEST(ElementText, OfASetThatIsNotThereIsNotFound) {
  EXPECT_THAT(parse_element("other { 10.0.0.1 }", find_set), FailsWith(Errc::NotFound));
}

TEST(ElementText, ThatDoesNotFitItsSetIsRefused) {
  for (const char* text : {
           "",
           "publish4",
           "publish4 { }",
           "publish4 { 203.0.113.5 . tcp . 8443 }",
           "publish4 { 203.0.113.5 . tcp : 10.0.0.2 . 443 }",
           "publish4 { 203.0.113.5 . tcp . 99999 : 10.0.0.2 . 443 }",
           "publish4 { 203.0.113.5 . tcp . 8443 : 10.0.0.2 }",
           "publish4 { 203.0.113.5 . tcp . 8000-8999 : 10.0.0.2 . 443 }",
           "publish4 { 203.0.113.5 . tcp . 80 : 10.0.0.2 . 443-444 }",
           "publish4_range { tcp . 8999-8000 : 10.0.0.2 }",
           "hairpin6 { fd00::2 : fly away }",
           "allowed { veth1 . 02:00:00:00:00:01 }",
           "allowed { \"veth1\" . 02:00 }",
           "allowed { \"veth1\" . 02:00:00:00:00:01",
       }) {
    EXPECT_THAT(parse_element(text, find_set), FailsWith(Errc::InvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace netctl::nft
