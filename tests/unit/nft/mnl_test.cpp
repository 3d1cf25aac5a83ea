// What mnl.cpp has of libmnl does what that library's manual says.
#include <linux/netlink.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libmnl/libmnl.h>

namespace netctl::nft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Mnl : public testing::Test {
 protected:
  Mnl() {
    buffer.fill(std::byte{0xff});  // what is written has to be, zeros too
    message = mnl_nlmsg_put_header(buffer.data());
  }

  // The types of the attributes behind a header of `offset` bytes.
  std::vector<int> types(unsigned offset = 0) const {
    std::vector<int> seen;
    mnl_attr_parse(message, offset, take_type, &seen);
    return seen;
  }
  static int take_type(const nlattr* attribute, void* seen) {
    static_cast<std::vector<int>*>(seen)->push_back(mnl_attr_get_type(attribute));
    return MNL_CB_OK;
  }
  const nlattr* first() const { return static_cast<const nlattr*>(mnl_nlmsg_get_payload(message)); }

  alignas(nlmsghdr) std::array<std::byte, 512> buffer;
  nlmsghdr* message = nullptr;
};

TEST_F(Mnl, AttributesAreReadAsTheyWereWritten) {
  mnl_attr_put_u8(message, 1, 0x12);
  mnl_attr_put_u16(message, 2, 0x1234);
  mnl_attr_put_u32(message, 3, 0x12345678);
  mnl_attr_put_u64(message, 4, 0x123456789abcdef0);
  mnl_attr_put_strz(message, 5, "four");

  EXPECT_THAT(types(), ElementsAre(1, 2, 3, 4, 5));
  const nlattr* attribute = first();
  EXPECT_EQ(mnl_attr_get_u8(attribute), 0x12);
  attribute = mnl_attr_next(attribute);
  EXPECT_EQ(mnl_attr_get_u16(attribute), 0x1234);
  attribute = mnl_attr_next(attribute);
  EXPECT_EQ(mnl_attr_get_u32(attribute), 0x12345678U);
  attribute = mnl_attr_next(attribute);
  EXPECT_EQ(mnl_attr_get_u64(attribute), 0x123456789abcdef0U);
  attribute = mnl_attr_next(attribute);
  EXPECT_STREQ(mnl_attr_get_str(attribute), "four");
  EXPECT_EQ(mnl_attr_get_payload_len(attribute), 5);
}

TEST_F(Mnl, WhatFillsUpToFourBytesIsZero) {
  mnl_attr_put_str(message, 1, "a");
  ASSERT_EQ(message->nlmsg_len, MNL_NLMSG_HDRLEN + 8U);
  EXPECT_EQ(std::memcmp(mnl_attr_get_payload(first()), "a\0\0\0", 4), 0);
}

TEST_F(Mnl, ANestHasWhatWasWrittenBetweenItsStartAndItsEnd) {
  mnl_nlmsg_put_extra_header(message, 6);
  nlattr* const nest = mnl_attr_nest_start(message, 7);
  mnl_attr_put_u32(message, 1, 0);
  mnl_attr_put_u8(message, 2, 0);
  mnl_attr_nest_end(message, nest);
  mnl_attr_put_u8(message, 8, 0);

  EXPECT_THAT(types(6), ElementsAre(7, 8));
  std::vector<int> inside;
  mnl_attr_parse_nested(nest, take_type, &inside);
  EXPECT_THAT(inside, ElementsAre(1, 2));
  EXPECT_EQ(mnl_nlmsg_get_payload_len(message), 8U + 4U + 8U + 8U + 8U);
}

TEST_F(Mnl, NothingIsReadBeyondTheEnd) {
  mnl_attr_put_u32(message, 1, 0);
  mnl_attr_put_u32(message, 2, 0);
  auto* const second = mnl_attr_next(first());
  for (const std::uint16_t length : std::vector<std::uint16_t>{0, 3, 9, 0xffff}) {
    SCOPED_TRACE(length);
    second->nla_len = length;
    EXPECT_THAT(types(), ElementsAre(1));
  }
  EXPECT_THAT(types(4096), IsEmpty());  // a header longer than the message
  message->nlmsg_len = MNL_NLMSG_HDRLEN + 3;
  EXPECT_THAT(types(), IsEmpty());
}

TEST_F(Mnl, MessagesOfNegativeAndOfTooGreatLengthAreNone) {
  message->nlmsg_len = 100;
  EXPECT_TRUE(mnl_nlmsg_ok(message, 100));
  EXPECT_FALSE(mnl_nlmsg_ok(message, 99));
  EXPECT_FALSE(mnl_nlmsg_ok(message, -1));
  message->nlmsg_len = 0x80000000U;
  EXPECT_FALSE(mnl_nlmsg_ok(message, 100));
}

TEST_F(Mnl, ValuesAreNoLongerThanTheirTypeAndTextsEnd) {
  const auto verdict = [&](const std::string& value, mnl_attr_data_type type) {
    message->nlmsg_len = MNL_NLMSG_HDRLEN;
    mnl_attr_put(message, 1, value.size(), value.data());
    errno = 0;
    return mnl_attr_validate(first(), type) < 0 ? errno : 0;
  };
  EXPECT_EQ(verdict("1234", MNL_TYPE_U32), 0);
  EXPECT_EQ(verdict("12345", MNL_TYPE_U32), ERANGE);
  EXPECT_EQ(verdict("", MNL_TYPE_FLAG), 0);
  EXPECT_EQ(verdict("x", MNL_TYPE_FLAG), ERANGE);
  EXPECT_EQ(verdict("", MNL_TYPE_NUL_STRING), ERANGE);
  EXPECT_EQ(verdict("text", MNL_TYPE_NUL_STRING), EINVAL);
  EXPECT_EQ(verdict(std::string("text") + '\0', MNL_TYPE_NUL_STRING), 0);
  EXPECT_EQ(verdict("123", MNL_TYPE_NESTED), ERANGE);
  EXPECT_EQ(verdict("anything", MNL_TYPE_UNSPEC), 0);
  EXPECT_EQ(mnl_attr_type_valid(first(), 0), -1);
  EXPECT_EQ(mnl_attr_type_valid(first(), 1), 1);
}

TEST_F(Mnl, ABatchTakesMessagesUpToItsLimit) {
  mnl_nlmsg_batch* const batch = mnl_nlmsg_batch_start(buffer.data(), 40);
  EXPECT_TRUE(mnl_nlmsg_batch_is_empty(batch));
  mnl_nlmsg_put_header(mnl_nlmsg_batch_current(batch));
  EXPECT_TRUE(mnl_nlmsg_batch_next(batch));
  mnl_nlmsg_put_header(mnl_nlmsg_batch_current(batch));
  EXPECT_TRUE(mnl_nlmsg_batch_next(batch));
  mnl_nlmsg_put_header(mnl_nlmsg_batch_current(batch));
  EXPECT_FALSE(mnl_nlmsg_batch_next(batch));
  EXPECT_EQ(mnl_nlmsg_batch_size(batch), 32U);
  EXPECT_EQ(mnl_nlmsg_batch_head(batch), buffer.data());
  mnl_nlmsg_batch_stop(batch);
}

}  // namespace
}  // namespace netctl::nft
