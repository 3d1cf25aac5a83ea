#pragma once

#include <string>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/attach/message_bus.hpp"
#include "runtime-core/base/result.hpp"

// firewalld, asked over the system's message bus. Its sources are addresses whose packets belong to
// a zone; those of the zone "trusted" all pass. What is set lasts until firewalld restarts or
// reloads, as with the reference plugin.
namespace netctl::attach {

class Firewalld {
 public:
  // NotFound when it does not run, which is also when there is no bus.
  static Result<Firewalld> open();

  // There afterwards; success also when it was before.
  Status add_source(const std::string& zone, const IpAddress& address);
  // Gone afterwards; success also when it was never there, or in another zone.
  Status remove_source(const std::string& zone, const IpAddress& address);
  Result<bool> has_source(const std::string& zone, const IpAddress& address);

 private:
  explicit Firewalld(MessageBus bus) : bus_(std::move(bus)) {}
  Result<bool> call(const char* method, const std::string& zone, const IpAddress& address);

  MessageBus bus_;
};

}  // namespace netctl::attach
