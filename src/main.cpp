#include "cli/app.h"
#include "core/openblas.h"

int main(int argc, char** argv) {
  actrec::use_better_openblas_kernels();
  return actrec::run_command_line(argc, argv);
}
