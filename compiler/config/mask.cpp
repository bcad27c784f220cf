// The YAML with its secrets overwritten, as traces and exports hold it.
#include <algorithm>

#include "compiler/config/reading.h"

namespace cbench::config {

void mask_scalar(Reading& reading, Span span, std::string_view prefix) {
  const std::string_view hidden = reading.sources.text(span);
  std::string text = "\"";  // quotes, since a plain * begins an alias
  for (const char c : prefix) text += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  text += "***\"";
  const auto lines = static_cast<size_t>(std::count(hidden.begin(), hidden.end(), '\n'));
  if (lines > 0) {
    text.append(lines, '\n');
  } else if (hidden.size() > text.size()) {
    text.resize(hidden.size(), ' ');  // what stands behind it keeps its column
  }
  reading.masks.push_back({span, std::move(text)});
}

std::string masked_text(const Reading& reading, uint32_t source) {
  std::vector<Mask> masks = reading.masks;
  std::erase_if(masks, [&](const Mask& mask) { return mask.span.source != source; });
  std::sort(masks.begin(), masks.end(),
            [](const Mask& a, const Mask& b) { return a.span.begin < b.span.begin; });
  const std::string_view text = reading.sources.text(source);
  std::string out;
  size_t at = 0;
  for (const Mask& mask : masks) {
    if (mask.span.begin < at) continue;  // an alias to what is masked already
    out += text.substr(at, mask.span.begin - at);
    out += mask.text;
    at = mask.span.end;
  }
  return out += text.substr(at);
}

}  // namespace cbench::config
