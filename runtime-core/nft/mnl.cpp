// The part of libmnl that libnftnl and this directory call, behind libmnl's own header, whose
// manual (libmnl/libmnl.h, and netlink(7) for the layouts) holds here too. Debian has that library
// as a shared one only, and to load none is a fifth of what a plugin's call costs
// (docs/performance.md).
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <libmnl/libmnl.h>

#include "runtime-core/base/unique_fd.hpp"

struct mnl_socket {
  netctl::UniqueFd fd{};
  sockaddr_nl address{};
};

// Messages that are written one behind the other into a buffer of twice `limit`, so that the one
// that goes beyond it still has room.
struct mnl_nlmsg_batch {
  char* begin = nullptr;
  std::size_t limit = 0;
  std::size_t length = 0;
};

namespace {

constexpr std::size_t kHeader = MNL_NLMSG_HDRLEN;
constexpr std::size_t kAttributeHeader = MNL_ATTR_HDRLEN;

constexpr std::size_t aligned(std::size_t length) { return MNL_ALIGN(length); }

// libmnl gives what it is asked for without const, whatever it was given.
template <class T>
char* bytes_of(const T* thing) {
  return reinterpret_cast<char*>(const_cast<T*>(thing));
}

char* tail_of(const nlmsghdr* message) { return bytes_of(message) + aligned(message->nlmsg_len); }

int refuse(int number) {
  errno = number;
  return -1;
}

// What a value of this kind may be long; 0: any length.
std::size_t most_bytes(mnl_attr_data_type type) {
  switch (type) {
    case MNL_TYPE_U8:
      return sizeof(std::uint8_t);
    case MNL_TYPE_U16:
      return sizeof(std::uint16_t);
    case MNL_TYPE_U32:
      return sizeof(std::uint32_t);
    case MNL_TYPE_U64:
    case MNL_TYPE_MSECS:
      return sizeof(std::uint64_t);
    default:
      return 0;
  }
}

template <class Number>
Number number_in(const nlattr* attribute) {
  Number number;
  std::memcpy(&number, mnl_attr_get_payload(attribute), sizeof number);
  return number;
}

// The attributes of `size` bytes, one after the other, until `take` has had enough.
int for_each(const char* begin, std::size_t size, mnl_attr_cb_t take, void* data) {
  const auto* attribute = reinterpret_cast<const nlattr*>(begin);
  const char* const end = begin + size;
  int wish = MNL_CB_OK;
  while (wish > MNL_CB_STOP &&
         mnl_attr_ok(attribute, static_cast<int>(end - bytes_of(attribute)))) {
    wish = take(attribute, data);
    attribute = mnl_attr_next(attribute);
  }
  return wish;
}

// A message that is about the exchange itself.
int take_control(const nlmsghdr* message) {
  if (message->nlmsg_type == NLMSG_DONE) return MNL_CB_STOP;
  if (message->nlmsg_type != NLMSG_ERROR) return MNL_CB_OK;
  if (mnl_nlmsg_get_payload_len(message) < sizeof(nlmsgerr)) return refuse(EBADMSG);
  const auto* const error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
  return error->error == 0 ? MNL_CB_STOP : refuse(std::abs(error->error));
}

}  // namespace

