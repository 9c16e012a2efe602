// How jemalloc keeps memory, which it reads from this variable: what is freed is kept for the next batch.
// Giving it back to the system and taking it again costs a page fault for every 4 KB of every activation,
// which made the encoding of a video take nearly twice as long.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "oversize_threshold:0,dirty_decay_ms:-1,muzzy_decay_ms:-1";
}
