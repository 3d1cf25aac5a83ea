#include "tests/clients/containerd.hpp"

#include <filesystem>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"

namespace netctl::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSocket = "/run/containerd-test/socket";
constexpr const char* kHeaders = "/run/cri-headers";

// Nothing outside of /run; and without the score of the OOM killer, which a root without
// CAP_SYS_RESOURCE cannot lower.
constexpr const char* kContainerdSettings = R"(version = 2
root = "/run/containerd-test/root"
state = "/run/containerd-test/state"
[grpc]
  address = "/run/containerd-test/socket"
[plugins."io.containerd.internal.v1.opt"]
  path = "/run/containerd-test/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/library/box:latest"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
)";

}  // namespace

void Containerd::SetUp() {
  ClientLab::SetUp();
  if (!IsSkipped()) need("containerd", "containerd");
  if (!IsSkipped()) need("runc", "runc");
  if (IsSkipped()) return;
  fs::remove_all("/etc/cni/net.d");
  write("/etc/cni/net.d/10-pods.conflist", pods_network());
  write("/run/containerd-test/config.toml", kContainerdSettings);
  start();
}

void Containerd::start() {
  daemon_ = std::make_unique<Background>(
      "/usr/bin/containerd",
      std::vector<std::string>{"-l", "error", "-c", "/run/containerd-test/config.toml"},
      environment);
  const std::string asked = format("ctr -a {} version", kSocket);
  ASSERT_TRUE(eventually([&] { return run(asked).exit_status == 0; })) << run(asked).err;
  const std::string image = box_image();
  ctr("image import " + image);
  // The namespace of the CRI plugin, which hears of it a moment later.
  ctr("-n k8s.io image import " + image);
  const Message known = Message().message(1, Message().text(1, kBoxImage));
  ASSERT_TRUE(eventually([&] { return !cri("ImageService/ImageStatus", known).empty(); }));
}

void Containerd::TearDown() {
  daemon_.reset();
  ClientLab::TearDown();
}

std::string Containerd::ctr(const std::string& line) {
  return sure(format("ctr -a {} {}", kSocket, line));
}

std::string Containerd::attached(const std::string& name, const std::string& command) const {
  return format("-a {0} run --rm --cni --cgroup {1}/{2} {3} {2} {4}", kSocket, group(), name,
                kBoxImage, command);
}

std::string Containerd::cri(const std::string& method, const Message& request) {
  const std::string response = exchange(method, request);
  EXPECT_THAT(read(kHeaders), testing::HasSubstr("grpc-status: 0")) << method;
  return response.size() < 5 ? "" : response.substr(5);
}

std::string Containerd::cri_refusal(const std::string& method, const Message& request) {
  exchange(method, request);
  const std::string headers = read(kHeaders);
  EXPECT_THAT(headers, testing::Not(testing::HasSubstr("grpc-status: 0"))) << method;
  return headers;
}

// The response with the five bytes; its status is in kHeaders: it comes as a trailer.
std::string Containerd::exchange(const std::string& method, const Message& request) {
  const auto length = request.bytes().size();
  std::string frame(1, '\0');  // not compressed; then the length, big endian
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(length >> shift & 0xFF);
  write("/run/cri-request", frame + request.bytes());
  fs::remove("/run/cri-response");
  sure(
      format("curl -s -S --max-time 60 --http2-prior-knowledge --unix-socket {} "
             "-H content-type:application/grpc -H te:trailers --data-binary @/run/cri-request "
             "-D {} -o /run/cri-response http://localhost/runtime.v1.{}",
             kSocket, kHeaders, method));
  return read("/run/cri-response");
}

Message pod_config(const std::string& name, const std::string& group, int host_port) {
  Message config;
  config.message(1, Message().text(1, name).text(2, name + "-uid").text(3, "default"));
  config.text(2, name);
  if (host_port != 0) {
    config.message(5, Message().number(2, 80).number(3, static_cast<unsigned>(host_port)));
  }
  return config.message(8, Message().text(1, group));
}

Message container_request(const std::string& pod, const Message& config, const std::string& name,
                          const std::vector<std::string>& command) {
  Message container;
  container.message(1, Message().text(1, name)).message(2, Message().text(1, kBoxImage));
  for (const std::string& word : command) container.text(3, word);
  return Message().text(1, pod).message(2, container).message(3, config);
}

}  // namespace netctl::test
