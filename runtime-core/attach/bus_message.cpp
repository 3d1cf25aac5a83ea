#include "runtime-core/attach/bus_message.hpp"

#include <algorithm>

namespace netctl::attach::bus {
namespace {

constexpr std::size_t kLongest = 1U << 20U;  // bytes; the protocol allows 128 MiB
constexpr std::uint8_t kProtocol = 1;
constexpr std::size_t kStructAlignment = 8;

namespace message_type {
constexpr std::uint8_t kCall = 1;
constexpr std::uint8_t kReturn = 2;
constexpr std::uint8_t kError = 3;
constexpr std::uint8_t kSignal = 4;
}  // namespace message_type

namespace header_field {
constexpr std::uint8_t kPath = 1;
constexpr std::uint8_t kInterface = 2;
constexpr std::uint8_t kMember = 3;
constexpr std::uint8_t kErrorName = 4;
constexpr std::uint8_t kReplySerial = 5;
constexpr std::uint8_t kDestination = 6;
constexpr std::uint8_t kSignature = 8;
}  // namespace header_field

constexpr std::size_t aligned(std::size_t length, std::size_t to) {
  return (length + to - 1) / to * to;
}

class Writer {
 public:
  void align(std::size_t to) { bytes_.resize(aligned(bytes_.size(), to)); }
  void put_byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void put_number(std::uint32_t value) {
    align(sizeof value);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      put_byte(static_cast<std::uint8_t>(value >> shift));
    }
  }
  void put_string(std::string_view text) {
    put_number(static_cast<std::uint32_t>(text.size()));
    bytes_.append(text).push_back('\0');
  }
  void put_signature(std::string_view types) {
    put_byte(static_cast<std::uint8_t>(types.size()));
    bytes_.append(types).push_back('\0');
  }
  void put_field(std::uint8_t field, char type, std::string_view text) {
    align(kStructAlignment);
    put_byte(field);
    put_signature({&type, 1});
    type == 'g' ? put_signature(text) : put_string(text);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_{};
};

std::string encode_fields(const Call& call) {
  Writer fields;
  fields.put_field(header_field::kPath, 'o', call.path);
  fields.put_field(header_field::kInterface, 's', call.interface);
  fields.put_field(header_field::kMember, 's', call.method);
  fields.put_field(header_field::kDestination, 's', call.destination);
  if (!call.arguments.empty()) {
    fields.put_field(header_field::kSignature, 'g', std::string(call.arguments.size(), 's'));
  }
  return fields.take();
}

Error no_message(std::string_view why) {
  return fail(Errc::Io, "the message bus sent what is no message: {}", why);
}

// Reads within the bytes only: beyond their end everything is 0 or empty, and is_whole() is false.
class Reader {
 public:
  Reader(std::string_view bytes, bool is_big) : bytes_(bytes), is_big_(is_big) {}

  bool is_whole() const { return is_whole_; }
  std::size_t at() const { return at_; }
  void go_to(std::size_t at) { at_ = at; }
  void align(std::size_t to) { at_ = aligned(at_, to); }

  std::uint8_t take_byte() {
    const std::string_view byte = take(1);
    return byte.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(byte.front());
  }
  std::uint32_t take_number() {
    align(sizeof(std::uint32_t));
    std::string digits(take(sizeof(std::uint32_t)));
    if (!is_big_) std::ranges::reverse(digits);
    std::uint32_t number = 0;
    for (const char digit : digits) number = number << 8U | static_cast<std::uint8_t>(digit);
    return number;
  }
  std::string_view take_string() { return take_text(take_number()); }
  std::string_view take_signature() { return take_text(take_byte()); }

 private:
  std::string_view take(std::size_t size) {
    if (at_ > bytes_.size() || size > bytes_.size() - at_) {
      is_whole_ = false;
      return {};
    }
    const std::string_view taken = bytes_.substr(at_, size);
    at_ += size;
    return taken;
  }
  // With the NUL behind it.
  std::string_view take_text(std::size_t size) {
    const std::string_view text = take(size + 1);
    return text.empty() ? text : text.substr(0, size);
  }