extern "C" {

// ---- Messages

nlmsghdr* mnl_nlmsg_put_header(void* buffer) {
  auto* const message = static_cast<nlmsghdr*>(buffer);
  *message = nlmsghdr{};
  message->nlmsg_len = kHeader;
  return message;
}

void* mnl_nlmsg_put_extra_header(nlmsghdr* message, std::size_t size) {
  char* const extra = tail_of(message);
  std::memset(extra, 0, aligned(size));
  message->nlmsg_len += static_cast<std::uint32_t>(aligned(size));
  return extra;
}

void* mnl_nlmsg_get_payload(const nlmsghdr* message) { return bytes_of(message) + kHeader; }

void* mnl_nlmsg_get_payload_offset(const nlmsghdr* message, std::size_t offset) {
  return bytes_of(message) + kHeader + aligned(offset);
}

std::size_t mnl_nlmsg_get_payload_len(const nlmsghdr* message) {
  return message->nlmsg_len - kHeader;
}

bool mnl_nlmsg_ok(const nlmsghdr* message, int size) {
  return size >= static_cast<int>(sizeof(nlmsghdr)) && message->nlmsg_len >= sizeof(nlmsghdr) &&
         message->nlmsg_len <= static_cast<std::uint32_t>(size);
}

nlmsghdr* mnl_nlmsg_next(const nlmsghdr* message, int* size) {
  *size -= static_cast<int>(aligned(message->nlmsg_len));
  return reinterpret_cast<nlmsghdr*>(tail_of(message));
}

// ---- Attributes that are read

std::uint16_t mnl_attr_get_type(const nlattr* attribute) {
  return attribute->nla_type & NLA_TYPE_MASK;
}

std::uint16_t mnl_attr_get_payload_len(const nlattr* attribute) {
  return static_cast<std::uint16_t>(attribute->nla_len - kAttributeHeader);
}

void* mnl_attr_get_payload(const nlattr* attribute) {
  return bytes_of(attribute) + kAttributeHeader;
}

std::uint8_t mnl_attr_get_u8(const nlattr* attribute) { return number_in<std::uint8_t>(attribute); }

std::uint16_t mnl_attr_get_u16(const nlattr* attribute) {
  return number_in<std::uint16_t>(attribute);
}

std::uint32_t mnl_attr_get_u32(const nlattr* attribute) {
  return number_in<std::uint32_t>(attribute);
}

std::uint64_t mnl_attr_get_u64(const nlattr* attribute) {
  return number_in<std::uint64_t>(attribute);
}

const char* mnl_attr_get_str(const nlattr* attribute) {
  return static_cast<const char*>(mnl_attr_get_payload(attribute));
}

bool mnl_attr_ok(const nlattr* attribute, int size) {
  return size >= static_cast<int>(sizeof(nlattr)) && attribute->nla_len >= sizeof(nlattr) &&
         attribute->nla_len <= size;
}

nlattr* mnl_attr_next(const nlattr* attribute) {
  return reinterpret_cast<nlattr*>(bytes_of(attribute) + aligned(attribute->nla_len));
}

int mnl_attr_type_valid(const nlattr* attribute, std::uint16_t greatest) {
  return mnl_attr_get_type(attribute) > greatest ? refuse(EOPNOTSUPP) : 1;
}

int mnl_attr_validate(const nlattr* attribute, mnl_attr_data_type type) {
  if (type >= MNL_TYPE_MAX) return refuse(EINVAL);
  const std::size_t length = mnl_attr_get_payload_len(attribute);
  const std::size_t most = most_bytes(type);
  if (most != 0 && length > most) return refuse(ERANGE);
  switch (type) {
    case MNL_TYPE_FLAG:
      return length > 0 ? refuse(ERANGE) : 0;
    case MNL_TYPE_STRING:
      return length == 0 ? refuse(ERANGE) : 0;
    case MNL_TYPE_NUL_STRING:
      if (length == 0) return refuse(ERANGE);
      return mnl_attr_get_str(attribute)[length - 1] != '\0' ? refuse(EINVAL) : 0;
    case MNL_TYPE_NESTED:
      return length > 0 && length < kAttributeHeader ? refuse(ERANGE) : 0;
    default:
      return 0;
  }
}

int mnl_attr_parse(const nlmsghdr* message, unsigned int offset, mnl_attr_cb_t take, void* data) {
  const auto* const begin = static_cast<char*>(mnl_nlmsg_get_payload_offset(message, offset));
  const char* const end = bytes_of(message) + message->nlmsg_len;
  return begin > end ? MNL_CB_OK
                     : for_each(begin, static_cast<std::size_t>(end - begin), take, data);
}

int mnl_attr_parse_nested(const nlattr* nest, mnl_attr_cb_t take, void* data) {
  return for_each(mnl_attr_get_str(nest), mnl_attr_get_payload_len(nest), take, data);
}

// ---- Attributes that are written

void mnl_attr_put(nlmsghdr* message, std::uint16_t type, std::size_t length, const void* data) {
  auto* const attribute = reinterpret_cast<nlattr*>(tail_of(message));
  const std::size_t whole = kAttributeHeader + length;
  attribute->nla_type = type;
  attribute->nla_len = static_cast<std::uint16_t>(whole);
  char* const payload = bytes_of(attribute) + kAttributeHeader;
  if (length > 0) std::memcpy(payload, data, length);
  std::memset(payload + length, 0, aligned(whole) - whole);
  message->nlmsg_len += static_cast<std::uint32_t>(aligned(whole));
}

void mnl_attr_put_u8(nlmsghdr* message, std::uint16_t type, std::uint8_t data) {
  mnl_attr_put(message, type, sizeof data, &data);
}

void mnl_attr_put_u16(nlmsghdr* message, std::uint16_t type, std::uint16_t data) {
  mnl_attr_put(message, type, sizeof data, &data);
}

void mnl_attr_put_u32(nlmsghdr* message, std::uint16_t type, std::uint32_t data) {
  mnl_attr_put(message, type, sizeof data, &data);
}

void mnl_attr_put_u64(nlmsghdr* message, std::uint16_t type, std::uint64_t data) {
  mnl_attr_put(message, type, sizeof data, &data);
}

void mnl_attr_put_str(nlmsghdr* message, std::uint16_t type, const char* data) {
  mnl_attr_put(message, type, std::strlen(data), data);
}

void mnl_attr_put_strz(nlmsghdr* message, std::uint16_t type, const char* data) {
  mnl_attr_put(message, type, std::strlen(data) + 1, data);
}

nlattr* mnl_attr_nest_start(nlmsghdr* message, std::uint16_t type) {
  auto* const nest = reinterpret_cast<nlattr*>(tail_of(message));
  nest->nla_type = NLA_F_NESTED | type;  // its length: mnl_attr_nest_end()
  message->nlmsg_len += kAttributeHeader;
  return nest;
}

void mnl_attr_nest_end(nlmsghdr* message, nlattr* nest) {
  nest->nla_len = static_cast<std::uint16_t>(tail_of(message) - bytes_of(nest));
}

// ---- Batches: libnftnl asks by one whether the kernel knows them

mnl_nlmsg_batch* mnl_nlmsg_batch_start(void* buffer, std::size_t limit) {
  return new (std::nothrow) mnl_nlmsg_batch{static_cast<char*>(buffer), limit};
}

void mnl_nlmsg_batch_stop(mnl_nlmsg_batch* batch) { delete batch; }

void* mnl_nlmsg_batch_head(mnl_nlmsg_batch* batch) { return batch->begin; }

void* mnl_nlmsg_batch_current(mnl_nlmsg_batch* batch) { return batch->begin + batch->length; }

std::size_t mnl_nlmsg_batch_size(mnl_nlmsg_batch* batch) { return batch->length; }

bool mnl_nlmsg_batch_is_empty(mnl_nlmsg_batch* batch) { return batch->length == 0; }

bool mnl_nlmsg_batch_next(mnl_nlmsg_batch* batch) {
  const auto* const message = static_cast<nlmsghdr*>(mnl_nlmsg_batch_current(batch));
  if (batch->length + message->nlmsg_len > batch->limit) return false;
  batch->length += message->nlmsg_len;
  return true;
}

// ---- Sockets

mnl_socket* mnl_socket_open2(int bus, int flags) {
  netctl::UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | flags, bus));
  return fd ? new (std::nothrow) mnl_socket{std::move(fd)} : nullptr;
}

