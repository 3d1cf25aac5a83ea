#include "netctl/usual_line.hpp"

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netctl::command {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::optional<UsualLine> read(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return usual_line(words);
}

// What was read, in the order of the line; empty when it is none of these.
std::string told(const std::string& line) {
  const auto read_line = read(line);
  if (!read_line) return "";
  const std::string verb = read_line->verb == UsualLine::Verb::Add ? "add" : "del";
  return verb + " " + read_line->target.network + " " + read_line->target.ns;
}

TEST(UsualLine, NamesANetworkAndANamespace) {
  for (const char* line : {"add bridge web", "del bridge pid:4711", "add del check"}) {
    EXPECT_EQ(told(line), line);
  }
  const auto add = read("add bridge web");
  ASSERT_TRUE(add);
  EXPECT_EQ(add->target.ifname, "eth0");
  EXPECT_THAT(add->publish, IsEmpty());
}

TEST(UsualLine, PublishesPortsWhereverTheyStand) {
  const auto line = read("add -p 8080:80 bridge -p 127.0.0.1:53:53/udp web -p 443");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->target.network, "bridge");
  EXPECT_EQ(line->target.ns, "web");
  EXPECT_THAT(line->publish, ElementsAre("8080:80", "127.0.0.1:53:53/udp", "443"));
}

TEST(UsualLine, HasWhatTheEnvironmentSays) {
  ::setenv("CNI_IFNAME", "net1", 1);
  ::setenv("CNI_ARGS", "A=1", 1);
  ::setenv("CAP_ARGS", "{\"mac\": \"02:00:00:00:00:01\"}", 1);
  const auto line = read("add bridge web");
  for (const char* name : {"CNI_IFNAME", "CNI_ARGS", "CAP_ARGS"}) ::unsetenv(name);

  ASSERT_TRUE(line);
  EXPECT_EQ(line->target.ifname, "net1");
  EXPECT_EQ(line->target.args_text, "A=1");
  EXPECT_EQ(line->target.capability_args, "{\"mac\": \"02:00:00:00:00:01\"}");
}

// CLI11 reads them, or says what is wrong.
TEST(UsualLine, IsNoneWhereThereIsAnythingElse) {
  for (const char* line : {
           "",
           "add",
           "add bridge",
           "add bridge web more",
           "add bridge web -p",
           "add bridge web -p -p",
           "add bridge web -p8080:80",
           "add bridge web --publish 8080:80",
           "add bridge web --publish=8080:80",
           "add bridge web -p [::1]:8080:80",
           "add bridge web -p {}",
           "add bridge web -i net1",
           "add bridge web --id c1",
           "add bridge web --help",
           "add -- bridge web",
           "-v add bridge web",
           "add bridge web -v",
           "del bridge web -p 8080:80",
           "del bridge",
           "check bridge web",
           "ls bridge web",
       }) {
    SCOPED_TRACE(line);
    EXPECT_FALSE(read(line));
  }
  EXPECT_FALSE(usual_line(std::vector<std::string>{"add", "", "web"}));
  EXPECT_FALSE(usual_line(std::vector<std::string>{"add", "bridge", "web", "-p", ""}));
}

}  // namespace
}  // namespace netctl::command
