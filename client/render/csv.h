// CSV as RFC 4180 quotes it, with plain line feeds.
#ifndef CAVIAR_CLIENT_RENDER_CSV_H_
#define CAVIAR_CLIENT_RENDER_CSV_H_

#include <string>
#include <vector>

namespace caviar::render {

// One line with its end. Fields with a comma, a quote, a line end, or a blank at either side are
// quoted.
std::string CsvLine(const std::vector<std::string>& fields);

}  // namespace caviar::render

#endif  // CAVIAR_CLIENT_RENDER_CSV_H_
