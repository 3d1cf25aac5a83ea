#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/types.hpp"

// Inside this directory only: how keys and data lie in memory, which is the same in a netlink
// message, in a set and in the registers of a rule:
//
//   one part        its bytes alone: an address 4, 6 or 16, a protocol 1, a port 2, a name 16
//   concatenation   one part after the other, each filled up with zeros to a multiple of 4
//
// All numbers are in network order; a name is filled up with zeros. Verdicts are no bytes: they
// have attributes of their own.
namespace netctl::nft {

using Bytes = std::vector<std::uint8_t>;

// What fits into the registers, and so into any key or data (NFT_DATA_VALUE_MAXLEN).
inline constexpr std::size_t kMaxDataLength = 64;
inline constexpr std::size_t kMaxCommentLength = 128;  // what nft(8) accepts and shows

// Names of tables, chains, sets and maps: 1 to 255 bytes without a zero (NFT_NAME_MAXLEN).
Status check_name(const std::string& name);

// InvalidArgument when a jump or goto has no chain, or another verdict has one.
Status check_verdict(const Verdict& verdict);

// Bytes taken as a part of a concatenation.
constexpr std::uint32_t padded(std::uint32_t length) { return (length + 3U) & ~3U; }

// Bytes of one part; 0 for a verdict.
std::uint32_t length_of(Type type);
// Bytes of the whole.
std::uint32_t length_of(const std::vector<Type>& types);

// The number under which nft(8) stores the type with a set, to know later how to show it: six bits
// a part (enum datatypes, concat_subtype_add in its sources). A verdict is the kernel's own
// NFT_DATA_VERDICT.
std::uint32_t kernel_type(const std::vector<Type>& types);

// InvalidArgument when a part cannot be in a key or data, or there are too many of them. Of a range
// these are the bytes of its beginning; the other function gives those of its end, which are the
// same where there is none.
Result<Bytes> encode_data(const std::vector<Datum>& parts);
Result<Bytes> encode_end_of_range(const std::vector<Datum>& parts);
bool has_range(const std::vector<Datum>& parts);
// InvalidArgument when the bytes are not as long as the types.
Result<std::vector<Datum>> decode_data(std::span<const std::uint8_t> bytes,
                                       const std::vector<Type>& types);
// Of a range from one key to another; they may differ in ports only.
Result<std::vector<Datum>> decode_range(std::span<const std::uint8_t> first,
                                        std::span<const std::uint8_t> last,
                                        const std::vector<Type>& types);

// NFPROTO_* as nft(8) names the family: "inet".
std::string family_name(std::uint32_t number);

// What tells the kernel's verdict numbers (NF_ACCEPT, NFT_JUMP, …) from ours.
std::uint32_t kernel_verdict(Verdict::Kind kind);
Result<Verdict> decode_verdict(std::uint32_t number, std::string chain);

// A comment as nft(8) stores it in an element's user data, a list of type, length and value:
//
//   +---+------------+------------------+---+
//   | 0 | length + 1 | the comment      | 0 |
//   +---+------------+------------------+---+
//
// No comment makes no bytes. InvalidArgument when it is longer than 128 bytes or has a character
// that nft(8) cannot read back: its strings know no escape.
Result<Bytes> encode_comment(const std::string& comment);
// The first comment in user data; empty when there is none, or the bytes are cut short.
std::string decode_comment(std::span<const std::uint8_t> user_data);

}  // namespace netctl::nft
