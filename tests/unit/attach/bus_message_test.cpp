#include "runtime-core/attach/bus_message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl::attach::bus {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::HasSubstr;

std::string bytes(const std::vector<int>& values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

// A return with the serial 7, to the call 2, with one boolean that is true; in either byte order.
const std::string kTrue =
    bytes({'l', 2, 1,   1, 4, 0, 0, 0, 7, 0, 0,   0, 15, 0,   0, 0,  //
           5,   1, 'u', 0, 2, 0, 0, 0, 8, 1, 'g', 0, 1,  'b', 0, 0, 1, 0, 0, 0});
const std::string kBigTrue =
    bytes({'B', 2, 1,   1, 0, 0, 0, 4, 0, 0, 0,   7, 0, 0,   0, 15,  //
           5,   1, 'u', 0, 0, 0, 0, 2, 8, 1, 'g', 0, 1, 'b', 0, 0,  0, 0, 0, 1});
// An error "a.B" to the call 2 that says "no".
const std::string kError =
    bytes({'l', 3, 1,   1, 7,   0,   0, 0, 9,   0,   0,   0, 31, 0,   0, 0,  //
           4,   1, 's', 0, 3,   0,   0, 0, 'a', '.', 'B', 0, 0,  0,   0, 0,  //
           5,   1, 'u', 0, 2,   0,   0, 0, 8,   1,   'g', 0, 1,  's', 0, 0,  //
           2,   0, 0,   0, 'n', 'o', 0});

TEST(BusMessage, ACallIsItsFieldsInOrderAndItsStringsAligned) {
  const std::string call = encode({.destination = "d.D",
                                   .path = "/p",
                                   .interface = "i.I",
                                   .method = "Mm",
                                   .arguments = {"a", "bcd"}},
                                  3);
  EXPECT_EQ(call, bytes({'l', 1, 0,   1, 16,  0,   0,   0, 3,   0,   0,   0, 72,  0,   0,   0,  //
                         1,   1, 'o', 0, 2,   0,   0,   0, '/', 'p', 0,   0, 0,   0,   0,   0,  //
                         2,   1, 's', 0, 3,   0,   0,   0, 'i', '.', 'I', 0, 0,   0,   0,   0,  //
                         3,   1, 's', 0, 2,   0,   0,   0, 'M', 'm', 0,   0, 0,   0,   0,   0,  //
                         6,   1, 's', 0, 3,   0,   0,   0, 'd', '.', 'D', 0, 0,   0,   0,   0,  //
                         8,   1, 'g', 0, 2,   's', 's', 0,                                      //
                         1,   0, 0,   0, 'a', 0,   0,   0, 3,   0,   0,   0, 'b', 'c', 'd', 0}));
}

TEST(BusMessage, ACallWithoutArgumentsHasNoSignature) {
  const std::string call =
      encode({.destination = "d.D", .path = "/p", .interface = "i.I", .method = "Hi"}, 1);
  EXPECT_EQ(call.substr(4, 4), bytes({0, 0, 0, 0}));
  EXPECT_EQ(call.size(), 80U);
  EXPECT_EQ(call.find('g'), call.npos);
}

TEST(BusMessage, OfAReturnTheCallAndTheFlagAreRead) {
  for (const std::string& answer : {kTrue, kBigTrue}) {
    EXPECT_EQ(*length_of(std::string_view(answer).substr(0, kStart)), answer.size());
    const auto message = parse(answer);
    ASSERT_THAT(message, Succeeds());
    EXPECT_EQ(message->kind, Kind::Return);
    EXPECT_EQ(message->answers, 2U);
    EXPECT_EQ(message->flag, true);
  }
}

TEST(BusMessage, OfAnErrorItsNameAndTextAreRead) {
  const auto message = parse(kError);
  ASSERT_THAT(message, Succeeds());
  EXPECT_EQ(message->kind, Kind::Error);
  EXPECT_EQ(message->answers, 2U);
  EXPECT_EQ(message->error_name, "a.B");
  EXPECT_EQ(message->text, "no");
  EXPECT_EQ(message->flag, std::nullopt);
}

std::string with(std::string message, std::size_t at, int value) {
  message[at] = static_cast<char>(value);
  return message;
}

TEST(BusMessage, WhatIsNoMessageIsRefused) {
  EXPECT_THAT(length_of("l"), FailsSaying(HasSubstr("too short")));
  EXPECT_THAT(length_of(with(kTrue, 0, 'x')), FailsSaying(HasSubstr("byte order")));
  EXPECT_THAT(length_of(with(kTrue, 3, 2)), FailsSaying(HasSubstr("protocol version 2")));
  EXPECT_THAT(length_of(with(kTrue, 7, 127)), FailsSaying(HasSubstr("too long")));
  EXPECT_THAT(length_of(with(kTrue, 15, 127)), FailsSaying(HasSubstr("too long")));
  EXPECT_THAT(parse(kTrue + "x"), FailsSaying(HasSubstr("length is wrong")));
  EXPECT_THAT(parse(with(kTrue, 18, 'v')), FailsSaying(HasSubstr("unknown type")));
}

TEST(BusMessage, NoLengthInsideLeadsBeyondTheEnd) {
  EXPECT_THAT(parse(with(kError, 20, 200)),
              FailsSaying(HasSubstr("beyond its end")));  // the error's name
  EXPECT_THAT(parse(with(kError, 48, 200)), FailsSaying(HasSubstr("beyond its end")));  // its text
  EXPECT_THAT(parse(with(kTrue, 28, 200)), FailsSaying(HasSubstr("beyond its end")));   // a type
}

}  // namespace
}  // namespace netctl::attach::bus