  std::string_view bytes_;
  bool is_big_;
  std::size_t at_ = 0;
  bool is_whole_ = true;
};

Kind kind_of(std::uint8_t type) {
  switch (type) {
    case message_type::kCall:
      return Kind::Call;
    case message_type::kReturn:
      return Kind::Return;
    case message_type::kError:
      return Kind::Error;
    case message_type::kSignal:
      return Kind::Signal;
    default:
      return Kind::Other;
  }
}

// The numbers of a message's start.
struct Start {
  std::size_t body = 0;    // bytes
  std::size_t fields = 0;  // bytes

  std::size_t begin_of_body() const { return aligned(kStart + fields, kStructAlignment); }
};

bool is_big_endian(std::string_view bytes) { return bytes.front() == 'B'; }

Result<Start> parse_start(std::string_view bytes) {
  if (bytes.size() < kStart) return no_message("it is too short");
  if (bytes.front() != 'l' && bytes.front() != 'B') return no_message("it has no byte order");
  if (static_cast<std::uint8_t>(bytes[3]) != kProtocol) {
    return no_message(format("protocol version {}", static_cast<std::uint8_t>(bytes[3])));
  }
  Reader reader(bytes, is_big_endian(bytes));
  reader.go_to(4);
  Start start;
  start.body = reader.take_number();
  reader.take_number();  // its serial
  start.fields = reader.take_number();
  if (start.body > kLongest || start.fields > kLongest) return no_message("it is too long");
  return start;
}

// The header fields; gives the types of the body's values.
Result<std::string> parse_fields(Reader& reader, std::size_t end, Message& message) {
  std::string body_types;
  while (reader.is_whole() && reader.at() < end) {
    reader.align(kStructAlignment);
    const std::uint8_t field = reader.take_byte();
    const std::string_view type = reader.take_signature();
    if (type == "u") {
      const std::uint32_t number = reader.take_number();
      if (field == header_field::kReplySerial) message.answers = number;
    } else if (type == "s" || type == "o") {
      const std::string_view text = reader.take_string();
      if (field == header_field::kErrorName) message.error_name = text;
    } else if (type == "g") {
      const std::string_view types = reader.take_signature();
      if (field == header_field::kSignature) body_types = types;
    } else {
      return no_message(format("header field {} of an unknown type", field));
    }
  }
  return body_types;
}

}  // namespace

std::string encode(const Call& call, std::uint32_t serial) {
  Writer body;
  for (const std::string& argument : call.arguments) body.put_string(argument);
  const std::string values = body.take();
  const std::string fields = encode_fields(call);
  Writer message;
  message.put_byte('l');
  message.put_byte(message_type::kCall);
  message.put_byte(0);  // flags
  message.put_byte(kProtocol);
  message.put_number(static_cast<std::uint32_t>(values.size()));
  message.put_number(serial);
  message.put_number(static_cast<std::uint32_t>(fields.size()));
  std::string bytes = message.take() + fields;
  bytes.resize(aligned(bytes.size(), kStructAlignment));
  return bytes + values;
}

Result<std::size_t> length_of(std::string_view start) {
  const Start sizes = TRY(parse_start(start));
  return sizes.begin_of_body() + sizes.body;
}

Result<Message> parse(std::string_view bytes) {
  const Start start = TRY(parse_start(bytes));
  if (bytes.size() != start.begin_of_body() + start.body) return no_message("its length is wrong");
  Message message;
  message.kind = kind_of(static_cast<std::uint8_t>(bytes[1]));
  Reader reader(bytes, is_big_endian(bytes));
  reader.go_to(kStart);
  const std::string types = TRY(parse_fields(reader, kStart + start.fields, message));
  reader.go_to(start.begin_of_body());
  if (types.starts_with('s')) message.text = reader.take_string();
  if (types.starts_with('b')) message.flag = reader.take_number() != 0;
  if (!reader.is_whole()) return no_message("a value goes beyond its end");
  return message;
}

}  // namespace netctl::attach::bus
