#include "compiler/native/native.h"

#include <sys/stat.h>

#include "compiler/base/program.h"
#include "compiler/image/bytes.h"
#include "compiler/image/code_image.h"
#include "compiler/native/cpu.h"

namespace cbench {
namespace {

/// What made the code: the program's file and the CPU. nullopt: there is no such program.
std::optional<std::string> identity(const std::string& program) {
  struct stat about{};
  if (stat(program.c_str(), &about) != 0) return std::nullopt;
  return ByteWriter()
      .put<int64_t>(about.st_size)
      .put<int64_t>(about.st_mtim.tv_sec)
      .put<int64_t>(about.st_mtim.tv_nsec)
      .put(cpu_identity())
      .take();
}

}  // namespace

std::string codegen_program() { return program_of_ours("cbench-codegen"); }

Codegen cached(const ChildProgram& child, const CodeCache& cache) {
  return [=](const std::string& request) -> CodeAnswer {
    const Result<CodeRequest> asked = code_request(request);
    const auto maker = identity(child.path);
    if (!maker || !asked || asked->product != Product::Image) return ask(child, request);
    const std::string key = *maker + request;
    if (auto image = cache.find(key)) return std::move(*image);
    CodeAnswer answer = ask(child, request);
    if (answer && code_image(*answer)) cache.store(key, *answer);
    return answer;
  };
}

Codegen native_codegen() {
  return [](const std::string& request) {
    return cached({.path = codegen_program()}, CodeCache(cache_folder()))(request);
  };
}

}  // namespace cbench
