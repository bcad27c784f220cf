#include "compiler/image/request.h"

#include "compiler/image/bytes.h"
#include "stdlib/abi/abi.h"

namespace cbench {

using namespace plan;

template <>
inline constexpr auto kFields<StreamPlace> =
    std::tuple{&StreamPlace::value,  &StreamPlace::updated, &StreamPlace::ok,
               &StreamPlace::ticked, &StreamPlace::before,  &StreamPlace::before_ok,
               &StreamPlace::bytes,  &StreamPlace::n,       &StreamPlace::hold_ns};
template <>
inline constexpr auto kFields<TemporalPlace> =
    std::tuple{&TemporalPlace::base, &TemporalPlace::stride, &TemporalPlace::capacity, &TemporalPlace::n};
template <>
inline constexpr auto kFields<StatePlace> = std::tuple{&StatePlace::base, &StatePlace::n, &StatePlace::size};
template <>
inline constexpr auto kFields<ClassPlace> =
    std::tuple{&ClassPlace::first, &ClassPlace::count, &ClassPlace::of_slot};
template <>
inline constexpr auto kFields<RulePlace> =
    std::tuple{&RulePlace::first,     &RulePlace::seen,  &RulePlace::fired, &RulePlace::n,
               &RulePlace::period_ns, &RulePlace::frame, &RulePlace::bytes, &RulePlace::silent};
template <>
inline constexpr auto kFields<ContainerConstants> =
    std::tuple{&ContainerConstants::name,     &ContainerConstants::role,   &ContainerConstants::image,
               &ContainerConstants::index,    &ContainerConstants::cores,  &ContainerConstants::critical,
               &ContainerConstants::priority, &ContainerConstants::targets};
template <>
inline constexpr auto kFields<HostPart> = std::tuple{&HostPart::id, &HostPart::cpus};
template <>
inline constexpr auto kFields<HostConstants> =
    std::tuple{&HostConstants::cpus,         &HostConstants::sockets, &HostConstants::domains,
               &HostConstants::l3_ways,      &HostConstants::closids, &HostConstants::l3_bytes,
               &HostConstants::memory_bytes, &HostConstants::mb_kind, &HostConstants::peak_bandwidth};
template <>
inline constexpr auto kFields<CodeLayout> =
    std::tuple{&CodeLayout::containers, &CodeLayout::host,      &CodeLayout::columns, &CodeLayout::measured,
               &CodeLayout::streams,    &CodeLayout::temporals, &CodeLayout::states,  &CodeLayout::rules,
               &CodeLayout::classes,    &CodeLayout::trials};
template <>
inline constexpr auto kFields<CodeRequest> =
    std::tuple{&CodeRequest::product, &CodeRequest::policy, &CodeRequest::layout};

namespace {

/// Two programs understand each other when this is the same.
std::string version() {
  return std::string("cbench " CBENCH_VERSION " abi ") + std::to_string(abi::kAbiVersion);
}

}  // namespace

std::string to_bytes(const CodeRequest& request) {
  return sealed(ByteWriter().put(version()).put(request).take());
}

Result<CodeRequest> code_request(std::string_view bytes) {
  const auto text = unsealed(bytes);
  ByteReader reader(text.value_or(""));
  const auto from = reader.get<std::string>();
  if (text && from != version())
    return Error{Exit::RunFailed, "the code generator and cbench are of different versions",
                 "install both from one build"};
  auto request = reader.get<CodeRequest>();
  if (!reader.done()) return Error{Exit::RunFailed, "the code generator was asked something else", ""};
  return request;
}

std::string to_bytes(const CodeAnswer& answer) {
  ByteWriter out;
  out.put(answer.ok());
  if (answer.ok())
    out.put(*answer);
  else
    out.put(answer.error().exit).put(answer.error().message).put(answer.error().hint);
  return sealed(out.take());
}

CodeAnswer code_answer(std::string_view bytes) {
  const auto text = unsealed(bytes);
  ByteReader reader(text.value_or(""));
  Error error{Exit::RunFailed, "", ""};
  std::string product;
  if (reader.get<bool>()) {
    product = reader.get<std::string>();
    if (reader.done()) return product;
  } else {
    error.exit = reader.get<Exit>();
    error.message = reader.get<std::string>();
    error.hint = reader.get<std::string>();
    if (reader.done()) return error;
  }
  return Error{Exit::RunFailed, "the code generator's answer is damaged", ""};
}

}  // namespace cbench
