#pragma once

#include <unistd.h>

namespace actrec::testing {

// While it lives, the process has no more rights than other users, even where root runs the tests: root may
// read and write everything. What those users are to reach must be open to all.
class WithoutRoot {
 public:
  WithoutRoot() : user_(::geteuid()) {
    if (user_ == 0) works_ = ::seteuid(kNobody) == 0;
  }
  ~WithoutRoot() {
    if (user_ == 0 && works_ && ::seteuid(user_) != 0) ::_exit(1);
  }
  WithoutRoot(const WithoutRoot&) = delete;
  WithoutRoot& operator=(const WithoutRoot&) = delete;

  bool works() const { return works_; }  // false where root may not become another user

 private:
  static constexpr uid_t kNobody = 65534;
  uid_t user_;
  bool works_ = true;
};

}  // namespace actrec::testing
