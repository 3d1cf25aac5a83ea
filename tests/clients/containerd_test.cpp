// containerd on our plugins: its ctr, and its CRI plugin as a kubelet calls it.
#include "tests/clients/containerd.hpp"

#include <iterator>
#include <sstream>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

class Ctr : public Containerd {
 protected:
  // A container that runs until it is killed.
  std::unique_ptr<Background> start(const std::string& name, const std::string& command) {
    auto running =
        std::make_unique<Background>("/usr/bin/ctr", words(attached(name, command)), environment);
    EXPECT_TRUE(eventually([&] {
      const std::string tasks = ctr("task ls");
      return tasks.find(name + " ") != std::string::npos &&
             tasks.find("RUNNING") != std::string::npos;
    }));
    return running;
  }
};

TEST_F(Ctr, ContainersReachEachOtherAndWhatTheyHadIsGoneWithThem) {
  const auto web = start("web", "httpd -f -p 80 -h /www");
  EXPECT_EQ(until("served", "curl -s --max-time 2 http://10.7.0.2/"), "served");

  EXPECT_EQ(sure("ctr " + attached("asking", "wget -q -O - http://10.7.0.2/")), "served");
  EXPECT_THAT(sure("ctr " + attached("other", "ping -c 1 -W 5 10.7.0.2")),
              HasSubstr("1 packets received"));
  EXPECT_THAT(ctr("task exec --exec-id look web look"), HasSubstr("inet 10.7.0.2/24"));

  // ctr deletes the attachment when the container is gone, and tells no namespace.
  ctr("task kill -s SIGKILL web");
  web->stop(0);
  expect_host_as_it_was();
}

TEST_F(Ctr, AContainerSeesTheSameWithTheReferencePlugins) {
  need_reference_plugins();
  if (IsSkipped()) return;

  expect_same_with_reference("ctr run --rm --cni",
                             [&] { return sure("ctr " + attached("once", "look")); });
}

class Cri : public Containerd {
 protected:
  std::string run_pod(const std::string& name, int host_port = 0) {
    const Message config = pod_config(name, group(), host_port);
    return text_at(cri("RuntimeService/RunPodSandbox", Message().message(1, config)), {1});
  }
  std::string start_container(const std::string& pod, const std::string& pod_name,
                              const std::vector<std::string>& command) {
    const Message config = pod_config(pod_name, group(), 0);
    const Message request = container_request(pod, config, "main", command);
    const std::string id = text_at(cri("RuntimeService/CreateContainer", request), {1});
    cri("RuntimeService/StartContainer", Message().text(1, id));
    return id;
  }
  std::string exec(const std::string& container, const std::vector<std::string>& command) {
    Message request;
    request.text(1, container);
    for (const std::string& word : command) request.text(2, word);
    return text_at(cri("RuntimeService/ExecSync", request), {1});
  }
  std::string address_of(const std::string& pod) {
    return text_at(cri("RuntimeService/PodSandboxStatus", Message().text(1, pod)), {1, 5, 1});
  }
  void remove_pod(const std::string& pod) {
    cri("RuntimeService/StopPodSandbox", Message().text(1, pod));
    cri("RuntimeService/RemovePodSandbox", Message().text(1, pod));
  }

  const std::vector<std::string> kServe = {"httpd", "-f", "-p", "80", "-h", "/www"};
  const std::vector<std::string> kSleep = {"sleep", "1000"};
};

TEST_F(Cri, TheNetworkIsReadyWithOurPluginsAndIsNotWithoutANetwork) {
  // Of a condition: type, status, reason.
  const auto network = [&] {
    for (const auto& condition : texts_at(cri("RuntimeService/Status", Message()), {1, 1})) {
      if (text_at(condition, {1}) != "NetworkReady") continue;
      return number_at(condition, 2) == 1 ? std::string("ready") : text_at(condition, {3});
    }
    return std::string("not told");
  };
  EXPECT_EQ(network(), "ready");

  sure("rm /etc/cni/net.d/10-pods.conflist");
  EXPECT_TRUE(eventually([&] { return network() == "NetworkPluginNotReady"; })) << network();
}

TEST_F(Cri, PodsReachEachOtherAndAPortOfOneAnswersOnTheHost) {
  const std::string web = run_pod("web", 8080);
  const std::string other = run_pod("other");
  EXPECT_EQ(address_of(web), "10.7.0.2");
  EXPECT_EQ(address_of(other), "10.7.0.3");
  const std::string serving = start_container(web, "web", kServe);
  const std::string asking = start_container(other, "other", kSleep);

  expect_page_on_host(8080);
  EXPECT_THAT(exec(serving, {"look"}), HasSubstr("inet 10.7.0.2/24"));
  EXPECT_EQ(exec(asking, {"wget", "-q", "-O", "-", "http://10.7.0.2/"}), "served");
  EXPECT_THAT(exec(asking, {"ping", "-c", "1", "-W", "5", "10.7.0.2"}),
              HasSubstr("1 packets received"));

  remove_pod(web);
  remove_pod(other);
  expect_host_as_it_was();
}

TEST_F(Cri, APodWhosePortIsTakenIsNotMadeAndLeavesNothing) {
  const std::string first = run_pod("first", 8080);
  const std::string before = state();

  const Message config = pod_config("second", group(), 8080);
  const std::string refusal =
      cri_refusal("RuntimeService/RunPodSandbox", Message().message(1, config));

  EXPECT_THAT(refusal, HasSubstr("8080"));
  EXPECT_THAT(refusal, HasSubstr("pods"));
  EXPECT_TRUE(eventually([&] { return state() == before; }));
  EXPECT_EQ(state(), before);
  remove_pod(first);
  expect_host_as_it_was();
}

TEST_F(Cri, AContainerSeesTheSameWithTheReferencePlugins) {
  need_reference_plugins();
  if (IsSkipped()) return;

  expect_same_with_reference("CRI: a pod with a container, from its start to its removal", [&] {
    const std::string pod = run_pod("web", 8080);
    const std::string seen = exec(start_container(pod, "web", kSleep), {"look"});
    remove_pod(pod);
    return seen;
  });
}

}  // namespace
}  // namespace netctl::test
