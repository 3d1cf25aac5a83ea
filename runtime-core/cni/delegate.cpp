#include "runtime-core/cni/delegate.hpp"

#include <utility>

#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/exec.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/result_json.hpp"

namespace netctl::cni {
namespace {

Result<Document> execute(const std::string& executable, Command command, const Request& request) {
  Environment environment = request.environment;
  environment["CNI_COMMAND"] = to_text(command);
  return call_plugin(executable, std::move(environment), request.config, request.built_ins);
}

Result<AddResult> result_of(Document answer, std::string_view version) {
  const Json value = TRY(value_of(std::move(answer)));
  return result_from_json(value, version);
}

Result<AddResult> add(const std::string& executable, const Request& request) {
  Document answer = TRY(execute(executable, Command::Add, request));
  AddResult result = TRY(result_of(std::move(answer), request.cni_version)
                             .context("IPAM plugin \"{}\"", request.ipam_type));
  if (!result.ips.empty()) return result;
  return fail(Errc::InvalidArgument, "IPAM plugin returned missing IP config");
}

}  // namespace

Result<AddResult> ipam_add(const Request& request) {
  const std::string executable = TRY(find_plugin(request.ipam_type, request.path));
  auto result = add(executable, request);
  if (!result) {
    // Whatever it got hold of before it failed (CNI spec 1.1.0, section 4).
    if (const auto released = execute(executable, Command::Del, request); !released) {
      log::warn("releasing what IPAM plugin \"{}\" may have taken failed: {}", request.ipam_type,
                released.error().message);
    }
  }
  return result;
}

Status ipam_call(Command command, const Request& request) {
  if (request.ipam_type.empty()) return {};
  const std::string executable = TRY(find_plugin(request.ipam_type, request.path));
  TRY(execute(executable, command, request));
  return {};
}

}  // namespace netctl::cni
