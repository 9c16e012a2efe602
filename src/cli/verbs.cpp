#include "cli/verbs.h"

namespace actrec {

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> kVerbs = {
      {"train", "train a model on a data set or a configuration", declare_train},
      {"crossval", "train and test on every fold of a data set", declare_crossval},
      {"evaluate", "measure a checkpoint on a labelled data set", declare_evaluate},
      {"compare", "compare two results on the same clips", declare_compare},
      {"predict", "classify videos, or say what happens when in them", declare_predict},
      {"bench", "measure decoding, loading, computing and training, and say which limits", declare_bench},
      {"preview", "draw what the network will see, as a contact sheet", declare_preview},
      {"init", "write a commented configuration for a data set", declare_init},
      {"check", "decode every clip of a data set, measure it, and audit its splits for leaks", declare_check},
      {"inspect", "show what a checkpoint holds", declare_inspect},
      {"export", "write a model as TorchScript", declare_export},
      {"config", "show, explain or compare configurations", declare_config},
      {"doctor", "say what works on this machine, and why the rest does not", declare_doctor},
      {"demo", "render a small labelled video set to try the tool on", declare_demo},
  };
  return kVerbs;
}

}  // namespace actrec
