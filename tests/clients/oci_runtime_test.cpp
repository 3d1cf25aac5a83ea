// crun and runc in a network namespace that netctl made and attached: their bundle names its path.
#include <unistd.h>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/clients/client_lab.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;

class OciRuntime : public ClientLab, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    ClientLab::SetUp();
    if (!IsSkipped()) need(GetParam(), GetParam());
    if (!IsSkipped()) write_network("10-pods.conflist", pods_network());
  }

  std::string runtime() const { return format("{0} --root /run/{0}", GetParam()); }

  // A container in the namespace of the same name; `arguments` are JSON strings.
  void write_bundle(const std::string& name, const std::string& arguments) {
    write(format("/run/bundles/{}/config.json", name),
          format(R"({{"ociVersion": "1.0.2",
            "process": {{"args": [{0}], "cwd": "/", "env": ["PATH=/bin"],
              "user": {{"uid": 0, "gid": 0}},
              "capabilities": {{"bounding": [{4}], "effective": [{4}], "permitted": [{4}]}}}},
            "root": {{"path": "{1}"}},
            "mounts": [{{"destination": "/proc", "type": "proc", "source": "proc"}},
                       {{"destination": "/dev", "type": "tmpfs", "source": "tmpfs"}},
                       {{"destination": "/sys", "type": "sysfs", "source": "sysfs",
                         "options": ["ro"]}}],
            "linux": {{"cgroupsPath": "{2}/{3}",
              "namespaces": [{{"type": "pid"}}, {{"type": "mount"}}, {{"type": "ipc"}},
                             {{"type": "uts"}},
                             {{"type": "network", "path": "/run/netns/{3}"}}]}}}})",
                 arguments, box(), group(), name, R"("CAP_NET_RAW", "CAP_NET_BIND_SERVICE")"));
  }
  void start(const std::string& name, const std::string& arguments) {
    write_bundle(name, arguments);
    sure(format("{0} run -d -b /run/bundles/{1} {1}", runtime(), name));
  }

  const std::string kServe = R"("httpd", "-f", "-p", "80", "-h", "/www")";
};

TEST_P(OciRuntime, AContainerHasTheNetworkThatNetctlAttached) {
  sure("netctl ns add web");
  sure("netctl ns add other");
  sure("netctl add pods web -p 8080:80");
  sure("netctl add pods other");

  start("web", kServe);
  start("other", R"("sleep", "1000")");

  EXPECT_THAT(sure(runtime() + " exec web look"), HasSubstr("inet 10.7.0.2/24"));
  expect_page_on_host(8080);
  EXPECT_EQ(sure(runtime() + " exec other wget -q -O - http://10.7.0.2/"), "served");
  EXPECT_THAT(sure(runtime() + " exec other ping -c 1 -W 5 10.7.0.2"),
              HasSubstr("1 packets received"));

  sure(runtime() + " delete -f web");
  sure(runtime() + " delete -f other");
  for (const char* name : {"web", "other"}) {
    sure(format("netctl check pods {}", name));  // of the network nothing went with the container
    sure(format("netctl del pods {}", name));
    sure(format("netctl ns rm {}", name));
  }
  expect_host_as_it_was();
}

TEST_P(OciRuntime, ASecondContainerTakesTheNamespaceOfTheFirstWithItsPort) {
  sure("netctl ns add web");
  sure("netctl add pods web -p 8080:80");
  start("web", kServe);
  expect_page_on_host(8080);

  sure(runtime() + " delete -f web");
  start("web", kServe);

  expect_page_on_host(8080);
  sure(runtime() + " delete -f web");
  sure("netctl del pods web");
  sure("netctl ns rm web");
  expect_host_as_it_was();
}

TEST_P(OciRuntime, AContainerSeesTheSameWithTheReferencePlugins) {
  need_reference_plugins();
  if (IsSkipped()) return;
  if (::access(LIBCNI_CLIENT, X_OK) != 0) {
    GTEST_SKIP() << "needs libcni: apt-get install golang-go golang-github-appc-cni-dev, and "
                    "configure and build again";
  }
  sure("netctl ns add web");
  write_bundle("web", R"("look")");
  const std::string client = LIBCNI_CLIENT;

  expect_same_with_reference(format("libcni add, {} run, libcni del", GetParam()), [&] {
    sure(client + " add pods /run/netns/web");
    const std::string seen = sure(runtime() + " run -b /run/bundles/web web");
    sure(client + " del pods /run/netns/web");
    return seen;
  });
}

INSTANTIATE_TEST_SUITE_P(Each, OciRuntime, testing::Values("crun", "runc"),
                         [](const testing::TestParamInfo<const char*>& tested) {
                           return std::string(tested.param);
                         });

}  // namespace
}  // namespace netctl::test
