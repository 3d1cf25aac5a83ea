#include "runtime-core/attach/firewalld.hpp"

#include <dlfcn.h>
#include <systemd/sd-bus.h>

#include <cerrno>
#include <string_view>
#include <utility>

namespace netctl::attach {
namespace {

constexpr char kLibrary[] = "libsystemd.so.0";
constexpr char kName[] = "org.fedoraproject.FirewallD1";
constexpr char kPath[] = "/org/fedoraproject/FirewallD1";
constexpr char kInterface[] = "org.fedoraproject.FirewallD1.zone";
constexpr std::uint64_t kTimeout = 10'000'000;  // microseconds; firewalld may be loading its rules

// What is used of the library.
struct Library {
  decltype(&::sd_bus_open_system) open_system = nullptr;
  decltype(&::sd_bus_flush_close_unref) close = nullptr;
  decltype(&::sd_bus_set_method_call_timeout) set_timeout = nullptr;
  decltype(&::sd_bus_call_method) call_method = nullptr;
  decltype(&::sd_bus_message_read) read = nullptr;
  decltype(&::sd_bus_message_unref) unref = nullptr;
  decltype(&::sd_bus_error_free) free_error = nullptr;
  bool is_complete = true;
};

template <class Function>
void find(void* handle, const char* name, Library& library, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  if (function == nullptr) library.is_complete = false;
}

Library load() {
  Library library;
  void* const handle = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);  // stays until the process ends
  if (handle == nullptr) {
    library.is_complete = false;
    return library;
  }
  find(handle, "sd_bus_open_system", library, library.open_system);
  find(handle, "sd_bus_flush_close_unref", library, library.close);
  find(handle, "sd_bus_set_method_call_timeout", library, library.set_timeout);
  find(handle, "sd_bus_call_method", library, library.call_method);
  find(handle, "sd_bus_message_read", library, library.read);
  find(handle, "sd_bus_message_unref", library, library.unref);
  find(handle, "sd_bus_error_free", library, library.free_error);
  return library;
}

const Library& library() {
  static const Library loaded = load();
  return loaded;
}

struct Unref {
  void operator()(sd_bus_message* message) const { library().unref(message); }
};
using MessagePtr = std::unique_ptr<sd_bus_message, Unref>;

// An answer, or the error that came instead of it.
struct Answer {
  MessagePtr message{};
  int number = 0;            // negative errno
  std::string error_name{};  // "org.fedoraproject.FirewallD1.Exception"
  std::string error_text{};  // "ZONE_ALREADY_SET: 10.1.2.3/32"

  bool says(std::string_view word) const {
    return error_text.find(word) != std::string::npos || error_name.find(word) != std::string::npos;
  }
};

template <class... Arguments>
Answer call_method(sd_bus* bus, const char* name, const char* path, const char* interface,
                   const char* method, const char* types, Arguments... arguments) {
  sd_bus_error error = SD_BUS_ERROR_NULL;
  sd_bus_message* reply = nullptr;
  Answer answer;
  answer.number = library().call_method(bus, name, path, interface, method, &error, &reply, types,
                                        arguments...);
  answer.message.reset(reply);
  if (error.name != nullptr) answer.error_name = error.name;
  if (error.message != nullptr) answer.error_text = error.message;
  library().free_error(&error);
  return answer;
}

Result<bool> flag_of(const Answer& answer) {
  int value = 0;
  const int read = library().read(answer.message.get(), "b", &value);
  if (read < 0) return system_error(-read, "read the answer of the message bus");
  return value != 0;
}

Error does_not_run(std::string_view why) {
  return fail(Errc::NotFound, "firewalld does not run: {}", why);
}

}  // namespace

void Firewalld::Close::operator()(sd_bus* bus) const { library().close(bus); }

Result<Firewalld> Firewalld::open() {
  if (!library().is_complete) return does_not_run(format("{} cannot be loaded", kLibrary));
  sd_bus* opened = nullptr;
  if (const int number = library().open_system(&opened); number < 0) {
    return does_not_run(system_error(-number, "connect to the system's message bus").message);
  }
  std::unique_ptr<sd_bus, Close> bus(opened);
  library().set_timeout(bus.get(), kTimeout);
  const Answer answer =
      call_method(bus.get(), "org.freedesktop.DBus", "/org/freedesktop/DBus",
                  "org.freedesktop.DBus", "NameHasOwner", "s", static_cast<const char*>(kName));
  if (answer.number < 0) return system_error(-answer.number, "ask the message bus for firewalld");
  if (!TRY(flag_of(answer))) return does_not_run(format("nobody owns {}", kName));
  return Firewalld(std::move(bus));
}

// With `answers_flag` what it answers. Otherwise its answer does not matter, and an error that says
// that all is so already counts as one.
Result<bool> Firewalld::call(const char* method, const std::string& zone, const IpAddress& address,
                             bool answers_flag) {
  const std::string source = format("{}/{}", address.to_text(), address.bits());
  const Answer answer =
      call_method(bus_.get(), kName, kPath, kInterface, method, "ss", zone.c_str(), source.c_str());
  if (answer.number >= 0) return answers_flag ? flag_of(answer) : Result<bool>(true);
  if (answer.says("ZONE_ALREADY_SET") || answer.says("ALREADY_ENABLED")) return true;
  const bool is_gone = answer.says("UNKNOWN_SOURCE") || answer.says("NOT_ENABLED") ||
                       answer.says("ZONE_CONFLICT") || answer.says("INVALID_ZONE");
  if (is_gone && std::string_view(method) == "removeSource") return true;
  const std::string why =
      answer.error_text.empty() ? system_error(-answer.number, "call").message : answer.error_text;
  return fail(Errc::Io, "firewalld: {} {} in zone {}: {}", method, source, zone, why);
}

Status Firewalld::add_source(const std::string& zone, const IpAddress& address) {
  TRY(call("addSource", zone, address, false));
  return ok();
}

Status Firewalld::remove_source(const std::string& zone, const IpAddress& address) {
  TRY(call("removeSource", zone, address, false));
  return ok();
}

Result<bool> Firewalld::has_source(const std::string& zone, const IpAddress& address) {
  return call("querySource", zone, address, true);
}

}  // namespace netctl::attach
