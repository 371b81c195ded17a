// Aligned tables.
#ifndef CAVIAR_CLIENT_RENDER_TABLE_H_
#define CAVIAR_CLIENT_RENDER_TABLE_H_

#include <string>
#include <utility>
#include <vector>

#include "client/render/text.h"

namespace caviar::render {

struct Column {
  // Printed in upper case.
  std::string name;
  // Numbers stand at the right.
  bool at_right = false;
};

struct Cell {
  Cell(std::string cell_text = "", Color cell_color = Color::kNone)  // NOLINT: a text is a cell
      : text(std::move(cell_text)), color(cell_color) {}
  Cell(const char* cell_text) : text(cell_text) {}  // NOLINT: a text is a cell
  std::string text;
  Color color = Color::kNone;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // Missing cells are empty, more than there are columns are left out. Texts are made Printable;
  // an empty cell is printed as "-".
  void AddRow(std::vector<Cell> cells);
  bool empty() const { return rows_.empty(); }
  // A header line and a line a row, columns two blanks apart, no blanks at the end of a line.
  std::string Render(bool colors) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// Lines of "name  value", names aligned; entries with an empty value are left out.
std::string RenderPairs(const std::vector<std::pair<std::string, Cell>>& pairs, bool colors);

}  // namespace caviar::render

#endif  // CAVIAR_CLIENT_RENDER_TABLE_H_
