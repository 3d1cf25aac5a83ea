#include "runtime-core/cni/error.hpp"

#include "runtime-core/cni/json.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::cni {
namespace {

using testing::HasSubstr;

TEST(ErrorObject, HasCodeMessageAndDetails) {
  EXPECT_EQ(to_json(failure(kBadEnvironment, "bad \"x\"", "why")), R"({
    "code": 4,
    "msg": "bad \"x\"",
    "details": "why"
})");
}

TEST(ErrorObject, LeavesOutEmptyDetails) {
  EXPECT_EQ(to_json(failure(kTryAgainLater, "later")), R"({
    "code": 11,
    "msg": "later"
})");
}

TEST(ErrorObject, OfAnErrorWithoutACodeIsInternal) {
  EXPECT_THAT(to_json(fail(Errc::NotFound, "x")), HasSubstr("\"code\": 999"));
}

TEST(ErrorObject, IsUtf8WhateverTheMessageHas) {
  const auto parsed = parse_json(to_json(failure(kInternal, "a\xff\xc3z\x01")));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->at("msg"), "a\xef\xbf\xbd\xef\xbf\xbdz\x01");
}

TEST(ErrorObject, ComesBackAsItWentOut) {
  const Error sent = failure(kInvalidNetns, "no <netns> & \"so\"", "line\nline");
  const Error read = parse_error(to_json(sent));
  EXPECT_EQ(read.protocol_code, kInvalidNetns);
  EXPECT_EQ(read.message, sent.message);
  EXPECT_EQ(read.details, sent.details);
  EXPECT_EQ(read.code, Errc::InvalidArgument);
}

TEST(ErrorObject, OfAPluginMayHaveMoreKeysAndCodesOfItsOwn) {
  const Error read = parse_error(R"({"cniVersion":"1.0.0","code":123,"msg":"m","new":[1]})");
  EXPECT_EQ(read.protocol_code, 123U);
  EXPECT_EQ(read.message, "m");
}

TEST(ErrorObject, CodesTellCallersWhatKindItIs) {
  EXPECT_EQ(failure(kTryAgainLater, "").code, Errc::TryAgain);
  EXPECT_EQ(failure(kIoFailure, "").code, Errc::Io);
  EXPECT_EQ(failure(kInvalidConfig, "").code, Errc::InvalidArgument);
  EXPECT_EQ(failure(kInternal, "").code, Errc::Unknown);
}

TEST(ErrorObject, ThatIsNoneIsQuoted) {
  for (const std::string text :
       {"", "panic: oops", "[]", "{}", "3", "\"x\"", "null", R"({"code":"4","msg":"x"})",
        R"({"code":4,"msg":5})", R"({"code":-4,"msg":"m"})", R"({"code":4,"msg":"x"}{})"}) {
    SCOPED_TRACE(text);
    const Error read = parse_error(text);
    EXPECT_THAT(read.message,
                HasSubstr("netplugin failed but error parsing its diagnostic message \"" + text));
    EXPECT_EQ(to_json(read).find("\"code\": 999"), 6U);
  }
}

TEST(ErrorObject, OnlyTheBeginningOfALongTextIsQuoted) {
  EXPECT_LT(parse_error(std::string(100'000, 'x')).message.size(), 1000U);
}

}  // namespace
}  // namespace netctl::cni
