#include "cli/app.h"

int main(int argc, char** argv) { return actrec::run_command_line(argc, argv); }
