#include "tests/bench/attacher.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

namespace netctl::bench {
namespace {

Status require(const std::string& program) {
  if (std::filesystem::exists(program)) return ok();
  return fail(Errc::NotFound, "{} is not here", program);
}

std::string address4(int number) { return format("10.64.{}.{}", number >> 8, number & 255); }
std::string address6(int number) { return format("fd64::{:x}", number); }

// ---- CNI plugins

// JSON texts without their closing brace.
std::string main_config(const Host& host, const Network& network) {
  const std::string second = network.dual_stack ? R"(,[{"subnet":"fd64::/64"}])" : "";
  const std::string second_route = network.dual_stack ? R"(,{"dst":"::/0"})" : "";
  return format(
      R"({{"cniVersion":"1.0.0","name":"bench","type":"{}","bridge":"bench0","isGateway":true,)"
      R"("ipMasq":true,"hairpinMode":true,{}"ipam":{{"type":"host-local","dataDir":"{}/addresses",)"
      R"("ranges":[[{{"subnet":"10.64.0.0/16"}}]{}],"routes":[{{"dst":"0.0.0.0/0"}}{}]}})",
      network.type, network.flow_table ? R"("flowTable":true,)" : "", host.directory(), second,
      second_route);
}

std::string portmap_config(int host_port) {
  return format(R"({{"cniVersion":"1.0.0","name":"bench","type":"portmap",)"
                R"("capabilities":{{"portMappings":true}},"runtimeConfig":{{"portMappings":)"
                R"([{{"hostPort":{},"containerPort":80,"protocol":"tcp"}}]}})",
                host_port);
}

std::string with_result(std::string config, const std::string& result) {
  if (!result.empty()) config += ",\"prevResult\":" + result;
  return config + "}";
}

class PluginChain : public Attacher {
 public:
  PluginChain(std::shared_ptr<Host> host, std::string directory, const Network& network,
              std::string peak)
      : host_(std::move(host)),
        directory_(std::move(directory)),
        network_(network),
        peak_(std::move(peak)) {}

  Result<std::string> add(const Attachment& attachment) override {
    std::string result =
        TRY(call("ADD", network_.type, attachment, with_result(main_config(*host_, network_), "")));
    if (!network_.with_ports) return result;
    return call("ADD", "portmap", attachment,
                with_result(portmap_config(attachment.host_port), result));
  }

  Status del(const Attachment& attachment, const std::string& result) override {
    if (network_.with_ports) {
      TRY(call("DEL", "portmap", attachment,
               with_result(portmap_config(attachment.host_port), result)));
    }
    TRY(call("DEL", network_.type, attachment, with_result(main_config(*host_, network_), result)));
    return ok();
  }

  double peak_kilobytes() const override { return peak_kilobytes_; }

 private:
  Result<std::string> call(const char* command, const std::string& type,
                           const Attachment& attachment, const std::string& config) {
    std::vector<std::string> words{directory_ + "/" + type};
    if (!peak_.empty()) words.insert(words.begin(), peak_);
    const std::vector<std::string> environment{
        format("CNI_COMMAND={}", command), "CNI_CONTAINERID=" + attachment.id,
        "CNI_NETNS=" + attachment.netns,   "CNI_IFNAME=" + attachment.ifname,
        "CNI_PATH=" + directory_,          "NETCTL_RUN_DIR=" + host_->directory()};
    std::string told;
    auto answer = host_->sure(words, config, environment, &told);
    if (!peak_.empty()) peak_kilobytes_ = std::strtod(told.c_str(), nullptr);
    return std::move(answer).context("{} of {}", command, attachment.id);
  }

  std::shared_ptr<Host> host_;
  std::string directory_;
  Network network_;
  std::string peak_;
  double peak_kilobytes_ = 0;
};

// ---- The command

class NetctlCommand : public Attacher {
 public:
  NetctlCommand(std::shared_ptr<Host> host, const Programs& programs)
      : host_(std::move(host)), program_(programs.netctl), plugins_(programs.plugins) {}

  Result<std::string> add(const Attachment& attachment) override {
    std::vector<std::string> words{program_, "add", "bench", attachment.netns};
    if (attachment.host_port != 0) {
      words.insert(words.end(), {"-p", format("{}:80", attachment.host_port)});
    }
    TRY(host_->sure(words, "", environment()));
    return std::string();
  }

  Status del(const Attachment& attachment, const std::string&) override {
    TRY(host_->sure({program_, "del", "bench", attachment.netns}, "", environment()));
    return ok();
  }

 private:
  std::vector<std::string> environment() const {
    const std::string& directory = host_->directory();
    return {"CNI_PATH=" + plugins_, "NETCONFPATH=" + directory + "/net.d",
            "NETCTL_CNI_STATE_DIR=" + directory + "/cni", "NETCTL_RUN_DIR=" + directory};
  }

  std::shared_ptr<Host> host_;
  std::string program_;
  std::string plugins_;
};

// ---- Podman's

class Netavark : public Attacher {
 public:
  Netavark(std::shared_ptr<Host> host, std::string program)
      : host_(std::move(host)), program_(std::move(program)) {}