mnl_socket* mnl_socket_open(int bus) { return mnl_socket_open2(bus, 0); }

int mnl_socket_bind(mnl_socket* socket, unsigned int groups, pid_t port) {
  sockaddr_nl& address = socket->address;
  address = {};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  address.nl_pid = static_cast<std::uint32_t>(port);
  const int fd = socket->fd.get();
  socklen_t length = sizeof address;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), length) != 0) return -1;
  return ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
}

int mnl_socket_get_fd(const mnl_socket* socket) { return socket->fd.get(); }

unsigned int mnl_socket_get_portid(const mnl_socket* socket) { return socket->address.nl_pid; }

int mnl_socket_setsockopt(const mnl_socket* socket, int option, void* value, socklen_t length) {
  return ::setsockopt(socket->fd.get(), SOL_NETLINK, option, value, length);
}

ssize_t mnl_socket_sendto(const mnl_socket* socket, const void* data, std::size_t length) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  return ::sendto(socket->fd.get(), data, length, 0, reinterpret_cast<const sockaddr*>(&kernel),
                  sizeof kernel);
}

ssize_t mnl_socket_recvfrom(const mnl_socket* socket, void* buffer, std::size_t length) {
  const ssize_t got = ::recv(socket->fd.get(), buffer, length, MSG_TRUNC);
  return got > static_cast<ssize_t>(length) ? refuse(ENOSPC) : got;
}

int mnl_socket_close(mnl_socket* socket) {
  delete socket;
  return 0;
}

int mnl_cb_run(const void* buffer, std::size_t size, unsigned int sequence, unsigned int port,
               mnl_cb_t take, void* data) {
  const auto* message = static_cast<const nlmsghdr*>(buffer);
  int left = static_cast<int>(size);
  int wish = MNL_CB_OK;
  while (wish > MNL_CB_STOP && mnl_nlmsg_ok(message, left)) {
    const bool is_others = (message->nlmsg_pid != 0 && message->nlmsg_pid != port) ||
                           (message->nlmsg_seq != 0 && message->nlmsg_seq != sequence);
    if (is_others) return refuse(ESRCH);
    const bool is_control = message->nlmsg_type < NLMSG_MIN_TYPE;
    if (is_control) wish = take_control(message);
    if (!is_control && take != nullptr) wish = take(message, data);
    message = mnl_nlmsg_next(message, &left);
  }
  return wish;
}

}  // extern "C"
