#include "client/render/table.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace caviar::render {

void Table::AddRow(std::vector<Cell> cells) {
  cells.resize(columns_.size());
  for (Cell& cell : cells) {
    cell.text = Printable(cell.text);
    if (cell.text.empty()) cell.text.assign(1, '-');
  }
  rows_.push_back(std::move(cells));
}

std::string Table::Render(bool colors) const {
  std::vector<std::vector<Cell>> lines;
  std::vector<Cell>& header = lines.emplace_back();
  for (const Column& column : columns_) {
    header.emplace_back(Printable(absl::AsciiStrToUpper(column.name)), Color::kBold);
  }
  lines.insert(lines.end(), rows_.begin(), rows_.end());
  std::vector<int> widths(columns_.size(), 0);
  for (const auto& cells : lines) {
    for (size_t i = 0; i < cells.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(cells[i].text));
    }
  }
  std::string text;
  for (const auto& cells : lines) {
    for (size_t i = 0; i < cells.size(); ++i) {
      const bool is_last = i + 1 == cells.size();
      const std::string padding(widths[i] - DisplayWidth(cells[i].text), ' ');
      if (columns_[i].at_right) absl::StrAppend(&text, padding);
      absl::StrAppend(&text, Paint(cells[i].text, cells[i].color, colors));
      if (!columns_[i].at_right && !is_last) absl::StrAppend(&text, padding);
      absl::StrAppend(&text, is_last ? "\n" : "  ");
    }
  }
  return text;
}

std::string RenderPairs(const std::vector<std::pair<std::string, Cell>>& pairs, bool colors) {
  int width = 0;
  for (const auto& [name, value] : pairs) {
    if (!value.text.empty()) width = std::max(width, DisplayWidth(Printable(name)));
  }
  std::string text;
  for (const auto& [name, value] : pairs) {
    if (value.text.empty()) continue;
    const std::string shown = Printable(name);
    absl::StrAppend(&text, Paint(shown, Color::kDim, colors),
                    std::string(width - DisplayWidth(shown) + 2, ' '),
                    Paint(Printable(value.text), value.color, colors), "\n");
  }
  return text;
}

}  // namespace caviar::render
