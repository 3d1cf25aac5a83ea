#include "runtime-core/cni/error.hpp"

#include "runtime-core/cni/json.hpp"

namespace netctl::cni {
namespace {

Errc errc_of_code(unsigned code) {
  switch (code) {
    case kIncompatibleVersion:
    case kUnsupportedField:
      return Errc::NotSupported;
    case kUnknownContainer:
      return Errc::NotFound;
    case kBadEnvironment:
    case kDecodeFailure:
    case kInvalidConfig:
    case kInvalidNetns:
      return Errc::InvalidArgument;
    case kIoFailure:
      return Errc::Io;
    case kTryAgainLater:
      return Errc::TryAgain;
    default:
      return Errc::Unknown;
  }
}

std::string beginning_of(std::string_view text) {
  constexpr std::size_t kShown = 200;
  return text.size() <= kShown ? std::string(text) : std::string(text.substr(0, kShown)) + "...";
}

Error no_error_object(std::string_view text, std::string_view why) {
  return fail(Errc::Unknown, "netplugin failed but error parsing its diagnostic message \"{}\": {}",
              beginning_of(text), why);
}

}  // namespace

Error failure(Code code, std::string message, std::string details) {
  return Error{.code = errc_of_code(code),
               .message = std::move(message),
               .details = std::move(details),
               .protocol_code = code};
}

std::string to_json(const Error& error) {
  Json object{{"code", error.protocol_code != 0 ? error.protocol_code : kInternal},
              {"msg", error.message}};
  if (!error.details.empty()) object["details"] = error.details;
  return dump_json(object, 4);
}

Error parse_error(std::string_view json) {
  auto parsed = parse_json(json);
  if (!parsed) return no_error_object(json, parsed.error().message);
  Problems problems;
  const ObjectReader object(&*parsed, "", problems);
  Error error;
  if (problems.empty() && !object.has("code") && !object.has("msg")) {
    problems.add("it has neither \"code\" nor \"msg\"");
  }
  object.read("code", error.protocol_code);
  object.read("msg", error.message);
  object.read("details", error.details);
  if (!problems.empty()) return no_error_object(json, problems.text());
  error.code = errc_of_code(error.protocol_code);
  return error;
}

}  // namespace netctl::cni
