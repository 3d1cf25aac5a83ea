#pragma once

#include <memory>
#include <string>

#include "tests/clients/client_lab.hpp"
#include "tests/clients/protobuf.hpp"
#include "tests/support/background.hpp"

namespace netctl::test {

// A lab with a containerd of its own: its plugins are plugin_link()'s, its network pods_network(),
// for its CRI plugin as for ctr, and both know the image of the box.
class Containerd : public ClientLab {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Runs ctr and expects it to succeed; what it prints.
  std::string ctr(const std::string& line);
  // The arguments of ctr for a container on the network, which is removed when its command ends.
  std::string attached(const std::string& name, const std::string& command) const;

  // Calls a method of the CRI, "RuntimeService/Status", and expects it to succeed; the response.
  // CRI v1 is a gRPC service: one HTTP/2 request, in which a message has five bytes in front.
  std::string cri(const std::string& method, const Message& request);
  // Expects it to fail; the words of the failure.
  std::string cri_refusal(const std::string& method, const Message& request);

 private:
  std::string exchange(const std::string& method, const Message& request);
  void start();

  std::unique_ptr<Background> daemon_;
};

// The messages of CRI v1 (https://github.com/kubernetes/cri-api, pkg/apis/runtime/v1/api.proto).
inline constexpr const char* kBoxImage = "docker.io/library/box:latest";

// PodSandboxConfig; a port of the host that is led to port 80, 0 for none.
Message pod_config(const std::string& name, const std::string& group, int host_port);
// CreateContainerRequest for a container of the box in a pod.
Message container_request(const std::string& pod, const Message& config, const std::string& name,
                          const std::vector<std::string>& command);

}  // namespace netctl::test
