#include "compiler/native/cpu.h"

#include "compiler/image/bytes.h"

#if defined(__x86_64__)
#include <cpuid.h>
#else
#include <array>
#include <cstdio>

#include <sys/auxv.h>
#endif

namespace cbench {

#if defined(__x86_64__)

// The leaves with vendor, model and features (Intel SDM volume 2A, CPUID). Left out is what differs from one
// CPU of a machine to the next: leaf 1 has the APIC id in EBX.
std::string cpu_identity() {
  struct Leaf {
    uint32_t leaf, subleaf;
    bool ebx;
  };
  constexpr Leaf kLeaves[] = {{0, 0, true},          {1, 0, false},        {7, 0, true},    {7, 1, true},
                              {0xd, 1, false},       {0x14, 0, false},     {0x19, 0, true}, {0x24, 0, true},
                              {0x80000001, 0, true}, {0x80000008, 0, true}};
  ByteWriter out;
  for (const Leaf& leaf : kLeaves) {
    uint32_t a = 0, b = 0, c = 0, d = 0;
    const bool there = __get_cpuid_count(leaf.leaf, leaf.subleaf, &a, &b, &c, &d) != 0;
    if (leaf.leaf == 0xd || leaf.leaf == 0x14) c = d = 0;
    out.put(there).put(a).put(leaf.ebx ? b : 0U).put(c).put(d);
  }
  // Which registers the operating system saves: features without that cannot be used.
  uint32_t a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_OSXSAVE) != 0) {
    __asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    out.put(a).put(d);
  }
  return out.take();
}

#else

std::string cpu_identity() {
  ByteWriter out;
  out.put<uint64_t>(getauxval(AT_HWCAP)).put<uint64_t>(getauxval(AT_HWCAP2));
  // The first CPU's lines without what varies: frequency and number.
  if (std::FILE* file = std::fopen("/proc/cpuinfo", "re")) {
    std::array<char, 512> line{};
    while (std::fgets(line.data(), line.size(), file) && line[0] != '\n') {
      const std::string_view text(line.data());
      if (text.find("MHz") == text.npos && text.find("MIPS") == text.npos && !text.starts_with("processor"))
        out.put(text);
    }
    std::fclose(file);
  }
  return out.take();
}

#endif

}  // namespace cbench
