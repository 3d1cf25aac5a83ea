#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

// As much of protocol buffers as it takes to call a gRPC service by hand
// (https://protobuf.dev/programming-guides/encoding/): numbers, and what has a length.
namespace netctl::test {

// A message that is being written, field by field.
class Message {
 public:
  Message& number(int field, std::uint64_t value);
  Message& text(int field, std::string_view value);  // a string or bytes
  Message& message(int field, const Message& value);

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// The values of a field with a length (a string, a message) at a path of field numbers: all that
// there are of the last one, in each of the messages on the way. Nothing when the bytes are no
// message.
std::vector<std::string> texts_at(std::string_view message, std::initializer_list<int> path);
// The first of them; empty when there is none.
std::string text_at(std::string_view message, std::initializer_list<int> path);

// The last value of a numeric field; 0 when there is none, which is how a zero is sent.
std::uint64_t number_at(std::string_view message, int field);

}  // namespace netctl::test
