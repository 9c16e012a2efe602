#pragma once

namespace actrec {

// Makes malloc keep the memory of large freed blocks for the next request. A training step allocates and
// frees the same large tensors over and over; handing each back to the system costs a page fault per 4 KiB.
// Call once, before the first allocation of size.
void keep_freed_memory();

}  // namespace actrec
