// What becomes an image and what is refused, on modules written by hand.
#include "compiler/jit/jit.h"

#include <gmock/gmock.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>

namespace cbench {
namespace {

using testing::HasSubstr;

lower::Lowered module_of(const std::string& text) {
  lower::Lowered made;
  made.context = std::make_unique<llvm::LLVMContext>();
  llvm::SMDiagnostic problem;
  made.module = llvm::parseAssemblyString(text, problem, *made.context);
  EXPECT_TRUE(made.module) << problem.getMessage().str();
  return made;
}

std::string refusal_of(const std::string& text) {
  const Result<CodeImage> image = jit::image(module_of(text));
  return image ? "" : image.error().message;
}

__attribute__((no_sanitize("function"))) abi::i32 call(const CodeImage& image, abi::i32 event) {
  const Result<LoadedCode> loaded = load(image);
  return loaded ? loaded->entry(nullptr, event, 0) : -1;
}

/// A table of constants, a call and a floating-point constant: all kinds of references inside.
constexpr const char* kWhole = R"(
@table = private unnamed_addr constant [4 x i32] [i32 10, i32 20, i32 30, i32 40]
define internal i32 @inner(i32 %i) noinline nounwind {
  %at = getelementptr [4 x i32], ptr @table, i32 0, i32 %i
  %x = load i32, ptr %at
  %f = sitofp i32 %x to double
  %g = fmul double %f, 1.25
  %y = fptosi double %g to i32
  ret i32 %y
}
define i32 @cbp_entry(ptr %context, i32 %event, i32 %slot) nounwind {
  %y = call i32 @inner(i32 %event)
  ret i32 %y
}
)";

TEST(image, references_inside_are_resolved_wherever_it_lies) {
  const Result<CodeImage> image = jit::image(module_of(kWhole));
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(call(*image, 1), 25);
  EXPECT_EQ(call(*image, 3), 50);
  EXPECT_EQ(to_bytes(*jit::image(module_of(kWhole))), to_bytes(*image));
}

TEST(image, a_reference_to_the_outside_is_refused) {
  EXPECT_THAT(refusal_of(R"(
declare i32 @puts(ptr)
define i32 @cbp_entry(ptr %context, i32 %event, i32 %slot) nounwind {
  %y = call i32 @puts(ptr %context)
  ret i32 %y
})"),
              HasSubstr("`puts`"));
}

TEST(image, an_absolute_address_is_refused) {
  EXPECT_THAT(refusal_of(R"(
@where = internal constant [2 x ptr] [ptr @cbp_entry, ptr null]
define i32 @cbp_entry(ptr %context, i32 %event, i32 %slot) nounwind {
  %at = getelementptr [2 x ptr], ptr @where, i32 0, i32 %slot
  %p = load volatile ptr, ptr %at
  %y = ptrtoint ptr %p to i32
  ret i32 %y
})"),
              HasSubstr("data that is written"));  // a dynamic linker would write the addresses into it
}

#if defined(__x86_64__)
TEST(image, an_absolute_address_in_an_instruction_is_refused) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmParser();
  EXPECT_THAT(refusal_of(R"(
define i32 @cbp_entry(ptr %context, i32 %event, i32 %slot) nounwind {
  %p = call i64 asm "movabsq $$cbp_entry, $0", "=r"()
  %y = trunc i64 %p to i32
  ret i32 %y
})"),
              HasSubstr("it holds an absolute address"));
}
#endif

TEST(image, data_that_is_written_is_refused) {
  EXPECT_THAT(refusal_of(R"(
@count = internal global i32 0
define i32 @cbp_entry(ptr %context, i32 %event, i32 %slot) nounwind {
  %n = load volatile i32, ptr @count
  store volatile i32 %event, ptr @count
  ret i32 %n
})"),
              HasSubstr("data that is written"));
}

TEST(image, a_module_without_the_entry_is_refused) {
  EXPECT_THAT(refusal_of("define i32 @other() nounwind { ret i32 1 }"), HasSubstr("has no `cbp_entry`"));
}

}  // namespace
}  // namespace cbench
