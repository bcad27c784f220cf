#include "compiler/parse/reader.h"

#include "compiler/parse/build.h"
#include "compiler/parse/literals.h"

namespace cbench::parsing {

void Reader::open(NodeKind kind, const char* at) {
  if (kind == NodeKind::Declaration) too_deep_ = false;
  open_.push_back({{kind, static_cast<uint32_t>(at - text_.data()), 0, {}}, diagnostics_.error_count()});
}

void Reader::close(const char* at) {
  OpenNode done = std::move(open_.back());
  open_.pop_back();
  done.node.end = static_cast<uint32_t>(at - text_.data());
  finish(done);
  if (diagnostics_.enough()) throw Abandon{};
  if (!open_.empty())
    open_.back().node.children.push_back(std::move(done.node));
  else if (tree_ != nullptr)
    tree_->push_back(std::move(done.node));
}

void Reader::finish(const OpenNode& done) {
  const Node& node = done.node;
  switch (node.kind) {
    // Checked here, so that they are reported also when something else is wrong with the declaration.
    case NodeKind::Number:
      if (!check_number(text_, node, source_, diagnostics_)) bad_number_end_ = node.end;
      break;
    case NodeKind::Row:
      check_row(text_, node, source_, diagnostics_);
      break;
    case NodeKind::Header:
    case NodeKind::Declaration:
      if (diagnostics_.error_count() == done.errors) Builder(text_, source_, diagnostics_).add(node, policy_);
      break;
    default:
      break;
  }
}

}  // namespace cbench::parsing
