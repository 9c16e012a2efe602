#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <thread>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

#include "engine/process_group.h"

namespace actrec {

// A port that nobody listens at.
inline int free_port() {
  c10d::TCPStoreOptions options;
  options.port = 0;  // the system chooses one, which is free again when the store has gone
  options.isServer = true;
  return c10::make_intrusive<c10d::TCPStore>("127.0.0.1", options)->getPort();
}

// Runs `work` in so many threads, each with a group of its own that they form together, as processes do. What
// one throws is thrown here.
inline void run_together(int size, const std::function<void(ProcessGroup& group)>& work,
                         double timeout_seconds = 60) {
  const int port = free_port();
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(size));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        ProcessLayout layout;
        layout.rank = layout.local_rank = rank;
        layout.size = layout.local_size = size;
        layout.address = "127.0.0.1";
        layout.port = port;
        layout.attempt = "0";
        ProcessGroup group(layout, timeout_seconds);
        work(group);
      } catch (...) {
        errors[static_cast<std::size_t>(rank)] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace actrec