  Result<std::string> add(const Attachment& attachment) override {
    return host_->sure({program_, "setup", attachment.netns}, config(attachment));
  }
  Status del(const Attachment& attachment, const std::string&) override {
    TRY(host_->sure({program_, "teardown", attachment.netns}, config(attachment)));
    return ok();
  }

 private:
  // What Podman hands it; Podman has chosen the address.
  static std::string config(const Attachment& attachment) {
    return format(
        R"({{"container_id":"{0}","container_name":"{0}","port_mappings":[{{"container_port":80,)"
        R"("host_ip":"","host_port":{1},"protocol":"tcp","range":1}}],"networks":{{"bench":)"
        R"({{"static_ips":["{2}"],"interface_name":"{3}"}}}},"network_info":{{"bench":)"
        R"({{"dns_enabled":false,"driver":"bridge","id":"{4:064x}","internal":false,)"
        R"("ipv6_enabled":false,"name":"bench","network_interface":"bench0","subnets":)"
        R"([{{"gateway":"10.64.0.1","subnet":"10.64.0.0/16"}}],"ipam_options":)"
        R"({{"driver":"host-local"}}}}}}}})",
        attachment.id, attachment.host_port, address4(attachment.number), attachment.ifname, 1);
  }

  std::shared_ptr<Host> host_;
  std::string program_;
};

// ---- The floor

// What is there before the floor's first ADD, as for every container of a network but the first.
constexpr char kFloorTable[] = R"(table inet floor {
  map publish4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
  map publish6 { type inet_proto . inet_service : ipv6_addr . inet_service; }
  map source4 { type ipv4_addr : verdict; }
  map source6 { type ipv6_addr : verdict; }
  map hairpin4 { type ipv4_addr : verdict; }
  map hairpin6 { type ipv6_addr : verdict; }
  chain network { masquerade; }
  chain hairpin { masquerade; }
  chain prerouting {
    type nat hook prerouting priority dstnat;
    fib daddr type local dnat ip to meta l4proto . th dport map @publish4
    fib daddr type local dnat ip6 to meta l4proto . th dport map @publish6
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ct status dnat ip saddr vmap @hairpin4
    ct status dnat ip6 saddr vmap @hairpin6
    ip saddr vmap @source4
    ip6 saddr vmap @source6
  }
})";

class Floor : public Attacher {
 public:
  Floor(std::shared_ptr<Host> host, std::string program, const Network& network)
      : host_(std::move(host)), program_(std::move(program)), network_(network) {}

  Result<std::string> add(const Attachment& attachment) override {
    return host_->sure(words("add", attachment));
  }
  Status del(const Attachment& attachment, const std::string&) override {
    TRY(host_->sure(words("del", attachment)));
    return ok();
  }

 private:
  std::vector<std::string> words(const char* command, const Attachment& attachment) const {
    std::vector<std::string> result{
        program_,         command,
        attachment.netns, format("veth{}", attachment.number),
        "bench0",         address4(attachment.number) + "/16",
        "10.64.0.1",      format("{}", network_.with_ports ? attachment.host_port : 0)};
    if (network_.dual_stack) {
      result.push_back(address6(attachment.number) + "/64");
      result.emplace_back("fd64::1");
    }
    return result;
  }

  std::shared_ptr<Host> host_;
  std::string program_;
  Network network_;
};

}  // namespace

Result<std::unique_ptr<Attacher>> plugin_chain(std::shared_ptr<Host> host,
                                               const std::string& directory, const Network& network,
                                               const std::string& peak) {
  TRY(require(directory + "/" + network.type));
  return std::unique_ptr<Attacher>(
      std::make_unique<PluginChain>(std::move(host), directory, network, peak));
}

Result<std::unique_ptr<Attacher>> netctl_command(std::shared_ptr<Host> host,
                                                 const Programs& programs, const Network& network) {
  TRY(require(programs.netctl));
  std::filesystem::create_directories(host->directory() + "/net.d");
  std::ofstream list(host->directory() + "/net.d/bench.conflist");
  list << R"({"cniVersion":"1.0.0","name":"bench","plugins":[)" << main_config(*host, network)
       << R"(},{"type":"portmap","capabilities":{"portMappings":true}}]})";
  if (!list.flush()) return fail(Errc::Io, "write {}/net.d", host->directory());
  return std::unique_ptr<Attacher>(std::make_unique<NetctlCommand>(std::move(host), programs));
}

Result<std::unique_ptr<Attacher>> netavark(std::shared_ptr<Host> host, const Programs& programs) {
  TRY(require(programs.netavark));
  return std::unique_ptr<Attacher>(std::make_unique<Netavark>(std::move(host), programs.netavark));
}

Result<std::unique_ptr<Attacher>> floor(std::shared_ptr<Host> host, const Programs& programs,
                                        const Network& network) {
  TRY(require(programs.floor));
  TRY(host->shell("nft -f -", kFloorTable));
  TRY(
      host->shell("ip link add bench0 type bridge; ip address add 10.64.0.1/16 dev bench0; "
                  "ip address add fd64::1/64 dev bench0 nodad; ip link set bench0 up; "
                  "echo 1 >/proc/sys/net/ipv4/ip_forward"));
  return std::unique_ptr<Attacher>(
      std::make_unique<Floor>(std::move(host), programs.floor, network));
}

}  // namespace netctl::bench
