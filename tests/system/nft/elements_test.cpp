#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/matchers.hpp"
#include "tests/system/nft/nft_host.hpp"

namespace netctl::nft {
namespace {

using netctl::test::FailsSaying;
using netctl::test::FailsWith;
using netctl::test::Succeeds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

class NftElements : public NftHost {
 protected:
  void SetUp() override {
    NftHost::SetUp();
    if (IsSkipped()) return;
    ASSERT_THAT(socket().apply(product_table()), Succeeds());
  }

  Status add(const Element& element, Add mode = Add::Exclusive) {
    return socket().apply(Batch("netctl").add(element, mode));
  }
  std::vector<Element> all(const Set& set) {
    auto elements = socket().elements("netctl", set);
    EXPECT_THAT(elements, Succeeds());
    return std::move(elements).value_or({});
  }
};

TEST_F(NftElements, TheKernelGivesBackWhatWasAdded) {
  const Verdict leave{.kind = Verdict::Kind::Goto, .chain = "masq_172.17.0.0/16"};
  const struct {
    Set set;
    std::vector<Element> elements;
  } cases[] = {
      {publish_any_map(), {published(80), published(443, ""), published(65535, "other")}},
      {publish_map(),
       {{.set = "publish4",
         .key = {ip("203.0.113.5"), Protocol::Udp, Port{.number = 53}},
         .data = {ip("172.17.0.3"), Port{.number = 5353}},
         .comment = std::string(128, 'x')}}},
      {publish6_map(),
       {{.set = "publish6",
         .key = {ip("::1"), Protocol::Sctp, Port{.number = 1}},
         .data = {ip("fd00:1::2"), Port{.number = 2}}}}},
      {masquerade_map(),
       {{.set = "masquerade4", .key = {ip("172.17.0.2")}, .data = {leave}, .comment = "web"},
        {.set = "masquerade4", .key = {ip("172.17.0.3")}, .data = {Verdict{}}}}},
  };
  for (const auto& [set, elements] : cases) {
    SCOPED_TRACE(set.name);
    for (const Element& element : elements) EXPECT_THAT(add(element), Succeeds());
    EXPECT_THAT(all(set), UnorderedElementsAreArray(elements));
    for (const Element& element : elements) {
      const auto found = socket().find_element("netctl", set, element.key);
      ASSERT_THAT(found, Succeeds());
      EXPECT_EQ(*found, element);
    }
  }
}

TEST_F(NftElements, AMapWithoutElementsIsEmpty) { EXPECT_THAT(all(publish_map()), IsEmpty()); }

TEST_F(NftElements, AKeyThatIsNotThereIsNotFound) {
  ASSERT_THAT(add(published(80)), Succeeds());
  const auto found = socket().find_element("netctl", publish_any_map(), published(81).key);
  ASSERT_THAT(found, Succeeds());
  EXPECT_FALSE(*found);
}

TEST_F(NftElements, AMapThatIsNotThereHasNoListing) {
  Set other = publish_map();
  other.name = "other";
  EXPECT_THAT(socket().elements("netctl", other), FailsWith(Errc::NotFound));
  EXPECT_THAT(socket().elements("nothing", publish_map()), FailsWith(Errc::NotFound));
  EXPECT_THAT(socket().elements("netctl", other), FailsSaying(HasSubstr("other")));
}

TEST_F(NftElements, APortCannotBePublishedTwice) {
  Element other = published(8080, "other");
  other.data = {ip("172.17.0.3"), Port{.number = 80}};
  ASSERT_THAT(add(published(8080)), Succeeds());

  EXPECT_THAT(add(other), FailsWith(Errc::Exists));
  EXPECT_THAT(add(other, Add::Ensure), FailsWith(Errc::Exists));
  EXPECT_EQ(all(publish_any_map()), std::vector<Element>{published(8080)});
}

TEST_F(NftElements, AnEqualElementIsRefusedOnlyWhenItMustBeNew) {
  ASSERT_THAT(add(published(8080)), Succeeds());
  EXPECT_THAT(add(published(8080)), FailsWith(Errc::Exists));
  EXPECT_THAT(add(published(8080), Add::Ensure), Succeeds());
}

TEST_F(NftElements, TheCommentOfAnElementThatWasThereStays) {
  ASSERT_THAT(add(published(8080, "first")), Succeeds());
  ASSERT_THAT(add(published(8080, "second"), Add::Ensure), Succeeds());
  EXPECT_EQ(all(publish_any_map()), std::vector<Element>{published(8080, "first")});
}

TEST_F(NftElements, AnElementIsRemovedByItsKey) {
  ASSERT_THAT(add(published(8080)), Succeeds());
  Element key_only = published(8080);
  key_only.data.clear();
  key_only.comment.clear();
  EXPECT_THAT(socket().apply(Batch("netctl").remove(key_only)), Succeeds());
  EXPECT_THAT(all(publish_any_map()), IsEmpty());
}

TEST_F(NftElements, RemovingWhatIsNotThereIsRefused) {
  EXPECT_THAT(socket().apply(Batch("netctl").remove(published(8080))), FailsWith(Errc::NotFound));
}

TEST_F(NftElements, AnElementIsReplacedInOneTransaction) {
  ASSERT_THAT(add(published(8080, "first")), Succeeds());
  Batch batch("netctl");
  batch.remove(published(8080)).add(published(8080, "second"));
  EXPECT_THAT(socket().apply(batch), Succeeds());
  EXPECT_EQ(all(publish_any_map()), std::vector<Element>{published(8080, "second")});
}

TEST_F(NftElements, AChainThatAnElementLeadsToStays) {
  const Chain chain{.name = "masq_172.17.0.0/16"};
  const Verdict leave{.kind = Verdict::Kind::Goto, .chain = chain.name};
  const Element element{
      .set = "masquerade4", .key = {ip("172.17.0.2")}, .data = {leave}, .comment = "web"};
  ASSERT_THAT(add(element), Succeeds());

  EXPECT_THAT(socket().apply(Batch("netctl").remove(chain)), FailsWith(Errc::TryAgain));
  EXPECT_THAT(socket().apply(Batch("netctl").remove(element).remove(chain)), Succeeds());
}

TEST_F(NftElements, AChainThatAnElementLeadsToMustExist) {
  const Verdict nowhere{.kind = Verdict::Kind::Goto, .chain = "nowhere"};
  EXPECT_THAT(add({.set = "masquerade4", .key = {ip("172.17.0.2")}, .data = {nowhere}}),
              FailsWith(Errc::NotFound));
}

std::vector<Element> five_thousand() {
  std::vector<Element> elements;
  for (std::uint16_t port = 1; port <= 5000; ++port) {
    elements.push_back(published(port, format("bridge/container-{}/eth0", port)));
  }
  return elements;
}

Batch batch_of(const std::vector<Element>& elements) {
  Batch batch("netctl");
  for (const Element& element : elements) batch.add(element);
  return batch;
}

TEST_F(NftElements, FiveThousandFitIntoOneTransactionAndOneListing) {
  const std::vector<Element> elements = five_thousand();
  ASSERT_THAT(socket().apply(batch_of(elements)), Succeeds());

  std::vector<Element> listed = all(publish_any_map());
  const auto port_of = [](const Element& element) { return std::get<Port>(element.key[1]); };
  std::ranges::sort(listed, {}, port_of);
  EXPECT_TRUE(listed == elements) << listed.size() << " elements";
}

// There is no room on the socket for as many errors; the first must not be lost among them.
TEST_F(NftElements, OfFiveThousandRefusalsTheFirstIsTold) {
  ASSERT_THAT(socket().apply(batch_of(five_thousand())), Succeeds());
  Batch batch("netctl");
  batch.add(published(6000));
  for (const Element& element : five_thousand()) batch.add(element);

  const auto refusal = socket().try_apply(batch);
  ASSERT_THAT(refusal, Succeeds());
  ASSERT_TRUE(*refusal);
  EXPECT_EQ((*refusal)->change, 1U);
  EXPECT_EQ((*refusal)->error.code, Errc::Exists);
  EXPECT_THAT(add(published(6000)), Succeeds());  // the socket is as good as before
}

}  // namespace
}  // namespace netctl::nft
