#include "tests/clients/protobuf.hpp"

#include <optional>

namespace netctl::test {
namespace {

// The low three bits of a key: how the value behind it is written.
constexpr unsigned kVarint = 0;
constexpr unsigned kSixtyFour = 1;
constexpr unsigned kLength = 2;
constexpr unsigned kThirtyTwo = 5;

void put_varint(std::string& bytes, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
}

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

struct Field {
  int number = 0;
  unsigned kind = 0;
  std::uint64_t value = 0;  // of a varint
  std::string_view text{};  // of what has a length
};

std::optional<Field> take_field(std::string_view& bytes) {
  const auto key = take_varint(bytes);
  if (!key) return std::nullopt;
  Field field{.number = static_cast<int>(*key >> 3), .kind = static_cast<unsigned>(*key & 7)};
  std::uint64_t length = field.kind == kSixtyFour ? 8 : 4;
  if (field.kind == kVarint || field.kind == kLength) {
    const auto value = take_varint(bytes);
    if (!value) return std::nullopt;
    field.value = *value;
    length = field.kind == kLength ? *value : 0;
  } else if (field.kind != kSixtyFour && field.kind != kThirtyTwo) {
    return std::nullopt;
  }
  if (length > bytes.size()) return std::nullopt;
  field.text = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return field;
}

}  // namespace

Message& Message::number(int field, std::uint64_t value) {
  put_varint(bytes_, static_cast<std::uint64_t>(field) << 3 | kVarint);
  put_varint(bytes_, value);
  return *this;
}

Message& Message::text(int field, std::string_view value) {
  put_varint(bytes_, static_cast<std::uint64_t>(field) << 3 | kLength);
  put_varint(bytes_, value.size());
  bytes_ += value;
  return *this;
}

Message& Message::message(int field, const Message& value) { return text(field, value.bytes()); }

std::vector<std::string> texts_at(std::string_view message, std::initializer_list<int> path) {
  std::vector<std::string> found = {std::string(message)};
  for (const int number : path) {
    std::vector<std::string> inner;
    for (const std::string& outer : found) {
      std::string_view left = outer;
      while (const auto field = take_field(left)) {
        if (field->number == number && field->kind == kLength) inner.emplace_back(field->text);
      }
    }
    found = std::move(inner);
  }
  return found;
}

std::string text_at(std::string_view message, std::initializer_list<int> path) {
  const auto found = texts_at(message, path);
  return found.empty() ? "" : found.front();
}

std::uint64_t number_at(std::string_view message, int number) {
  std::uint64_t value = 0;
  while (const auto field = take_field(message)) {
    if (field->number == number && field->kind == kVarint) value = field->value;
  }
  return value;
}

}  // namespace netctl::test
