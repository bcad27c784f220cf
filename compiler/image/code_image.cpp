#include "compiler/image/code_image.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/mman.h>

#include "compiler/image/bytes.h"

namespace cbench {

template <>
inline constexpr auto kFields<Span> = std::tuple{&Span::source, &Span::begin, &Span::end};
template <>
inline constexpr auto kFields<PlanFault> = std::tuple{&PlanFault::what, &PlanFault::line, &PlanFault::span};
template <>
inline constexpr auto kFields<CodeImage> =
    std::tuple{&CodeImage::code, &CodeImage::entry, &CodeImage::texts, &CodeImage::faults};

std::string to_bytes(const CodeImage& image) { return ByteWriter().put(image).take(); }

Result<CodeImage> code_image(std::string_view bytes) {
  ByteReader reader(bytes);
  auto image = reader.get<CodeImage>();
  if (!reader.done() || image.entry >= image.code.size())
    return Error{Exit::RunFailed, "what came as the policy's code is none", ""};
  return image;
}

Result<LoadedCode> load(const CodeImage& image) {
  const size_t size = image.code.size();
  const auto refused = [](const char* what) {
    return Error{Exit::HostLacks,
                 fmt::format("cannot {} memory for the policy's code: {}", what, std::strerror(errno)),
                 "a security module may forbid code that is made at run time"};
  };
  void* pages = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return refused("map");
  std::shared_ptr<void> code(pages, [size](void* mapped) { munmap(mapped, size); });
  std::memcpy(pages, image.code.data(), size);
  if (mprotect(pages, size, PROT_READ | PROT_EXEC) != 0) return refused("execute");
  auto* begin = static_cast<char*>(pages);
  __builtin___clear_cache(begin, begin + size);
  return LoadedCode{reinterpret_cast<abi::EntryFn>(begin + image.entry), std::move(code)};
}

}  // namespace cbench
