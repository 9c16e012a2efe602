#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/results.h"
#include "report/prediction_text.h"

namespace actrec {

// A file that predictions are added to, one after another, by runs that may be stopped at any moment: JSON
// lines, or CSV where its name ends in .csv. What an earlier run has written is kept, but for a last entry
// that is not complete and for inputs that had failed, which are tried again.
class PredictionFile {
 public:
  // `guesses`: how many each prediction has, without a timeline. Throws DataError where the file holds
  // something else, such as the predictions of a model with other classes, and Error where it cannot be
  // written.
  PredictionFile(std::filesystem::path path, CsvRows rows, std::size_t guesses,
                 const std::vector<std::string>& classes);

  bool has(const std::string& input) const;
  // Throws Error where the disk is full.
  void append(const Prediction& prediction);

 private:
  struct Reader;
  void read_earlier(const std::vector<std::string>& classes);

  std::filesystem::path path_;
  CsvRows rows_;
  std::size_t guesses_;
  bool csv_;
  std::unordered_set<std::string> done_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

}  // namespace actrec
