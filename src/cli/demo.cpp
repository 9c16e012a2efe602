#include "demo/demo.h"

#include <fmt/format.h>

#include "cli/verbs.h"
#include "core/stop_signal.h"
#include "core/system.h"
#include "core/text.h"
#include "report/progress.h"

namespace actrec {

Action declare_demo(CLI::App& app) {
  auto directory = std::make_shared<std::string>();
  auto options = std::make_shared<DemoOptions>();
  app.add_option("directory", *directory, "where to put the clips and their list")
      ->required()
      ->type_name("DIR");
  app.add_option("--performers", options->performers, "figures; each does every one of the 8 actions once")
      ->check(CLI::Range(3, 1000));
  app.add_option("--seed", options->seed, "another seed renders other figures");
  return [=] {
    options->threads = available_cores();
    ProgressLine line;
    const DemoSummary summary = render_demo(*directory, *options, [&](int done, int total) {
      if (stop_requested()) throw Interrupted();
      line.show(fmt::format("rendering {}/{} clips", done, total));
    });
    line.clear();
    fmt::print("{} of {} classes ({}): train {}, val {}, test {}\nlist  {}\n",
               format_count(summary.clips, "clip"), summary.classes.size(), summary.codec,
               summary.train_clips, summary.val_clips, summary.test_clips, summary.list.string());
    return ExitCode::ok;
  };
}

}  // namespace actrec
