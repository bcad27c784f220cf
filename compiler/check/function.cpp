// Functions: the policy's own and those of modules. One whose parameters are open (`number`, `T[]`, `class`)
// is checked anew for each kind of argument that it is called with, as it is inlined anew for each call.
#include <utility>

#include <fmt/format.h>

#include "compiler/check/checker.h"
#include "stdlib/embed/stock.h"

namespace cbench::check {
namespace {

constexpr std::string_view kNumber = "number";

bool is_open(const ast::Fn& fn) {
  for (const ast::Fn::Parameter& p : fn.parameters)
    if (p.array || p.type.name.text == kNumber || p.type.name.text == "class") return true;
  return false;
}

bool returns(const Block& b) {
  if (b.empty()) return false;
  if (std::holds_alternative<Return>(b.back().node)) return true;
  return on_every_branch(b.back(), [](const Block& branch) { return returns(branch); });
}

std::string kind_of(const Type& t) {
  return fmt::format("{}.{}.{}.{}.{}.{}.{}", static_cast<int>(t.base), t.dim.byte, t.dim.second, t.dim.cycle,
                     t.dim.instruction, static_cast<int>(t.dim.tag), t.enumeration);
}

}  // namespace

void Checker::unknown_module(const ast::Name& name) {
  std::vector<std::string> known;
  for (const EmbeddedText& module : std_modules()) known.push_back(fmt::format("std.{}", module.name));
  const std::string near = nearest(name.text, known);
  diagnostics_
      .report(Kind::UnknownName, name.span, fmt::format("there is no module `{}`", name.text),
              near.empty() ? "" : fmt::format("did you mean `{}`?", near))
      .hint(fmt::format("modules are {}", fmt::join(known, ", ")));
}

void Checker::declare_functions() {
  const auto declare_in = [&](const ast::Policy& policy, const std::string& module) {
    for (const ast::Decl& d : policy.decls) {
      const auto* fn = std::get_if<ast::Fn>(&d.node);
      if (!fn) continue;
      FunctionDecl declared;
      declared.fn = fn;
      declared.module = module;
      declared.generic = is_open(*fn);
      function_decls_.push_back(std::move(declared));
      const ast::Name name{module.empty() ? fn->name.text : fmt::format("{}.{}", module, fn->name.text),
                           fn->name.span};
      declare(name, SymbolKind::Function, static_cast<uint32_t>(function_decls_.size() - 1));
    }
  };
  for (const ast::Decl& d : policy_.decls)
    if (const auto* use = std::get_if<ast::Use>(&d.node))
      for (const ast::Name& module : use->modules)
        if (!SourceSet::module(module.text)) unknown_module(module);
  declare_in(policy_, "");
  for (const ast::Policy& module : policy_.modules) declare_in(module, module.name.text);
}

/// Those that nothing calls may have mistakes too.
void Checker::check_own_functions() {
  for (uint32_t i = 0; i < function_decls_.size(); ++i)
    if (const FunctionDecl& f = function_decls_[i]; f.module.empty() && !f.generic)
      instance(i, "", {}, Span{});
}

void Checker::check_calls() {
  for (const FunctionDecl& f : function_decls_)
    if (f.module.empty() && f.generic && !f.called)
      diagnostics_
          .report(Kind::NeverCalled, f.fn->name.span,
                  fmt::format("`{}` is never called, and hence not checked", f.fn->name.text),
                  "its parameters are open")
          .hint("call it, leave it out, or give its parameters types");
}

void Checker::must_be_new(const ast::Name& name) {
  if (const Symbol* other = find(name.text)) {
    diagnostics_
        .report(Kind::Redeclared, name.span, fmt::format("`{}` is declared already", name.text),
                "a second time here")
        .label(other->span, "first here")
        .hint("names do not shadow one another; choose another name");
  } else {
    not_builtin(name);
  }
}

/// The function for arguments of these kinds; `call` is told where its body does not go with them.
uint32_t Checker::instance(uint32_t declared, const std::string& kinds, const std::vector<Given>& given,
                           Span call) {
  const auto known = function_decls_[declared].instances.find(kinds);
  if (known != function_decls_[declared].instances.end()) return known->second;
  const ast::Fn& fn = *function_decls_[declared].fn;
  const std::string module = function_decls_[declared].module;
  const auto id = static_cast<uint32_t>(p_.functions.size());
  function_decls_[declared].instances.emplace(kinds, id);
  Function made;
  made.name = module.empty() ? fn.name.text : fmt::format("{}.{}", module, fn.name.text);
  made.is_plan = fn.is_plan;
  made.span = fn.name.span;
  p_.functions.push_back(std::move(made));
  function_height_.push_back(0);
  function_decls_[declared].running = true;
  const size_t errors_before = diagnostics_.error_count();
  Uses uses;  // not in place: a call may add functions
  {
    const Inside inside(*this, uses);
    at_.function = id;
    at_.effects = fn.is_plan;
    at_.module = module;
    const auto named = [&](const ast::TypeName& t) {
      const auto found = type_written(t);
      if (!found) unknown_type(t.name);
      return found.value_or(kError);
    };
    std::vector<LocalId> parameters;
    for (size_t i = 0; i < fn.parameters.size(); ++i) {
      const ast::Fn::Parameter& p = fn.parameters[i];
      if (i >= given.size() || !given[i].symbol) {
        parameters.push_back(bind(p.name, i < given.size() ? given[i].type : named(p.type)));
        continue;
      }
      must_be_new(p.name);
      Symbol stands = *given[i].symbol;
      stands.span = p.name.span;
      if (stands.of != kNone) {
        const bool state = stands.kind == SymbolKind::State;
        p_.locals.push_back(state ? Type{p_.states[stands.index].of, {}, false} : kContainer);
        stands.of = static_cast<LocalId>(p_.locals.size() - 1);
        parameters.push_back(stands.of);
      }
      scope_.emplace_back(p.name.text, stands);
    }
    p_.functions[id].parameters = std::move(parameters);
    at_.any_result = fn.result && fn.result->name.text == kNumber;
    p_.functions[id].result = fn.is_plan ? kVoid : fn.result && !at_.any_result ? named(*fn.result) : kError;
    Block body = block(fn.body);
    if (!fn.is_plan && !returns(body))
      diagnostics_.report(Kind::NoReturn, fn.name.span,
                          fmt::format("`{}` does not return a value on every path", fn.name.text));
    p_.functions[id].body = std::move(body);
    function_height_[id] = height_of(fn.name.span);
  }
  p_.functions[id].uses = std::move(uses);
  function_decls_[declared].running = false;
  if (diagnostics_.error_count() > errors_before) {
    function_decls_[declared].failed = true;
    if (function_decls_[declared].generic && call.known()) diagnostics_.latest().label(call, "called here");
  }
  return id;
}

/// A class as an argument: `jail`, `own(c)`.
bool Checker::given_class(const ast::Expr& written, Given& given, std::string& kinds,
                          std::vector<NodeId>& kids) {
  const auto cls = class_written(written, "this parameter");
  if (!cls) return false;
  given.symbol = Symbol{SymbolKind::Class, cls->cls, written.span};
  given.symbol->of = cls->container;
  kinds += fmt::format("class {}{}", cls->cls, cls->container == kNone ? "" : "(c)");
  if (cls->container != kNone) kids.push_back(cls->container);
  return true;
}

bool Checker::given_array(const ast::Expr& written, const ast::Fn::Parameter& parameter,
                          const std::string& place, Given& given, std::string& kinds,
                          std::vector<NodeId>& kids) {
  const auto array = array_named(written);
  if (!array) return false;
  const Type have = element_type(*array);
  if (parameter.type.name.text == kNumber) {
    if (!have.numeric()) {
      diagnostics_.report(Kind::TypeMismatch, written.span, fmt::format("{} wants numbers", place),
                          fmt::format("these are {}", words(have)));
      return false;
    }
  } else {
    const auto want = type_written(parameter.type);
    if (want && (want->base != have.base || want->dim != have.dim || want->enumeration != have.enumeration)) {
      diagnostics_.report(Kind::TypeMismatch, written.span,
                          fmt::format("{} wants an array of {}", place, parameter.type.name.text),
                          fmt::format("its elements are {}", words(have)));
      return false;
    }
  }
  given.symbol = Symbol{array->table ? SymbolKind::Table : SymbolKind::State, array->ref, written.span};
  given.symbol->of = array->container;
  kinds += fmt::format("{} {}", array->table ? "table" : "state", array->ref);
  if (array->container != kNone) kids.push_back(array->container);
  return true;
}

/// What the call gives for parameter `i`, added to `kinds` and, where it has a value, to `kids`.
bool Checker::given_for(const ast::Call& c, size_t i, const FunctionDecl& declared, Given& given,
                        std::string& kinds, std::vector<NodeId>& kids) {
  const ast::Fn::Parameter& parameter = declared.fn->parameters[i];
  const ast::Expr& written = *c.arguments[i].value;
  const std::string place = fmt::format("argument {} of `{}`", i + 1, c.callee.text);
  if (i > 0) kinds += ", ";
  if (parameter.array) return given_array(written, parameter, place, given, kinds, kids);
  if (parameter.type.name.text == "class") return given_class(written, given, kinds, kids);
  NodeId value = expr(written);
  if (parameter.type.name.text == kNumber) {
    if (!type(value).error() && !type(value).numeric()) {
      diagnostics_.report(Kind::TypeMismatch, written.span, fmt::format("{} wants a number", place),
                          fmt::format("this is {}", words(type(value))));
      return false;
    }
    kinds += kind_of(type(value));
    given.type = type(value).with(false);
  } else if (const auto want = type_written(parameter.type)) {
    value = coerce(value, *want, place);
    given.type = *want;
  } else {
    return false;  // told where it is declared
  }
  if (declared.fn->is_plan) must_be_present(value, place);
  kids.push_back(value);
  return !type(value).error();
}

NodeId Checker::function_call(const ast::Call& c, const Symbol& symbol, Span span) {
  const uint32_t declared = symbol.index;
  const ast::Fn& fn = *function_decls_[declared].fn;
  function_decls_[declared].called = true;
  if (at_.constant) {
    diagnostics_.report(Kind::NotConstant, span, "a call is not a constant");
    return error_node(span);
  }
  if (function_decls_[declared].running) {
    diagnostics_.report(Kind::Recursion, span, fmt::format("`{}` calls itself", c.callee.text), "here")
        .label(symbol.span, "declared here")
        .note("functions are inlined, so that every policy has a bound");
    return error_node(span);
  }
  const bool generic = function_decls_[declared].generic;
  uint32_t id = generic ? kNone : instance(declared, "", {}, span);
  const size_t wanted = fn.parameters.size();
  if (!arity(c, wanted, wanted, span)) return error_node(span);
  std::vector<Given> given(wanted);
  std::vector<NodeId> kids;
  std::string kinds;
  bool good = true;
  for (size_t i = 0; i < wanted; ++i)
    good &= given_for(c, i, function_decls_[declared], given[i], kinds, kids);
  if (!good || (generic && function_decls_[declared].failed)) return error_node(span);
  if (generic) {
    id = instance(declared, kinds, given, span);
    if (function_decls_[declared].failed) return error_node(span);
  }
  used(function_height_[id]);
  if (uses_) uses_->add(p_.functions[id].uses, at_.on);
  const Type result = p_.functions[id].result;
  if (result.error()) return error_node(span);
  if (fn.is_plan && !effects_allowed(span, "a call of a `-> plan` function")) return error_node(span);
  bool optional = result.optional;
  for (const NodeId kid : kids) optional |= type(kid).optional;
  Node n = make(Op::Call, result.with(optional), span, std::move(kids));
  n.ref = id;
  return add(n);
}

void Checker::give_back(const ast::Return& r, Span span, Block& out) {
  const bool wants = at_.function != kNone && !p_.functions[at_.function].is_plan;
  NodeId value = kNone;
  if (r.value) {
    value = expr(*r.value);
    if (!wants) {
      diagnostics_.report(Kind::MisplacedStatement, r.value->span, "there is nothing to return a value to")
          .hint("write `return` alone");
    } else {
      Function& f = p_.functions[at_.function];
      if (at_.any_result && f.result.error()) f.result = type(value).with(false);
      value = coerce(value, f.result.with(false), fmt::format("the result of `{}`", f.name));
      if (!type(value).error() && type(value).optional) p_.functions[at_.function].result.optional = true;
    }
  } else if (wants) {
    diagnostics_.report(Kind::NoReturn, span, "this function returns a value").hint("write `return VALUE`");
  }
  out.push_back({span, Return{value}});
}

}  // namespace cbench::check
