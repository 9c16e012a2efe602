#pragma once

namespace actrec {

// Runs the verb that the arguments name and returns the process's exit code (see ExitCode). The one place
// where exceptions end: prints "error: what; hint: what to do" to stderr.
int run_command_line(int argc, char** argv);

}  // namespace actrec
