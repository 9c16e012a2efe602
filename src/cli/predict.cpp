#include <fmt/format.h>

#include "cli/common.h"
#include "cli/verbs.h"
#include "engine/predictor.h"
#include "report/results_text.h"

namespace actrec {
namespace {

struct PredictArguments {
  std::string checkpoint;
  InferenceOptions inference;
  std::vector<std::string> inputs;
  int top_k = 5;
  bool json = false;
};

ExitCode predict_verb(const PredictArguments& arguments) {
  Checkpoint checkpoint = load_checkpoint(arguments.checkpoint);
  apply(arguments.inference, checkpoint.info.settings);
  nlohmann::ordered_json document = nlohmann::ordered_json::array();
  bool failed = false;
  predict(checkpoint, arguments.inputs, arguments.top_k, [&](const Prediction& prediction) {
    failed = failed || !prediction.error.empty();
    if (arguments.json) {
      document.push_back(prediction_json(prediction));
    } else {
      fmt::print("{}", prediction_text(prediction));
    }
    if (!prediction.error.empty()) fmt::print(stderr, "error: {}\n", prediction.error);
  });
  if (arguments.json) {  // a path may hold bytes that are no UTF-8
    fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  }
  return failed ? ExitCode::data : ExitCode::ok;
}

}  // namespace

Action declare_predict(CLI::App& app) {
  auto arguments = std::make_shared<PredictArguments>();
  app.add_option("checkpoint", arguments->checkpoint, "a checkpoint that train wrote")
      ->required()
      ->type_name("CHECKPOINT");
  app.add_option("inputs", arguments->inputs, "video files, or folders of numbered frames")
      ->required()
      ->type_name("INPUT...");
  app.add_option("--top-k", arguments->top_k, "most probable classes to print")->check(CLI::Range(1, 100000));
  add_inference_options(app, arguments->inference);
  app.add_flag("--json", arguments->json, "one JSON document on stdout");
  return [=] { return predict_verb(*arguments); };
}

}  // namespace actrec
