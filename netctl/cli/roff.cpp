#include "netctl/cli/roff.hpp"

#include <algorithm>
#include <cctype>

namespace netctl::roff {
namespace {

enum class Hyphen { Typographic, Typed };

std::string escaped(std::string_view plain, Hyphen hyphen) {
  std::string out;
  bool at_start = true;  // of a line, where a dot or an apostrophe would begin a request
  for (const char c : plain) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    at_start = c == '\n';
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += hyphen == Hyphen::Typed ? "\\-" : "-";
        break;
      // These would be printed as typographic quotes and accents.
      case '`':
        out += "\\(ga";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string upper(std::string_view plain) {
  std::string out(plain);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::toupper(c); });
  return out;
}

}  // namespace

std::string heading(const Heading& heading) {
  std::string out = ".TH \"" + escaped(upper(heading.name), Hyphen::Typed) + "\" \"" +
                    std::to_string(heading.section) + "\" \"" + heading.date + "\" \"" +
                    heading.version + "\" \"netctl manual\"\n";
  out += ".nh\n.ad l\n";  // commands and keys are not to be broken or stretched
  out += ".SH NAME\n" + escaped(heading.name, Hyphen::Typed) + " \\- " + text(heading.about) + "\n";
  return out;
}

std::string text(std::string_view plain) { return escaped(plain, Hyphen::Typographic); }

std::string bold(std::string_view plain) { return "\\fB" + escaped(plain, Hyphen::Typed) + "\\fR"; }

std::string literal(std::string_view plain) {
  while (plain.ends_with('\n')) plain.remove_suffix(1);
  return ".RS 4\n.nf\n" + escaped(plain, Hyphen::Typed) + "\n.fi\n.RE\n";
}

}  // namespace netctl::roff
